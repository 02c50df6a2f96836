"""What a series says by itself: what in it looks wrong, and whether it is on its way (the progress measure of Open SDG)."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..analysis import progress, quality
from ..analysis import series as core
from ..analysis.screening import may_have_findings
from ..compute.judge import get_goal
from ..compute.series import FREQUENCIES, Cell, Series, make_frame, make_values, to_decimal, to_label
from ..models import Breakdown, Indicator, Period, Result, Target
from .book import Book
from .measures import POINTS, WITHOUT_GROWTH
from .methods import PROGRESS_MEASURE, QUALITY, ResultMethod
from .rows import Row, inherit, list_inputs

Measure = Result.Measure
PLACES = 10


def appraise(cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator], targets: Sequence[Target], book: Book) -> Iterator[Row]:
    """A row a period with findings, and the progress measure of each cell and of each target."""
    yield from _find_all(cells, indicators, book)
    by_cell: dict[Cell, list[Target]] = defaultdict(list)
    for target in targets:
        by_cell[Cell(target.indicator_id, target.area_id, Breakdown.TOTAL)].append(target)
    for cell, years, labels in _list_years(cells, indicators):
        yield from _measure_progress(cell, years, labels, cells[cell], indicators[cell.indicator], by_cell[cell], book)


# -- findings ------------------------------------------------------------------------------------


def _find_all(cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator], book: Book) -> Iterator[Row]:
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell, series in cells.items():
        for name in sorted({f.span.frequency for f in series.values()} & FREQUENCIES.keys()):
            groups[name, indicators[cell.indicator].accumulation].append(cell)
    for (frequency, accumulation), group in groups.items():
        frame = make_frame([cells[cell] for cell in group], frequency)
        if frame.empty:
            continue
        bounds = [_get_bounds(indicators[cell.indicator]) for cell in group]
        for at, is_suspect in enumerate(may_have_findings(frame, accumulation=accumulation, bounds=bounds)):
            if is_suspect:
                yield from _find(group[at], cells[group[at]], frequency, indicators[group[at].indicator], book)


def _get_bounds(indicator: Indicator) -> quality.Bounds:
    low, high = (None if limit is None else float(limit) for limit in (indicator.minimum, indicator.maximum))
    return low, high


def _find(cell: Cell, series: Series, frequency: str, indicator: Indicator, book: Book) -> Iterator[Row]:
    by_period: dict[str, list[quality.Finding]] = defaultdict(list)
    values = make_values(series, frequency)
    for finding in quality.checks(values, accumulation=indicator.accumulation, bounds=_get_bounds(indicator)):
        by_period[to_label(finding.period)].append(finding)
    for label, findings in by_period.items():
        worst = "error" if any(f.severity == "error" for f in findings) else "warning"
        detail = {"findings": [{"code": f.code, "severity": f.severity, "numbers": _finite(f.numbers)} for f in findings]}
        yield _make(cell, Measure.FINDINGS, label, len(findings), worst, detail, QUALITY, series, [label], indicator, book)


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """JSON has no word for what is not a number."""
    return {name: round(float(number), 6) for name, number in numbers.items() if math.isfinite(number)}


# -- the progress measure ------------------------------------------------------------------------


def _list_years(cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator]) -> Iterator[tuple[Cell, pd.Series, list[str]]]:
    """By cell its yearly values, as published or of whole years' quarters, and the periods they were made of."""
    groups: dict[tuple[str, str], dict[Cell, list[str]]] = defaultdict(dict)
    for cell, series in cells.items():
        indicator = indicators[cell.indicator]
        if indicator.unit_of_measure in WITHOUT_GROWTH:
            continue
        accumulation = "stock" if indicator.unit_of_measure in POINTS else indicator.accumulation
        known = {name: [f.label for f in series.values() if f.span.frequency == name and f.value is not None] for name in FREQUENCIES}
        frequency = next((name for name in ("year", "quarter") if known[name]), None)
        if frequency:
            groups[frequency, accumulation][cell] = known[frequency]
    for (name, accumulation), group in groups.items():
        years = core.annual(make_frame([cells[cell] for cell in group], name), accumulation)
        for at, (cell, labels) in enumerate(group.items()):
            yield cell, years[at], labels


def _measure_progress(
    cell: Cell, years: pd.Series, labels: Sequence[str], series: Series, indicator: Indicator, targets: Sequence[Target], book: Book
) -> Iterator[Row]:
    """Of itself, and toward each target of a later year."""
    for target in [None, *(t for t in targets if t.period.frequency == Period.Frequency.YEAR)]:
        goal = get_goal(target) if target else None
        if target and goal is None:
            continue
        aim = {"target": float(goal), "target_year": target.period.ends_on.year} if target and goal is not None else {}
        measured = progress.progress_measure(years, direction=indicator.direction, **aim)  # type: ignore[arg-type]  # two words
        ratio = measured.value if math.isfinite(measured.value) else None
        # A target that is reached is achieved also where growth and what it needs have no ratio.
        if measured.current_year is None or (ratio is None and measured.status != "achieved"):
            continue
        detail = {"score": round(measured.score, 6), "base_year": measured.base_year, "current_year": measured.current_year}
        label = str(measured.current_year)
        yield _make(cell, Measure.PROGRESS, label, ratio, measured.status, detail, PROGRESS_MEASURE, series, labels, indicator, book, target)


def _make(
    cell: Cell,
    measure: str,
    label: str,
    value: float | None,
    text: str,
    detail: dict[str, Any],
    method: ResultMethod,
    series: Series,
    labels: Sequence[str],
    indicator: Indicator,
    book: Book,
    target: Target | None = None,
) -> Row:
    figures = [f for name in labels if (f := series.get(name))]
    inherited = inherit(figures, indicator=indicator, now=book.now)
    return Row(
        measure=measure,
        indicator_id=cell.indicator,
        area_id=cell.area,
        breakdown_id=cell.breakdown,
        target_id=target.pk if target else None,
        period_id=label,
        value=None if value is None else to_decimal(value, PLACES),
        text=text,
        detail={"inputs": list_inputs(figures), **detail},
        method=method.name,
        version=method.version,
        **inherited._replace(is_demo=inherited.is_demo or bool(target and target.is_demo))._asdict(),
    )
