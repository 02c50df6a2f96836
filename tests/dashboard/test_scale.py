"""Scales under the headlines: round ends, everything on the line, and the same in words."""

from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from indicators.models import Target
from indicators.queries.vintages import Vintage
from kejiting.dashboard.scale import Scale, choose_ends, make_scale


def make_vintage(value: str, unit: str, period: str) -> Vintage:
    words = dict.fromkeys(("qualifier", "missing", "stated", "status", "note", "comparability_break", "area", "source"), "")
    ids = {"pk": 1, "indicator_id": 1, "area_id": "620000", "period_id": period, "run_id": None, "line_id": None}
    return Vintage(**ids, **words, value=Decimal(value), unit_of_measure=unit, recorded_at=timezone.now(), decimals=1)


def scale_of(
    latest: str | None, targets: list[str], *, before: str = "", baseline: str = "", is_rank: bool = False
) -> Scale | None:
    unit = "位" if is_rank else "%"
    return make_scale(
        latest=make_vintage(latest, unit, "2024") if latest else None,
        before=make_vintage(before, unit, "2023") if before else None,
        baseline=Target(baseline_value=Decimal(baseline), unit_of_measure=unit) if baseline else None,
        targets=[Target(value=Decimal(value), kind="absolute") for value in targets],
        is_rank=is_rank,
    )


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        (["52.8", "55.1", "65", "62"], ("50", "70")),
        (["53.71", "65"], ("50", "70")),
        (["1.32", "1.5"], ("1.3", "1.55")),
        (["0", "3"], ("0", "4")),
        (["-4", "6"], ("-10", "10")),
        (["7", "7"], ("6", "8")),
    ],
)
def test_the_ends_are_round(values: list[str], ends: tuple[str, str]) -> None:
    assert choose_ends([Decimal(v) for v in values]) == (Decimal(ends[0]), Decimal(ends[1]))


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=3), min_size=1, max_size=5))
def test_everything_stands_between_the_ends(values: list[Decimal]) -> None:
    low, high = choose_ends(values)
    assert low < high
    assert low <= min(values)
    assert max(values) <= high
    assert min(values) < 0 or low >= 0


def test_marks_stand_in_proportion() -> None:
    scale = scale_of("60", ["65", "62"], before="50.1")
    assert scale is not None
    places = {mark.text: float(mark.x.rstrip("%")) for mark in scale.marks}
    low, high = float(scale.low), float(scale.high)
    for text, place in places.items():
        assert place == pytest.approx(3 + 94 * (float(text) - low) / (high - low), abs=0.01)
    # Two labels side by side turn away from each other.
    assert [(mark.text, mark.anchor) for mark in scale.marks if mark.kind == "target"] == [("62", "end"), ("65", "start")]
    assert scale.label == f"标尺 {scale.low} 至 {scale.high}：2024年 60%；目标 62、65"


def test_a_rank_stands_among_all_provinces() -> None:
    scale = scale_of("23", ["20"], is_rank=True)
    assert scale is not None
    assert (scale.low, scale.high) == ("1", "31")


def test_where_nothing_was_published_the_baseline_stands_and_without_it_nothing() -> None:
    scale = scale_of(None, ["65"], baseline="53.71")
    assert scale is not None
    assert [mark.kind for mark in scale.marks] == ["baseline", "target"]
    assert "基期 53.71%" in scale.label
    assert scale_of(None, ["65"]) is None
