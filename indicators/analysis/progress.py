"""How far, how far it should be, and what colour that is (完成率, 序时进度, 红黄绿灯).

Values and targets are in the indicator's own unit; completion and schedule are shares (0.75 is 75 %).
Not computable is NaN (a light: ``"grey"``, a progress measure: ``"not available"``), never an exception or a guess.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from . import AnalysisError

Number = TypeVar("Number", float, np.ndarray, pd.Series)

NAN = float("nan")


def completion(value: Number, target: Number, baseline: Number | None = None, basis: str = "ratio", direction: str = "higher") -> Number:
    """完成率 as a share.

    ``ratio``: value/target, and target/value where lower is better; ``gap_closed``: the part of the way from
    the baseline to the target that was gone, in any direction. NaN where a part is missing or the divisor is
    0. Numbers, arrays and Series alike, of one shape.
    """
    if basis == "ratio":
        _require_direction(direction)
        return _divide(value, target) if direction == "higher" else _divide(target, value)
    if basis == "gap_closed":
        if baseline is None:
            return value * NAN
        return _divide(value - baseline, target - baseline)
    raise AnalysisError(f"basis is ratio or gap_closed, not {basis!r}")


def _divide(a: Number, b: Number) -> Number:
    if isinstance(a, int | float) and isinstance(b, int | float):
        share = a / b if b else NAN
        return share if math.isfinite(share) else NAN
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.true_divide(a, b)
    return share.where(np.isfinite(share)) if isinstance(share, pd.Series) else np.where(np.isfinite(share), share, NAN)


def schedule(period: pd.Period, start: pd.Period, end: pd.Period, plan: Mapping[pd.Period, float] | None = None) -> float:
    """序时进度: the share that is due at the *end* of ``period``.

    Without a plan the way from ``start`` (the first working period after the baseline) to ``end`` is even:
    with n periods the i-th, from 0, is (i + 1)/n; 0 before ``start``, 1 from ``end`` on. ``plan`` gives cumulative
    shares at the ends of some periods: linear between them, from 0 at the end of the period before
    ``start``, and 1 at ``end`` unless it says otherwise. All periods are of one frequency.
    """
    for other in (start, end, *(plan or ())):
        if other.freqstr != period.freqstr:
            raise AnalysisError(f"period {other} is not of frequency {period.freqstr}")
    if end < start:
        raise AnalysisError(f"end {end} is before start {start}")
    if period < start:
        return 0.0
    nodes = {start.ordinal - 1: 0.0, end.ordinal: 1.0}
    for node, share in (plan or {}).items():
        if not 0 <= share <= 1:
            raise AnalysisError(f"the share of {node} is {share}, not from 0 to 1")
        nodes[node.ordinal] = float(share)
    if period >= end and not plan:
        return 1.0
    ordinals = sorted(nodes)
    return float(np.interp(period.ordinal, ordinals, [nodes[o] for o in ordinals]))


def light(
    completion: float,
    schedule: float,
    *,
    closed: bool = False,
    pending: bool = False,
    overdue: bool = False,
    due_soon: bool = False,
    green: float = -0.05,
    red: float = -0.15,
) -> str:
    """红黄绿灯: the first of these that holds.

    ``closed``; ``pending`` (its publisher has not published yet); ``red`` when overdue; ``grey`` when completion
    or schedule is NaN; with gap = completion − schedule: ``red`` below ``red``, ``yellow`` below ``green``, ``blue`` when
    due soon and not complete, ``green``. Thresholds are shares: −0.05 is five points behind.
    """
    if red > green:
        raise AnalysisError(f"red ({red}) is above green ({green})")
    if closed:
        return "closed"
    if pending:
        return "pending"
    if overdue:
        return "red"
    if math.isnan(completion) or math.isnan(schedule):
        return "grey"
    # Shares come from divisions: 0.70 − 0.75 must be −0.05 exactly, and so on the green side.
    gap = round(completion - schedule, 9)
    if gap < red:
        return "red"
    if gap < green:
        return "yellow"
    return "blue" if due_soon and completion < 1 else "green"




def required_pace(
    flows: pd.Series, target: float, so_far: float, remaining: pd.PeriodIndex, profile: Mapping[int, float] | None = None
) -> tuple[pd.Series, float]:
    """What each remaining period must bring so that ``so_far`` + their sum = ``target``, and how hard that is.

    ``flows``: past amounts by period. ``profile``: each quarter's usual share of the year; without one the need is
    split evenly. The multiple is the largest need over the best past period of the same quarter (of any
    period without a profile): 1.8 is 历史最好季度的1.8倍. NaN where no such period is known or it was not positive.
    """
    need = target - so_far
    if len(remaining) == 0:
        return pd.Series(dtype=float, index=remaining), NAN
    if profile is None:
        shares = np.full(len(remaining), 1 / len(remaining))
    else:
        if missing := sorted({p.quarter for p in remaining} - set(profile)):
            raise AnalysisError(f"the profile has no share of quarter {missing[0]}")
        weights = np.array([float(profile[p.quarter]) for p in remaining])
        if weights.sum() <= 0:
            raise AnalysisError("the profile's shares of the remaining quarters add up to nothing")
        shares = weights / weights.sum()
    needed = pd.Series(need * shares, index=remaining)
    past = flows.dropna()
    multiples = [_multiple(amount, _best(past, period if profile is not None else None)) for period, amount in needed.items()]
    known = [m for m in multiples if not math.isnan(m)]
    return needed, max(known) if known else NAN


def _best(past: pd.Series, like: pd.Period | None) -> float:
    values = past if like is None else past[np.asarray(past.index.quarter == like.quarter)]
    return float(values.max()) if len(values) else NAN


def _multiple(amount: float, best: float) -> float:
    return amount / best if best > 0 else NAN


def _require_direction(direction: str) -> None:
    if direction not in ("higher", "lower"):
        raise AnalysisError(f"direction is higher or lower, not {direction!r}")
