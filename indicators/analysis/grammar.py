"""How the text of a formula is read: tokens, then recursive descent, into the steps of a program in postfix order."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from . import AnalysisError

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


class FormulaError(AnalysisError):
    """A formula that cannot be read or used: where (``column``, from 1; 0: nowhere in the text), what stood there and what was expected.

    ``expected`` is one of a fixed set of phrases, so that a screen can word it in its own language.
    """

    def __init__(self, message: str, column: int = 0, expected: str = "", found: str = "") -> None:
        super().__init__(f"{message} (column {column})" if column else message)
        self.column, self.expected, self.found = column, expected, found


def read_steps(text: str) -> tuple[Step, ...]:
    """The program of a formula. Raises ``FormulaError``."""
    reader = _Reader(list(_tokens(text)), len(text) + 1)
    reader.comparison()
    return tuple(reader.steps)


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
