"""Where figures are heading: projections with their intervals, and the chance to reach each target.

Amounts are projected by what each period brings and put together again as the record stores them, draw by draw, so that
a running total's interval grows as the year does and starts from what is known of it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..analysis import series as core
from ..analysis.projection import FEWEST, INSUFFICIENT, Bounds, Projection, project_many
from ..compute.judge import gathers, get_amount, get_goal, is_lower_better
from ..compute.series import FREQUENCIES, Cell, Series, make_values, to_decimal, to_label
from ..models import Breakdown, Indicator, Result, Target
from ..periods import get_main_frequency, parse_label
from .book import Book
from .methods import PROJECTION
from .rows import Inherited, Row, inherit, list_inputs

Measure, Kind, Comparison, Accumulation = Result.Measure, Target.Kind, Target.Comparison, Indicator.Accumulation
PLACES = 10
LEVELS = {"80": 0.80, "95": 0.95}
DRAWS = 2000
# By frequency: how far ahead a figure without a target is projected, and the furthest that can be answered for.
AHEAD = {"quarter": (4, 8), "year": (2, 6)}


class Kin(NamedTuple):
    """What cells projected in one call share: when they end and how far they go."""

    frequency: str
    last: pd.Period
    horizon: int


@dataclass(frozen=True)
class Path:
    """A cell's future as the record would store it: draws × periods."""

    cell: Cell
    frequency: str
    periods: pd.PeriodIndex
    draws: np.ndarray
    median: np.ndarray
    lower: dict[float, np.ndarray]
    upper: dict[float, np.ndarray]
    method: str


def project_cells(
    cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator], targets: Sequence[Target], book: Book
) -> Iterator[Row]:
    """A row a cell and coming period, and one a target whose end lies ahead of its figures."""
    by_cell: dict[Cell, list[Target]] = defaultdict(list)
    for target in targets:
        by_cell[Cell(target.indicator_id, target.area_id, Breakdown.TOTAL)].append(target)
    for path in _project(cells, indicators, by_cell):
        series, indicator = cells[path.cell], indicators[path.cell.indicator]
        yield from _write_path(path, series, indicator, book)
        for target in by_cell[path.cell]:
            chance = get_chance(target, path, series)
            if chance is not None:
                yield _write_chance(target, chance, path, series, book)


# -- projecting ----------------------------------------------------------------------------------


def _project(cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator], targets: Mapping[Cell, list[Target]]) -> Iterator[Path]:
    """All cells of one kin in one call."""
    groups: dict[Kin, dict[Cell, pd.Series]] = defaultdict(dict)
    for cell, series in cells.items():
        frequency = get_frequency(series)
        if frequency and cell.breakdown == Breakdown.TOTAL and is_projected(indicators[cell.indicator]):
            values = _get_values(series, frequency, indicators[cell.indicator])
            if values.notna().sum() >= FEWEST:
                groups[_get_kin(values, frequency, targets.get(cell, []))][cell] = values
    for kin, columns in groups.items():
        # Columns by number: pandas would take a cell, which is a tuple, for levels.
        frame = pd.DataFrame(dict(enumerate(columns.values())))
        bounds: dict[Hashable, Bounds] = {at: _get_bounds(values, indicators[cell.indicator]) for at, (cell, values) in enumerate(columns.items())}
        found = project_many(frame, kin.horizon, levels=tuple(LEVELS.values()), bounds=bounds)
        for at, cell in enumerate(columns):
            if found[at].method != INSUFFICIENT:
                yield _make_path(cell, kin, found[at], cells[cell], indicators[cell.indicator])


def is_projected(indicator: Indicator) -> bool:
    """A place among others is no quantity of one's own: it jumps by whole places as others pass or are passed, and is not projected."""
    return indicator.unit_of_measure != "位"


def get_frequency(series: Series) -> str | None:
    """That of the line on the chart, which the projection goes on from; None where it is neither quarters nor years."""
    frequency = get_main_frequency(f.span for f in series.values() if f.value is not None)
    return frequency if frequency in AHEAD else None


def _get_values(series: Series, frequency: str, indicator: Indicator) -> pd.Series:
    """What is projected: a level itself, of an amount what each period brought. ``outlook.list_projected`` lists the same without arrays."""
    values = make_values(series, frequency)
    return core.flows(values, indicator.accumulation) if _is_amount(indicator) else values


def _is_amount(indicator: Indicator) -> bool:
    return indicator.accumulation != Accumulation.STOCK


def _get_kin(values: pd.Series, frequency: str, targets: Sequence[Target]) -> Kin:
    last, (usual, most) = values.index[-1], AHEAD[frequency]
    ends = [pd.Period(t.period.ends_on, freq=FREQUENCIES[frequency]) for t in targets]
    ahead = max(((end - last).n for end in ends), default=0)
    return Kin(frequency, last, min(ahead, most) if ahead > 0 else usual)


def _get_bounds(values: pd.Series, indicator: Indicator) -> Bounds:
    """Where values may lie. What a total gains may be less than the total's own limits, and never negative if it never was."""
    if _is_amount(indicator):
        return (0.0 if (values.dropna() >= 0).all() else None, None)
    least, most = (None if limit is None else float(limit) for limit in (indicator.minimum, indicator.maximum))
    return (least, most)


def _make_path(cell: Cell, kin: Kin, projection: Projection, series: Series, indicator: Indicator) -> Path:
    draws, periods = projection.samples(DRAWS), projection.mean.index
    if indicator.accumulation not in (Accumulation.YTD, Accumulation.TOTAL):
        lower, upper = ({level: ends[level].to_numpy() for level in LEVELS.values()} for ends in (projection.lower, projection.upper))
        return Path(cell, kin.frequency, periods, draws, projection.median.to_numpy(), lower, upper, projection.method)
    known = make_values(series, kin.frequency)
    last = float(known.iloc[-1])
    # The middle of a sum is not the sum of the middles. By how much they differ the draws say; of one amount alone, not at all.
    exact, drawn = (
        accumulate(middle[np.newaxis], periods, indicator.accumulation, last)[0]
        for middle in (projection.median.to_numpy(), np.median(draws, axis=0))
    )
    draws = accumulate(draws, periods, indicator.accumulation, last)
    median = exact + np.median(draws, axis=0) - drawn
    lower = {level: np.quantile(draws, (1 - level) / 2, axis=0) for level in LEVELS.values()}
    upper = {level: np.quantile(draws, (1 + level) / 2, axis=0) for level in LEVELS.values()}
    return Path(cell, kin.frequency, periods, draws, median, lower, upper, projection.method)


def accumulate(amounts: np.ndarray, periods: pd.PeriodIndex, accumulation: str, last: float) -> np.ndarray:
    """Running totals of coming amounts (draws × periods), from ``last``, the newest known one; 本年累计 begins anew each year."""
    if accumulation == Accumulation.TOTAL:
        return last + np.cumsum(amounts, axis=1)
    totals, running = np.empty_like(amounts), np.full(len(amounts), last)
    for at, period in enumerate(periods):
        is_first = periods.freqstr.startswith("Y") or period.quarter == 1
        running = amounts[:, at] if is_first else running + amounts[:, at]
        totals[:, at] = running
    return totals


# -- the chance ----------------------------------------------------------------------------------


def get_chance(target: Target, path: Path, series: Series) -> float | None:
    """The share of draws that reach the target at its end. None where it is over, lies too far, or is no matter of at least or at most."""
    goal = get_goal(target)
    if goal is None or target.kind == Kind.RANGE or target.comparison == Comparison.EQUAL:
        return None
    end = pd.Period(target.period.ends_on, freq=FREQUENCIES[path.frequency])
    if end.end_time.date() != target.period.ends_on or end not in path.periods:
        return None
    reached = _get_draws(target, path, series, path.periods.get_loc(end))
    if reached is None or np.isnan(reached).any():
        return None
    hits = reached <= float(goal) if is_lower_better(target) else reached >= float(goal)
    return float(hits.mean())


def _get_draws(target: Target, path: Path, series: Series, at: int) -> np.ndarray | None:
    """What stands against the target at its end, draw by draw. None where it is more than the path holds."""
    is_gathered = gathers(target, parse_label(to_label(path.periods[at])))
    if not is_gathered or target.indicator.accumulation == Accumulation.TOTAL:
        return path.draws[:, at]
    if target.indicator.accumulation == Accumulation.YTD:
        return path.draws[:, at] if target.period.frequency == "year" else None
    inside = [n for n, period in enumerate(path.periods[: at + 1]) if period.start_time.date() >= target.period.starts_on]
    so_far = 0.0
    last = parse_label(to_label(path.periods[0] - 1))
    if last.ends_on >= target.period.starts_on:
        known = get_amount(target, last, series)
        if known is None or known[0] is None:
            return None
        so_far = float(known[0])
    return so_far + path.draws[:, inside].sum(axis=1)


# -- results -------------------------------------------------------------------------------------


def _write_path(path: Path, series: Series, indicator: Indicator, book: Book) -> Iterator[Row]:
    figures = [f for f in series.values() if f.span.frequency == path.frequency]
    basis = {"inputs": list_inputs(figures), "from": to_label(path.periods[0] - 1), "model": path.method}
    inherited = inherit(figures, indicator=indicator, now=book.now)
    for at, period in enumerate(path.periods):
        detail = basis | {
            "lower": {name: round(float(path.lower[level][at]), 6) for name, level in LEVELS.items()},
            "upper": {name: round(float(path.upper[level][at]), 6) for name, level in LEVELS.items()},
        }
        yield _make(path, Measure.PROJECTION, to_label(period), float(path.median[at]), detail, inherited)


def _write_chance(target: Target, chance: float, path: Path, series: Series, book: Book) -> Row:
    figures = [f for f in series.values() if f.span.frequency == path.frequency]
    inherited = inherit(figures, indicator=target.indicator, now=book.now)
    inherited = inherited._replace(is_demo=inherited.is_demo or target.is_demo)
    detail = {"inputs": list_inputs(figures), "from": to_label(path.periods[0] - 1), "model": path.method, "draws": DRAWS}
    return _make(path, Measure.CHANCE, target.period_id, chance, detail, inherited, target)


def _make(
    path: Path, measure: str, label: str, value: float, detail: dict[str, Any], inherited: Inherited, target: Target | None = None
) -> Row:
    return Row(
        measure=measure,
        indicator_id=path.cell.indicator,
        area_id=path.cell.area,
        breakdown_id=path.cell.breakdown,
        target_id=target.pk if target else None,
        period_id=label,
        value=to_decimal(value, PLACES),
        detail=detail,
        method=PROJECTION.name,
        version=PROJECTION.version,
        **inherited._asdict(),
    )
