"""What a series says by itself: what in it looks wrong, and whether it is on its way (the progress measure of Open SDG)."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..analysis import progress, quality
from ..analysis import series as core
from ..compute.judge import get_goal
from ..compute.series import FREQUENCIES, Cell, Series, inherit, list_inputs, make_frame, to_decimal, to_label
from ..models import Breakdown, Indicator, Period, Result, Target
from .book import Book
from .measures import POINTS, WITHOUT_GROWTH
from .methods import PROGRESS_MEASURE, QUALITY, ResultMethod

Measure = Result.Measure
PLACES = 10


def appraise(cells: Mapping[Cell, Series], indicators: Mapping[int, Indicator], targets: Sequence[Target], book: Book) -> Iterator[Result]:
    """A row a period with findings, and the progress measure of each cell and of each target."""
    by_cell: dict[Cell, list[Target]] = defaultdict(list)
    for target in targets:
        by_cell[Cell(target.indicator_id, target.area_id, Breakdown.TOTAL)].append(target)
    for cell, series in cells.items():
        indicator = indicators[cell.indicator]
        for frequency in sorted({f.span.frequency for f in series.values()} & FREQUENCIES.keys()):
            yield from _find(cell, series, frequency, indicator, book)
        yield from _measure_progress(cell, series, indicator, by_cell[cell], book)


# -- findings ------------------------------------------------------------------------------------


def _find(cell: Cell, series: Series, frequency: str, indicator: Indicator, book: Book) -> Iterator[Result]:
    frame = make_frame({cell: series}, frequency)
    if frame.empty:
        return
    low, high = (None if limit is None else float(limit) for limit in (indicator.minimum, indicator.maximum))
    by_period: dict[str, list[quality.Finding]] = defaultdict(list)
    for finding in quality.checks(frame[tuple(cell)], accumulation=indicator.accumulation, bounds=(low, high)):
        by_period[to_label(finding.period)].append(finding)
    for label, findings in by_period.items():
        worst = "error" if any(f.severity == "error" for f in findings) else "warning"
        detail = {"findings": [{"code": f.code, "severity": f.severity, "numbers": _finite(f.numbers)} for f in findings]}
        yield _make(cell, Measure.FINDINGS, label, len(findings), worst, detail, QUALITY, series, [label], indicator, book)


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """JSON has no word for what is not a number."""
    return {name: round(float(number), 6) for name, number in numbers.items() if math.isfinite(number)}


# -- the progress measure ------------------------------------------------------------------------


def _measure_progress(cell: Cell, series: Series, indicator: Indicator, targets: Sequence[Target], book: Book) -> Iterator[Result]:
    """By yearly values: of itself, and toward each target of a later year."""
    if indicator.unit_of_measure in WITHOUT_GROWTH:
        return
    years, labels = _get_years(cell, series, indicator)
    if years is None:
        return
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


def _get_years(cell: Cell, series: Series, indicator: Indicator) -> tuple[pd.Series | None, list[str]]:
    """The yearly values, as published or of whole years' quarters, and the periods they were made of."""
    accumulation = "stock" if indicator.unit_of_measure in POINTS else indicator.accumulation
    for frequency in ("year", "quarter"):
        labels = [label for label, f in series.items() if f.span.frequency == frequency and f.value is not None]
        if labels:
            frame = make_frame({cell: series}, frequency)
            return core.annual(frame[tuple(cell)], accumulation), labels
    return None, []


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
) -> Result:
    figures = [f for name in labels if (f := series.get(name))]
    inherited = inherit(figures, indicator=indicator, now=book.now)
    return Result(
        measure=measure,
        indicator_id=cell.indicator,
        area_id=cell.area,
        breakdown_id=cell.breakdown,
        target=target,
        period_id=label,
        value=None if value is None else to_decimal(value, PLACES),
        text=text,
        detail={"inputs": list_inputs(figures), **detail},
        method=method.name,
        version=method.version,
        **{**inherited, "is_demo": inherited["is_demo"] or bool(target and target.is_demo)},
    )
