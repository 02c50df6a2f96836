"""Weights of an index framework: what the office enters is a new version with a reason; the ones before stay."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...constraints import explained
from ...errors import Conflict, NotReady, Problem, RecordError
from ...models import IndexFramework, IndexNode, NodeWeight, WeightVersion
from ...numbers import plain, say_unfit
from ..marks import mark_frameworks
from .core import is_demo, require, require_reason


@transaction.atomic
def set_weights(
    framework: IndexFramework,
    *,
    by: User,
    weights: Mapping[str, Decimal],
    reason: str,
    from_year: int | None = None,
    expected: int | None = None,
) -> WeightVersion:
    """Enter weights for every node but the whole, by code; they need not add up, siblings are compared with each other.

    ``from_year``: from which year's estimate on they count (all years without one). ``expected``: the version the weights
    were entered over; raises ``Conflict`` where another is the newest by now, and ``NotReady`` naming each node that is wrong.
    """
    require(by)
    reason = require_reason(reason, _("请写明权重的依据或调整的理由。"))
    framework = IndexFramework.objects.select_for_update(of=("self",)).get(pk=framework.pk)
    newest = framework.weight_versions.order_by("-number").first()
    number = newest.number if newest else 0
    if expected is not None and expected != number:
        raise Conflict(_("另一人刚刚保存了这个框架的权重（第 %(n)s 版），请核对后再改。") % {"n": number})
    nodes = list(framework.nodes.exclude(parent=None).select_related("parent").order_by("position"))
    _check(nodes, weights)
    _refuse_same(newest, nodes, weights, from_year)
    with explained():
        version = WeightVersion.objects.create(
            framework=framework, by=by, number=number + 1, reason=reason, from_year=from_year, is_demo=is_demo(by)
        )
        NodeWeight.objects.bulk_create(
            [NodeWeight(version=version, node=node, weight=weights[node.code], is_demo=version.is_demo) for node in nodes]
        )
    said = {node.code: plain(weights[node.code]) for node in nodes}
    record_event("weights.set", framework, by=by, reason=reason, is_demo=version.is_demo, version=version.number, from_year=from_year, weights=said)
    mark_frameworks([framework.pk], cause=f"weights {framework.code} {version.number}")
    return version


def _check(nodes: Iterable[IndexNode], weights: Mapping[str, Decimal]) -> None:
    problems, siblings = [], dict[int | None, list[IndexNode]]()
    for node in nodes:
        weight = weights.get(node.code)
        if weight is None:
            problems.append(Problem(node.code, _("“%(node)s”没有权重：请填写一个不小于 0 的数。") % {"node": node}))
        elif unfit := say_unfit(weight, NodeWeight, "weight"):
            problems.append(Problem(node.code, _("“%(node)s”的权重：%(unfit)s") % {"node": node, "unfit": unfit}))
        elif weight < 0:
            problems.append(Problem(node.code, _("“%(node)s”的权重是 %(weight)s：不能小于 0。") % {"node": node, "weight": plain(weight)}))
        siblings.setdefault(node.parent_id, []).append(node)
    for group in siblings.values():
        if all(weights.get(node.code) == 0 for node in group):
            problems.append(Problem(group[0].code, _("“%(parent)s”下各项的权重都是 0：至少有一项须大于 0。") % {"parent": group[0].parent}))
    if problems:
        raise NotReady(_("权重有 %(n)s 处不合要求，没有保存。") % {"n": len(problems)}, problems)


def _refuse_same(
    newest: WeightVersion | None, nodes: Iterable[IndexNode], weights: Mapping[str, Decimal], from_year: int | None
) -> None:
    if newest is None or newest.from_year != from_year:
        return
    known = dict(newest.weights.values_list("node", "weight"))
    if all(known.get(node.pk) == weights[node.code] for node in nodes):
        raise RecordError(_("与现行权重（第 %(n)s 版）完全相同，没有保存。") % {"n": newest.number})
