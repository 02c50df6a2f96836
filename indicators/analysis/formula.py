"""Formulas of derived indicators and of rules: a small language, parsed by hand, never evaluated as code.

    + - * / ( )      < <= = != >= >      numbers      indicator codes (letters, digits, ``_``, ``.``)
    sum(a, b, …)  mean  min  max  abs      period by period over their arguments
    prev(x, n)    n periods earlier (periods, not rows)
    yoy(x)        ratio growth on the same period a year earlier
    share(x, y)   x / y
    rank(x)       over the areas given, 1 = highest, ties share the smaller number

Values are a Series (one area, broadcast where frames take part) or a DataFrame (columns: areas) over a
``PeriodIndex``. Missing stays missing; division by zero is missing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import AnalysisError, series

Value = pd.Series | pd.DataFrame | float


class FormulaError(AnalysisError):
    """A formula that cannot be read: where (``column``, from 1), what stood there and what was expected."""

    def __init__(self, message: str, column: int = 0, expected: str = "", found: str = "") -> None:
        super().__init__(f"{message} (column {column})" if column else message)
        self.column, self.expected, self.found = column, expected, found


_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![A-Za-z_])|(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(?P<sign><=|>=|!=|[-+*/(),<>=]))"
)
_COMPARISONS: dict[str, Callable[[Value, Value], Value]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}
# name: (fewest, most) arguments; None is any number.
_ARITY: dict[str, tuple[int, int | None]] = {
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
_DEEPEST = 60


@dataclass(frozen=True)
class _Number:
    value: float


@dataclass(frozen=True)
class _Code:
    name: str


@dataclass(frozen=True)
class _Operation:
    """A call or an operator with its arguments; ``neg`` is the unary minus."""

    name: str
    arguments: tuple["_Node", ...]


_Node = _Number | _Code | _Operation


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True)
class Formula:
    """A formula that was read; ``codes`` are the indicators it needs."""

    text: str
    root: _Node
    codes: frozenset[str]

    def evaluate(self, values: Mapping[str, pd.Series | pd.DataFrame]) -> pd.Series | pd.DataFrame:
        """The formula over the given values, of their common shape. Raises ``FormulaError`` naming a code without values."""
        if missing := sorted(self.codes - set(values)):
            raise FormulaError(f"no values for {missing[0]}")
        return _evaluate(self.root, _align({code: values[code] for code in self.codes}))


def parse(text: str) -> Formula:
    """Read a formula. Raises ``FormulaError`` with the column and what was expected there."""
    reader = _Reader(_tokens(text), len(text) + 1)
    root = reader.comparison()
    reader.end()
    codes: set[str] = set()
    _collect(root, codes)
    return Formula(text, root, frozenset(codes))


def dependencies(formulas: Sequence[tuple[str, Formula]]) -> list[str]:
    """The codes in an order in which each comes after what it reads. Raises ``FormulaError`` with the path of a cycle."""
    reads = {code: sorted(formula.codes & {c for c, _ in formulas}) for code, formula in formulas}
    order: list[str] = []
    done: set[str] = set()
    for code, _formula in formulas:
        _visit(code, reads, [], done, order)
    return order


def _visit(code: str, reads: Mapping[str, list[str]], path: list[str], done: set[str], order: list[str]) -> None:
    if code in done:
        return
    if code in path:
        raise FormulaError("cycle: " + " → ".join([*path[path.index(code) :], code]))
    for other in reads[code]:
        _visit(other, reads, [*path, code], done, order)
    done.add(code)
    order.append(code)


# -- reading -----------------------------------------------------------------------------------


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise FormulaError(f"{text[start]!r} has no meaning here", start + 1, "a number, a code or an operator", text[start])
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return tokens


class _Reader:
    """Recursive descent: comparison → sum → product → unary → atom."""

    def __init__(self, tokens: Sequence[_Token], end_column: int) -> None:
        self.tokens, self.end_column, self.at, self.depth = tokens, end_column, 0, 0

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

    def fail(self, expected: str) -> FormulaError:
        token = self.current
        found = token.text or "the end"
        return FormulaError(f"expected {expected}, found {found}", token.column, expected, token.text)

    def comparison(self) -> _Node:
        left = self.sum()
        if sign := self.take(*_COMPARISONS):
            return _Operation(sign, (left, self.sum()))
        return left

    def sum(self) -> _Node:
        left = self.product()
        while sign := self.take("+", "-"):
            left = _Operation(sign, (left, self.product()))
        return left

    def product(self) -> _Node:
        left = self.unary()
        while sign := self.take("*", "/"):
            left = _Operation(sign, (left, self.unary()))
        return left

    def unary(self) -> _Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fail("fewer brackets")
        node = _Operation("neg", (self.unary(),)) if self.take("-") else self.atom()
        self.depth -= 1
        return node

    def atom(self) -> _Node:
        token = self.current
        if token.kind == "number":
            self.at += 1
            return _Number(float(token.text))
        if token.kind == "name":
            self.at += 1
            return self.call(token) if self.take("(") else _Code(token.text)
        if self.take("("):
            node = self.comparison()
            self.close()
            return node
        raise self.fail("a number, a code, a function or (")

    def call(self, name: _Token) -> _Node:
        if name.text not in _ARITY:
            expected = ", ".join(_ARITY)
            raise FormulaError(f"there is no function {name.text}", name.column, f"one of {expected}", name.text)
        arguments = [self.sum()]
        while self.take(","):
            arguments.append(self.sum())
        fewest, most = _ARITY[name.text]
        if len(arguments) < fewest or (most is not None and len(arguments) > most):
            raise FormulaError(f"{name.text} takes {fewest} arguments, not {len(arguments)}", name.column, f"{fewest} arguments", name.text)
        self.close()
        if name.text == "prev" and not (isinstance(arguments[1], _Number) and arguments[1].value.is_integer() and arguments[1].value >= 1):
            raise FormulaError("prev(x, n) takes a whole number of periods from 1", name.column, "a whole number", name.text)
        return _Operation(name.text, tuple(arguments))

    def close(self) -> None:
        if not self.take(")"):
            raise self.fail("an operator, a comma or )")

    def end(self) -> None:
        if self.current.kind != "end":
            raise self.fail("an operator or the end")


def _collect(node: _Node, codes: set[str]) -> None:
    if isinstance(node, _Code):
        codes.add(node.name)
    elif isinstance(node, _Operation):
        for argument in node.arguments:
            _collect(argument, codes)


# -- evaluating --------------------------------------------------------------------------------


def _align(values: Mapping[str, pd.Series | pd.DataFrame]) -> dict[str, pd.Series | pd.DataFrame]:
    """All values over the same whole stretch of periods; a Series beside frames is broadcast over their areas."""
    if not values:
        return {}
    starts = [v.index.min() for v in values.values() if len(v)]
    ends = [v.index.max() for v in values.values() if len(v)]
    frequencies = {v.index.freqstr for v in values.values() if isinstance(v.index, pd.PeriodIndex)}
    if len(frequencies) != 1 or any(not isinstance(v.index, pd.PeriodIndex) for v in values.values()):
        raise FormulaError("the values are not over one PeriodIndex frequency")
    freq = frequencies.pop()
    index = pd.period_range(min(starts), max(ends), freq=freq) if starts else pd.PeriodIndex([], freq=freq)
    columns = sorted({c for v in values.values() if isinstance(v, pd.DataFrame) for c in v.columns})
    has_frames = any(isinstance(v, pd.DataFrame) for v in values.values())
    aligned: dict[str, pd.Series | pd.DataFrame] = {}
    for code, value in values.items():
        whole = value.astype(float).reindex(index)
        if has_frames:
            whole = whole.reindex(columns=columns) if isinstance(whole, pd.DataFrame) else pd.concat([whole] * len(columns), axis=1, keys=columns)
        aligned[code] = whole
    return aligned


def _evaluate(node: _Node, values: Mapping[str, pd.Series | pd.DataFrame]) -> Value:
    if isinstance(node, _Number):
        return node.value
    if isinstance(node, _Code):
        return values[node.name]
    arguments = [_evaluate(argument, values) for argument in node.arguments]
    with np.errstate(all="ignore"):
        return _FUNCTIONS[node.name](*arguments)


def _finite(value: Value) -> Value:
    """Division by zero is missing, and so is what overflowed."""
    if isinstance(value, pd.Series | pd.DataFrame):
        return value.where(np.isfinite(value.astype(float)))
    return value if np.isfinite(value) else float("nan")


def _divide(a: Value, b: Value) -> Value:
    if isinstance(a, float) and isinstance(b, float):
        return a / b if b else float("nan")
    return _finite(a / b)


def _compare(sign: str) -> Callable[[Value, Value], Value]:
    """True, false, or missing where a side is missing."""

    def compare(a: Value, b: Value) -> Value:
        outcome = _COMPARISONS[sign](a, b)
        known = _is_known(a) & _is_known(b)
        if isinstance(outcome, pd.Series | pd.DataFrame):
            return outcome.astype(object).where(known, np.nan)
        return outcome if known else float("nan")

    return compare


def _is_known(value: Value) -> Value:
    return value.notna() if isinstance(value, pd.Series | pd.DataFrame) else not np.isnan(value)


def _fold(step: Callable[[Value, Value], Value]) -> Callable[..., Value]:
    def fold(*arguments: Value) -> Value:
        total = arguments[0]
        for argument in arguments[1:]:
            total = step(total, argument)
        return total

    return fold


def _extreme(choose: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    def pick(a: Value, b: Value) -> Value:
        if not isinstance(a, pd.Series | pd.DataFrame):
            a, b = b, a
        # np.minimum and np.maximum hand NaN on, as everything here does.
        return choose(a, b)

    return pick


def _mean(*arguments: Value) -> Value:
    return _fold(lambda a, b: a + b)(*arguments) / len(arguments)


def _prev(x: Value, n: Value) -> Value:
    return x.shift(int(n)) if isinstance(x, pd.Series | pd.DataFrame) else x


def _yoy(x: Value) -> Value:
    if not isinstance(x, pd.Series | pd.DataFrame):
        return 0.0
    return series.growth(x, 4 if x.index.freqstr == "Q-DEC" else 1)


def _rank(x: Value) -> Value:
    if isinstance(x, pd.DataFrame):
        return x.rank(axis=1, ascending=False, method="min")
    raise FormulaError("rank() needs values of several areas")


_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "+": lambda a, b: _finite(a + b),
    "-": lambda a, b: _finite(a - b),
    "*": lambda a, b: _finite(a * b),
    "/": _divide,
    "neg": lambda a: -a,
    **{sign: _compare(sign) for sign in _COMPARISONS},
    "sum": _fold(lambda a, b: a + b),
    "mean": _mean,
    "min": _fold(_extreme(np.minimum)),
    "max": _fold(_extreme(np.maximum)),
    "abs": abs,
    "prev": _prev,
    "yoy": _yoy,
    "share": _divide,
    "rank": _rank,
}
