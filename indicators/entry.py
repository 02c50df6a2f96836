"""What staff type against what is stored: ``entry_form`` turned into ``accumulation`` and back.

A unit may type the quarter's amount of a figure kept as the year's running total, or the running total
of a figure kept by quarter. The record, the API and every page but the grid know the stored form only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .models import Indicator, Observation, Period
from .periods import MONTHS, shift

Accumulation, EntryForm = Indicator.Accumulation, Indicator.EntryForm


@dataclass(frozen=True)
class EntryRule:
    """How to get from the one form to the other: ``stored = typed + offset``.

    ``is_converted`` is False where staff type the stored form itself, because the indicator says so or
    because an earlier period is missing and nothing can be added to.
    """

    is_converted: bool
    offset: Decimal
    # What the other form is called beside the cell: the year's total, the period's amount, or nothing.
    other: str = ""

    def to_stored(self, typed: Decimal) -> Decimal:
        return typed + self.offset if self.is_converted else typed

    def to_typed(self, stored: Decimal | None) -> Decimal | None:
        return stored - self.offset if self.is_converted and stored is not None else stored

    def to_other(self, stored: Decimal | None) -> Decimal | None:
        """The form that is not typed, shown beside the cell."""
        if stored is None or not self.other:
            return None
        return stored if self.is_converted else stored - self.offset


AS_STORED = EntryRule(False, Decimal(0))


def get_entry_rule(indicator: Indicator, period: Period, history: Sequence[Observation]) -> EntryRule:
    """The rule of an indicator's cell in a period, given its newest earlier observations."""
    if indicator.accumulation == Accumulation.STOCK or period.frequency == "range":
        return AS_STORED
    if indicator.accumulation == Accumulation.FLOW:
        earlier = _sum_of_year(period, history)
        if earlier is None:
            return AS_STORED
        return EntryRule(indicator.entry_form == EntryForm.CUMULATIVE, -earlier, "flow" if indicator.entry_form == EntryForm.CUMULATIVE else "ytd")
    before = _running_total_before(indicator, period, history)
    if before is None:
        return AS_STORED
    is_converted = indicator.entry_form == EntryForm.PERIOD
    return EntryRule(is_converted, before, indicator.accumulation if is_converted else "flow")


def _running_total_before(indicator: Indicator, period: Period, history: Sequence[Observation]) -> Decimal | None:
    if indicator.accumulation == Accumulation.YTD and period.starts_on.month == 1:
        return Decimal(0)
    before = shift(period.span, -1).label
    return next((o.value for o in history if o.period_id == before), None)


def _sum_of_year(period: Period, history: Sequence[Observation]) -> Decimal | None:
    """The amounts of the year's earlier periods; None where one is missing."""
    count = (period.starts_on.month - 1) // MONTHS[period.frequency]
    values = {o.period_id: o.value for o in history}
    earlier = [values.get(shift(period.span, -n).label) for n in range(1, count + 1)]
    return None if None in earlier else sum((v for v in earlier if v is not None), Decimal(0))
