"""完成率, 序时进度, 红黄绿灯: how far, how far by now, and which light.

``completion``, ``schedule`` and ``light`` take scalars (the fast path: a recompute calls them thousands of times) or
arrays and Series, which broadcast; the answer has the shape of the input. Shares are ratios: 1 is all of the target.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from . import AnalysisError, check_type
from .measure import Direction, ProgressMeasure, check_direction, progress_measure
from .series import PERIODS_A_YEAR, periods_a_year, regular

__all__ = ["ProgressMeasure", "completion", "light", "progress_measure", "quarter_shares", "required_pace", "schedule"]

Basis = Literal["ratio", "gap_closed"]
Light = Literal["closed", "pending", "red", "grey", "yellow", "blue", "green"]

_SCALARS: Final = (float, int, Decimal, np.number, type(None), type(pd.NA))
# One year's shape may be chance; what two years have in common is how the money is spent.
_YEARS_FOR_SHARES: Final = 2
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


def quarter_shares(flows: pd.Series) -> dict[int, float] | None:
    """The part of a year's amount that each quarter usually brings: ``{1: share, … 4: share}``, together 1.

    The mean, over the years whose four quarters are known, of a quarter's amount over its year's. None with fewer than two
    such years, for yearly amounts, and where amounts are negative or a year adds up to nothing: no profile, not a guess.
    """
    check_type(flows, "flows", pd.Series)
    if periods_a_year(flows.index) != 4:
        return None
    past = regular(flows).dropna()
    years = past.groupby(past.index.year)
    whole = past[(years.transform("size") == 4) & (years.transform("sum") > 0)]
    if len(whole) < 4 * _YEARS_FOR_SHARES or (whole < 0).any():
        return None
    shares = whole / whole.groupby(whole.index.year).transform("sum")
    return {int(quarter): float(share) for quarter, share in shares.groupby(shares.index.quarter).mean().items()}


def required_pace(
    flows: pd.Series, target: float, so_far: float, remaining: pd.PeriodIndex, profile: Mapping[int, float] | None = None
) -> tuple[pd.Series, float]:
    """What each remaining period must bring so that ``so_far`` + their sum = ``target``, and how hard that is.

    ``flows``: past amounts by period, in the target's unit. ``profile``: each quarter's usual share of the year (only
    their proportions count); without one the need is split evenly. A need that is already met comes out as 0 or less.

    The multiple is the largest need over the best past period of the same quarter (of any period without a profile): 1.8
    is 历史最好季度的1.8倍. NaN where no such period is known, or its amount was not positive.
    """
    check_type(flows, "flows", pd.Series)
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
