"""Values of derived indicators: computed by their formula, and kept as observations of a run."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import pandas as pd
from django.utils import timezone

from kejiting.accounts.classification import Classification

from ..actions.observations import Statement, record_observations
from ..analysis import formula as formulas
from ..compute.formula_values import PLACES, Areas, Inputs, compute_formula, get_formula
from ..compute.series import FREQUENCIES, Figure, load_home, to_decimal, to_label
from ..models import Indicator, MissingReason, RecomputeRun, Status
from .graph import Scope, get_derived

# A derived figure is as sure as the least sure of what it was made of.
_LEAST_SURE = (Status.ESTIMATED, Status.PRELIMINARY)


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
    values, inputs, within = compute_formula(indicator, formula, reads, areas)
    statements = list(_state(indicator, values, inputs, run))
    statements += _withdraw(indicator, statements, within, run)
    return len(record_observations(statements, cause=f"run {run.pk}", only_changes=True, mark=False))


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
