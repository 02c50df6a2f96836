"""Time: amounts, running totals, years and growth, all derived from one field, ``accumulation``.

``stock`` is the value at the period's end, ``flow`` the period's own amount, ``ytd`` the amount since 1 January, ``total``
the amount since the plan began. Every function takes a Series, or a DataFrame with one column an area, over quarters or
years, in any order and with periods left out; a period left out is a missing one. Units are those of the input.
"""

from typing import Final, TypeVar

import numpy as np
import pandas as pd

from . import AnalysisError, check_type

ACCUMULATIONS: Final = ("stock", "flow", "ytd", "total")
PERIODS_A_YEAR: Final = {"Q-DEC": 4, "Y-DEC": 1}

Panel = TypeVar("Panel", pd.Series, pd.DataFrame)


def flows(series: Panel, accumulation: str) -> Panel:
    """Per-period amounts, on the index of ``series``.

    ``ytd`` restarts each January. The amount after a missing period is missing too, because the difference would cover
    two periods; so is the first of a ``total``. A ``stock`` has no amounts: ``AnalysisError``.
    """
    check_accumulation(accumulation)
    if accumulation == "stock":
        raise AnalysisError("a stock has no per-period amounts")
    whole = regular(series)
    return _amounts(whole, accumulation).reindex(series.index)


def year_to_date(series: Panel, accumulation: str) -> Panel:
    """Running total within the year, on the index of ``series``; a ``stock`` comes back as it is.

    A ``flow`` is missing from the year's first missing period on; a ``total`` without last December's value is missing.
    """
    check_accumulation(accumulation)
    whole = regular(series)
    if accumulation == "flow":
        whole = _running(whole)
    elif accumulation == "total":
        whole = whole - _last_december(whole)
    return whole.reindex(series.index)


def annual(series: Panel, accumulation: str) -> Panel:
    """One value a calendar year, over every year (``Y-DEC``) from the first to the last of ``series``.

    ``flow``: the sum of the four quarters, missing if any is; otherwise the fourth quarter's value. Yearly input comes
    back as it is.
    """
    check_accumulation(accumulation)
    whole = regular(series)
    if periods_a_year(series.index) == 1:
        return whole.reindex(series.index)
    years = whole.index.asfreq("Y-DEC")
    if accumulation == "flow":
        return whole.groupby(years).sum(min_count=4)
    ends = whole[whole.index.quarter == 4]
    return ends.set_axis(ends.index.asfreq("Y-DEC")).reindex(years.unique())


def growth(series: Panel, lag: int) -> Panel:
    """(x − b)/|b| with b the value ``lag`` periods (not rows) earlier, as a ratio; NaN where b is 0, missing or of the other sign."""
    if isinstance(lag, bool) or not isinstance(lag, int | np.integer) or lag < 1:
        raise AnalysisError(f"the lag must be a whole number of periods, at least 1, not {lag!r}")
    whole = regular(series)
    base = whole.shift(lag)
    usable = (base != 0) & (whole * np.sign(base) >= 0)
    with np.errstate(all="ignore"):
        ratio = (whole - base) / base.abs().where(usable)
    return ratio.where(np.isfinite(ratio)).reindex(series.index)


def check_accumulation(accumulation: str) -> None:
    if accumulation not in ACCUMULATIONS:
        raise AnalysisError(f"unknown accumulation {accumulation!r}; known are {', '.join(ACCUMULATIONS)}")


def periods_a_year(index: pd.Index) -> int:
    """4 for quarters, 1 for years; any other index raises ``AnalysisError``."""
    if not isinstance(index, pd.PeriodIndex):
        raise AnalysisError(f"a PeriodIndex of quarters or years is needed, not {type(index).__name__}")
    if index.freqstr not in PERIODS_A_YEAR:
        raise AnalysisError(f"quarters (Q-DEC) or years (Y-DEC) are needed, not {index.freqstr}")
    return PERIODS_A_YEAR[index.freqstr]


def regular(series: Panel) -> Panel:
    """The same as floats over whole calendar years up to the last period, sorted, each period once, missing ones NaN.

    Raises ``AnalysisError`` for another index, a period twice, or an infinite value; the message names the period.
    """
    check_type(series, "series", pd.Series, pd.DataFrame)
    index = series.index
    per_year = periods_a_year(index)
    if index.hasnans:
        raise AnalysisError("the index has a missing period")
    if not index.is_unique:
        raise AnalysisError(f"period {index[index.duplicated()][0]} is there twice")
    try:
        values = series.astype(float)
    except (TypeError, ValueError) as error:
        raise AnalysisError(f"a value is no number: {error}") from error
    infinite = np.isinf(values.to_numpy())
    if infinite.any():
        raise AnalysisError(f"the value of {index[int(np.argwhere(infinite)[0][0])]} is infinite")
    if not len(index):
        return values
    first = index.min()
    if per_year == 4:
        first -= first.quarter - 1
    return values.reindex(pd.period_range(first, index.max(), name=index.name))


def _amounts(whole: Panel, accumulation: str) -> Panel:
    if accumulation == "flow" or (accumulation == "ytd" and periods_a_year(whole.index) == 1):
        return whole
    before = whole.shift(1)
    if accumulation == "ytd":
        before[whole.index.quarter == 1] = 0.0
    return whole - before


def _running(whole: Panel) -> Panel:
    years = whole.index.year
    complete = whole.isna().groupby(years).cumsum() == 0
    return whole.fillna(0.0).groupby(years).cumsum().where(complete)


def _last_december(whole: Panel) -> Panel:
    ends = whole if periods_a_year(whole.index) == 1 else whole[whole.index.quarter == 4]
    ends = ends.set_axis(ends.index.year + 1)
    return ends.reindex(whole.index.year).set_axis(whole.index)
