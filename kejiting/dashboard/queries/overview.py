"""Everything on the overview, in a constant number of queries."""

from dataclasses import dataclass, field
from functools import cached_property

from django.utils import timezone

from indicators.charts import Chart, Line, build_trend, describe_trend
from indicators.models import Light, Plan, Target
from indicators.periods import Span
from indicators.queries.moments import NOW, Moment
from indicators.queries.tasks import AspectRow, TaskRow, get_tasks
from indicators.queries.vintages import Vintage
from kejiting.accounts.models import User
from projects.models import Outcome

from ..verdict import Phrase, count_lights, make_verdict
from .board import Board, Headline, align, get_board, values_of
from .latest import Arrival, get_arrivals, get_new_outcomes
from .reports import Reports, get_reports
from .tiles import Tile, make_tiles


@dataclass
class Overview:
    """Where we stand, what is late, who owns it."""

    plan: Plan | None
    headlines: list[Headline] = field(default_factory=list)
    aspects: list[AspectRow] = field(default_factory=list)
    rows: list[TaskRow] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    tiles_period: Span | None = None
    trend: Chart | None = None
    trend_rows: list[tuple[Span, list[Vintage | None]]] = field(default_factory=list)
    trend_targets: list[Target] = field(default_factory=list)
    reports: Reports = field(default_factory=Reports)
    arrivals: list[Arrival] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @cached_property
    def verdict(self) -> list[Phrase]:
        aimed = [headline.judged.colour for headline in self.headlines if headline.targets]
        period = next((headline.targets[0][0].period_id for headline in self.headlines if headline.targets), "")
        return make_verdict(self._lights, aimed, period)

    @cached_property
    def counts(self) -> list[tuple[Light, int]]:
        """How many tasks show each light, in the order they are read."""
        return count_lights(self._lights)

    @property
    def _lights(self) -> list[str]:
        return [row.judged.colour for row in self.rows]

    @property
    def reported(self) -> int:
        """How many tasks are judged by figures of the period that is being reported; the rest stand on earlier ones."""
        latest = max((each.round.period_id for each in self.reports.rounds), default="")
        return sum(1 for row in self.rows if row.judged.light and row.judged.light.period_id == latest) if latest else 0

    @property
    def is_over(self) -> bool:
        """Whether the plan's term has ended."""
        return self.plan is not None and self.plan.ends_on < timezone.localdate()

    @property
    def has_demo_tasks(self) -> bool:
        return any(row.is_demo for row in self.rows)

    @cached_property
    def attention(self) -> list[TaskRow]:
        """What is red or yellow, the worst first."""
        return sorted((row for row in self.rows if row.judged.colour in (Light.RED, Light.YELLOW)), key=lambda row: row.rank)

    @cached_property
    def tasks_digest(self) -> str:
        return "-".join(
            f"{row.judged.light.pk if row.judged.light else 0}.{row.judged.completion.pk if row.judged.completion else 0}"
            for row in self.rows
        )

    @cached_property
    def headlines_digest(self) -> str:
        return "|".join(headline.digest for headline in self.headlines)


def get_overview(user: User, moment: Moment = NOW) -> Overview:
    """The current plan's overview at a moment; empty where there is no plan."""
    plan = Plan.objects.filter(is_current=True).first()
    if plan is None:
        return Overview(None)
    tasks = get_tasks(user, plan, moment)
    page = Overview(plan, aspects=tasks.group(tasks.rows), rows=tasks.rows)
    board = get_board(user, plan, moment)
    page.headlines = board.headlines
    page.tiles, page.tiles_period = make_tiles(board.ranks)
    _add_trend(page, board)
    page.reports = get_reports(user, plan, moment)
    page.arrivals = get_arrivals(user, moment)
    page.outcomes = get_new_outcomes(user, moment)
    return page


def _add_trend(page: Overview, board: Board) -> None:
    """R&D intensity at home beside the nation's, with the targets in force."""
    home, nation = list(board.trend_points.values()) or ([], [])
    if board.trend is None or not home:
        return
    page.trend_targets = board.trend_targets
    page.trend_rows = align(board.trend_points)
    lines = [Line(home[0].observation.area, values_of(page.trend_rows, 0))]
    if nation:
        lines.append(Line(nation[0].observation.area, values_of(page.trend_rows, 1), is_reference=True))
    page.trend = build_trend(
        "overview-trend", lines, page.trend_targets, board.trend, describe_trend(home, page.trend_targets, board.trend)
    )
