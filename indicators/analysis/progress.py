"""完成率, 序时进度, 红黄绿灯: how far, how far by now, and which light.

``completion``, ``schedule`` and ``light`` take scalars (the fast path: a recompute calls them thousands of times) or
arrays and Series, which broadcast; the answer has the shape of the input. Shares are ratios: 1 is all of the target.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from . import AnalysisError
from .series import PERIODS_A_YEAR, periods_a_year, regular

Direction = Literal["higher", "lower"]
Basis = Literal["ratio", "gap_closed"]
Light = Literal["closed", "pending", "red", "grey", "yellow", "blue", "green"]

Status = Literal["achieved", "substantial", "moderate", "limited", "deterioration", "not available"]

_SCALARS: Final = (float, int, Decimal, np.number, type(None), type(pd.NA))
_GAP_DECIMALS: Final = 9  # a gap of exactly five points must not turn yellow by the last bit of a float


def completion(
    value: Any, target: Any, baseline: Any = None, basis: Basis = "ratio", direction: Direction = "higher"
) -> Any:
    """The share of the target that is reached (完成率).

    ``ratio``: value/target, or target/value where lower is better. ``gap_closed``: (value − baseline)/(target − baseline),
    whatever the direction. NaN where it cannot be computed: something missing, or a division by zero.

    >>> completion(45, 60)
    0.75
    """
    check_direction(direction)
    if basis == "gap_closed":
        if _scalars(value, target, baseline):
            start = _number(baseline)
            return _divide(_number(value) - start, _number(target) - start)
        value, target, baseline = _arrays(value, target, baseline)
        return _divide_arrays(value - baseline, target - baseline)
    if basis != "ratio":
        raise AnalysisError(f"unknown basis {basis!r}; known are ratio, gap_closed")
    above, below = (value, target) if direction == "higher" else (target, value)
    if _scalars(above, below):
        return _divide(_number(above), _number(below))
    return _divide_arrays(*_arrays(above, below))


def schedule(period: Any, start: pd.Period, end: pd.Period, plan: Mapping[pd.Period, float] | None = None) -> Any:
    """The share of the target due at the end of ``period`` (序时进度).

    With n periods from ``start``, the first working period after the baseline, to ``end``, the i-th (from 0) is (i+1)/n;
    0 before ``start``, 1 from ``end`` on. ``plan`` gives cumulative shares at some periods instead: linear between them,
    from 0 at the end of the period before ``start``, to 1 at ``end`` unless it says otherwise (then that share stays).
    Nodes outside ``start`` to ``end`` say nothing about it and are left out.

    ``period`` is a Period, a PeriodIndex (the answer is a Series over it) or a Series of Periods; all of one frequency,
    quarters or years. ``AnalysisError``: other frequencies, ``start`` after ``end``, or shares outside 0…1.

    >>> schedule(pd.Period("2025Q3"), pd.Period("2025Q1"), pd.Period("2025Q4"))
    0.75
    """
    frequency = _frequency(start)
    if _frequency(end) != frequency:
        raise AnalysisError(f"start {start} and end {end} differ in frequency")
    first, last = start.ordinal - 1, end.ordinal
    if last <= first:
        raise AnalysisError(f"the schedule would start at {start}, after its end {end}")
    positions, shares = ([first, last], [0.0, 1.0]) if plan is None else _nodes(plan, frequency, first, last)
    if isinstance(period, pd.Period):
        if _frequency(period) != frequency:
            raise AnalysisError(f"period {period} is not of the schedule's frequency, {frequency}")
        return _interpolate(period.ordinal, positions, shares)
    return _schedule_many(period, frequency, positions, shares)


def light(
    completion: Any,
    schedule: Any,
    *,
    closed: Any = False,
    pending: Any = False,
    overdue: Any = False,
    due_soon: Any = False,
    green: float = -0.05,
    red: float = -0.15,
) -> Any:
    """The light (红黄绿灯): the first that holds of closed, pending, overdue, not computable, and then by the gap.

    The gap is completion − schedule, as ratios, rounded to 1e-9: below ``red`` red, below ``green`` yellow, otherwise
    blue when due soon and not complete, else green. Scalars give a string, Series a Series, arrays an array of strings.
    """
    if not red <= green:
        raise AnalysisError(f"the red threshold {red} lies above the green one {green}")
    flags = (closed, pending, overdue, due_soon)
    if _scalars(completion, schedule) and all(isinstance(flag, bool | np.bool_) for flag in flags):
        return _one_light(_number(completion), _number(schedule), flags, green, red)
    return _many_lights(completion, schedule, flags, green, red)


@dataclass(frozen=True, slots=True)
class ProgressMeasure:
    """``value``: yearly growth, or with a target its ratio to the growth needed; NaN where not available. ``score``: −5…5."""

    value: float
    status: Status
    score: float
    base_year: int | None
    current_year: int | None


def progress_measure(
    series: pd.Series,
    *,
    direction: Direction,
    base_year: int = 2015,
    target: float | None = None,
    target_year: int | None = None,
    limit: float | None = None,
    zero: float = 0.001,
    thresholds: tuple[float, float, float] | None = None,
) -> ProgressMeasure:
    """The progress measure of Open SDG's sdg-build 2.4 on one yearly series.

    Compound growth from the base year (the next later one with a value, if it has none) to the latest; signed so that
    positive is progress, also for negative values. Without ``target`` it is compared with thresholds (1.5 %, 0.5 %, 0),
    which shrink near a natural ``limit``; with one, growth is divided by the growth needed to reach it in ``target_year``
    (2030 unless given, as theirs) and the thresholds are 95 %, 60 %, 0. ``thresholds`` = (high, medium, low) replaces either.

    Not available (NaN): no two years with values from the base year on, values or target of different signs, or no growth
    needed. A target that is passed counts as achieved whatever the rest.
    """
    check_direction(direction)
    if periods_a_year(series.index) != 1:
        raise AnalysisError("the progress measure is for yearly series")
    known = regular(series).dropna()
    known = known.set_axis(known.index.year)
    aim = None if target is None or math.isnan(target) else (float(target) or zero)
    if not len(known):
        return ProgressMeasure(math.nan, "not available", math.nan, None, None)
    current = int(known.index[-1])
    later = known.index[known.index >= base_year]
    base = int(later[0]) if len(later) else None
    if base is None:
        return ProgressMeasure(math.nan, "not available", math.nan, None, current)
    factor = 1.0 if aim is not None or limit is None else _shrinkage(known[base], limit)
    sign = (1 if direction == "higher" else -1) * (-1 if known[base] < 0 else 1)
    value = sign * _growth_rate(known[current], known[base] or zero, current - base)
    if aim is not None:
        years = (2030 if target_year is None else target_year) - base
        value = _divide(value, abs(_growth_rate(aim, known[base] or zero, years)))
    achieved = aim is not None and (known[current] >= aim if direction == "higher" else known[current] <= aim)
    high, medium, low = thresholds or ((0.015, 0.005, 0.0) if aim is None else (0.95, 0.6, 0.0))
    cuts = (high * factor, medium * factor, low * factor)
    score = _score_growth(value, cuts, factor) if aim is None else _score_ratio(value, cuts[1])
    return ProgressMeasure(value, _status(value, cuts, achieved), 5.0 if achieved else score, base, current)


def required_pace(
    flows: pd.Series, target: float, so_far: float, remaining: pd.PeriodIndex, profile: Mapping[int, float] | None = None
) -> tuple[pd.Series, float]:
    """What each remaining period must bring so that ``so_far`` + their sum = ``target``, and how hard that is.

    ``flows``: past amounts by period, in the target's unit. ``profile``: each quarter's usual share of the year (only
    their proportions count); without one the need is split evenly. A need that is already met comes out as 0 or less.

    The multiple is the largest need over the best past period of the same quarter (of any period without a profile): 1.8
    is 历史最好季度的1.8倍. NaN where no such period is known, or its amount was not positive.
    """
    per_year = periods_a_year(remaining)
    if periods_a_year(flows.index) != per_year:
        raise AnalysisError(f"the flows are {flows.index.freqstr}, the remaining periods {remaining.freqstr}")
    if profile is not None and per_year != 4:
        raise AnalysisError("a profile is for quarters")
    if not len(remaining):
        return pd.Series(dtype=float, index=remaining), math.nan
    needed = pd.Series((float(target) - float(so_far)) * _split(remaining, profile), index=remaining)
    past = regular(flows).dropna()
    if profile is None:
        best: Any = past.max() if len(past) else math.nan
    else:
        best = past.groupby(past.index.quarter).max().reindex(remaining.quarter).to_numpy()
    multiples = needed.to_numpy() / np.where(np.asarray(best) > 0, best, np.nan)
    return needed, float(np.fmax.reduce(multiples))


def check_direction(direction: str) -> None:
    if direction not in ("higher", "lower"):
        raise AnalysisError(f"unknown direction {direction!r}; known are higher, lower")


def _one_light(done: float, due: float, flags: tuple[Any, ...], green: float, red: float) -> Light:
    closed, pending, overdue, due_soon = flags
    if closed:
        return "closed"
    if pending:
        return "pending"
    if overdue:
        return "red"
    gap = round(done - due, _GAP_DECIMALS)
    if gap != gap:  # NaN: nothing to compare
        return "grey"
    if gap < red:
        return "red"
    if gap < green:
        return "yellow"
    return "blue" if due_soon and done < 1 else "green"


def _many_lights(completion: Any, schedule: Any, flags: tuple[Any, ...], green: float, red: float) -> Any:
    done, due, *states = _arrays(completion, schedule, *flags)
    index = done.index if isinstance(done, pd.Series) else None
    done, due, *states = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in (done, due, *states)))
    closed, pending, overdue, due_soon = (state == 1 for state in states)
    with np.errstate(invalid="ignore"):
        gap = np.round(done - due, _GAP_DECIMALS)
    rules = [closed, pending, overdue, np.isnan(gap), gap < red, gap < green, due_soon & (done < 1)]
    lights = np.select(rules, ["closed", "pending", "red", "grey", "red", "yellow", "blue"], "green").astype(object)
    return lights if index is None else pd.Series(lights, index=index)


def _scalars(*values: Any) -> bool:
    return all(isinstance(value, _SCALARS) for value in values)


def _number(value: Any) -> float:
    return math.nan if value is None or value is pd.NA else float(value)


def _arrays(*values: Any) -> list[Any]:
    """All as float arrays, or all as Series over one index where any is one (others of another index align to it)."""
    first = next((value for value in values if isinstance(value, pd.Series)), None)
    arrays = [_floats(value) for value in values]
    if first is None:
        return arrays
    index = first.index
    for array in arrays:
        if isinstance(array, pd.Series) and not array.index.equals(index):
            index = index.union(array.index)
    return [
        array.reindex(index) if isinstance(array, pd.Series) else pd.Series(np.broadcast_to(array, len(index)), index=index)
        for array in arrays
    ]


def _floats(value: Any) -> Any:
    if isinstance(value, pd.Series):
        return value.astype(float)
    if isinstance(value, _SCALARS):
        return np.asarray(_number(value))
    return np.asarray(value, dtype=float)


def _divide(above: float, below: float) -> float:
    ratio = above / below if below else math.nan
    return ratio if math.isfinite(ratio) else math.nan


def _divide_arrays(above: Any, below: Any) -> Any:
    with np.errstate(all="ignore"):
        ratio = above / below
    finite = np.isfinite(ratio)
    return ratio.where(finite) if isinstance(ratio, pd.Series) else np.where(finite, ratio, np.nan)


def _frequency(period: pd.Period) -> str:
    frequency = getattr(period, "freqstr", None)
    if frequency not in PERIODS_A_YEAR:
        raise AnalysisError(f"a quarter or a year is needed, not {period!r}")
    return str(frequency)


def _nodes(plan: Mapping[pd.Period, float], frequency: str, first: int, last: int) -> tuple[list[int], list[float]]:
    """The plan as sorted positions and shares, with its two ends added."""
    points = {first: 0.0, last: 1.0}
    for node, share in plan.items():
        if _frequency(node) != frequency:
            raise AnalysisError(f"the plan's node {node} is not of the schedule's frequency, {frequency}")
        if not 0 <= share <= 1:
            raise AnalysisError(f"the plan's share at {node} is {share}, not from 0 to 1")
        if first < node.ordinal <= last:
            points[node.ordinal] = float(share)
    positions = sorted(points)
    return positions, [points[position] for position in positions]


def _interpolate(position: int, positions: list[int], shares: list[float]) -> float:
    if position <= positions[0]:
        return shares[0]
    if position >= positions[-1]:
        return shares[-1]
    after = bisect_left(positions, position)
    left, right = positions[after - 1], positions[after]
    low, high = shares[after - 1], shares[after]
    return low + (high - low) * ((position - left) / (right - left))


def _schedule_many(period: Any, frequency: str, positions: list[int], shares: list[float]) -> Any:
    index = period.index if isinstance(period, pd.Series) else None
    periods = pd.PeriodIndex(period)
    if periods.freqstr != frequency:
        raise AnalysisError(f"the periods are {periods.freqstr}, not of the schedule's frequency, {frequency}")
    due = np.interp(periods.asi8, positions, shares)
    due[periods.isna()] = np.nan
    return pd.Series(due, index=periods if index is None else index)


# -- the progress measure ------------------------------------------------------------------------


def _shrinkage(base: float, limit: float) -> float:
    """How much of the thresholds is left for a base near its natural limit; 4.44 is theirs."""
    base, limit = abs(base), abs(limit)
    if base >= 2 * limit:
        return 1.0
    near = base if base <= limit else 2 * limit - base
    return float(1 - (near / limit) ** 4.44)


def _growth_rate(value: float, base: float, years: int) -> float:
    """Compound growth a year; NaN for opposite signs or less than a year."""
    ratio = _divide(value, base)
    if not ratio >= 0 or years < 1:
        return math.nan
    return float(ratio ** (1 / years) - 1)


def _status(value: float, cuts: tuple[float, float, float], achieved: bool) -> Status:
    if achieved:
        return "achieved"
    if math.isnan(value):
        return "not available"
    names: tuple[Status, ...] = ("substantial", "moderate", "limited")
    return next((name for name, cut in zip(names, cuts, strict=True) if value >= cut), "deterioration")


def _score_growth(value: float, cuts: tuple[float, float, float], factor: float) -> float:
    high, medium, low = cuts
    if math.isnan(value):
        return math.nan
    if value < low:
        return max(125 * value - 2.5, -5.0)
    if factor == 0:  # at the limit already, and not falling from it
        return 5.0
    if value >= high:
        return min(500 * value / factor - 5, 5.0)
    return 250 * value / factor - 1.25 if value >= medium else 500 * value / factor - 2.5


def _score_ratio(value: float, medium: float) -> float:
    if math.isnan(value):
        return math.nan
    return min(7.1429 * value - 4.2857, 5.0) if value >= medium else max(4.1667 * value - 2.5, -5.0)


def _split(remaining: pd.PeriodIndex, profile: Mapping[int, float] | None) -> np.ndarray:
    """The share of what is still needed that falls to each remaining period; together 1."""
    if profile is None:
        return np.full(len(remaining), 1 / len(remaining))
    if missing := sorted(set(remaining.quarter) - set(profile)):
        raise AnalysisError(f"the profile has no share for quarter {missing[0]}")
    weights = np.array([float(profile[quarter]) for quarter in remaining.quarter])
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise AnalysisError("the profile's shares must be numbers of 0 or more")
    if weights.sum() == 0:
        raise AnalysisError("the profile's shares of the remaining quarters add up to nothing")
    return weights / weights.sum()
