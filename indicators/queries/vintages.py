"""Observations as pages show them: as much of each as is shown, for a page has hundreds, and none needs to be a model's instance."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from kejiting.accounts.models import User

from ..models import Breakdown, Indicator, Observation, Status
from ..models.observation import ObservationQuerySet
from ..periods import Span, parse_label
from .moments import Moment


class Vintage(NamedTuple):
    """One statement about a cell; ``decimals`` are its indicator's, ``source`` is its document's title."""

    pk: int
    indicator_id: int
    area_id: str
    period_id: str
    value: Decimal | None
    unit_of_measure: str
    qualifier: str
    missing: str
    stated: str
    status: str
    run_id: int | None
    line_id: int | None
    recorded_at: datetime
    note: str
    comparability_break: str
    decimals: int
    area: str
    source: str | None

    @property
    def period(self) -> Span:
        return parse_label(self.period_id)

    @property
    def status_name(self) -> str:
        return str(Status(self.status).label)

    @property
    def order(self) -> tuple[date, date]:
        """Later means known about later time; of two with one end the shorter is the later."""
        return self.period.ends_on, self.period.starts_on


_PATHS = {"decimals": "indicator__decimals", "area": "area__short_zh", "source": "document__title"}
_COLUMNS = [_PATHS.get(name, name) for name in Vintage._fields]


def read_vintages(rows: ObservationQuerySet) -> list[Vintage]:
    """In the order of the rows."""
    return [Vintage._make(row) for row in rows.values_list(*_COLUMNS)]


def in_time(vintages: Iterable[Vintage]) -> list[Vintage]:
    return sorted(vintages, key=lambda vintage: vintage.order)


def get_totals(user: User, indicators: Collection[Indicator | int], area: str, moment: Moment) -> ObservationQuerySet:
    """What was said by a moment of some indicators in an area; the wholes, not their parts."""
    return moment.observations(Observation.objects.visible_to(user).filter(indicator__in=indicators, area=area, breakdown=Breakdown.TOTAL))


def get_newest(user: User, indicators: Collection[Indicator | int], area: str, moment: Moment) -> dict[int, Vintage]:
    """By indicator: what is in force of its newest period in an area; one query."""
    rows = get_totals(user, indicators, area, moment)
    newest = rows.order_by("indicator_id", "-period__ends_on", "-period__starts_on", "-vintage").distinct("indicator_id")
    return {vintage.indicator_id: vintage for vintage in read_vintages(newest)}
