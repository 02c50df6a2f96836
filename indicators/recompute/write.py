"""Writing what changed: the rest stays as it is, with its id and its time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from ..models import IndexEstimate, IndexScore, Period, RecomputeRun, Result

Row = tuple[Any, ...]
Computed = Result | IndexEstimate | IndexScore


@dataclass(frozen=True)
class Table:
    """A table of computed rows: what each is about, of which one row is current, and what it says."""

    model: type[Computed]
    subject: tuple[str, ...]
    content: tuple[str, ...]

    def get_subject(self, row: Computed) -> Row:
        return tuple(getattr(row, name) for name in self.subject)

    def get_content(self, row: Computed) -> Row:
        return tuple(getattr(row, name) for name in self.content)


_ALWAYS = ("method", "version", "classification", "is_released", "is_demo")
RESULTS = Table(
    Result,
    ("measure", "indicator_id", "area_id", "breakdown_id", "target_id", "task_id", "aspect_id", "period_id"),
    ("value", "text", "detail", *_ALWAYS),
)
ESTIMATES = Table(
    IndexEstimate,
    ("framework_id", "period_id"),
    (
        *("weights_id", "problem", "problem_detail", "leaves_used", "leaves_all", "coverage"),
        *("structure", "rules", "draws", "seed", "fingerprint", *_ALWAYS),
    ),
)
SCORES = Table(
    IndexScore,
    ("framework_id", "node_id", "area_id", "period_id"),
    (
        *("observation_id", "value", "score", "rank", "reason", "coverage", "points"),
        *("rank_median", "rank_low", "rank_high", "chance_better", "change", *_ALWAYS),
    ),
)


def write(rows: Iterable[Computed], *, among: Q, run: RecomputeRun, now: datetime, table: Table = RESULTS) -> int:
    """Make ``rows`` the current ones ``among`` a run's subjects. How many rows were added or superseded.

    A current row that says the same stays; one that says something else, or nothing is computed for any more,
    is superseded.
    """
    computed = {table.get_subject(r): r for r in rows}
    current = _load_current(table, among)
    added = [r for subject, r in computed.items() if subject not in current or table.get_content(r) != current[subject][1]]
    changed = {table.get_subject(r) for r in added}
    gone = [pk for subject, (pk, _content) in current.items() if subject in changed or subject not in computed]
    if gone:
        table.model.objects.filter(pk__in=gone).update(superseded_at=now)
    for row in added:
        row.run, row.computed_at = run, now
    _add_periods(added)
    # In the order of the rows they refer to, so that two writers lock those in one order.
    ordered: list[Any] = sorted(added, key=lambda r: tuple(str(part) for part in table.get_subject(r)))
    table.model.objects.bulk_create(ordered)
    return len(added) + sum(subject not in computed for subject in current)


def _load_current(table: Table, among: Q) -> dict[Row, tuple[int, Row]]:
    """By subject: the current row's id and what it says. Bare rows, since most of them are compared and left."""
    rows = table.model.objects.current().filter(among).values_list("pk", *table.subject, *table.content)
    many = 1 + len(table.subject)
    return {row[1:many]: (row[0], row[many:]) for row in rows}


def _add_periods(rows: list[Computed]) -> None:
    """A year that is only computed (the sum of its quarters) may have no row yet."""
    labels = {r.period_id for r in rows if r.period_id}
    for label in sorted(labels - set(Period.objects.filter(pk__in=labels).values_list("pk", flat=True))):
        Period.objects.get_or_add(label)
