"""Figures as the record holds them now: the newest vintage of each cell, in one query whatever is asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from typing import NamedTuple

import pandas as pd
from django.db.models import Q

from kejiting.accounts.classification import Classification
from kejiting.accounts.models import User

from ..models import Breakdown, Indicator, Observation
from ..periods import Span, parse_label

# What the numeric core computes with; months, half-years and ranges are judged, but have no growth.
FREQUENCIES = {"year": "Y-DEC", "quarter": "Q-DEC"}


class Cell(NamedTuple):
    """Whose figures."""

    indicator: int
    area: str
    breakdown: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A newest vintage, with what a result inherits of it."""

    id: int
    span: Span
    value: Decimal | None
    qualifier: str
    missing: str
    status: str
    classification: str
    released_at: datetime | None
    published_on: date | None
    is_demo: bool

    @property
    def label(self) -> str:
        return self.span.label

    @property
    def order(self) -> tuple[date, date]:
        """Later means known about later time; of two with one end the shorter is the later."""
        return self.span.ends_on, self.span.starts_on


Series = dict[str, Figure]

_COLUMNS = ("pk", "value", "qualifier", "missing", "status", "classification", "released_at", "published_on", "is_demo")


def load(where: Q, *, by: User | None = None) -> dict[Cell, Series]:
    """By cell: its figures by label, in the order of time; with ``by``, those that they may see."""
    seen = Observation.objects.visible_to(by) if by else Observation.objects.all()
    rows = seen.filter(where).latest().values_list("indicator_id", "area_id", "breakdown_id", "period_id", *_COLUMNS)
    cells: dict[Cell, list[Figure]] = defaultdict(list)
    for indicator, area, breakdown, period, pk, *rest in rows:
        cells[Cell(indicator, area, breakdown)].append(Figure(pk, parse_label(period), *rest))
    return {cell: {f.label: f for f in sorted(figures, key=lambda f: f.order)} for cell, figures in cells.items()}


def load_home(indicators: Iterable[int], areas: Iterable[str] | None, *, by: User | None = None) -> dict[Cell, Series]:
    """The wholes (not the parts) of some indicators, in some areas or in all."""
    where = Q(indicator__in=set(indicators), breakdown=Breakdown.TOTAL)
    return load(where if areas is None else where & Q(area__in=set(areas)), by=by)


def make_frame(cells: dict[Cell, Series], frequency: str) -> pd.DataFrame:
    """Periods × cells of one frequency as floats; every period between the first and the last has its row, missing is NaN."""
    columns = {
        tuple(cell): {f.label: float(f.value) for f in series.values() if f.span.frequency == frequency and f.value is not None}
        for cell, series in cells.items()
    }
    labels = sorted({label for column in columns.values() for label in column})
    if not labels:
        return pd.DataFrame()
    index = pd.period_range(labels[0], labels[-1], freq=FREQUENCIES[frequency])
    names = [str(period) for period in index]
    found = {cell: _spread(column, names, frequency) for cell, column in columns.items() if column}
    return pd.DataFrame(found.values(), index=pd.MultiIndex.from_tuples(found.keys()), columns=index, dtype=float).T


def _spread(column: dict[str, float], names: list[str], frequency: str) -> list[float]:
    dash = frequency == "quarter"
    return [column.get(f"{name[:4]}-{name[4:]}" if dash else name, float("nan")) for name in names]


def make_inputs(
    codes: Mapping[str, tuple[int, str]], cells: dict[Cell, Series], frequency: str, areas: frozenset[str] | None
) -> dict[str, pd.DataFrame]:
    """What a formula is evaluated over. By code as written in it: periods × areas, all of one shape.

    ``codes`` says of each which indicator it is, and which area it speaks of ("" for the area itself): a referred
    area's column stands for every area. Nothing where no area has a figure; ``areas`` None are all that have one.
    """
    whole = make_frame(cells, frequency)
    own = {pk for pk, named in codes.values() if not named}
    found = {area for pk, area, _part in whole.columns if pk in own} if len(whole) else set()
    columns = sorted(found if areas is None else found & areas)
    if not columns:
        return {}
    return {code: _pick(whole, pk, named, columns) for code, (pk, named) in codes.items()}


def _pick(whole: pd.DataFrame, indicator: int, named: str, columns: list[str]) -> pd.DataFrame:
    wanted = pd.MultiIndex.from_tuples([(indicator, named or area, Breakdown.TOTAL) for area in columns])
    frame = whole.reindex(columns=wanted.unique())
    frame = frame[wanted] if not named else pd.concat([frame.iloc[:, 0]] * len(columns), axis=1)
    return frame.set_axis(columns, axis=1)


def to_label(period: pd.Period) -> str:
    """``2025Q3`` as pandas writes it is ``2025-Q3`` here."""
    return f"{period.year}-Q{period.quarter}" if period.freqstr.startswith("Q") else str(period.year)


# A result has up to 40 digits; the 28 that Decimal computes with by itself would refuse the largest growth there can be.
_ALL_DIGITS = Context(prec=50)


def to_decimal(number: float, places: int) -> Decimal:
    """A computed float as the record stores it: fifteen significant digits are all a float has."""
    return Decimal(f"{number:.15g}").quantize(Decimal(1).scaleb(-places), context=_ALL_DIGITS)


def inherit(figures: Iterable[Figure], *, indicator: Indicator, now: datetime) -> dict[str, object]:
    """What a result takes from its inputs: the strictest classification, released only when all are, demonstration when any is."""
    figures = list(figures)
    internal = Classification.INTERNAL in {indicator.classification, *(f.classification for f in figures)}
    return {
        "classification": Classification.INTERNAL if internal else Classification.PUBLIC,
        "is_released": all(f.released_at is not None and f.released_at <= now for f in figures),
        "is_demo": indicator.is_demo or any(f.is_demo for f in figures),
    }


def list_inputs(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """For ``Result.detail["inputs"]``: the next step back in its provenance."""
    return [{"kind": "observation", "id": pk} for pk in sorted({f.id for f in figures})]
