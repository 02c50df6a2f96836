"""Where an area's estimate comes from: every node with its weight and figure, the method, the run, and what was said before."""

from collections.abc import Sequence
from dataclasses import dataclass

from kejiting.accounts.models import Area, User

from ..models import IndexScore, WeightVersion
from .estimates import Choice, Estimate, choose, get_estimate
from .index import Move, Waterfall, make_move, make_waterfall
from .moments import Moment


class NoEstimate(LookupError):
    """There is none of this framework, year and area, or the user may not see it."""


@dataclass
class IndexOrigin:
    """``earlier``: what the whole was before, the newest first."""

    choice: Choice
    estimate: Estimate
    area: Area
    root: IndexScore
    waterfall: Waterfall | None
    move: Move | None
    weights: WeightVersion | None
    earlier: Sequence[IndexScore]


def get_index_origin(user: User, framework: str, year: str, area: str, moment: Moment) -> IndexOrigin:
    """Raises ``NoEstimate``."""
    choice = choose(user, moment, framework=framework, year=year)
    if choice.unknown or choice.framework is None or choice.header is None:
        raise NoEstimate
    estimate = get_estimate(user, choice.framework, choice.header, moment)
    root = estimate.scores.get(area, {}).get(estimate.root.code)
    if root is None:
        raise NoEstimate
    rows = IndexScore.objects.visible_to(user).filter(framework=choice.framework, period=year, area=area, node__parent=None)
    earlier = list(rows.exclude(pk=root.pk).order_by("-computed_at")[:20])
    whole = make_waterfall(estimate, root)
    return IndexOrigin(choice, estimate, estimate.areas[area], root, whole, make_move(root), choice.header.weights, earlier)
