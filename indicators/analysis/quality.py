"""What looks wrong in a series: findings for the person who typed it and for the one who reviews it.

An ``error`` cannot be true (a running total that falls, a value outside hard limits); a ``warning`` may be, and
asks for a word. Thresholds are set so that an ordinary quarter raises nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import AnalysisError
from .series import flows

# Iglewicz and Hoaglin (1993): |modified z| > 3.5 marks an outlier; 0.6745 makes the MAD a standard deviation.
MODIFIED_Z, MAD_TO_SD = 3.5, 0.6745
# A history shorter than this says nothing about what is usual.
SHORTEST_HISTORY = 6
# A slip of units is off by a power of ten; within a third of a factor of two of it (on the log scale).
SLIP_EXPONENTS, SLIP_TOLERANCE = (1, 2, 3, 4, 8), 0.12
# The fourth quarter of S&T spending is heavy by itself; three times its own usual weight is not.
Q4_FACTOR = 3.0


@dataclass(frozen=True)
class Finding:
    """One thing about one period; ``numbers`` hold what a sentence about it needs."""

    code: str
    period: pd.Period
    severity: str
    numbers: dict[str, float] = field(default_factory=dict)


def checks(
    series: pd.Series, *, accumulation: str, bounds: tuple[float | None, float | None] | None = None, target: float | None = None
) -> list[Finding]:
    """All findings of a series over a ``PeriodIndex`` (Q-DEC or Y-DEC), in the order of time.

    ``bounds`` are the quantity's hard limits; ``target`` the year's. Codes and their numbers: ``falling_cumulative``
    (previous), ``out_of_bounds`` (low, high), ``outlier`` (z, median), ``equals_target`` (target), ``copied`` (previous),
    ``unit_slip`` (factor, usual), ``sign_slip`` (usual), ``q4_jump`` (share, usual), ``gap``.
    """
    if not isinstance(series.index, pd.PeriodIndex) or series.index.freqstr not in ("Q-DEC", "Y-DEC"):
        raise AnalysisError("the index is a PeriodIndex of frequency Q-DEC or Y-DEC")
    if series.index.has_duplicates:
        raise AnalysisError(f"period {series.index[series.index.duplicated()][0]} is there twice")
    if len(series) == 0:
        return []
    values = series.astype(float).sort_index()
    values = values.reindex(pd.period_range(values.index[0], values.index[-1], freq=values.index.freq))
    amounts = values if accumulation == "stock" else flows(values, accumulation)
    found = [
        *_bounds(values, bounds or (None, None)),
        *_falling(values, accumulation),
        *_sign_slips(values),
        *_unit_slips(values, amounts, accumulation),
        *_outliers(values, amounts, accumulation),
        *_copies(values, accumulation),
        *_equals_target(values, target),
        *_q4_jumps(amounts, accumulation),
        *_gaps(values),
    ]
    return sorted(_without_echoes(found), key=lambda f: (f.period, f.code))


def _without_echoes(found: list[Finding]) -> list[Finding]:
    """A value that is off by ten thousand is no outlier besides, and one out of bounds no slip: one cause, one finding."""
    taken = {f.period for f in found if f.code in ("out_of_bounds", "falling_cumulative")}
    slips = {f.period for f in found if f.code in ("unit_slip", "sign_slip")}
    return [
        f
        for f in found
        if not (f.code in ("unit_slip", "sign_slip", "outlier", "copied", "q4_jump") and f.period in taken)
        and not (f.code in ("outlier", "q4_jump") and f.period in slips)
    ]


def _bounds(values: pd.Series, bounds: tuple[float | None, float | None]) -> Iterator[Finding]:
    low, high = bounds
    numbers = {name: limit for name, limit in (("low", low), ("high", high)) if limit is not None}
    for period, value in values.dropna().items():
        if (low is not None and value < low) or (high is not None and value > high):
            yield Finding("out_of_bounds", period, "error", numbers)


def _falling(values: pd.Series, accumulation: str) -> Iterator[Finding]:
    if accumulation not in ("ytd", "total") or (accumulation == "ytd" and values.index.freqstr == "Y-DEC"):
        return
    previous: tuple[pd.Period, float] | None = None
    for period, value in values.dropna().items():
        if previous and (accumulation == "total" or previous[0].year == period.year) and value < previous[1]:
            yield Finding("falling_cumulative", period, "error", {"previous": previous[1]})
        previous = (period, value)


def _earlier(values: pd.Series, at: int) -> np.ndarray:
    """The known values before a position."""
    before = values.to_numpy()[:at]
    return before[~np.isnan(before)]


def _sign_slips(values: pd.Series) -> Iterator[Finding]:
    """All of a history on one side of zero, and now the same size on the other."""
    for at, (period, value) in enumerate(values.items()):
        before = _earlier(values, at)
        if math.isnan(value) or value == 0 or len(before) < 3 or not (np.all(before > 0) or np.all(before < 0)):
            continue
        if np.sign(value) != np.sign(before[0]):
            yield Finding("sign_slip", period, "warning", {"usual": float(np.median(before))})


def _unit_slips(values: pd.Series, amounts: pd.Series, accumulation: str) -> Iterator[Finding]:
    """Off from what is usual by a power of ten: 万 for 亿, 元 for 万元, a shifted decimal point.

    Compared with the same quarter's running totals where the year restarts, else with the last values.
    """
    for at, (period, value) in enumerate(values.items()):
        usual = _usual_size(values, at, accumulation)
        if math.isnan(value) or value == 0 or not usual:
            continue
        exponent = math.log10(abs(value) / usual)
        nearest = round(exponent)
        if abs(nearest) in SLIP_EXPONENTS and abs(exponent - nearest) <= SLIP_TOLERANCE + 0.1 * (abs(nearest) >= 2):
            yield Finding("unit_slip", period, "warning", {"factor": 10.0**nearest, "usual": usual})


def _usual_size(values: pd.Series, at: int, accumulation: str) -> float:
    before = values.iloc[:at]
    if accumulation == "ytd" and values.index.freqstr == "Q-DEC":
        quarter = values.index[at].quarter
        same = before[np.asarray(before.index.quarter == quarter)].dropna()
        if len(same) == 0 and quarter > 1:
            # Within the first year: at most the year so far times what a quarter can add.
            same = before[np.asarray(before.index.year == values.index[at].year)].dropna().iloc[-1:] * quarter / (quarter - 1)
        before = same
    known = before.dropna().abs()
    known = known[known > 0].iloc[-4:]
    return float(known.median()) if len(known) else 0.0


def _outliers(values: pd.Series, amounts: pd.Series, accumulation: str) -> Iterator[Finding]:
    """Of a stock its change, of an amount its growth on the same quarter a year earlier, against the own history."""
    lag = 4 if values.index.freqstr == "Q-DEC" and accumulation != "stock" else 1
    base = amounts.shift(lag)
    steps = amounts.diff() if accumulation == "stock" else ((amounts - base) / base.abs()).where(base != 0)
    for at, (period, step) in enumerate(steps.items()):
        before = _earlier(steps, at)
        if math.isnan(step) or len(before) < SHORTEST_HISTORY:
            continue
        median = float(np.median(before))
        deviation = float(np.median(np.abs(before - median)))
        if deviation == 0:
            continue
        z = MAD_TO_SD * (step - median) / deviation
        if abs(z) > MODIFIED_Z and abs(step - median) > _smallest_step(amounts, at, accumulation):
            yield Finding("outlier", period, "warning", {"z": float(z), "median": median})


def _smallest_step(amounts: pd.Series, at: int, accumulation: str) -> float:
    """A change too small to be worth a question: half again in growth, a tenth of the level of a stock."""
    if accumulation != "stock":
        return 0.5
    before = _earlier(amounts, at)
    return 0.1 * float(np.median(np.abs(before))) if len(before) else 0.0


def _copies(values: pd.Series, accumulation: str) -> Iterator[Finding]:
    """The very number of last quarter. A small count that stands still is nothing to ask about."""
    pairs = zip(values.items(), values.shift(1).items(), strict=True)
    for (period, value), (_period, previous) in pairs:
        if math.isnan(value) or value != previous or value == 0 or _digits(value) < 3:
            continue
        if accumulation == "ytd" and values.index.freqstr == "Q-DEC" and period.quarter == 1:
            continue
        yield Finding("copied", period, "warning", {"previous": float(previous)})


def _digits(value: float) -> int:
    """Significant digits: 1200 has two, 12.75 has four."""
    text = f"{abs(value):.6f}".rstrip("0").rstrip(".").replace(".", "")
    return len(text.strip("0"))


def _equals_target(values: pd.Series, target: float | None) -> Iterator[Finding]:
    """The target to the digit, where it has more digits than a round number one might just reach."""
    if target is None or target == 0 or _digits(target) < 3:
        return
    for period, value in values.dropna().items():
        if value == target:
            yield Finding("equals_target", period, "warning", {"target": target})


def _q4_jumps(amounts: pd.Series, accumulation: str) -> Iterator[Finding]:
    """A fourth quarter that holds far more of its year than the fourth quarters before it did."""
    if accumulation == "stock" or amounts.index.freqstr != "Q-DEC":
        return
    shares: list[float] = []
    for year in sorted(set(amounts.index.year)):
        quarters = amounts[np.asarray(amounts.index.year == year)]
        if len(quarters) < 4 or quarters.isna().any() or quarters.sum() <= 0:
            continue
        share = float(quarters.iloc[3] / quarters.sum())
        usual = float(np.median(shares)) if shares else 0.25
        rest, usual_rest = 1 - share, 1 - usual
        # Odds, since a share of 0.9 cannot be three times 0.4.
        if rest <= 0 or (share / rest) > Q4_FACTOR * (usual / usual_rest if usual_rest > 0 else 1):
            yield Finding("q4_jump", quarters.index[3], "warning", {"share": share, "usual": usual})
        shares.append(share)


def _gaps(values: pd.Series) -> Iterator[Finding]:
    """The first known value after missing ones."""
    known = values.notna().to_numpy()
    for at in range(1, len(values)):
        if known[at] and not known[at - 1] and known[:at].any():
            yield Finding("gap", values.index[at], "warning", {})
