"""Writing what changed: the rest stays as it is, with its id and its time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from ..models import Period, RecomputeRun, Result

SUBJECT = ("measure", "indicator_id", "area_id", "breakdown_id", "target_id", "task_id", "aspect_id", "period_id")
CONTENT = ("value", "text", "detail", "method", "version", "classification", "is_released", "is_demo")
Row = tuple[Any, ...]


def write(results: Iterable[Result], *, among: Q, run: RecomputeRun, now: datetime) -> int:
    """Make ``results`` the current ones ``among`` a run's subjects. How many rows were added or superseded.

    A current row that says the same stays; one that says something else, or nothing is computed for any more,
    is superseded.
    """
    computed = {_get_subject(r): r for r in results}
    current = _load_current(among)
    added = [r for subject, r in computed.items() if subject not in current or _get_content(r) != current[subject][1]]
    changed = {_get_subject(r) for r in added}
    gone = [pk for subject, (pk, _content) in current.items() if subject in changed or subject not in computed]
    if gone:
        Result.objects.filter(pk__in=gone).update(superseded_at=now)
    for row in added:
        row.run, row.computed_at = run, now
    _add_periods(added)
    # In the order of the rows they refer to, so that two writers lock those in one order.
    Result.objects.bulk_create(sorted(added, key=lambda r: tuple(str(part) for part in _get_subject(r))))
    return len(added) + sum(subject not in computed for subject in current)


def _load_current(among: Q) -> dict[Row, tuple[int, Row]]:
    """By subject: the current row's id and what it says. Bare rows, since most of them are compared and left."""
    rows = Result.objects.current().filter(among).values_list("pk", *SUBJECT, *CONTENT)
    return {row[1 : 1 + len(SUBJECT)]: (row[0], row[1 + len(SUBJECT) :]) for row in rows}


def _get_subject(result: Result) -> Row:
    return tuple(getattr(result, name) for name in SUBJECT)


def _get_content(result: Result) -> Row:
    return tuple(getattr(result, name) for name in CONTENT)


def _add_periods(results: list[Result]) -> None:
    """A year that is only computed (the sum of its quarters) may have no row yet."""
    labels = {r.period_id for r in results if r.period_id}
    for label in sorted(labels - set(Period.objects.filter(pk__in=labels).values_list("pk", flat=True))):
        Period.objects.get_or_add(label)
