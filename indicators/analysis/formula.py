"""Formulas of derived indicators and of rules: a small language, parsed by hand, never evaluated as code.

    + - * / ( )      numbers      indicator codes (letters, digits, ``_``, ``.``, a letter first)
    < <= = != >= >   once, between two sides: a rule, true or false
    sum(a, b, …)  mean  min  max  abs      period by period over their arguments
    prev(x, n)    n periods earlier (periods, not rows)
    yoy(x)        (x − b)/|b| with b the same period a year earlier
    share(x, y)   x / y
    rank(x)       over the areas given, 1 = highest, ties share the smaller number

Missing stays missing; division by zero, and what overflows, is missing.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from . import AnalysisError
from .series import periods_a_year

Values: TypeAlias = pd.Series | pd.DataFrame
# What a step of the program pushes, joins or applies, and with how many arguments.
Step: TypeAlias = tuple[str, Any, int]

COMPARISONS: Final = ("<", "<=", "=", "!=", ">=", ">")
# Name: (fewest, most) arguments; None is any number.
FUNCTIONS: Final[dict[str, tuple[int, int | None]]] = {
    "sum": (1, None),
    "mean": (1, None),
    "min": (1, None),
    "max": (1, None),
    "abs": (1, 1),
    "prev": (2, 2),
    "yoy": (1, 1),
    "share": (2, 2),
    "rank": (1, 1),
}
# Deeper than anybody writes by hand, and shallow enough for the interpreter's own stack.
DEEPEST: Final = 60
# 0.1 + 0.2 = 0.3 must hold: decimals become binary fractions, and a rule must not fail by the last bits.
SAME: Final = 1e-12


class FormulaError(AnalysisError):
    """A formula that cannot be read or used: where (``column``, from 1; 0: nowhere in the text), what stood there and what was expected.

    ``expected`` is one of a fixed set of phrases, so that a screen can word it in its own language.
    """

    def __init__(self, message: str, column: int = 0, expected: str = "", found: str = "") -> None:
        super().__init__(f"{message} (column {column})" if column else message)
        self.column, self.expected, self.found = column, expected, found


class Read(NamedTuple):
    """A value that a formula needs: of a code, so many periods earlier, of the area itself or of every area."""

    code: str
    lag: int
    is_everywhere: bool


@dataclass(frozen=True)
class Formula:
    """A formula that was read. ``codes`` are the indicators it needs, ``program`` its steps in postfix order."""

    text: str
    codes: frozenset[str]
    program: tuple[Step, ...]

    @property
    def is_rule(self) -> bool:
        """Whether it says true or false, not a number."""
        return self.program[-1][1] in COMPARISONS and self.program[-1][0] == "apply"

    @property
    def needs_past(self) -> bool:
        """Whether a value changes with values of earlier periods."""
        return any(kind == "apply" and name in ("prev", "yoy") for kind, name, _ in self.program)

    @property
    def needs_all_areas(self) -> bool:
        """Whether a value changes with the values of other areas."""
        return any(kind == "apply" and name == "rank" for kind, name, _ in self.program)

    def reads(self, per_year: int) -> frozenset[Read]:
        """Which values one value is computed of, where a year has ``per_year`` periods.

        >>> sorted(parse("yoy(a) * b").reads(4))
        [Read(code='a', lag=0, is_everywhere=False), Read(code='a', lag=4, is_everywhere=False), Read(code='b', lag=0, is_everywhere=False)]
        """
        stack: list[Any] = []
        for kind, what, count in self.program:
            if kind == "apply":
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(_gather(what, arguments, per_year))
            else:
                stack.append({Read(what, 0, False)} if kind == "code" else what)
        return frozenset(_only_reads(stack))

    def evaluate(self, values: Mapping[str, Values]) -> Values:
        """The formula over the values by code: Series over periods, or DataFrames with a column an area.

        The answer has their common shape (the union of their periods and areas; a Series beside frames stands for every
        area), floats, or for a rule ``True``, ``False`` and NaN. Without ``prev`` and ``yoy`` the index may be units.
        Raises ``FormulaError`` naming a code without values, and for values that do not go together.
        """
        if missing := sorted(self.codes - set(values)):
            raise FormulaError(f"no values for {missing[0]}")
        table = _Table.of({code: values[code] for code in sorted(self.codes)} if self.codes else values)
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for kind, what, count in self.program:
                if kind == "apply":
                    arguments = stack[-count:]
                    del stack[-count:]
                    stack.append(_apply(what, arguments, table))
                else:
                    stack.append(table.columns_of[what] if kind == "code" else what)
        return table.answer(stack.pop())


def _gather(name: str, arguments: Sequence[Any], per_year: int) -> set[Read]:
    """What a step needs, given what its arguments need; the second of ``prev`` is a number of periods."""
    found = _only_reads(arguments)
    if name == "prev":
        return {read._replace(lag=read.lag + arguments[1]) for read in found}
    if name == "yoy":
        return found | {read._replace(lag=read.lag + per_year) for read in found}
    return {read._replace(is_everywhere=True) for read in found} if name == "rank" else found


def _only_reads(stack: Sequence[Any]) -> set[Read]:
    """Numbers need nothing."""
    return {read for each in stack if isinstance(each, set) for read in each}


def parse(text: str) -> Formula:
    """Read a formula. Raises ``FormulaError`` with the column and what was expected there.

    >>> sorted(parse("rd_expenditure / rd_expenditure.000000 * 100").codes)
    ['rd_expenditure', 'rd_expenditure.000000']
    """
    reader = _Reader(list(_tokens(text)), len(text) + 1)
    reader.comparison()
    return Formula(text, frozenset(what for kind, what, _ in reader.steps if kind == "code"), tuple(reader.steps))


def dependencies(formulas: Sequence[tuple[str, Formula]]) -> list[str]:
    """The given codes in an order in which each comes after those it reads, otherwise as given.

    Raises ``FormulaError`` with the path of a cycle, and for a code given twice.
    """
    reads = {code: formula.codes for code, formula in formulas}
    if len(reads) < len(formulas):
        twice = next(code for at, (code, _) in enumerate(formulas) if code in {c for c, _ in formulas[:at]})
        raise FormulaError(f"{twice} has two formulas")
    order: dict[str, None] = {}
    for code in reads:
        _visit(code, reads, order)
    return list(order)


def _visit(start: str, reads: Mapping[str, frozenset[str]], order: dict[str, None]) -> None:
    """Depth first, on a stack of our own: a long chain of formulas must not exhaust the interpreter's."""
    path: dict[str, Iterator[str]] = {}

    def enter(code: str) -> None:
        if code in path:
            names = list(path)
            raise FormulaError("the formulas read each other in a circle: " + " → ".join([*names[names.index(code) :], code]))
        if code not in order:
            path[code] = iter(sorted(reads[code] & reads.keys()))

    enter(start)
    while path:
        code = next(reversed(path))
        following = next(path[code], None)
        if following is None:
            del path[code]
            order[code] = None
        else:
            enter(following)


# -- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])
      | (?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)
      | (?P<sign><=|>=|!=|[-+*/(),<>=])""",
    re.VERBOSE,
)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(f"{text[position]!r} has no meaning here", position + 1, "a number, a code or an operator", text[position])
        yield _Token(match.lastgroup or "", match[0], position + 1)
        position = match.end()


class _Reader:
    """Recursive descent, comparison → sum → product → unary → atom; writes the steps of the program as it goes."""

    def __init__(self, tokens: Sequence[_Token], end_column: int) -> None:
        self.tokens, self.end_column, self.at, self.depth = tokens, end_column, 0, 0
        self.steps: list[Step] = []

    @property
    def current(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _Token("end", "", self.end_column)

    def take(self, *signs: str) -> str:
        """The sign, if it is the next token and one of these; else nothing."""
        token = self.current
        if token.kind == "sign" and token.text in signs:
            self.at += 1
            return token.text
        return ""

    def fail(self, expected: str, at: _Token | None = None) -> FormulaError:
        token = at or self.current
        return FormulaError(f"expected {expected}, found {token.text or 'the end'}", token.column, expected, token.text)

    def apply(self, name: str, arguments: int) -> None:
        self.steps.append(("apply", name, arguments))

    def comparison(self) -> None:
        self.sum()
        if sign := self.take(*COMPARISONS):
            self.sum()
            self.apply(sign, 2)
        if self.current.kind != "end":
            raise self.fail("an operator or the end")

    def sum(self) -> None:
        self.product()
        while sign := self.take("+", "-"):
            self.product()
            self.apply(sign, 2)

    def product(self) -> None:
        self.unary()
        while sign := self.take("*", "/"):
            self.unary()
            self.apply(sign, 2)

    def unary(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("fewer brackets")
        if self.take("-"):
            self.unary()
            self.apply("neg", 1)
        else:
            self.atom()
        self.depth -= 1

    def atom(self) -> None:
        token = self.current
        if token.kind == "number":
            self.at += 1
            self.steps.append(("number", float(token.text), 0))
        elif token.kind == "name":
            self.at += 1
            if self.take("("):
                self.call(token)
            else:
                self.steps.append(("code", token.text, 0))
        elif self.take("("):
            self.sum()
            self.close()
        else:
            raise self.fail("a number, a code, a function or (")

    def call(self, name: _Token) -> None:
        if name.text not in FUNCTIONS:
            raise self.fail(f"one of {', '.join(FUNCTIONS)}", name)
        fewest, most = FUNCTIONS[name.text]
        self.sum()
        count = 1
        while self.take(","):
            count += 1
            if name.text == "prev" and count == 2:
                self.periods()
            else:
                self.sum()
        self.close()
        if count < fewest or (most is not None and count > most):
            raise self.fail(f"{fewest} arguments", name)
        self.apply(name.text, count)

    def periods(self) -> None:
        """How many periods ``prev`` goes back: written out, so that what a formula needs can be told without computing it."""
        token = self.current
        if token.kind != "number" or not float(token.text).is_integer() or float(token.text) < 1:
            raise self.fail("a whole number")
        self.at += 1
        self.steps.append(("number", int(float(token.text)), 0))

    def close(self) -> None:
        if not self.take(")"):
            raise self.fail("an operator, a comma or )")


# -- evaluating ----------------------------------------------------------------------------------


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
