"""Values by a formula: what a derived indicator's figures say together, and which of them each value is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from kejiting.accounts.models import Area, User

from ..analysis import formula as formulas
from ..formulas import split_reference
from ..models import Breakdown, Indicator
from ..numbers import INTEGER_DIGITS
from ..periods import A_YEAR, parse_label, shift
from .series import Cell, Figure, Series, load_home, make_inputs

PLACES = 6  # what an observation holds
# All areas of an indicator.
ALL = None
Areas = frozenset[str] | None

_parse = lru_cache(maxsize=1024)(formulas.parse)


@dataclass(frozen=True)
class Inputs:
    """What a formula reads: figures by code as written in it, and the area each code speaks of ("" for the area itself)."""

    cells: dict[Cell, Series]
    codes: dict[str, tuple[int, str]]
    reads: frozenset[formulas.Read]

    def get(self, area: str, label: str, areas: Iterable[str]) -> list[Figure]:
        """The figures that one value is made of; ``areas`` are all that a rank is among."""
        return [
            figure
            for read in self.reads
            for cell in self._list_cells(read, area, areas)
            if (figure := self.cells.get(cell, {}).get(shift(parse_label(label), -read.lag).label))
        ]

    def _list_cells(self, read: formulas.Read, area: str, areas: Iterable[str]) -> list[Cell]:
        indicator, named = self.codes[read.code]
        return [Cell(indicator, each, Breakdown.TOTAL) for each in ([named] if named else areas if read.is_everywhere else [area])]


def get_formula(indicator: Indicator) -> formulas.Formula | None:
    """What a derived indicator is computed by; None where nothing is written yet. Raises ``FormulaError``."""
    text = indicator.current_definition.formula if indicator.current_definition else ""
    return _parse(text) if text else None


def compute_formula(
    indicator: Indicator, formula: formulas.Formula, reads: Mapping[str, int], areas: Areas, *, by: User | None = None
) -> tuple[pd.DataFrame, Inputs, Areas]:
    """What the formula says for an indicator: periods × areas as floats, what it was made of, and the areas it was asked for.

    ``reads`` are the ids of the indicators it may read, by code. Writes nothing: the preview of a formula that is not yet
    saved is made by this too, of what ``by`` may see. Raises ``FormulaError`` for a code that is none of them.
    """
    within = _get_areas(indicator, formula, areas)
    inputs = _load_inputs(indicator, formula, reads, within, by)
    frames = make_inputs(inputs.codes, inputs.cells, indicator.frequency, within)
    values = formula.evaluate(frames) if frames else pd.DataFrame()
    # What is too large for the record is no value, as what is divided by 0 is none.
    return values.where(values.abs() < 10.0**INTEGER_DIGITS), inputs, within


def _get_areas(indicator: Indicator, formula: formulas.Formula, areas: Areas) -> Areas:
    """The areas to compute: those that changed, of the indicator's level; a rank is among the areas that are ranked."""
    if not indicator.area_level:
        return areas
    level = Area.objects.filter(level=indicator.area_level)
    if formula.needs_all_areas:
        level = level.filter(is_ranked=True)
    found = frozenset(level.values_list("pk", flat=True))
    return found if areas is ALL else found & areas


def _load_inputs(indicator: Indicator, formula: formulas.Formula, reads: Mapping[str, int], areas: Areas, by: User | None) -> Inputs:
    codes: dict[str, tuple[int, str]] = {}
    for code in sorted(formula.codes):
        name, area = (code, "") if code in reads else split_reference(code)
        if name not in reads:
            raise formulas.FormulaError(f"{indicator.code} reads {name}, which is not among its dependencies")
        codes[code] = (reads[name], area)
    named = {area for _pk, area in codes.values() if area}
    cells = load_home(reads.values(), ALL if areas is ALL else areas | named, by=by)
    # A fact is never made of demonstration values.
    facts = {c: s for c, s in cells.items() if indicator.is_demo or not any(f.is_demo for f in s.values())}
    return Inputs(facts, codes, formula.reads(A_YEAR[indicator.frequency]))
