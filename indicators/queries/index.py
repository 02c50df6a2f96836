"""What /index/ shows of our estimate: the ranking, what it covers, what the home province's score is made of and why it moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..models import IndexEstimate, IndexFramework, IndexNode, IndexScore
from .estimates import Choice, Estimate, Work, choose, find_work, get_estimate, get_history
from .moments import Moment

# How many on either side of the home province are set beside it.
NEAR = 2

REASONS = dict(IndexEstimate.LeftOut.choices)
GROUPS = {"own": _("本省数值变化"), "others": _("他省数值变化"), "restated": _("以往数据订正"), "method": _("指标范围与权重变化")}


@dataclass(frozen=True)
class RankRow:
    """An area in the ranking; ``other`` is its rank by the framework that is compared."""

    score: IndexScore
    is_home: bool
    missing: Sequence[IndexNode]
    other: IndexScore | None = None


@dataclass(frozen=True)
class Step:
    """A node of the home province's score: its points, and where they begin and end on the way to the whole (shares of ``top``)."""

    node: IndexNode
    depth: int
    score: IndexScore | None
    weight: Decimal
    start: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Waterfall:
    steps: Sequence[Step]
    total: IndexScore
    # Where the picture's axis ends, in points.
    top: Decimal

    @property
    def share(self) -> float:
        return float((self.total.points or 0) / self.top)


@dataclass(frozen=True)
class Neighbour:
    """An area near the home province: how far it is ahead (positive) or behind, as a whole and by indicator."""

    score: IndexScore
    gap: Decimal
    by_leaf: Sequence[Decimal | None]
    is_next: bool


@dataclass(frozen=True)
class Neighbours:
    leaves: Sequence[IndexNode]
    rows: Sequence[Neighbour]

    @property
    def lines(self) -> list[tuple[IndexNode, list[tuple[Decimal | None, Neighbour]]]]:
        """By indicator each area's gap."""
        return [(leaf, [(row.by_leaf[at], row) for row in self.rows]) for at, leaf in enumerate(self.leaves)]

    @property
    def next(self) -> Neighbour | None:
        return next((row for row in self.rows if row.is_next), None)


@dataclass(frozen=True)
class MovePart:
    name: str
    score: Decimal | None
    rank: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        """Places gained: up is positive."""
        return None if self.rank is None else -self.rank


@dataclass(frozen=True)
class Move:
    """The home province against the year before, as that was known then."""

    period: str
    score_before: Decimal
    rank_before: int
    score: Decimal
    rank: int
    parts: Sequence[MovePart]

    @property
    def places(self) -> int:
        return self.rank - self.rank_before

    @property
    def gain(self) -> int:
        return -self.places

    @property
    def gap(self) -> Decimal:
        return self.score - self.score_before

    @property
    def most(self) -> Decimal:
        """The largest part, for the scale of a picture."""
        return max([abs(part.rank or Decimal(0)) for part in self.parts] + [abs(Decimal(self.places))])


@dataclass(frozen=True)
class CoverageLine:
    """A node and how many of its indicators count; for one that does not, why."""

    node: IndexNode
    used: int
    all: int
    reason: str = ""
    areas: int = 0


@dataclass(frozen=True)
class CoverageGroup:
    """A group of the first level with the groups below it, and all its indicators."""

    line: CoverageLine
    groups: list[CoverageLine]
    leaves: list[CoverageLine]


@dataclass
class IndexPage(Choice):
    """Our estimate for one framework and year; without an ``estimate`` there is none, and ``header`` may say why."""

    estimate: Estimate | None = None
    compared: IndexFramework | None = None
    ranking: Sequence[RankRow] = ()
    home: IndexScore | None = None
    coverage: Sequence[CoverageGroup] = ()
    waterfall: Waterfall | None = None
    neighbours: Neighbours | None = None
    move: Move | None = None
    history: Sequence[tuple[IndexEstimate, IndexScore | None]] = ()
    work: Work = Work.NONE
    digest: str = ""


def get_index_page(user: User, moment: Moment, *, framework: str = "", year: str = "") -> IndexPage:
    """In a constant number of queries, whatever the framework holds."""
    page = IndexPage(**vars(choose(user, moment, framework=framework, year=year)))
    if page.framework is None:
        return page
    page.work = find_work(page.framework) if moment.is_now else Work.NONE
    page.digest = f"{page.framework.code}-{page.work}"
    if page.header is None:
        return page
    page.estimate = estimate = get_estimate(user, page.framework, page.header, moment)
    page.digest = f"{page.framework.code}-{estimate.digest}-{page.work}"
    page.coverage = _make_coverage(estimate)
    page.home = estimate.scores.get(settings.HOME_AREA, {}).get(estimate.root.code)
    _add_comparison(user, page, page.framework, moment)
    if page.home is not None and page.home.score is not None:
        page.waterfall = make_waterfall(estimate, page.home)
        page.neighbours = _make_neighbours(estimate, page.home)
        page.move = make_move(page.home)
    return page


def _add_comparison(user: User, page: IndexPage, framework: IndexFramework, moment: Moment) -> None:
    """The ranking, each area with its rank by another framework in the same year, and the home province over the years."""
    assert page.estimate is not None  # noqa: S101 - what is compared
    page.compared = next((f for f in page.frameworks if f != framework), None)
    others: dict[str, IndexScore] = {}
    if page.compared:
        rows = IndexScore.objects.visible_to(user).filter(
            framework=page.compared, period=page.estimate.header.period_id, node__parent=None
        )
        others = {row.area_id: row for row in moment.results(rows)}
    for row in page.estimate.ranking:
        missing = page.estimate.list_missing(row.area_id)
        page.ranking = [*page.ranking, RankRow(row, row.area_id == settings.HOME_AREA, missing, others.get(row.area_id))]
    roots = get_history(user, framework, moment)
    page.history = [(header, roots.get(header.period_id)) for header in page.headers]


# -- coverage ------------------------------------------------------------------------------------


def walk(estimate: Estimate) -> list[tuple[IndexNode, int]]:
    """All nodes but the whole, each under its parent, with their depth from 0."""
    children: dict[int, list[IndexNode]] = {}
    for node in estimate.nodes.values():
        if node.parent_id:
            children.setdefault(node.parent_id, []).append(node)

    def descend(parent: int, depth: int) -> list[tuple[IndexNode, int]]:
        return [pair for node in children.get(parent, ()) for pair in [(node, depth), *descend(node.pk, depth + 1)]]

    return descend(estimate.root.pk, 0)


def _make_coverage(estimate: Estimate) -> list[CoverageGroup]:
    groups: list[CoverageGroup] = []
    for node, depth in walk(estimate):
        found: dict[str, Any] = estimate.header.coverage.get(node.code, {"used": 0, "all": 0})
        reason = str(REASONS.get(found.get("reason", ""), found.get("reason", "")))
        line = CoverageLine(node, found["used"], found["all"], reason, found.get("areas", 0))
        if depth == 0:
            groups.append(CoverageGroup(line, [], [line] if node.is_leaf else []))
        else:
            below = groups[-1].leaves if node.is_leaf else groups[-1].groups
            below.append(line)
    return groups


# -- what the score is made of -------------------------------------------------------------------


def make_waterfall(estimate: Estimate, total: IndexScore) -> Waterfall | None:
    """The indicators one after the other on the way to the score; groups begin where their first indicator does."""
    if total.score is None or total.points is None:
        return None
    scores, weights = estimate.scores[total.area_id], estimate.get_weights()
    top = max((total.score / 10).to_integral_value(ROUND_CEILING) * 10, Decimal(10))
    steps, at = [], Decimal(0)
    for node, depth in walk(estimate):
        row = scores.get(node.code)
        if row is None:
            continue
        points = row.points or Decimal(0)
        steps.append(Step(node, depth, row, weights[node.code], float(at / top), float(points / top)))
        at += points if node.is_leaf else 0
    return Waterfall(steps, total, top)


def _make_neighbours(estimate: Estimate, home: IndexScore) -> Neighbours | None:
    ranked = [row for row in estimate.ranking if row.rank is not None]
    at = next((place for place, row in enumerate(ranked) if row.area_id == home.area_id), None)
    if at is None or home.score is None:
        return None
    near = [row for row in ranked[max(at - NEAR, 0) : at + NEAR + 1] if row.area_id != home.area_id]
    # Of those who share the next place the nearest; whoever shares ours is no rank up.
    ahead = [row for row in ranked[:at] if row.rank != home.rank]
    rows = []
    for row in near:
        gap = (row.score or Decimal(0)) - home.score
        rows.append(
            Neighbour(
                row,
                gap,
                [_find_gap(estimate, row.area_id, home.area_id, leaf) for leaf in estimate.leaves],
                bool(ahead) and row == ahead[-1],
            )
        )
    return Neighbours(estimate.leaves, rows)


def _find_gap(estimate: Estimate, area: str, home: str, leaf: IndexNode) -> Decimal | None:
    theirs, ours = (estimate.scores[a][leaf.code].points for a in (area, home))
    return None if theirs is None and ours is None else (theirs or Decimal(0)) - (ours or Decimal(0))


def make_move(row: IndexScore) -> Move | None:
    """The stored split of a root's change against the year before."""
    if row.change is None or row.score is None or row.rank is None:
        return None
    parts = [
        MovePart(str(name), *(_number(row.change["by"][group][key]) for key in ("score", "rank"))) for group, name in GROUPS.items()
    ]
    return Move(row.change["period"], Decimal(row.change["score"]), int(row.change["rank"]), row.score, row.rank, parts)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
