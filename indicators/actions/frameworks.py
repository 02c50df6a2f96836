"""Frameworks of the index: taking one into the record (weights: ``definitions/weights.py``)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..constraints import explained
from ..errors import WrongState
from ..imports.framework import TEXTS, NodeRow, check_names, check_nodes
from ..models import IndexFramework, IndexNode
from .marks import mark_frameworks


@transaction.atomic
def load_framework(table: Sequence[Mapping[str, str]], *, by: User | None, **fields: Any) -> IndexFramework:
    """Add a framework with all of its nodes. Raises ``FrameworkRefused``, and ``WrongState`` where its code is taken.

    A framework's structure does not change: what was estimated by it stays comparable. Another structure is another framework.
    """
    check_names(fields["code"], fields["name_zh"])
    if IndexFramework.objects.filter(code=fields["code"]).exists():
        raise WrongState(_("已有代码为“%(code)s”的框架：结构不作修改，请另取代码载入，与原框架并列。") % {"code": fields["code"]})
    rows = check_nodes(table)
    with explained():
        framework = IndexFramework.objects.create(**fields)
        _add_nodes(framework, rows)
    record_event("framework.load", framework, by=by, nodes=len(rows))
    mark_frameworks([framework.pk], cause=f"framework {framework.code}")
    return framework


def _add_nodes(framework: IndexFramework, rows: Sequence[NodeRow]) -> None:
    nodes = {row.code: _make_node(framework, row, position) for position, row in enumerate(rows)}
    waiting = list(rows)
    while waiting:
        # A level at a time, since a parent must be there first; the table may have them in any order.
        level = [row for row in waiting if not row.parent or nodes[row.parent].pk]
        for row in level:
            nodes[row.code].parent = nodes[row.parent] if row.parent else None
        IndexNode.objects.bulk_create([nodes[row.code] for row in level])
        waiting = [row for row in waiting if nodes[row.code].pk is None]


def _make_node(framework: IndexFramework, row: NodeRow, position: int) -> IndexNode:
    texts = {name: row.cells[name] for name in ("code", *TEXTS)}
    return IndexNode(
        framework=framework,
        indicator=row.indicator,
        position=position,
        is_leaf=row.is_leaf,
        direction=row.direction,
        basis=row.cells["basis"] or IndexNode.Basis.OWN,
        is_approximate=bool(row.cells["is_approximate"]),
        **texts,
        **row.numbers,
    )


@transaction.atomic
def supply_nodes(framework: IndexFramework, table: Sequence[Mapping[str, str]]) -> int:
    """Give nodes without an indicator the one the table names for them by now; how many. Nothing else changes."""
    named = {row.code: row for row in check_nodes(table) if row.indicator}
    nodes = [node for node in framework.nodes.filter(indicator=None, is_leaf=True) if node.code in named]
    for node in nodes:
        row = named[node.code]
        node.indicator, node.is_approximate, node.note = row.indicator, bool(row.cells["is_approximate"]), row.cells["note"]
    if nodes:
        IndexNode.objects.bulk_update(nodes, ["indicator", "is_approximate", "note"])
        mark_frameworks([framework.pk], cause=f"framework {framework.code}")
    return len(nodes)
