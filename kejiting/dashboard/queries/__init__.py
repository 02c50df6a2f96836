"""What leadership sees, composed of the record's own reads: one function a question, the number of queries constant."""

from .overview import Overview, get_overview
from .tiles import RANK, Tile, get_ranks, make_ranking, make_tiles

__all__ = ["RANK", "Overview", "Tile", "get_overview", "get_ranks", "make_ranking", "make_tiles"]
