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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .evaluation import Values, run_steps
from .grammar import COMPARISONS, FormulaError, Step, read_steps


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
        return run_steps(self.program, {code: values[code] for code in sorted(self.codes)} if self.codes else values)


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
    steps = read_steps(text)
    return Formula(text, frozenset(what for kind, what, _ in steps if kind == "code"), steps)


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
