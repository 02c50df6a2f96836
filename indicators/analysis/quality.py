"""What looks wrong in a series: findings for the person who typed it and for the one who reviews it.

An ``error`` cannot be true (a running total that falls, a value outside hard limits); a ``warning`` may be, and asks for a
word. Every threshold is a compromise with the false alarm: of made-up ordinary quarters of many kinds about one in a hundred
raises anything (``tests/analysis/test_quality.py`` holds it below one in fifty).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from . import check_type
from .history import find_outliers, find_q4_jumps
from .series import check_accumulation, flows, periods_a_year, regular

Bounds = tuple[float | None, float | None]

# Units are mixed up by ten, a hundred, a thousand, 万 and 亿 (10⁴, 10⁸). What is left must be an ordinary change.
SLIPS: Final = (1, 2, 3, 4, 8)
SLIP_REST: Final = math.log10(1.6)
# A number met again, or a target met to the digit, is chance where values move by a few units of their last digit.
STEPS_OF_COPY: Final = 10.0
STEPS_OF_STOCK: Final = 30.0
STEPS_OF_TARGET: Final = 8.0

_FIRST: Final = ("falling_cumulative", "out_of_bounds", "sign_slip", "unit_slip", "q4_jump", "outlier", "copied", "equals_target", "gap")


@dataclass(frozen=True)
class Finding:
    """One thing about one period; ``numbers`` hold what a sentence about it needs, ``value`` first."""

    code: str
    period: pd.Period
    severity: str
    numbers: dict[str, float] = field(default_factory=dict)


def checks(series: pd.Series, *, accumulation: str, bounds: Bounds | None = None, target: float | None = None) -> list[Finding]:
    """All findings of a series of quarters or years, in the order of time, errors first within a period.

    ``bounds`` are the quantity's hard limits (None: none), ``target`` what the value as entered is to reach. Numbers, besides
    ``value`` (as entered) in all:

    * ``falling_cumulative`` (error): ``previous``, the value it falls below, within the year for ``ytd``
    * ``out_of_bounds`` (error): ``low`` and ``high`` as given, ``bound`` the one that is broken
    * ``sign_slip``: ``usual``, a typical earlier value, of the other sign and the like size
    * ``unit_slip``: ``factor`` (a power of ten), ``usual``, what was to be expected
    * ``outlier``: ``z``, the modified z-score; ``step``, the growth of a period's amount (ratio, on the year before where
      the history is long enough) or the change of a stock; ``median``, the usual step
    * ``copied``: ``previous``
    * ``equals_target``: ``target``
    * ``q4_jump``: ``amount`` of the fourth quarter, ``mean`` of the three before, ``ratio``, ``usual`` ratio where known
    * ``gap``: ``missing``, the number of periods without a value just before this one
    """
    check_accumulation(accumulation)
    check_type(series, "series", pd.Series)
    whole = regular(series)
    if not whole.notna().any():
        return []
    values = whole[whole.first_valid_index() : whole.last_valid_index()]
    amounts = values if accumulation == "stock" else flows(values, accumulation)
    with np.errstate(all="ignore"):
        found = list(_find(values, amounts, accumulation, bounds or (None, None), target))
    return [
        Finding(f.code, f.period, f.severity, {"value": float(values[f.period]), **f.numbers})
        for f in sorted(_without_echoes(found), key=lambda f: (f.period.ordinal, _FIRST.index(f.code)))
    ]


def _find(values: pd.Series, amounts: pd.Series, accumulation: str, bounds: Bounds, target: float | None) -> Iterator[Finding]:
    yield from _falls(values, accumulation)
    yield from _outside(values, bounds)
    yield from _sign_slips(values)
    yield from _unit_slips(values, accumulation)
    for code, unlike in (("q4_jump", find_q4_jumps(amounts, accumulation)), ("outlier", find_outliers(amounts, accumulation))):
        yield from (Finding(code, period, "warning", numbers) for period, numbers in unlike)
    yield from _copies(values, accumulation)
    yield from _on_target(values, target)
    yield from _gaps(values)


def _without_echoes(found: list[Finding]) -> Iterator[Finding]:
    """A value that is off by ten thousand is an outlier and a jump besides: one cause, one finding."""
    slips: Mapping[pd.Period, float] = {f.period: f.numbers.get("factor", 1.0) for f in found if f.code in ("unit_slip", "sign_slip")}
    for f in found:
        if f.code == "q4_jump" and f.period in slips:
            continue
        # Ten times the usual may be either; the reviewer sees both.
        if f.code == "outlier" and f.period in slips and abs(math.log10(slips[f.period])) != 1:
            continue
        yield f


# -- what cannot be ------------------------------------------------------------------------------


def _falls(values: pd.Series, accumulation: str) -> Iterator[Finding]:
    if accumulation not in ("ytd", "total") or (accumulation == "ytd" and periods_a_year(values.index) == 1):
        return
    known = values.dropna()
    for (before, previous), (period, value) in zip(known.items(), known.iloc[1:].items(), strict=False):
        if (accumulation == "total" or before.year == period.year) and value < previous - 1e-9 * abs(previous):
            yield Finding("falling_cumulative", period, "error", {"previous": float(previous)})


def _outside(values: pd.Series, bounds: Bounds) -> Iterator[Finding]:
    limits = {name: float(limit) for name, limit in zip(("low", "high"), bounds, strict=True) if limit is not None}
    for period, value in values.dropna().items():
        if value < limits.get("low", -math.inf):
            yield Finding("out_of_bounds", period, "error", {"bound": limits["low"], **limits})
        elif value > limits.get("high", math.inf):
            yield Finding("out_of_bounds", period, "error", {"bound": limits["high"], **limits})


# -- slips of the hand ---------------------------------------------------------------------------


def _sign_slips(values: pd.Series) -> Iterator[Finding]:
    """All of a history on one side of zero, and now a value of the like size on the other."""
    history: list[float] = []
    for period, value in values[values != 0].dropna().items():
        sign = math.copysign(1, value)
        usual = float(np.median(history)) if history else math.nan
        # A history that comes near zero may cross it by itself.
        is_one_sided = len(history) >= 2 and all(sign * earlier < -abs(usual) / 4 for earlier in history)
        if is_one_sided and 1 / 3 <= abs(value / usual) <= 3:
            yield Finding("sign_slip", period, "warning", {"usual": usual})
        else:
            history.append(float(value))


def _unit_slips(values: pd.Series, accumulation: str) -> Iterator[Finding]:
    """Off from what was to be expected by a power of ten and little else: 万 for 亿, 元 for 万元, a shifted decimal point.

    What has slipped is left out of what later values are compared with, unless the next value confirms it: then it was
    no slip but a new level.
    """
    sizes = values.where(values != 0).abs().to_numpy(copy=True)
    for at, period in enumerate(values.index):
        value, usual = sizes[at], _expect(sizes, at, values.index, accumulation)
        if math.isnan(value) or math.isnan(usual):
            continue
        exponent = _slip(value / usual)
        if not exponent or (abs(exponent) == 1 and not _is_steady(sizes, at, values.index, accumulation)):
            continue
        yield Finding("unit_slip", period, "warning", {"factor": 10.0**exponent, "usual": float(usual)})
        following = sizes[at + 1] if at + 1 < len(sizes) else math.nan
        if not abs(math.log10(following / value)) < SLIP_REST:
            sizes[at] = math.nan


def _expect(sizes: np.ndarray, at: int, index: pd.PeriodIndex, accumulation: str) -> float:
    """About what the value should be: as a year ago where the year restarts or has seasons, else as last time."""
    known = sizes[:at][~np.isnan(sizes[:at])]
    if index.freqstr == "Y-DEC" or accumulation in ("stock", "total"):
        return float(known[-1]) if len(known) else math.nan
    if at >= 4 and not math.isnan(sizes[at - 4]):
        return float(sizes[at - 4])
    if accumulation == "flow":
        return float(np.median(known)) if len(known) else math.nan
    quarter = index[at].quarter
    return math.nan if quarter == 1 or at == 0 else float(sizes[at - 1]) * quarter / (quarter - 1)


def _slip(ratio: float) -> int:
    """The power of ten a ratio is near to, 0 if none that people slip by."""
    if not 0 < ratio < math.inf:
        return 0
    exponent = math.log10(ratio)
    nearest = round(exponent)
    return nearest if abs(nearest) in SLIPS and abs(exponent - nearest) <= SLIP_REST else 0


def _is_steady(sizes: np.ndarray, at: int, index: pd.PeriodIndex, accumulation: str) -> bool:
    """Whether the history is one in which a factor of ten does not come by itself.

    Three known values at least, that have never moved by as much as three times against what was to be expected of them.
    """
    expected = np.array([_expect(sizes, i, index, accumulation) for i in range(at)])
    moves = np.abs(np.log10(sizes[:at] / expected))
    moves = moves[~np.isnan(moves)]
    return bool(np.count_nonzero(~np.isnan(sizes[:at])) >= 3 and len(moves) and moves.max() < math.log10(3))


# -- too good to be chance -----------------------------------------------------------------------


def _copies(values: pd.Series, accumulation: str) -> Iterator[Finding]:
    """The very number of last time, where the series has always moved and by much more than its last digit.

    What stands still (a stock, a count without an addition) is ordinary.
    """
    least = STEPS_OF_STOCK if accumulation in ("stock", "total") else STEPS_OF_COPY
    numbers = values.to_numpy()
    for at in range(1, len(values)):
        value = float(numbers[at])
        if value == 0 or value != numbers[at - 1]:
            continue
        moves = _moves(values.iloc[:at])
        has_always_moved = len(moves) >= 2 and (moves > 0).all() and np.median(moves) >= least
        if has_always_moved or (len(moves) < 2 and accumulation in ("flow", "ytd") and _digits(value) >= 4):
            yield Finding("copied", values.index[at], "warning", {"previous": value})


def _on_target(values: pd.Series, target: float | None) -> Iterator[Finding]:
    """The target to the digit, when it is first met and the values move in steps that would rather pass it by."""
    if not target:
        return
    for at, (period, value) in enumerate(values.items()):
        if value != target or (at and values.iloc[at - 1] == target):
            continue
        moves = _moves(values.iloc[:at])
        if np.median(moves) >= STEPS_OF_TARGET if len(moves) >= 2 else len(f"{abs(value):.10g}".replace(".", "")) >= 3:
            yield Finding("equals_target", period, "warning", {"target": float(target)})


def _moves(values: pd.Series) -> np.ndarray:
    """The sizes of the changes so far, in units of the last digit anybody wrote."""
    known = values.dropna().to_numpy()
    decimals = max((len(f"{x:.10g}".partition(".")[2]) for x in known if abs(x) < 1e9), default=0)
    return np.abs(np.diff(known)).round(10) * 10.0 ** min(decimals, 6)


def _digits(value: float) -> int:
    """Significant digits: 1200 has two, 12.75 has four."""
    return len(f"{abs(value):.10g}".replace(".", "").strip("0"))


def _gaps(values: pd.Series) -> Iterator[Finding]:
    """The first known value after missing ones."""
    missing = 0
    for period, value in values.items():
        if math.isnan(value):
            missing += 1
            continue
        if missing:
            yield Finding("gap", period, "warning", {"missing": float(missing)})
        missing = 0
