"""What leadership sees on one page, composed of the record's own reads. The number of queries is constant."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from indicators.charts import Chart, Line, build_trend, describe_trend
from indicators.models import (
    Breakdown,
    HeadlineIndicator,
    Indicator,
    Light,
    Observation,
    Period,
    Plan,
    Result,
    Return,
    Round,
    Target,
)
from indicators.queries.indicators import Point
from indicators.queries.moments import NOW, Moment
from indicators.queries.tasks import AspectRow, Judged, TaskRow, get_aspects, get_current_plan, get_tasks, judge
from kejiting.accounts.models import Area, User

RANK, TREND, NATION = "composite_rank", "rd_intensity", "000000"
ATTENTION, LATEST = 6, 8


@dataclass
class Headline:
    """An indicator the plan is measured by first: its newest value and every target in force for it."""

    indicator: Indicator
    points: list[Point]
    targets: list[tuple[Target, Judged]]

    @property
    def latest(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    def before(self) -> Point | None:
        return self.points[-2] if len(self.points) > 1 else None

    @property
    def baseline(self) -> Target | None:
        """The target that says where the way began: the only number there is where nothing was published since."""
        return next((target for target, _judged in self.targets if target.baseline_value is not None), None)

    @property
    def has_too_few(self) -> bool:
        return len(self.points) < 4

    @property
    def digest(self) -> str:
        lights = "-".join(str(judged.light.pk) if judged.light else "0" for _target, judged in self.targets)
        return f"{self.latest.observation.pk if self.latest else 0}.{lights}"


@dataclass
class Tile:
    """A province on the tile grid with its published rank."""

    area: Area
    observation: Observation | None

    @property
    def x(self) -> int:
        return (self.area.tile_column or 0) * 58

    @property
    def y(self) -> int:
        return (self.area.tile_row or 0) * 44

    @property
    def band(self) -> str:
        """A fifth of the 31, the nearest first; ``q0`` for what is not ranked."""
        if self.observation is None or self.observation.value is None:
            return "q0"
        return f"q{min(int((self.observation.value - 1) // 6) + 1, 5)}"


@dataclass
class Overview:
    """Everything on the overview."""

    plan: Plan | None
    headlines: list[Headline] = field(default_factory=list)
    aspects: list[AspectRow] = field(default_factory=list)
    rows: list[TaskRow] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    tiles_period: Period | None = None
    trend: Chart | None = None
    trend_rows: list[tuple[Period, list[Observation | None]]] = field(default_factory=list)
    trend_targets: list[Target] = field(default_factory=list)
    round: Round | None = None
    reports: list[Return] = field(default_factory=list)
    latest: list[Observation] = field(default_factory=list)

    @property
    def counts(self) -> list[tuple[Light, int]]:
        """How many tasks show each light, in the order they are read."""
        order = (Light.GREEN, Light.BLUE, Light.YELLOW, Light.RED, Light.GREY, Light.PENDING, Light.CLOSED)
        return [(light, sum(row.judged.colour == light for row in self.rows)) for light in order]

    @property
    def attention(self) -> list[TaskRow]:
        return sorted((row for row in self.rows if row.judged.colour in (Light.RED, Light.YELLOW)), key=lambda row: row.rank)

    @property
    def late(self) -> list[Return]:
        """Returns that are past due and grace and not handed in."""
        return [r for r in self.reports if r.state in Return.EDITABLE and r.round.is_overdue]

    @property
    def report_counts(self) -> dict[str, int]:
        return {state: sum(r.state == state for r in self.reports) for state in Return.State.values}

    @property
    def tasks_digest(self) -> str:
        return "-".join(f"{row.judged.light.pk if row.judged.light else 0}.{row.judged.completion.pk if row.judged.completion else 0}" for row in self.rows)


def get_overview(user: User, moment: Moment = NOW) -> Overview:
    plan = get_current_plan()
    if plan is None:
        return Overview(None)
    page = Overview(plan, rows=get_tasks(user, plan, moment))
    page.aspects = get_aspects(user, plan, page.rows, moment)
    page.headlines = get_headlines(user, plan, moment)
    page.tiles, page.tiles_period = get_tiles(user, moment)
    _add_trend(page, user, moment)
    page.round = get_current_round(plan, moment.as_of or timezone.now())
    if page.round:
        page.reports = list(Return.objects.filter(round=page.round).select_related("unit", "round").order_by("unit__code"))
    page.latest = get_latest(user, moment)
    return page


def get_headlines(user: User, plan: Plan, moment: Moment) -> list[Headline]:
    """The plan's headline indicators at home with all their targets in force."""
    headlines = HeadlineIndicator.objects.filter(plan=plan, indicator__in=Indicator.objects.visible_to(user)).select_related("indicator")
    indicators = {h.indicator_id: h.indicator for h in headlines}
    home = Observation.objects.visible_to(user).filter(indicator__in=indicators, area=settings.HOME_AREA, breakdown=Breakdown.TOTAL)
    cells: dict[int, dict[str, list[Observation]]] = defaultdict(lambda: defaultdict(list))
    for row in moment.observations(home).select_related("period", "document").order_by("period__ends_on", "vintage"):
        row.indicator = indicators[row.indicator_id]
        cells[row.indicator_id][row.period_id].append(row)
    results: dict[int, list[Result]] = defaultdict(list)
    judging = Result.objects.visible_to(user).filter(indicator__in=indicators, area=settings.HOME_AREA, target__isnull=False)
    for result in moment.results(judging).newest("target"):
        results[result.target_id].append(result)
    targets: dict[int, list[tuple[Target, Judged]]] = defaultdict(list)
    in_force = Target.objects.visible_to(user).in_force().filter(indicator__in=indicators, area=settings.HOME_AREA)
    for target in in_force.select_related("document", "period").order_by("period__ends_on", "document__issued_on"):
        targets[target.indicator_id].append((target, judge(results.get(target.pk, []))))
    return [
        Headline(indicator, [Point(v[0].period, v) for v in cells[pk].values()], _of_plan(targets[pk], plan)) for pk, indicator in indicators.items()
    ]


def _of_plan(targets: Sequence[tuple[Target, Judged]], plan: Plan) -> list[tuple[Target, Judged]]:
    """Those for the end of the plan: the plan's own first, later documents' beside it."""
    ours = [pair for pair in targets if pair[0].period.ends_on == plan.ends_on]
    return sorted(ours, key=lambda pair: pair[0].document_id != plan.document_id)


def get_tiles(user: User, moment: Moment) -> tuple[list[Tile], Period | None]:
    """All provinces with their newest published rank."""
    rows = moment.observations(
        Observation.objects.visible_to(user).filter(indicator__code=RANK, area__level=Area.Level.PROVINCE, breakdown=Breakdown.TOTAL)
    ).exclude(area=settings.HOME_AREA)
    newest = Period.objects.filter(pk__in=rows.values("period")).order_by("-ends_on").first()
    ranks: dict[str, Observation] = {}
    if newest:
        found = moment.observations(Observation.objects.visible_to(user).filter(indicator__code=RANK, period=newest, breakdown=Breakdown.TOTAL))
        ranks = {o.area_id: o for o in found.select_related("indicator", "document").latest()}
    areas = Area.objects.filter(level=Area.Level.PROVINCE, tile_column__isnull=False)
    return [Tile(area, ranks.get(area.pk)) for area in areas], newest


def _add_trend(page: Overview, user: User, moment: Moment) -> None:
    """R&D intensity at home beside the nation's, with the target in force."""
    indicator = Indicator.objects.visible_to(user).filter(code=TREND).first()
    if indicator is None:
        return
    rows = Observation.objects.visible_to(user).filter(indicator=indicator, area__in=(settings.HOME_AREA, NATION), breakdown=Breakdown.TOTAL)
    cells: dict[str, dict[str, Observation]] = defaultdict(dict)
    for row in moment.observations(rows.filter(period__frequency="year")).select_related("period", "area", "document").latest():
        row.indicator = indicator
        cells[row.area_id][row.period_id] = row
    home, nation = cells[settings.HOME_AREA], cells[NATION]
    if not home:
        return
    periods = sorted({o.period for area in cells.values() for o in area.values()}, key=lambda p: p.starts_on)
    page.trend_targets = list(
        Target.objects.visible_to(user).in_force().filter(indicator=indicator, area=settings.HOME_AREA).select_related("document", "period")
    )
    page.trend_rows = [(p, [home.get(p.label), nation.get(p.label)]) for p in periods]
    lines = [
        Line(area[min(area)].area.short_zh, [(p, area[p.label].value if p.label in area else None) for p in periods])
        for area in (home, nation)
        if area
    ]
    points = [Point(p, [home[p.label]]) for p in periods if p.label in home]
    page.trend = build_trend("overview-trend", lines, page.trend_targets, indicator, describe_trend(points, page.trend_targets, indicator))


def get_current_round(plan: Plan, now: datetime) -> Round | None:
    """The newest round that has opened."""
    return Round.objects.filter(plan=plan, opens_at__lte=now).select_related("period").order_by("-period__ends_on").first()


def get_latest(user: User, moment: Moment) -> list[Observation]:
    """The newest figures that units reported and the office accepted."""
    rows = moment.observations(Observation.objects.visible_to(user).filter(line__isnull=False))
    # The few newest first, by the index, and only then what is shown beside them.
    newest = list(rows.order_by("-recorded_at", "-pk").values_list("pk", flat=True)[:LATEST])
    related = ("indicator", "area", "line__report__unit", "line__report__accepted_by__unit", "correction__decided_by__unit")
    return list(Observation.objects.filter(pk__in=newest).select_related(*related).order_by("-recorded_at", "-pk"))
