"""The steps of a formula over values: arrays of periods by areas, in which missing stays missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

from .grammar import COMPARISONS, FormulaError, Step
from .series import periods_a_year

Values: TypeAlias = pd.Series | pd.DataFrame
# 0.1 + 0.2 = 0.3 must hold: decimals become binary fractions, and a rule must not fail by the last bits.
SAME: Final = 1e-12


def run_steps(program: Sequence[Step], values: Mapping[str, Values]) -> Values:
    """What a program makes of values by code, in their common shape."""
    table = _Table.of(values)
    stack: list[Any] = []
    with np.errstate(all="ignore"):
        for kind, what, count in program:
            if kind == "apply":
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(_apply(what, arguments, table))
            else:
                stack.append(table.columns_of[what] if kind == "code" else what)
    return table.answer(stack.pop())


@dataclass(frozen=True)
class _Table:
    """The values as arrays over one index (rows) and one set of areas: n × areas, or n × 1 for what is the same in all."""

    index: pd.Index
    wanted: pd.Index
    areas: pd.Index | None
    columns_of: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, values: Mapping[str, Values]) -> "_Table":
        if not values:
            raise FormulaError("there are no values to compute with")
        for code, value in values.items():
            if not isinstance(value, Values):
                raise FormulaError(f"the values of {code} must be a Series or a DataFrame, not {type(value).__name__}")
            if not value.index.is_unique or (isinstance(value, pd.DataFrame) and not value.columns.is_unique):
                raise FormulaError(f"the values of {code} have a period, unit or area twice")
        wanted = _union([value.index for value in values.values()])
        frames = [value.columns for value in values.values() if isinstance(value, pd.DataFrame)]
        areas = _union(frames) if frames else None
        index = wanted
        if isinstance(wanted, pd.PeriodIndex):
            periods_a_year(wanted)
            # Every period once and in order, so that rows are periods.
            index = pd.period_range(wanted.min(), wanted.max()) if len(wanted) else wanted
        return cls(index, wanted, areas, {code: _column(value, index, areas) for code, value in values.items()})

    def back(self, values: np.ndarray, periods: int) -> np.ndarray:
        earlier = np.full_like(values, np.nan)
        if periods < len(values):
            earlier[periods:] = values[:-periods]
        return earlier

    def rank(self, values: np.ndarray) -> np.ndarray:
        if isinstance(self.index, pd.PeriodIndex):
            if self.areas is None:
                raise FormulaError("rank needs the values of several areas")
            values = np.broadcast_to(values, (len(self.index), len(self.areas)))
            return pd.DataFrame(values).rank(axis=1, ascending=False, method="min").to_numpy()
        return pd.DataFrame(values).rank(axis=0, ascending=False, method="min").to_numpy()

    def answer(self, values: Any) -> Values:
        whole = np.broadcast_to(values, (len(self.index), 1 if self.areas is None else len(self.areas)))
        if self.areas is None:
            return pd.Series(whole[:, 0], index=self.index).reindex(self.wanted)
        return pd.DataFrame(whole, index=self.index, columns=self.areas).reindex(self.wanted)


def _union(indexes: Sequence[pd.Index]) -> pd.Index:
    """The one index they all are, or all that is in any of them."""
    first = indexes[0]
    if all(index.equals(first) for index in indexes):
        return first
    if len({index.dtype if isinstance(index, pd.PeriodIndex) else "labels" for index in indexes}) > 1:
        raise FormulaError("the values are of different frequencies, or some by period and some by unit")
    if isinstance(first, pd.PeriodIndex):
        return reduce(lambda a, b: a.union(b), indexes).sort_values()
    return reduce(lambda a, b: a.append(b.difference(a, sort=False)), indexes)


def _column(value: Values, index: pd.Index, areas: pd.Index | None) -> np.ndarray:
    if isinstance(value, pd.DataFrame):
        return _finite(value.reindex(index=index, columns=areas).to_numpy(dtype=float, na_value=np.nan))
    return _finite(value.reindex(index).to_numpy(dtype=float, na_value=np.nan)[:, np.newaxis])


def _finite(values: Any) -> Any:
    return np.where(np.isfinite(values), values, np.nan)


def _apply(name: str, arguments: Sequence[Any], table: _Table) -> Any:
    if name in COMPARISONS:
        return _compare(name, *arguments)
    if name in ("prev", "yoy", "rank"):
        x = np.broadcast_to(arguments[0], (len(table.index), np.shape(arguments[0])[-1] if np.ndim(arguments[0]) else 1))
        if name == "rank":
            return table.rank(x)
        per_year = periods_a_year(table.index)
        return table.back(x, arguments[1]) if name == "prev" else _grow(x, table.back(x, per_year))
    return _finite(_ARITHMETIC[name](*arguments))


def _grow(x: np.ndarray, base: np.ndarray) -> np.ndarray:
    usable = (base != 0) & (np.sign(x) * np.sign(base) >= 0)
    return np.asarray(_finite(np.where(usable, (x - base) / np.abs(base), np.nan)))


def _compare(sign: str, left: Any, right: Any) -> np.ndarray:
    """True, false, or NaN where a side is missing; sides within 1e-12 of their size are equal."""
    same = np.abs(left - right) <= SAME * np.maximum(np.abs(left), np.abs(right))
    outcome = {
        "<": (left < right) & ~same,
        "<=": (left < right) | same,
        "=": same,
        "!=": ~same,
        ">=": (left > right) | same,
        ">": (left > right) & ~same,
    }[sign]
    answer = np.asarray(outcome).astype(object)
    return np.where(np.isnan(left) | np.isnan(right), np.nan, answer)


_ARITHMETIC: Final[dict[str, Callable[..., Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "neg": np.negative,
    "abs": np.abs,
    "share": np.divide,
    "sum": lambda *x: reduce(np.add, x),
    "mean": lambda *x: reduce(np.add, x) / len(x),
    "min": lambda *x: reduce(np.minimum, x),
    "max": lambda *x: reduce(np.maximum, x),
}
