"""Values of derived indicators: computed by their formula, and kept as observations of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pandas as pd
from django.utils import timezone

from kejiting.accounts.classification import Classification
from kejiting.accounts.models import Area

from ..actions.observations import Statement, record_observations
from ..analysis import formula as formulas
from ..formulas import split_reference
from ..models import Breakdown, Indicator, MissingReason, RecomputeRun, Status
from ..periods import A_YEAR, parse_label, shift
from .graph import ALL, Areas, Scope, get_derived, get_formula
from .series import FREQUENCIES, Cell, Figure, Series, load_home, make_inputs, to_decimal, to_label

PLACES = 6  # what an observation holds
# A derived figure is as sure as the least sure of what it was made of.
_LEAST_SURE = (Status.ESTIMATED, Status.PRELIMINARY)


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


def derive(scope: Scope, run: RecomputeRun) -> int:
    """Write a vintage wherever a formula now says something else; in order, so that each reads what is new. How many."""
    written = 0
    for indicator in get_derived(scope):
        formula = get_formula(indicator)
        if formula and indicator.frequency in FREQUENCIES:
            written += _derive_one(indicator, formula, scope.indicators[indicator.pk], run)
    return written


def _derive_one(indicator: Indicator, formula: formulas.Formula, areas: Areas, run: RecomputeRun) -> int:
    reads = {d.reads.code: d.reads_id for d in indicator.dependencies.all()}
    values, inputs, within = compute(indicator, formula, reads, areas)
    statements = list(_state(indicator, values, inputs, run))
    statements += _withdraw(indicator, statements, within, run)
    return len(record_observations(statements, cause=f"run {run.pk}", only_changes=True, mark=False))


def compute(indicator: Indicator, formula: formulas.Formula, reads: Mapping[str, int], areas: Areas) -> tuple[pd.DataFrame, Inputs, Areas]:
    """What the formula says for an indicator: periods × areas as floats, what it was made of, and the areas it was asked for.

    ``reads`` are the ids of the indicators it may read, by code. Writes nothing: the preview of a formula that is not yet
    saved is made by this too. Raises ``FormulaError`` for a code that is none of them.
    """
    within = _get_areas(indicator, formula, areas)
    inputs = _load_inputs(indicator, formula, reads, within)
    frames = make_inputs(inputs.codes, inputs.cells, indicator.frequency, within)
    return formula.evaluate(frames) if frames else pd.DataFrame(), inputs, within


def _get_areas(indicator: Indicator, formula: formulas.Formula, areas: Areas) -> Areas:
    """The areas to compute: those that changed, of the indicator's level; a rank is among the areas that are ranked."""
    if not indicator.area_level:
        return areas
    level = Area.objects.filter(level=indicator.area_level)
    if formula.needs_all_areas:
        level = level.filter(is_ranked=True)
    found = frozenset(level.values_list("pk", flat=True))
    return found if areas is ALL else found & areas


def _load_inputs(indicator: Indicator, formula: formulas.Formula, reads: Mapping[str, int], areas: Areas) -> Inputs:
    codes: dict[str, tuple[int, str]] = {}
    for code in sorted(formula.codes):
        name, area = (code, "") if code in reads else split_reference(code)
        if name not in reads:
            raise formulas.FormulaError(f"{indicator.code} reads {name}, which is not among its dependencies")
        codes[code] = (reads[name], area)
    named = {area for _pk, area in codes.values() if area}
    cells = load_home(reads.values(), ALL if areas is ALL else areas | named)
    # A fact is never made of demonstration values.
    facts = {c: s for c, s in cells.items() if indicator.is_demo or not any(f.is_demo for f in s.values())}
    return Inputs(facts, codes, formula.reads(A_YEAR[indicator.frequency]))


def _state(indicator: Indicator, values: pd.DataFrame, inputs: Inputs, run: RecomputeRun) -> Iterable[Statement]:
    for area in values.columns:
        for period, value in values[area].dropna().items():
            label = to_label(period)
            yield _make(indicator, area, label, to_decimal(float(value), PLACES), inputs.get(area, label, values.columns), run)


def _make(indicator: Indicator, area: str, label: str, value: Decimal, inputs: list[Figure], run: RecomputeRun) -> Statement:
    statuses = {f.status for f in inputs}
    published = [f.published_on for f in inputs]
    internal = any(f.classification == Classification.INTERNAL for f in inputs)
    return Statement(
        indicator=indicator,
        area=area,
        period=label,
        value=value,
        status=next((status for status in _LEAST_SURE if status in statuses), Status.FINAL),
        # Known to the world once the last of its inputs was.
        published_on=max(p for p in published if p) if published and all(published) else None,
        released_at=_get_release(inputs),
        classification=Classification.INTERNAL if internal else "",
        origin={"run": run},
    )


def _get_release(inputs: list[Figure]) -> datetime | None:
    """When the last of the inputs may be seen by others; None leaves it to the moment of recording."""
    return max((f.released_at or timezone.now() for f in inputs), default=None)


def _withdraw(indicator: Indicator, statements: list[Statement], areas: Areas, run: RecomputeRun) -> list[Statement]:
    """What was computed once and cannot be any more is missing from now on, not left standing."""
    stated = {(s.area, s.period) for s in statements}
    return [
        Statement(indicator=indicator, area=cell.area, period=f.label, value=None, missing=MissingReason.NOT_AVAILABLE, origin={"run": run})
        for cell, series in load_home([indicator.pk], areas).items()
        for f in series.values()
        if f.value is not None and (cell.area, f.label) not in stated
    ]
