"""Figures as the record holds them now: the newest vintage of each cell, in one query whatever is asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from django.db.models import Q

from kejiting.accounts.models import User

from ..models import Breakdown, Observation
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


def make_frame(many: Sequence[Series], frequency: str) -> pd.DataFrame:
    """Periods × series (0, 1, …) of one frequency as floats; every period between the first and the last has its row, missing is NaN."""
    columns = [
        {f.label: float(f.value) for f in series.values() if f.span.frequency == frequency and f.value is not None} for series in many
    ]
    labels = {label for column in columns for label in column}
    if not labels:
        return pd.DataFrame(columns=range(len(columns)))
    index, rows = _number(min(labels), max(labels), frequency)
    values = np.full((len(index), len(columns)), np.nan)
    for at, column in enumerate(columns):
        for label, value in column.items():
            values[rows[label], at] = value
    return pd.DataFrame(values, index=index)


def make_values(series: Series, frequency: str) -> pd.Series:
    """The same of one series."""
    return make_frame([series], frequency)[0]


@lru_cache(maxsize=256)
def _number(first: str, last: str, frequency: str) -> tuple[pd.PeriodIndex, dict[str, int]]:
    """All periods from one label to another, and the row of each label."""
    freq = FREQUENCIES[frequency]
    index = pd.period_range(*(pd.Period(parse_label(label).ends_on, freq=freq) for label in (first, last)), freq=freq)
    return index, {label: row for row, label in enumerate(list_labels(index))}


def list_labels(index: pd.PeriodIndex) -> list[str]:
    """``2025Q3`` as pandas writes it is ``2025-Q3`` here."""
    if index.freqstr.startswith("Q"):
        return [f"{year}-Q{quarter}" for year, quarter in zip(index.year, index.quarter, strict=True)]
    return [str(year) for year in index.year]


def make_inputs(
    codes: Mapping[str, tuple[int, str]], cells: dict[Cell, Series], frequency: str, areas: frozenset[str] | None
) -> dict[str, pd.DataFrame]:
    """What a formula is evaluated over. By code as written in it: periods × areas, all of one shape.

    ``codes`` says of each which indicator it is, and which area it speaks of ("" for the area itself): a referred
    area's column stands for every area. Nothing where no area has a figure; ``areas`` None are all that have one.
    """
    names = pd.MultiIndex.from_tuples(list(cells), names=Cell._fields)
    whole = make_frame(list(cells.values()), frequency).set_axis(names, axis=1).dropna(axis=1, how="all")
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
