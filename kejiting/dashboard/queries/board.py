"""The figures of the overview, read once: what the plan is measured by first, the ranks of all provinces, the trend beside the nation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery

from indicators.models import Breakdown, HeadlineIndicator, Indicator, Observation, Plan, Target
from indicators.outlook import say_lack
from indicators.periods import Span, parse_label
from indicators.queries.indicators import Point
from indicators.queries.moments import Moment
from indicators.queries.vintages import Vintage, in_time, read_vintages
from indicators.standing import JUDGING, Judged, all_judgements, get_age, group, judge, read_judgements
from kejiting.accounts.models import Area, User

from ..scale import Scale, make_scale
from .tiles import RANK

TREND, NATION = "rd_intensity", "000000"


@dataclass
class Headline:
    """An indicator the plan is measured by first: its published values and every target in force for the plan's end."""

    indicator: Indicator
    points: list[Point]
    targets: list[tuple[Target, Judged]]

    @cached_property
    def known(self) -> list[Point]:
        return [point for point in self.points if point.value is not None]

    @cached_property
    def latest(self) -> Point | None:
        return self.known[-1] if self.known else None

    @cached_property
    def before(self) -> Point | None:
        return self.known[-2] if len(self.known) > 1 else None

    @property
    def baseline(self) -> Target | None:
        """The target that says where the way began: the only number there is where nothing was published since."""
        return next((target for target, _judged in self.targets if target.baseline_value is not None), None)

    @property
    def judged(self) -> Judged:
        """Against the plan's own target, which comes first."""
        return self.targets[0][1] if self.targets else Judged()

    @cached_property
    def lack(self) -> str:
        """Why nothing is said of where it is heading; empty where something can be."""
        return say_lack(self.points, self.indicator)

    @property
    def is_rank(self) -> bool:
        return self.indicator.unit_of_measure == "位"

    @cached_property
    def scale(self) -> Scale | None:
        return make_scale(
            latest=self.latest.observation if self.latest else None,
            before=self.before.observation if self.before else None,
            baseline=self.baseline,
            targets=[target for target, _judged in self.targets],
            is_rank=self.is_rank,
        )

    @property
    def digest(self) -> str:
        lights = "-".join(str(judged.light.pk) if judged.light else "0" for _target, judged in self.targets)
        return f"{self.latest.observation.pk if self.latest else 0}.{lights}"


@dataclass
class Board:
    """The indicators of the overview with their newest vintages and the targets in force at home."""

    headlines: list[Headline] = field(default_factory=list)
    ranks: list[Vintage] = field(default_factory=list)
    trend: Indicator | None = None
    trend_points: dict[str, list[Point]] = field(default_factory=dict)
    trend_targets: list[Target] = field(default_factory=list)


def get_board(user: User, plan: Plan, moment: Moment) -> Board:
    """Four queries, however many indicators lead; one where there are none."""
    place = HeadlineIndicator.objects.filter(plan=plan, indicator=OuterRef("pk")).order_by().values("position")
    rows = Indicator.objects.visible_to(user).annotate(headline=Subquery(place))
    indicators = {i.pk: i for i in rows.filter(Q(headline__isnull=False) | Q(code__in=(RANK, TREND))).order_by()}
    if not indicators:
        return Board()
    points, ranks = _read_points(user, indicators, moment)
    targets = _read_targets(user, indicators, moment)
    leading = sorted((i for i in indicators.values() if i.headline is not None), key=lambda i: i.headline)
    home = settings.HOME_AREA
    board = Board([Headline(i, points[i.pk, home], _of_plan(targets[i.pk], plan)) for i in leading], ranks)
    board.trend = next((i for i in indicators.values() if i.code == TREND), None)
    if board.trend:
        board.trend_points = {area: _yearly(points[board.trend.pk, area]) for area in (home, NATION)}
        board.trend_targets = [target for target, _judged in targets[board.trend.pk]]
    return board


def _read_points(user: User, indicators: Mapping[int, Indicator], moment: Moment) -> tuple[dict[tuple[int, str], list[Point]], list[Vintage]]:
    """The newest vintages by indicator and area in time's order; the ranks of all provinces besides."""
    rows = Observation.objects.visible_to(user).filter(
        Q(area__in=(settings.HOME_AREA, NATION)) | Q(indicator__code=RANK, area__level=Area.Level.PROVINCE),
        indicator__in=indicators,
        breakdown=Breakdown.TOTAL,
    )
    points: dict[tuple[int, str], list[Point]] = defaultdict(list)
    found = in_time(read_vintages(moment.observations(rows).latest()))
    for vintage in found:
        points[vintage.indicator_id, vintage.area_id].append(Point([vintage]))
    return points, [vintage for vintage in found if indicators[vintage.indicator_id].code == RANK and vintage.area_id != NATION]


def _read_targets(user: User, indicators: Mapping[int, Indicator], moment: Moment) -> dict[int, list[tuple[Target, Judged]]]:
    """The targets in force at home with what was judged of them, the soonest due first."""
    rows = moment.targets(Target.objects.visible_to(user)).filter(indicator__in=indicators, area=settings.HOME_AREA)
    in_force = sorted(rows.select_related("document").order_by(), key=lambda target: (parse_label(target.period_id).ends_on, *get_age(target)))
    judging = all_judgements().visible_to(user).filter(target__in=in_force, measure__in=JUDGING)
    judgements = group(read_judgements(moment.results(judging).newest("target")), "target")
    targets: dict[int, list[tuple[Target, Judged]]] = defaultdict(list)
    for target in in_force:
        targets[target.indicator_id].append((target, judge(judgements.get(target.pk, ()))))
    return targets


def _of_plan(targets: Sequence[tuple[Target, Judged]], plan: Plan) -> list[tuple[Target, Judged]]:
    """Those for the end of the plan: the plan's own first, later documents' beside it."""
    ours = [pair for pair in targets if parse_label(pair[0].period_id).ends_on == plan.ends_on]
    return sorted(ours, key=lambda pair: pair[0].document_id != plan.document_id)


def _yearly(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.period.frequency == "year"]


def align(series: dict[str, list[Point]]) -> list[tuple[Span, list[Vintage | None]]]:
    """The series side by side, a row for each period that any of them has."""
    periods = sorted({point.period for points in series.values() for point in points}, key=lambda period: period.starts_on)
    found = [{point.period.label: point.observation for point in points} for points in series.values()]
    return [(period, [column.get(period.label) for column in found]) for period in periods]


def values_of(rows: Sequence[tuple[Span, list[Vintage | None]]], column: int) -> list[tuple[Span, Decimal | None]]:
    """One column of such rows, a gap where it has nothing."""
    return [(period, observation.value if (observation := row[column]) else None) for period, row in rows]
