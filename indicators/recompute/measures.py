"""Growth, totals within the year and annual values of a scope's figures; and a publisher's total against a register's count."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ..analysis import series as core
from ..compute.series import FREQUENCIES, Cell, Figure, Series, list_labels, make_frame, to_decimal
from ..models import Indicator, Result
from ..periods import A_YEAR, parse_label, shift
from .methods import DIFFERENCE, SERIES
from .rows import Row, inherit, list_inputs

Measure = Result.Measure
PLACES = 10  # what a result holds

# A place is no quantity, and a difference of shares is a change already.
WITHOUT_GROWTH = {"位", "个百分点"}
# Shares are compared by their difference, in points of their own unit, and never added over time.
POINTS = {"%": "pp", "‰": "‰"}
_STOCK, _FLOW, _YTD, _TOTAL = (Indicator.Accumulation.STOCK, Indicator.Accumulation.FLOW, Indicator.Accumulation.YTD, Indicator.Accumulation.TOTAL)


@dataclass(frozen=True)
class Group:
    """Cells computed together: one frequency, one way of accumulating, amounts or shares."""

    frequency: str
    accumulation: str
    is_share: bool
    cells: dict[Cell, Series]


def measure_series(cells: dict[Cell, Series], indicators: dict[int, Indicator], now: datetime) -> Iterator[Row]:
    """What can be said of figures by themselves, one result a cell, period and measure where it can be computed."""
    for group in _group(cells, indicators):
        frame = make_frame(list(group.cells.values()), group.frequency)
        if frame.empty:
            continue
        for measure, table in _compute(group, frame):
            yield from _write_table(measure, table, group, indicators, now)


def _write_table(measure: str, table: pd.DataFrame, group: Group, indicators: dict[int, Indicator], now: datetime) -> Iterator[Row]:
    values, labels = table.to_numpy(), list_labels(table.index)
    sources = [_list_labels(measure, group, label) for label in labels]
    for at, (cell, series) in enumerate(group.cells.items()):
        indicator, column = indicators[cell.indicator], values[:, at]
        for row in np.flatnonzero(~np.isnan(column)):
            figures = [f for name in sources[row] if (f := series.get(name))]
            yield _make(measure, indicator, cell, labels[row], float(column[row]), figures, group, now)


def _group(cells: dict[Cell, Series], indicators: dict[int, Indicator]) -> Iterable[Group]:
    groups: dict[tuple[str, str, bool], Group] = {}
    for cell, series in cells.items():
        indicator = indicators[cell.indicator]
        if indicator.unit_of_measure in WITHOUT_GROWTH:
            continue
        for frequency in {f.span.frequency for f in series.values()} & FREQUENCIES.keys():
            is_share = indicator.unit_of_measure in POINTS
            key = (frequency, _STOCK if is_share else indicator.accumulation, is_share)
            groups.setdefault(key, Group(*key, {})).cells[cell] = series
    return groups.values()


def _compute(group: Group, frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    is_quarterly = group.frequency == "quarter"
    amounts = frame if group.accumulation == _STOCK else core.flows(frame, group.accumulation)
    yield Measure.GROWTH_YOY, _grow(group, amounts, A_YEAR[group.frequency])
    if is_quarterly:
        yield Measure.GROWTH_QOQ, _grow(group, amounts, 1)
    if is_quarterly and not group.is_share:
        if group.accumulation != _STOCK:
            yield Measure.YEAR_TO_DATE, core.year_to_date(frame, group.accumulation)
        yield Measure.ANNUAL, core.annual(frame, group.accumulation)


def _grow(group: Group, amounts: pd.DataFrame, lag: int) -> pd.DataFrame:
    return amounts - amounts.shift(lag) if group.is_share else core.growth(amounts, lag)


def _make(
    measure: str, indicator: Indicator, cell: Cell, label: str, value: float, figures: list[Figure], group: Group, now: datetime
) -> Row:
    detail: dict[str, Any] = {"inputs": list_inputs(figures)}
    if measure in (Measure.GROWTH_YOY, Measure.GROWTH_QOQ):
        detail["unit"] = POINTS[indicator.unit_of_measure] if group.is_share else "ratio"
        detail["of"] = "value" if group.accumulation == _STOCK else "amount"
    return Row(
        measure=measure,
        indicator_id=cell.indicator,
        area_id=cell.area,
        breakdown_id=cell.breakdown,
        period_id=label,
        value=to_decimal(value, PLACES),
        detail=detail,
        method=SERIES.name,
        version=SERIES.version,
        **inherit(figures, indicator=indicator, now=now)._asdict(),
    )


def _list_labels(measure: str, group: Group, label: str) -> Sequence[str]:
    """The periods a result was made of."""
    span = parse_label(label)
    if measure == Measure.ANNUAL:
        return [f"{label}-Q{n}" for n in (range(1, 5) if group.accumulation == _FLOW else (4,))]
    year, quarter = span.starts_on.year, (span.starts_on.month + 2) // 3
    if measure == Measure.YEAR_TO_DATE:
        if group.accumulation == _FLOW:
            return [f"{year}-Q{n}" for n in range(1, quarter + 1)]
        return [label] if group.accumulation == _YTD else [label, f"{year - 1}-Q4"]
    lag = 1 if measure == Measure.GROWTH_QOQ else A_YEAR[group.frequency]
    return [*_list_amount(group, label), *_list_amount(group, shift(span, -lag).label)]


def _list_amount(group: Group, label: str) -> list[str]:
    """The periods an amount of a period's own is taken from."""
    before = shift(parse_label(label), -1).label
    is_first_of_year = group.frequency == "year" or label.endswith("Q1")
    needs_before = group.accumulation == _TOTAL or (group.accumulation == _YTD and not is_first_of_year)
    return [label, before] if needs_before else [label]


def measure_differences(cells: dict[Cell, Series], indicators: dict[int, Indicator], stated: dict[Cell, Series], now: datetime) -> Iterator[Row]:
    """For each count of a register: the newest total its publisher had stated by then, minus the count."""
    for cell, series in cells.items():
        indicator = indicators[cell.indicator]
        if indicator.stated_as_id is None:
            continue
        said = [f for f in stated.get(Cell(indicator.stated_as_id, cell.area, cell.breakdown), {}).values() if f.value is not None]
        for counted in series.values():
            earlier = [f for f in said if f.span.ends_on <= counted.span.ends_on]
            if counted.value is not None and earlier and (total := earlier[-1].value) is not None:
                yield _make_difference(indicator, cell, total - counted.value, counted, earlier[-1], now)


def _make_difference(indicator: Indicator, cell: Cell, value: Decimal, counted: Figure, stated: Figure, now: datetime) -> Row:
    return Row(
        measure=Measure.DIFFERENCE,
        indicator_id=cell.indicator,
        area_id=cell.area,
        breakdown_id=cell.breakdown,
        period_id=counted.label,
        value=value,
        detail={
            "inputs": list_inputs([counted, stated]),
            "stated_period": stated.label,
            # A bound ("30 or more") makes the difference one, too.
            **({"qualifier": stated.qualifier} if stated.qualifier else {}),
        },
        method=DIFFERENCE.name,
        version=DIFFERENCE.version,
        **inherit([counted, stated], indicator=indicator, now=now)._asdict(),
    )
