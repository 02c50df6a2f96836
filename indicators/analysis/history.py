"""What is unlike a series' own history: a step far from the usual one, and a fourth quarter that outgrows the year."""

import math
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from .series import periods_a_year

# When, and the numbers that a sentence about it needs.
Found: TypeAlias = tuple[pd.Period, dict[str, float]]

# Iglewicz and Hoaglin (1993): |modified z| > 3.5 marks an outlier; 0.6745 makes the MAD a standard deviation.
MODIFIED_Z: Final = 3.5
MAD_TO_SD: Final = 0.6745
# A shorter history says nothing about what is usual; of a short one the MAD is itself uncertain, and is given more room.
SHORTEST_HISTORY: Final = 6
ROOM: Final = 6.0
# A growth this near the usual one, and a change of a stock by this share of its level, is not worth a question.
SMALL_GROWTH: Final = 0.2
SMALL_CHANGE: Final = 0.08
# A fourth quarter (of ordinary spending the heaviest anyway) on the mean of the three before it: without a year to compare
# with, and against the usual of earlier years, but never less than the last.
Q4_ALONE: Final = 4.0
Q4_TIMES: Final = 3.0
Q4_LEAST: Final = 2.5


def find_outliers(amounts: pd.Series, accumulation: str) -> Iterator[Found]:
    """Steps (growth of an amount, change of a stock) far from the usual step.

    Against all other steps of the series; once a value is found out, later ones are compared with the last before it.
    """
    is_stock = accumulation == "stock"
    values = amounts.to_numpy(copy=True)
    lag = 1
    if not is_stock and periods_a_year(amounts.index) == 4:
        # On the year before where that leaves history enough, since quarters have seasons.
        yearly = [_step(values, at, 4, is_stock) for at in range(len(values))]
        lag = 4 if np.count_nonzero(~np.isnan(yearly)) > SHORTEST_HISTORY else 1
    steps = np.array([_step(values, at, lag, is_stock) for at in range(len(values))])
    if np.count_nonzero(~np.isnan(steps)) <= SHORTEST_HISTORY:
        return
    trusted = values.copy()
    for at, period in enumerate(amounts.index):
        step = _step(trusted, at, lag, is_stock)
        if math.isnan(step):
            continue
        step, z, median = _score(step, steps, values, at, is_stock)
        others = np.count_nonzero(~np.isnan(np.delete(steps, at)))
        if abs(z) > MODIFIED_Z * (1 + ROOM / others) and not _is_small(values, at, lag, step - median, is_stock):
            trusted[at] = math.nan
            yield period, {"z": z, "step": step, "median": median}


def _step(values: np.ndarray, at: int, lag: int, is_stock: bool) -> float:
    """What the value is above the last known one (``lag`` 1) or the one a year before (4), as growth unless of a stock."""
    if at < lag:
        return math.nan
    base = values[at - lag]
    if lag == 1 and math.isnan(base):
        known = values[:at][~np.isnan(values[:at])]
        base = known[-1] if len(known) else math.nan
    step = float(values[at] - base)
    if not is_stock:
        step = step / abs(base) if base else math.nan
    return step if math.isfinite(step) else math.nan


def _score(step: float, steps: np.ndarray, values: np.ndarray, at: int, is_stock: bool) -> tuple[float, float, float]:
    """The step, its modified z-score and the usual step; a spread of 0 is no outlier."""
    median, spread = _centre(steps, at)
    if spread == 0 and is_stock:
        # A level that moves by the same step each time is judged by the levels themselves.
        step = float(values[at])
        median, spread = _centre(values, at)
    return step, MAD_TO_SD * (step - median) / spread if spread else 0.0, median


def _centre(values: np.ndarray, at: int) -> tuple[float, float]:
    """Median and median absolute deviation of all but one; a deviation in the last bits only is 0.

    Where steps are of two kinds (up three times a year, down once), the deviation knows only one of them. Then half the
    distance between the outer fifths is larger, and counts; 0.80 makes it the same as the deviation for a normal series.
    """
    others = np.delete(values, at)
    others = others[~np.isnan(others)]
    median = float(np.median(others))
    deviation = float(np.median(np.abs(others - median)))
    if deviation <= 1e-9 * max(1.0, abs(median)):
        return median, 0.0
    low, high = np.quantile(others, (0.2, 0.8))
    return median, max(deviation, 0.80 * float(high - low) / 2)


def _is_small(values: np.ndarray, at: int, lag: int, deviation: float, is_stock: bool) -> bool:
    """Not worth a question: a few percent, or within what counts do by chance (three standard deviations of a Poisson count)."""
    usual = float(np.nanmedian(np.abs(np.delete(values, at))))
    base = usual if is_stock else abs(float(values[at - lag]))
    least, off = (SMALL_CHANGE * usual, abs(deviation)) if is_stock else (SMALL_GROWTH * base, abs(deviation) * base)
    if _is_count(values):
        least = max(least, 3 * math.sqrt((1 if is_stock else 2) * usual + 1))
    return math.isnan(off) or off < least


def _is_count(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return bool((known == known.round()).all() and (known >= 0).all() and np.median(known) < 1000)


def find_q4_jumps(amounts: pd.Series, accumulation: str) -> Iterator[Found]:
    """A fourth quarter far above the three before it, and above what fourth quarters have been."""
    if accumulation == "stock" or periods_a_year(amounts.index) == 1:
        return
    values = amounts.to_numpy()
    # From the first quarter on, as ``checks`` leaves it where the first values are missing.
    first = next((at for at, quarter in enumerate(amounts.index.quarter) if quarter == 1), len(values))
    ratios: list[float] = []
    for at in range(first, len(values) - 3, 4):
        *rest, last = values[at : at + 4].tolist()
        mean = sum(rest) / 3
        if math.isnan(mean + last) or mean <= 0:
            continue
        ratio, usual = last / mean, float(np.median(ratios)) if ratios else math.nan
        limit = max(Q4_TIMES * usual, Q4_LEAST) if ratios else Q4_ALONE
        if ratio > limit and last - mean > (3 * math.sqrt(mean * 4 / 3 + 1) if _is_count(values) else 0.0):
            known = {"usual": usual} if ratios else {}
            yield amounts.index[at + 3], {"amount": last, "mean": mean, "ratio": ratio, **known}
        ratios.append(ratio)
