"""A typed formula with the place that is wrong set apart."""

from typing import NamedTuple, Self

from ..formulas import FormulaRefused


class MarkedText(NamedTuple):
    """The text before, at and after the place that is wrong; all of it before, where it is nowhere in the text."""

    before: str
    wrong: str = ""
    after: str = ""
    # Where the text breaks off, something is wrong at its end: there is a place and nothing in it.
    has_place: bool = False

    @classmethod
    def of(cls, text: str, refusal: FormulaRefused | None) -> Self:
        if refusal is None or not refusal.column:
            return cls(text)
        begin = refusal.column - 1
        end = begin + refusal.length
        return cls(text[:begin], text[begin:end], text[end:], True)
