"""Adding observations: the one way a figure gets into the record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from ..models import Breakdown, Indicator, Observation, Status
from .marks import mark_indicators


@dataclass(frozen=True)
class Statement:
    """What a source says about one cell: an indicator in an area, a breakdown and a period."""

    indicator: Indicator
    area: str
    period: str
    value: Decimal | None
    breakdown: str = Breakdown.TOTAL
    qualifier: str = ""
    missing: str = ""
    status: str = Status.FINAL
    stated: str = ""
    note: str = ""
    comparability_break: str = ""
    published_on: date | None = None
    # Stricter than the indicator's, where what it was made of is; and its own moment of release.
    classification: str = ""
    released_at: datetime | None = None
    document_id: int | None = None
    # Exactly one origin: line (with correction), batch, register_count or run.
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def cell(self) -> tuple[int, str, str, str]:
        return (self.indicator.pk, self.area, self.breakdown, self.period)


@transaction.atomic
def record_observations(
    statements: Sequence[Statement], *, cause: str, released_at: datetime | None = None, only_changes: bool = False, mark: bool = True
) -> list[Observation]:
    """Add a vintage for each statement, and stale marks for what they touch, in one transaction.

    ``only_changes`` leaves out statements that say what the newest vintage says already (imports run
    twice, recomputation); ``mark=False`` is for the recomputation itself, which follows its own graph.
    Returns the observations added, in the statements' order.
    """
    # One writer an indicator at a time: the next vintage number is read under this lock. It lets others refer to the
    # indicator meanwhile (results, marks), so that a recomputation and an acceptance cannot wait for each other.
    indicators = sorted({s.indicator.pk for s in statements})
    list(Indicator.objects.select_for_update(no_key=True).filter(pk__in=indicators).order_by("pk").values_list("pk"))
    newest = _newest(statements)
    now = timezone.now()
    added = [
        _make(statement, newest.get(statement.cell), now, statement.released_at or released_at or now)
        for statement in statements
        if not (only_changes and _says_the_same(statement, newest.get(statement.cell)))
    ]
    Observation.objects.bulk_create(added)
    if mark:
        mark_indicators(((o.indicator_id, o.area_id) for o in added), cause=cause)
    return added


def _newest(statements: Iterable[Statement]) -> dict[tuple[int, str, str, str], Observation]:
    cells = [s.cell for s in statements]
    rows = Observation.objects.filter(
        indicator__in={c[0] for c in cells}, area__in={c[1] for c in cells}, period__in={c[3] for c in cells}
    ).latest()
    return {o.cell: o for o in rows}


def _says_the_same(statement: Statement, known: Observation | None) -> bool:
    if known is None:
        return False
    # Missing follows from the value, and final becomes revised by being a later vintage.
    same_status = statement.value is None or statement.status == known.status or {statement.status, known.status} == {Status.FINAL, Status.REVISED}
    return same_status and (known.value, known.qualifier, known.missing, known.stated, known.comparability_break, known.published_on) == (
        statement.value,
        statement.qualifier,
        statement.missing,
        statement.stated,
        statement.comparability_break,
        statement.published_on,
    )


def _make(statement: Statement, previous: Observation | None, now: datetime, released_at: datetime) -> Observation:
    indicator = statement.indicator
    status = Status.MISSING if statement.value is None else statement.status
    if previous and status == Status.FINAL and previous.value is not None:
        # The same value stated again, with its day or from another source, revises nothing.
        is_revision = previous.value != statement.value or previous.status == Status.REVISED
        status = Status.REVISED if is_revision else status
    return Observation(
        indicator=indicator,
        area_id=statement.area,
        breakdown_id=statement.breakdown,
        period_id=statement.period,
        vintage=previous.vintage + 1 if previous else 1,
        value=statement.value,
        qualifier=statement.qualifier,
        status=status,
        missing=statement.missing,
        unit_of_measure=indicator.unit_of_measure,
        stated=statement.stated,
        definition_id=indicator.current_definition_id,
        comparability_break=statement.comparability_break,
        note=statement.note,
        classification=statement.classification or indicator.classification,
        document_id=statement.document_id,
        recorded_at=now,
        published_on=statement.published_on,
        released_at=released_at,
        is_demo=indicator.is_demo,
        **statement.origin,
    )
