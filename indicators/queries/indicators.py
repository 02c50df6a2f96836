"""Reading indicators: the list with newest values, and one indicator with its whole record for an area."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import Area, User

from ..models import Breakdown, Indicator, IndicatorDefinition, Observation, Period, Result, Target, TargetSupersession, Task
from .moments import NOW, Moment, NotRecordedYet

Measure = Result.Measure


@dataclass
class IndicatorRow:
    """An indicator in a list: its newest value at home and how many periods it has."""

    indicator: Indicator
    observation: Observation | None
    periods: int


def get_indicators(user: User, *, search: str = "", origin: str = "", moment: Moment = NOW) -> list[IndicatorRow]:
    """Indicators with the newest value of the home area; three queries."""
    found = Indicator.objects.visible_to(user)
    for word in search.split():
        found = found.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(code__icontains=word))
    if origin:
        found = found.filter(origin=origin)
    indicators = list(moment.indicators(found))
    home = Observation.objects.visible_to(user).filter(indicator__in=indicators, area=settings.HOME_AREA, breakdown=Breakdown.TOTAL)
    newest: dict[int, Observation] = {}
    counts: dict[int, int] = defaultdict(int)
    for observation in sorted(moment.observations(home).select_related("period").latest(), key=lambda o: o.period.ends_on):
        newest[observation.indicator_id] = observation
        counts[observation.indicator_id] += 1
    rows = [IndicatorRow(indicator, newest.get(indicator.pk), counts[indicator.pk]) for indicator in indicators]
    for row in rows:
        if row.observation:
            row.observation.indicator = row.indicator
    return rows


@dataclass
class Point:
    """One period of an indicator: what is in force, what was said before, what was computed of it."""

    period: Period
    vintages: list[Observation]
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def observation(self) -> Observation:
        return self.vintages[-1]

    @property
    def value(self) -> Decimal | None:
        return self.observation.value

    @property
    def earlier(self) -> list[Observation]:
        return self.vintages[:-1]

    @property
    def is_revised(self) -> bool:
        return len(self.vintages) > 1


@dataclass
class IndicatorPage:
    """An indicator in an area with everything the record says of it."""

    indicator: Indicator
    area: Area
    points: list[Point]
    targets: list[Target]
    judgements: dict[int, dict[str, Result]]
    # Of the periods to come, in the order of time; empty where there is too little to project from.
    projections: list[Result] = field(default_factory=list)
    areas: list[Observation] = field(default_factory=list)
    areas_period: Period | None = None
    difference: Result | None = None
    counted: Observation | None = None

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    def is_demo(self) -> bool:
        return self.indicator.is_demo

    @property
    def has_revisions(self) -> bool:
        return any(point.is_revised for point in self.points)


def get_indicator(user: User, code: str, area: str = "", moment: Moment = NOW) -> IndicatorPage:
    """One indicator. Raises ``Indicator.DoesNotExist``, also where the user may not see it, and ``Area.DoesNotExist``."""
    indicator = (
        Indicator.objects.visible_to(user)
        .select_related("current_definition", "numerator", "denominator", "stated_as")
        .prefetch_related(
            Prefetch("definitions", moment.recorded(IndicatorDefinition.objects.select_related("document"))),
            Prefetch("tasks", moment.recorded(Task.objects.select_related("plan"))),
            "dependencies__reads",
            "dependents__indicator",
            "counted_by",
        )
        .get(code=code)
    )
    _set_back(indicator, moment)
    place = Area.objects.get(pk=area) if area else _default_area(user, indicator)
    points = _get_points(user, indicator, place, moment)
    targets = _get_targets(user, indicator, place, moment)
    judgements, projections = _add_results(user, indicator, place, points, moment)
    page = IndicatorPage(indicator, place, points, targets, judgements, projections)
    page.areas, page.areas_period = _get_areas(user, indicator, place, moment)
    _add_difference(user, page, moment)
    return page


def _set_back(indicator: Indicator, moment: Moment) -> None:
    """The definition in force at the moment; nothing of this is saved. Raises ``NotRecordedYet``."""
    definitions = list(indicator.definitions.all())
    if moment.as_of and not definitions:
        raise NotRecordedYet(_("%(day)s 时这个指标还没有登记。") % {"day": timezone.localdate(moment.as_of).isoformat()})
    if moment.as_of:
        indicator.current_definition = definitions[-1]


def _default_area(user: User, indicator: Indicator) -> Area:
    """Home where the indicator is known there, or the first area it is known for."""
    known = Observation.objects.visible_to(user).filter(indicator=indicator)
    areas = Area.objects.filter(Exists(known.filter(area=OuterRef("pk"))))
    return areas.filter(pk=settings.HOME_AREA).first() or areas.first() or Area.objects.get(pk=settings.HOME_AREA)


def _get_points(user: User, indicator: Indicator, area: Area, moment: Moment) -> list[Point]:
    """Every vintage, by period in the order of time."""
    rows = moment.observations(Observation.objects.visible_to(user).filter(indicator=indicator, area=area, breakdown=Breakdown.TOTAL))
    by_period: dict[str, list[Observation]] = defaultdict(list)
    for row in rows.select_related("period", "document", "line__report__round", "run").order_by("period__starts_on", "period__ends_on", "vintage"):
        row.indicator = indicator
        by_period[row.period_id].append(row)
    return [Point(vintages[0].period, vintages) for vintages in by_period.values()]


def _get_targets(user: User, indicator: Indicator, area: Area, moment: Moment) -> list[Target]:
    """All targets, those in force and those said to be superseded, by period and date of their document."""
    rows = Target.objects.visible_to(user).standing(moment.as_of).filter(indicator=indicator, area=area)
    rows = rows.select_related("document", "period", "baseline_period")
    links = TargetSupersession.objects.filter(superseded__in=rows)
    if moment.as_of:
        links = links.filter(at__lte=moment.as_of)
    if moment.known_on:
        rows = rows.exclude(document__issued_on__gt=moment.known_on)
        links = links.exclude(target__document__issued_on__gt=moment.known_on)
    by_target = {link.superseded_id: link for link in links.select_related("target__document", "by__unit")}
    targets = list(rows.order_by("period__ends_on", "document__issued_on", "pk"))
    for target in targets:
        target.indicator, target.link = indicator, by_target.get(target.pk)  # type: ignore[attr-defined]  # for the page only
    return targets


def _add_results(
    user: User, indicator: Indicator, area: Area, points: list[Point], moment: Moment
) -> tuple[dict[int, dict[str, Result]], list[Result]]:
    """Growth and the like to each point; judgements by target, of the newest period judged; and what is projected."""
    by_period = {point.period.label: point for point in points}
    judgements: dict[int, dict[str, Result]] = defaultdict(dict)
    projections: list[Result] = []
    rows = Result.objects.visible_to(user).filter(indicator=indicator, area=area, breakdown=Breakdown.TOTAL)
    for result in moment.results(rows).select_related("period").order_by("period__ends_on", "pk"):
        result.indicator = indicator
        if result.target_id:
            judgements[result.target_id][result.measure] = result
        elif result.measure == Measure.PROJECTION:
            projections.append(result)
        elif result.period_id in by_period:
            by_period[result.period_id].results[result.measure] = result
    return dict(judgements), projections


def _get_areas(user: User, indicator: Indicator, area: Area, moment: Moment) -> tuple[list[Observation], Period | None]:
    """The newest period's value of every area of the same level, the best first."""
    rows = moment.observations(
        Observation.objects.visible_to(user).filter(indicator=indicator, breakdown=Breakdown.TOTAL, area__level=area.level)
    )
    newest = Period.objects.filter(pk__in=rows.values("period")).order_by("-ends_on", "-starts_on").first()
    if newest is None:
        return [], None
    found = list(rows.filter(period=newest).select_related("area", "period").latest())
    worst = Decimal("-Infinity") if indicator.direction == Indicator.Direction.HIGHER else Decimal("Infinity")
    found.sort(key=lambda o: worst if o.value is None else o.value, reverse=indicator.direction == Indicator.Direction.HIGHER)
    for row in found:
        row.indicator = indicator
    return (found, newest) if len(found) > 1 else ([], None)


def _add_difference(user: User, page: IndicatorPage, moment: Moment) -> None:
    """Where a publisher states a total and the register counts one: both, and the difference."""
    counter = page.indicator if page.indicator.stated_as_id else next(iter(page.indicator.counted_by.all()), None)
    if counter is None:
        return
    rows = Result.objects.visible_to(user).filter(indicator=counter, area=page.area, measure=Measure.DIFFERENCE)
    page.difference = moment.results(rows).order_by("-period__ends_on").first()
    other = page.indicator.stated_as if page.indicator.stated_as_id else counter
    counted = Observation.objects.visible_to(user).filter(indicator=other, area=page.area, breakdown=Breakdown.TOTAL)
    page.counted = max(moment.observations(counted).select_related("period", "indicator").latest(), key=lambda o: o.period.ends_on, default=None)
