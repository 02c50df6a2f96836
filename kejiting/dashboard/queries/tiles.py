"""The provinces with their newest published rank."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from indicators.models import Breakdown, Observation, Period
from indicators.queries.moments import Moment
from kejiting.accounts.models import Area, User

RANK = "composite_rank"
# A tile and the gap to the next, in the SVG's own units.
STEP_X, STEP_Y = 58, 44


@dataclass
class Tile:
    """A province on the tile grid with its published rank."""

    area: Area
    observation: Observation | None

    @property
    def x(self) -> int:
        return (self.area.tile_column or 0) * STEP_X

    @property
    def y(self) -> int:
        return (self.area.tile_row or 0) * STEP_Y

    @property
    def is_home(self) -> bool:
        return self.area.pk == settings.HOME_AREA

    @property
    def band(self) -> str:
        """A fifth of the 31, the nearest first; ``q0`` for what is not ranked."""
        if self.observation is None or self.observation.value is None:
            return "q0"
        return f"q{min(int((self.observation.value - 1) // 6) + 1, 5)}"


def get_tiles(user: User, moment: Moment) -> tuple[list[Tile], Period | None]:
    """All provinces with their rank in the newest report that ranks others than the home province alone."""
    rows = Observation.objects.visible_to(user).filter(
        indicator__code=RANK, area__level=Area.Level.PROVINCE, breakdown=Breakdown.TOTAL
    )
    return make_tiles(moment.observations(rows).select_related("indicator", "period", "document").latest())


def make_tiles(ranks: Iterable[Observation]) -> tuple[list[Tile], Period | None]:
    """The same of ranks already read, the newest vintages, of any periods."""
    by_period: dict[Period, dict[str, Observation]] = defaultdict(dict)
    for rank in ranks:
        by_period[rank.period][rank.area_id] = rank
    full = [period for period, found in by_period.items() if set(found) - {settings.HOME_AREA}]
    newest = max(full, key=lambda period: period.ends_on, default=None)
    found = by_period[newest] if newest else {}
    areas = Area.objects.filter(level=Area.Level.PROVINCE, tile_column__isnull=False)
    return [Tile(area, found.get(area.pk)) for area in areas], newest


@dataclass
class RankedTile:
    """A ranked province with what its source says of this rank alone."""

    tile: Tile
    note: str


@dataclass
class Ranking:
    """The ranked provinces, the first first; what their sources say of all of them is said once."""

    rows: list[RankedTile]
    shared_note: str
    sources: list[str]


def make_ranking(tiles: Iterable[Tile]) -> Ranking:
    """Order the tiles by rank and take the clauses that all notes share out of them."""
    ranked = sorted(
        ((t.observation.value, t) for t in tiles if t.observation and t.observation.value is not None), key=lambda pair: pair[0]
    )
    clauses = {tile.area.pk: tile.observation.note.split("；") if tile.observation else [] for _value, tile in ranked}
    shared = [c for c in next(iter(clauses.values()), []) if c and all(c in other for other in clauses.values())]
    rows = [RankedTile(tile, "；".join(c for c in clauses[tile.area.pk] if c not in shared)) for _value, tile in ranked]
    sources = {tile.observation.document.title: None for _value, tile in ranked if tile.observation and tile.observation.document}
    return Ranking(rows, "；".join(shared), list(sources))
