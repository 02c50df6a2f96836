"""The provinces with their newest published rank."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from indicators.models import Breakdown, Observation
from indicators.periods import Span
from indicators.queries.moments import Moment
from indicators.queries.vintages import Vintage, in_time, read_vintages
from kejiting.accounts.models import Area, User

RANK = "composite_rank"
# A tile and the gap to the next, in the SVG's own units.
STEP_X, STEP_Y = 58, 44


@dataclass(frozen=True, slots=True)
class Tile:
    """A province on the tile grid with its published rank."""

    code: str
    name: str
    column: int
    row: int
    observation: Vintage | None

    @property
    def x(self) -> int:
        return self.column * STEP_X

    @property
    def y(self) -> int:
        return self.row * STEP_Y

    @property
    def is_home(self) -> bool:
        return self.code == settings.HOME_AREA

    @property
    def band(self) -> str:
        """A fifth of the 31, the nearest first; ``q0`` for what is not ranked."""
        if self.observation is None or self.observation.value is None:
            return "q0"
        return f"q{min(int((self.observation.value - 1) // 6) + 1, 5)}"


def get_ranks(user: User, moment: Moment) -> list[Vintage]:
    """What was published of the provinces' ranks, in the order of time."""
    rows = Observation.objects.visible_to(user).filter(indicator__code=RANK, area__level=Area.Level.PROVINCE, breakdown=Breakdown.TOTAL)
    return in_time(read_vintages(moment.observations(rows).latest()))


def make_tiles(ranks: Iterable[Vintage]) -> tuple[list[Tile], Span | None]:
    """All provinces with their rank in the newest report that ranks others than the home province alone; none where there is no such report."""
    by_period: dict[Span, dict[str, Vintage]] = defaultdict(dict)
    for rank in ranks:
        by_period[rank.period][rank.area_id] = rank
    full = [period for period, found in by_period.items() if set(found) - {settings.HOME_AREA}]
    newest = max(full, key=lambda period: period.ends_on, default=None)
    if newest is None:
        return [], None
    found = by_period[newest]
    areas = Area.objects.filter(level=Area.Level.PROVINCE, tile_column__isnull=False, tile_row__isnull=False)
    places = areas.values_list("code", "short_zh", "tile_column", "tile_row")
    return [Tile(code, name, column or 0, row or 0, found.get(code)) for code, name, column, row in places], newest


@dataclass(frozen=True)
class RankedTile:
    """A ranked province with what its source says of this rank alone."""

    tile: Tile
    note: str


@dataclass(frozen=True)
class Ranking:
    """The ranked provinces, the first first; what their sources say of all of them is said once."""

    rows: list[RankedTile]
    shared_note: str
    sources: list[str]


def make_ranking(tiles: Iterable[Tile]) -> Ranking:
    """Order the tiles by rank and take the clauses that all notes share out of them."""
    ranked = sorted(((t.observation.value, t) for t in tiles if t.observation and t.observation.value is not None), key=lambda pair: pair[0])
    clauses = {tile.code: tile.observation.note.split("；") if tile.observation else [] for _value, tile in ranked}
    shared = [c for c in next(iter(clauses.values()), []) if c and all(c in other for other in clauses.values())]
    rows = [RankedTile(tile, "；".join(c for c in clauses[tile.code] if c not in shared)) for _value, tile in ranked]
    sources = {tile.observation.source: None for _value, tile in ranked if tile.observation and tile.observation.source}
    return Ranking(rows, "；".join(shared), list(sources))
