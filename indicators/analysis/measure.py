"""The progress measure of Open SDG's sdg-build 2.4: is a yearly series on the way, with or without a target."""

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from . import AnalysisError, check_type
from .series import periods_a_year, regular

Direction = Literal["higher", "lower"]
Status = Literal["achieved", "substantial", "moderate", "limited", "deterioration", "not available"]


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
    check_type(series, "series", pd.Series)
    check_direction(direction)
    if periods_a_year(series.index) != 1:
        raise AnalysisError("the progress measure is for yearly series")
    known = regular(series).dropna()
    values = dict(zip(known.index.year.tolist(), known.tolist(), strict=True))
    aim = None if target is None or math.isnan(target) else (float(target) or zero)
    if not values:
        return ProgressMeasure(math.nan, "not available", math.nan, None, None)
    current = max(values)
    base = min((year for year in values if year >= base_year), default=None)
    if base is None:
        return ProgressMeasure(math.nan, "not available", math.nan, None, current)
    factor = 1.0 if aim is not None or limit is None or math.isnan(limit) else _shrinkage(values[base], limit)
    sign = (1 if direction == "higher" else -1) * (-1 if values[base] < 0 else 1)
    value = sign * _growth_rate(values[current], values[base] or zero, current - base)
    if aim is not None:
        years = (2030 if target_year is None else target_year) - base
        needed = abs(_growth_rate(aim, values[base] or zero, years))
        value = value / needed if needed else math.nan
    achieved = aim is not None and (values[current] >= aim if direction == "higher" else values[current] <= aim)
    high, medium, low = thresholds or ((0.015, 0.005, 0.0) if aim is None else (0.95, 0.6, 0.0))
    cuts = (high * factor, medium * factor, low * factor)
    score = _score_growth(value, cuts, factor) if aim is None else _score_ratio(value, cuts[1])
    return ProgressMeasure(value, _status(value, cuts, achieved), 5.0 if achieved else score, base, current)


def check_direction(direction: str) -> None:
    if direction not in ("higher", "lower"):
        raise AnalysisError(f"unknown direction {direction!r}; known are higher, lower")


def _shrinkage(base: float, limit: float) -> float:
    """How much of the thresholds is left for a base near its natural limit; 4.44 is theirs."""
    base, limit = abs(base), abs(limit)
    if base >= 2 * limit:
        return 1.0
    near = base if base <= limit else 2 * limit - base
    return float(1 - (near / limit) ** 4.44)


def _growth_rate(value: float, base: float, years: int) -> float:
    """Compound growth a year; NaN for opposite signs or less than a year."""
    ratio = value / base if base else math.nan
    if not 0 <= ratio < math.inf or years < 1:
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
