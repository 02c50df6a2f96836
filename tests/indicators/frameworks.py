"""A small index for tests: four provinces, three indicators in two groups, two years of figures.

total ── input  ── a (indicator xa), b (xb)
      └─ output ── c (xc), d (no indicator)
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from indicators.actions.frameworks import load_framework
from indicators.models import IndexFramework, IndexScore, Indicator
from indicators.recompute import index, run
from kejiting.accounts.models import Area
from tests.builders import make_area, make_indicator, observe

HOME = "620000"
AREAS = {"610000": "陕西省", HOME: "甘肃省", "630000": "青海省", "640000": "宁夏省"}
NODES = [
    {"code": "total", "parent": "", "name_zh": "总指数"},
    {"code": "input", "parent": "total", "name_zh": "投入"},
    {"code": "a", "parent": "input", "name_zh": "指标甲", "indicator": "xa", "standard": "10"},
    {"code": "b", "parent": "input", "name_zh": "指标乙", "indicator": "xb", "standard": "20"},
    {"code": "output", "parent": "total", "name_zh": "产出"},
    {"code": "c", "parent": "output", "name_zh": "指标丙", "indicator": "xc", "standard": "5"},
    {"code": "d", "parent": "output", "name_zh": "指标丁", "standard": "5"},
]
# Per indicator and year the values in the order of AREAS.
VALUES = {
    "xa": {"2022": ("8", "4", "3", "2"), "2023": ("9", "5", "2", "3")},
    "xb": {"2022": ("10", "6", "8", "2"), "2023": ("12", "9", "8", "3")},
    "xc": {"2022": ("1", "2", "3", "1"), "2023": ("2", "2", "3", "1")},
}


def make_areas() -> list[Area]:
    areas = [make_area(code, name=name) for code, name in AREAS.items()]
    Area.objects.filter(pk__in=AREAS).update(is_ranked=True)
    Area.objects.exclude(pk__in=AREAS).update(is_ranked=False)
    return areas


def make_yearly(code: str, **fields: Any) -> Indicator:
    return make_indicator(code, **{"origin": "official", "frequency": "year", "accumulation": "stock", **fields})


def make_framework(nodes: list[dict[str, str]] | None = None, **fields: Any) -> IndexFramework:
    """The indicators it names are there already, or are made."""
    nodes = NODES if nodes is None else nodes
    for code in sorted({node.get("indicator", "") for node in nodes} - {""}):
        if not Indicator.objects.filter(code=code).exists():
            make_yearly(code)
    defaults = {"code": "test", "name_zh": "试验框架", "basis": "own", "normalise": "standard", "aggregate": "arithmetic"}
    return load_framework(nodes, by=None, **{**defaults, **fields})


def observe_all(values: dict[str, dict[str, tuple[str | None, ...]]] | None = None) -> None:
    for code, years in (VALUES if values is None else values).items():
        indicator = Indicator.objects.get(code=code)
        for number, area in enumerate(AREAS):
            observe(indicator, {year: row[number] for year, row in years.items() if row[number] is not None}, area=area)


def make_index(**fields: Any) -> IndexFramework:
    make_areas()
    framework = make_framework(**fields)
    observe_all()
    return framework


def estimate(today: date) -> None:
    """With few draws: what is asked of is not how sure a rank is."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("estimate", "runner"):
            patch.setattr(f"indicators.recompute.index.{module}.DRAWS", 500)
        run(today)
        index.run(today)


def scores(period: str, node: str = "total") -> dict[str, tuple[Decimal | None, int | None]]:
    """Current scores and ranks by area."""
    rows = IndexScore.objects.current().filter(period=period, node__code=node)
    return {row.area_id: (row.score, row.rank) for row in rows}


def get_score(period: str, area: str = HOME, node: str = "total") -> IndexScore:
    return IndexScore.objects.current().get(period=period, area=area, node__code=node)
