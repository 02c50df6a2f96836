"""Reading indicators: the list with newest values, and one indicator with its whole record for an area."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db.models import Count, Q, Subquery

from kejiting.accounts.models import Area, User

from ..formatting import are_large
from ..models import Breakdown, Indicator, Observation, Result
from ..periods import Span
from ..standing import JUDGING, Judgement, all_judgements, group, read_judgements
from .meaning import IndicatorLink, Meaning, get_meaning
from .moments import NOW, Moment
from .targets import TargetRow, get_targets_of
from .vintages import Vintage, get_newest, get_totals, in_time, read_vintages

Measure = Result.Measure
# What an indicator's page says of the results: of its periods, and of its targets.
OF_PERIODS = (Measure.GROWTH_YOY, Measure.GROWTH_QOQ, Measure.FINDINGS, Measure.PROJECTION)
OF_TARGETS = (*JUDGING, Measure.REQUIRED_PACE, Measure.CHANCE)


_ORIGINS = [Indicator.Origin.OFFICIAL, Indicator.Origin.REPORTED, Indicator.Origin.REGISTER, Indicator.Origin.DERIVED]


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator in a list: its newest value at home and how many periods it has."""

    indicator: Indicator
    observation: Vintage | None
    periods: int


def get_indicators(user: User, *, search: str = "", origin: str = "", moment: Moment = NOW) -> list[IndicatorRow]:
    """Indicators with the newest value of the home area, those that others publish first, then by code; three queries."""
    found = Indicator.objects.visible_to(user)
    for word in search.split():
        found = found.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(code__icontains=word))
    if origin:
        found = found.filter(origin=origin)
    indicators = list(moment.indicators(found))
    newest = get_newest(user, indicators, settings.HOME_AREA, moment)
    rows = get_totals(user, indicators, settings.HOME_AREA, moment).order_by()
    periods = dict(rows.values_list("indicator").annotate(Count("period", distinct=True)))
    indicators.sort(key=lambda indicator: (_ORIGINS.index(Indicator.Origin(indicator.origin)), indicator.code))
    return [IndicatorRow(indicator, newest.get(indicator.pk), periods.get(indicator.pk, 0)) for indicator in indicators]


# -- one indicator -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One period of an indicator: what is in force, what was said before, what was computed of it."""

    vintages: Sequence[Vintage]
    results: dict[str, Judgement] = field(default_factory=dict)

    @property
    def observation(self) -> Vintage:
        return self.vintages[-1]

    @property
    def period(self) -> Span:
        return self.observation.period

    @property
    def value(self) -> Decimal | None:
        return self.observation.value

    @property
    def earlier(self) -> Sequence[Vintage]:
        return self.vintages[:-1]

    @property
    def is_revised(self) -> bool:
        return len(self.vintages) > 1


@dataclass(frozen=True)
class Difference:
    """A total that a publisher states beside what the register can list; the result is the one less the other."""

    counterpart: Indicator | IndicatorLink
    value: Vintage
    result: Judgement | None


@dataclass
class IndicatorPage:
    """An indicator in an area with everything the record says of it."""

    indicator: Indicator
    area: Area
    meaning: Meaning
    points: list[Point]
    targets: list[TargetRow]
    # Of the periods to come, in the order of time; empty where there is too little to project from.
    projections: list[Judgement] = field(default_factory=list)
    areas: list[Vintage] = field(default_factory=list)
    difference: Difference | None = None

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None

    @cached_property
    def are_large(self) -> bool:
        """Whether the table says amounts in 亿元, targets and all: one unit a column."""
        targets = [row.target.value for row in self.targets if row.target.unit_of_measure == self.indicator.unit_of_measure]
        histories = [[vintage.value for vintage in point.vintages] for point in self.points]
        return are_large([*itertools.chain.from_iterable(histories), *targets], revised=histories)


def get_indicator(user: User, code: str, area: str = "", moment: Moment = NOW) -> IndicatorPage:
    """One indicator. Raises ``Indicator.DoesNotExist``, also where the user may not see it, ``Area.DoesNotExist`` and ``NotRecordedYet``."""
    indicator = Indicator.objects.visible_to(user).get(code=code)
    known = _get_known_areas(user, indicator)
    place = Area.objects.get(pk=area or _choose_area(known))
    shown = all_judgements().visible_to(user).filter(measure__in=(*OF_PERIODS, *OF_TARGETS))
    rows = shown.filter(indicator=indicator, area=place, breakdown=Breakdown.TOTAL)
    judgements = group(read_judgements(moment.results(rows)), "target")
    of_no_target = judgements.pop(None, [])
    meaning = get_meaning(user, indicator, moment)
    return IndicatorPage(
        indicator,
        place,
        meaning,
        _get_points(user, indicator, place, of_no_target, moment),
        get_targets_of(user, indicator, place, judgements, moment),
        sorted((row for row in of_no_target if row.measure == Measure.PROJECTION), key=lambda row: row.ends_on),
        _get_areas(user, indicator, place, moment) if len(known) > 1 else [],
        get_difference(user, indicator, meaning.counterpart, place.pk, moment),
    )


def _get_known_areas(user: User, indicator: Indicator) -> list[str]:
    return list(Observation.objects.visible_to(user).filter(indicator=indicator).order_by("area_id").values_list("area_id", flat=True).distinct())


def _choose_area(known: Sequence[str]) -> str:
    """Home where the indicator is known there, or the first area it is known for."""
    return settings.HOME_AREA if settings.HOME_AREA in known or not known else known[0]


def _get_points(user: User, indicator: Indicator, area: Area, results: Sequence[Judgement], moment: Moment) -> list[Point]:
    """Every vintage, by period in the order of time, with growth and the like."""
    by_period: dict[str, list[Vintage]] = defaultdict(list)
    for vintage in read_vintages(get_totals(user, [indicator], area.pk, moment).order_by("vintage")):
        by_period[vintage.period_id].append(vintage)
    computed: dict[str, dict[str, Judgement]] = defaultdict(dict)
    for result in results:
        computed[result.period_id or ""][result.measure] = result
    periods = [vintage.period_id for vintage in in_time(vintages[-1] for vintages in by_period.values())]
    return [Point(by_period[period], computed.get(period, {})) for period in periods]


def _get_areas(user: User, indicator: Indicator, area: Area, moment: Moment) -> list[Vintage]:
    """The newest period's value of every area of the same level, the best first; none where there is but one."""
    known = Observation.objects.visible_to(user).filter(indicator=indicator, breakdown=Breakdown.TOTAL, area__level=area.level)
    rows = moment.observations(known)
    newest = rows.order_by("-period__ends_on", "-period__starts_on").values("period")[:1]
    found = read_vintages(rows.filter(period=Subquery(newest)).latest())
    is_higher_better = indicator.direction == Indicator.Direction.HIGHER
    worst = Decimal("-Infinity") if is_higher_better else Decimal("Infinity")
    found.sort(key=lambda vintage: worst if vintage.value is None else vintage.value, reverse=is_higher_better)
    return found if len(found) > 1 else []


def get_difference(user: User, indicator: Indicator, counterpart: Indicator | IndicatorLink | None, area: str, moment: Moment) -> Difference | None:
    """What the counterpart says of the same total, and how far the two are apart; no query where there is none."""
    if counterpart is None:
        return None
    value = get_newest(user, [counterpart.pk], area, moment).get(counterpart.pk)
    counter = indicator.pk if indicator.stated_as_id else counterpart.pk
    rows = all_judgements().visible_to(user).filter(indicator=counter, area=area, measure=Measure.DIFFERENCE)
    results = read_judgements(moment.results(rows))
    return Difference(counterpart, value, max(results, key=lambda row: row.ends_on, default=None)) if value else None
