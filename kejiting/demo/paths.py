"""How a demonstration indicator moves: yearly targets, and values that follow them more or less."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from indicators.models import Indicator

from .calendar import Calendar, get_random
from .tables import Row

Accumulation = Indicator.Accumulation
AMOUNTS = (Accumulation.YTD, Accumulation.FLOW)
# The share of a year that is due by the end of each quarter. Spending comes late in the year.
PROFILES = {"even": (0.25, 0.5, 0.75, 1.0), "late": (0.16, 0.38, 0.64, 1.0)}
SMALLEST_SHARE = 0.02

Key = TypeVar("Key", str, int)


@dataclass
class Path:
    """An indicator in an area: values by quarter label, targets and baselines by year."""

    values: dict[str, Decimal] = field(default_factory=dict)
    targets: dict[int, Decimal] = field(default_factory=dict)
    baselines: dict[int, Decimal] = field(default_factory=dict)

    def add(self, other: "Path") -> None:
        """The whole is the sum of its parts."""
        self.values = _add(self.values, other.values)
        self.targets, self.baselines = _add(self.targets, other.targets), _add(self.baselines, other.baselines)


def _add(one: dict[Key, Decimal], other: dict[Key, Decimal]) -> dict[Key, Decimal]:
    return {key: one.get(key, Decimal(0)) + value for key, value in other.items()}


def make_path(row: Row, area: str, weight: float, calendar: Calendar) -> Path:
    """The path of ``row``'s indicator in an area that has ``weight`` of the whole."""
    if row["accumulation"] in AMOUNTS:
        return _make_amounts(row, area, weight, calendar)
    return _make_levels(row, area, weight, calendar)


def _make_amounts(row: Row, area: str, weight: float, calendar: Calendar) -> Path:
    path, first = Path(), calendar.years[0]
    # What the year before history came to.
    done = _round(float(row["start"]) * weight / (1 + float(row["growth"])), row)
    for year in calendar.years:
        goal = _round(float(row["start"]) * weight * (1 + float(row["growth"])) ** (year - first), row)
        path.baselines[year], path.targets[year], before = done, goal, Decimal(0)
        for quarter, share in enumerate(_get_shares(row, area, year, calendar), 1):
            total = _round(share * float(goal), row)
            path.values[f"{year}-Q{quarter}"] = total if row["accumulation"] == Accumulation.YTD else total - before
            before = total
        done = before
    return path


def _make_levels(row: Row, area: str, weight: float, calendar: Calendar) -> Path:
    """A level moves from last year's end to the target; where the whole is no sum the areas differ a little."""
    is_share = row["unit_of_measure"] == "%"
    spread = get_random("level", row["code"], area).uniform(-4, 4) if is_share and weight < 1 else 0
    scale = 1 if is_share else weight
    level, path = _round(float(row["start"]) * scale + spread, row), Path()
    for year in calendar.years:
        step = _round(float(row["growth"]) * scale, row) or _round(1, row)
        path.baselines[year], path.targets[year] = level, level + step
        for quarter, share in enumerate(_get_shares(row, area, year, calendar), 1):
            path.values[f"{year}-Q{quarter}"] = level + _round(share * float(step), row)
        level = path.values[f"{year}-Q4"]
    return path


def _get_shares(row: Row, area: str, year: int, calendar: Calendar) -> list[float]:
    """What share of the year's target is done by the end of each quarter: never less than the quarter before."""
    random, shares = get_random("share", row["code"], area, year), [SMALLEST_SHARE]
    for quarter, due in enumerate(PROFILES[row["profile"]], 1):
        gap = _get_gap(float(row["gap"]), calendar.offset(year, quarter)) / 100
        # What is on schedule ends its year at the target or a little above it.
        ease = random.uniform(0.002, 0.025)
        shares.append(max(shares[-1], due + gap + (ease if quarter == 4 or gap < 0 else ease - 0.012)))
    return shares[1:]


def _get_gap(gap: float, offset: int) -> float:
    """Being behind began half a year ago; being ahead is nothing new."""
    if gap > 0:
        return gap
    return gap if offset >= -1 else gap / 2 if offset == -2 else 0


def _round(number: float, row: Row) -> Decimal:
    return round(Decimal(f"{number:.9f}"), int(row["decimals"]))
