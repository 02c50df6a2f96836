"""Values over time: amounts, running totals, annual values, growth.

Inputs are a Series or a DataFrame (columns: units) over a ``PeriodIndex`` of frequency ``Q-DEC`` or
``Y-DEC``, in any order, gaps allowed; missing is NaN. Outputs have the input's shape, index and order
unless said otherwise. ``accumulation`` says what a value is: ``stock`` (at the period's end), ``flow``
(the period's amount), ``ytd`` (since January), ``total`` (since a plan began).
"""

from typing import TypeVar

import numpy as np
import pandas as pd

from . import AnalysisError

Values = TypeVar("Values", pd.Series, pd.DataFrame)

ACCUMULATIONS = ("stock", "flow", "ytd", "total")


def flows(series: Values, accumulation: str) -> Values:
    """The amount of each period.

    ``ytd`` restarts each January (a yearly ``ytd`` is the amount itself); a missing period makes the next
    difference missing too, since it would be a double amount. Of ``total`` the first period has no amount:
    what came before it is not known. ``stock`` has no amounts: ``AnalysisError``.
    """
    whole = _check(series, accumulation)
    if accumulation == "stock":
        raise AnalysisError("a stock has no amount of its own period")
    if accumulation == "flow" or (accumulation == "ytd" and _is_yearly(whole)):
        return series.astype(float)
    amounts = whole.diff()
    if accumulation == "ytd":
        first = np.asarray(whole.index.quarter == 1)
        amounts[first] = whole[first]
    return amounts.reindex(series.index)


def year_to_date(series: Values, accumulation: str) -> Values:
    """The running total within the calendar year; for ``stock`` the series itself.

    ``flow`` adds up from January and is NaN from a missing quarter on; ``total`` is taken less last
    December's value, NaN where that is missing.
    """
    whole = _check(series, accumulation)
    if accumulation in ("stock", "ytd") or (accumulation == "flow" and _is_yearly(whole)):
        return series.astype(float)
    if accumulation == "total":
        return (whole - _last_december(whole)).reindex(series.index)
    if len(whole):
        # From January, so that a first quarter that is not there at all is missing and not zero.
        january = pd.Period(year=whole.index[0].year, quarter=1, freq=whole.index.freq)
        whole = whole.reindex(pd.period_range(january, whole.index[-1], freq=whole.index.freq))
    sums = whole.groupby(whole.index.year).cumsum(skipna=False)
    return sums.reindex(series.index)


def annual(series: Values, accumulation: str) -> Values:
    """One value a calendar year, over a yearly index.

    ``stock``, ``ytd``, ``total``: the fourth quarter's, NaN without it; ``flow``: the sum of the four, NaN if
    any is missing.
    """
    whole = _check(series, accumulation)
    if _is_yearly(whole):
        return whole
    years = pd.PeriodIndex(sorted({str(period.year) for period in whole.index}), freq="Y-DEC")
    if accumulation == "flow":
        full = whole.reindex(pd.period_range(years[0].asfreq("Q-DEC", "start"), years[-1].asfreq("Q-DEC", "end"))) if len(years) else whole
        sums = full.groupby(full.index.year).sum(min_count=4)
        sums.index = years
        return sums
    ends = pd.PeriodIndex([year.asfreq("Q-DEC", "end") for year in years], freq="Q-DEC")
    values = whole.reindex(ends)
    values.index = years
    return values


def growth(series: Values, lag: int) -> Values:
    """(x − b)/|b| against the value b ``lag`` periods earlier; NaN where b is 0, missing or of the other sign.

    A share: 0.05 is five percent.
    """
    if lag < 1:
        raise AnalysisError(f"a lag is at least 1, not {lag}")
    whole = _check(series, "stock")
    base = whole.shift(lag)
    usable = (base != 0) & (np.sign(base) * np.sign(whole) >= 0)
    return ((whole - base) / base.abs()).where(usable).replace([np.inf, -np.inf], np.nan).reindex(series.index)


def _check(series: Values, accumulation: str) -> Values:
    """The values as floats over every period from the first to the last."""
    if accumulation not in ACCUMULATIONS:
        raise AnalysisError(f"accumulation is one of {', '.join(ACCUMULATIONS)}, not {accumulation!r}")
    index = series.index
    if not isinstance(index, pd.PeriodIndex) or index.freqstr not in ("Q-DEC", "Y-DEC"):
        raise AnalysisError("the index is a PeriodIndex of frequency Q-DEC or Y-DEC")
    if index.has_duplicates:
        raise AnalysisError(f"period {index[index.duplicated()][0]} is there twice")
    values = series.astype(float).sort_index()
    if len(values) == 0:
        return values
    return values.reindex(pd.period_range(values.index[0], values.index[-1], freq=index.freq))


def _is_yearly(series: pd.Series | pd.DataFrame) -> bool:
    return bool(series.index.freqstr == "Y-DEC")


def _last_december(whole: Values) -> Values:
    """For each period the value at the end of the year before."""
    if _is_yearly(whole):
        return whole.shift(1)
    ends = pd.PeriodIndex([pd.Period(year=period.year - 1, quarter=4, freq="Q-DEC") for period in whole.index], freq="Q-DEC")
    values = whole.reindex(ends)
    values.index = whole.index
    return values
