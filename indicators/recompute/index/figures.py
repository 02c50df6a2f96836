"""The yearly figures of a framework's indicators in the ranked areas, with every vintage."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pandas as pd

from kejiting.accounts.classification import Classification

from ...models import Breakdown, IndexNode, Observation, Period, Qualifier

# A bound ("超过…") is not a number, and no score can be made of it.
NUMBERS = (Qualifier.EXACT, Qualifier.ABOUT)


class Figure(NamedTuple):
    """One vintage of a cell."""

    id: int
    value: Decimal | None
    recorded_at: datetime
    released_at: datetime | None
    is_internal: bool


@dataclass(frozen=True)
class Figures:
    """By leaf code, year and area: its vintages, the newest last. ``areas`` are the ranked ones, whether they have any or not."""

    areas: Sequence[str]
    cells: Mapping[tuple[str, str], Mapping[str, list[Figure]]] = field(default_factory=dict)

    @property
    def years(self) -> list[str]:
        """Those in which any leaf has a value anywhere."""
        found = {label for (_code, label), areas in self.cells.items() if any(v[-1].value is not None for v in areas.values())}
        return sorted(found)

    def newest(self, code: str, label: str) -> dict[str, Figure]:
        """By area the vintage in force, where that has a value."""
        cells = self.cells.get((code, label), {})
        return {area: vintages[-1] for area, vintages in cells.items() if vintages[-1].value is not None}

    def known_before(self, code: str, label: str, later: str) -> dict[str, Figure]:
        """What was said of a year when an area's figure of a later one came; what was said since is a revision.

        History that was entered only afterwards was never said otherwise: its first vintage stands for what was known.
        """
        came = {area: vintages[0].recorded_at for area, vintages in self.cells.get((code, later), {}).items()}
        found = {}
        for area, vintages in self.cells.get((code, label), {}).items():
            known = [v for v in vintages if area not in came or v.recorded_at <= came[area]] or vintages[:1]
            if known[-1].value is not None:
                found[area] = known[-1]
        return found


def load_figures(nodes: Iterable[IndexNode], areas: Sequence[str]) -> Figures:
    """In one query. Demonstration values are left out: no estimate is made of them."""
    codes = defaultdict(list)
    for node in nodes:
        if node.indicator_id:
            codes[node.indicator_id].append(node.code)
    internal = {node.indicator_id for node in nodes if node.indicator and node.indicator.classification == Classification.INTERNAL}
    rows = (
        Observation.objects.filter(indicator__in=codes, area__in=areas, breakdown=Breakdown.TOTAL, is_demo=False)
        .filter(period__frequency=Period.Frequency.YEAR)
        .order_by("vintage")
        .values_list(
            "indicator_id", "period_id", "area_id", "qualifier", "classification", "pk", "value", "recorded_at", "released_at"
        )
    )
    cells: dict[tuple[str, str], dict[str, list[Figure]]] = defaultdict(lambda: defaultdict(list))
    for indicator, label, area, qualifier, classification, pk, value, recorded_at, released_at in rows:
        is_internal = indicator in internal or classification == Classification.INTERNAL
        figure = Figure(pk, value if qualifier in NUMBERS else None, recorded_at, released_at, is_internal)
        for code in codes[indicator]:
            cells[code, label][area].append(figure)
    return Figures(areas, cells)


def make_values(columns: Mapping[str, Mapping[str, Figure]], areas: Sequence[str]) -> pd.DataFrame:
    """Areas × codes as floats; missing is NaN."""
    table = {code: [_float(figures.get(area)) for area in areas] for code, figures in columns.items()}
    return pd.DataFrame(table, index=pd.Index(areas), dtype=float)


def _float(figure: Figure | None) -> float:
    return math.nan if figure is None or figure.value is None else float(figure.value)
