"""What is written by COPY is what was computed, whatever stands in it; what says the same is left."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from indicators.models import Indicator, RecomputeRun, Result
from indicators.recompute.rows import Row
from indicators.recompute.write import write
from tests.builders import make_area, make_indicator, make_period

pytestmark = pytest.mark.django_db


@pytest.fixture
def indicator() -> Indicator:
    make_area()
    make_period("2025-Q1")
    return make_indicator()


def make_row(indicator: Indicator, **fields: Any) -> Row:
    whole = {
        "measure": Result.Measure.LIGHT,
        "indicator_id": indicator.pk,
        "area_id": "620000",
        "breakdown_id": "_T",
        "period_id": "2025-Q1",
        "detail": {},
        "method": "m",
        "version": "1",
        "classification": "public",
        "is_released": True,
        "is_demo": False,
    }
    return Row(**{**whole, **fields})


def write_one(row: Row) -> int:
    run = RecomputeRun.objects.create(today=date(2025, 11, 20), code_version="test")
    return write([row], among=Q(indicator=row.indicator_id), run=run, now=timezone.now())


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", {}),
        ("落后", {"reason": "“引号”与\\反斜杠"}),
        ("a\tb\\N\\.\nc\rd", {"words": "a\tb\\N\nc\rd\"e\" \\. ", "deep": [{"id": 1, "n": None, "x": -0.5e-7}]}),
        ("\\.", {"\\": "\\\\", "emoji": "🙂"}),
    ],
)
def test_comes_back_as_it_was(indicator: Indicator, text: str, detail: dict[str, Any]) -> None:
    row = make_row(indicator, text=text, detail=detail, value=Decimal("-1234567.0000000001"), is_released=False)
    assert write_one(row) == 1
    kept = Result.objects.current().get()
    assert (kept.text, kept.detail, kept.value, kept.target_id) == (text, detail, row.value, None)
    assert (kept.is_released, kept.is_demo) == (False, False)
    assert write_one(row) == 0


@pytest.mark.parametrize("value", [None, Decimal(0), Decimal("1E-10"), Decimal("-0"), Decimal("1E+19")])
def test_every_size_of_number(indicator: Indicator, value: Decimal | None) -> None:
    assert write_one(make_row(indicator, value=value)) == 1
    assert Result.objects.current().get().value == value
    assert write_one(make_row(indicator, value=value)) == 0


def test_what_changed_supersedes_and_is_not_changed_itself(indicator: Indicator) -> None:
    write_one(make_row(indicator, text="green"))
    first = Result.objects.get()
    assert write_one(make_row(indicator, text="red")) == 1
    assert {(r.text, r.superseded_at is None) for r in Result.objects.all()} == {("green", False), ("red", True)}
    assert Result.objects.get(pk=first.pk).computed_at == first.computed_at
