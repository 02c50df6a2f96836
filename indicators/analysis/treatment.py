"""What is done to raw values before an index: sizes taken out, gaps filled, outliers drawn in. Every touched cell is marked.

Each function returns the frame (units × codes) and a mask of the same shape: true where a value is not the one given.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from . import AnalysisError, check_type


def denominate(values: pd.DataFrame, by: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each code that ``by`` (units × codes) has, divided by it; the others as they are. A denominator of 0 is missing."""
    given, by = check_values(values), check_values(by, "by")
    if missing := [unit for unit in given.index if unit not in by.index]:
        raise AnalysisError(f"unit {missing[0]} has no denominators")
    divisors = by.reindex(index=given.index, columns=given.columns)
    result = given.copy()
    for code in given.columns.intersection(by.columns):
        result[code] = given[code] / divisors[code].where(divisors[code] != 0)
    return result, _changed(given, result)


def impute(values: pd.DataFrame, groups: pd.Series | Mapping[str, object] | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Missing values filled with the mean of the code over all units, or over the unit's group. Without one, still missing."""
    given = check_values(values)
    if groups is None:
        result = given.fillna(given.mean())
    else:
        labels = pd.Series(groups)
        if missing := [unit for unit in given.index if unit not in labels.index or pd.isna(labels[unit])]:
            raise AnalysisError(f"unit {missing[0]} has no group")
        result = given.fillna(given.groupby(labels[given.index].to_numpy()).transform("mean"))
    return result, _changed(given, result)


def winsorise(values: pd.DataFrame, skew: float = 2.0, kurtosis: float = 3.5, most: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """COINr's rule, code by code: while |skewness| and kurtosis both exceed, the most extreme value is set to the next.

    The extreme is on the heavy side (the sign of the skewness); at most ``most`` values. Both are the sample-adjusted
    estimators G₁ and G₂ (Joanes and Gill 1998). Rule: COINr, ``Treat`` with ``winsorise``.
    """
    given = check_values(values)
    result = given.apply(lambda column: _winsorise(column, skew, kurtosis, most)) if len(given) else given
    return result, _changed(given, result)


def check_values(values: pd.DataFrame, name: str = "values") -> pd.DataFrame:
    """The values as floats. ``AnalysisError`` names what is no frame, a unit or code that is there twice, or a cell that is infinite."""
    check_type(values, name, pd.DataFrame)
    for axis, what in ((values.index, "unit"), (values.columns, "code")):
        if not axis.is_unique:
            raise AnalysisError(f"{what} {axis[axis.duplicated()][0]} is there twice")
    result = values.astype(float)
    infinite = np.argwhere(np.isinf(result.to_numpy()))
    if len(infinite):
        row, column = infinite[0]
        raise AnalysisError(f"the value of unit {values.index[row]} for {values.columns[column]} is infinite")
    return result


def _winsorise(column: pd.Series, skew: float, kurtosis: float, most: int) -> pd.Series:
    result = column.copy()
    while True:
        heavy = result.skew()
        if not (abs(heavy) > skew and result.kurt() > kurtosis):
            return result
        # The values already drawn in stand at the extreme; all of them go on to the next.
        extreme = result.max() if heavy > 0 else result.min()
        rest = result[result != extreme]
        drawn = result.mask(result == extreme, rest.max() if heavy > 0 else rest.min())
        if (drawn.dropna() != column.dropna()).sum() > most:
            return result
        result = drawn


def _changed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    return (before != after) & ~(before.isna() & after.isna())
