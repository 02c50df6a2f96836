"""Chart specs: gaps stay gaps, targets stand at their period, and the picture holds what the table holds."""

from datetime import date

import pytest

from indicators.charts import build_indicator_chart
from indicators.models import Document, Observation
from indicators.queries.indicators import get_indicator
from indicators.recompute import run as recompute
from tests.builders import Cast, make_indicator, make_target, observe

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


def test_a_running_total_is_not_drawn_across_the_year(cast: Cast) -> None:
    indicator = make_indicator()
    observe(indicator, {"2024-Q3": "5", "2024-Q4": "9", "2025-Q1": "2"})
    make_target(indicator, "12", "2025")
    chart = build_indicator_chart(get_indicator(cast.du, indicator.code))
    assert chart is not None
    line, target = chart.spec["data"]
    assert line["y"] == [5, 9, None, 2]
    # The target is for this year's total, so its line is this year's alone.
    assert target["x"] == [2025, 2025.75]
    assert target["y"] == [12, 12]


def test_every_drawn_value_is_in_the_table(cast: Cast) -> None:
    indicator = make_indicator(accumulation="stock", unit_of_measure="万元")
    observe(indicator, {"2024-Q3": "52000", "2024-Q4": None, "2025-Q1": "61000"})
    page = get_indicator(cast.du, indicator.code)
    chart = build_indicator_chart(page)
    assert chart is not None
    drawn = chart.spec["data"][0]["y"]
    assert drawn == [5.2, None, 6.1]
    assert [point.value and float(point.value) / 10_000 for point in page.points] == drawn
    assert Observation.objects.count() == 3


def test_nothing_is_drawn_of_nothing(cast: Cast) -> None:
    assert build_indicator_chart(get_indicator(cast.du, make_indicator().code)) is None


def test_the_line_and_its_projection_are_of_the_same_periods(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)
    indicator = make_indicator(accumulation="stock", unit_of_measure="%")
    observe(indicator, {str(year): str(year - 2000) for year in range(2021, 2025)} | {f"2025-Q{n}": str(25 + n) for n in range(1, 5)})
    # Known to be missing: nothing to draw, and no reason for another rhythm.
    observe(indicator, {"2019": None, "2020": None})
    recompute(date(2026, 2, 1))
    page = get_indicator(cast.du, indicator.code)
    chart = build_indicator_chart(page)
    assert chart is not None
    projected = [row.period.frequency for row in page.projections if row.period]
    assert set(projected) == {"quarter"}
    assert chart.spec["data"][0]["text"] == ["2025Q1 26%", "2025Q2 27%", "2025Q3 28%", "2025Q4 29%"]


def test_targets_of_one_value_share_a_label(cast: Cast) -> None:
    indicator = make_indicator(accumulation="stock", unit_of_measure="%", frequency="year")
    observe(indicator, {"2019": "52.8", "2020": "55.1"})
    for value, period in (("62", "2025"), ("65", "2025"), ("65", "2030")):
        make_target(indicator, value, period, document=Document.objects.create(title=f"{value} {period}"))
    chart = build_indicator_chart(get_indicator(cast.du, indicator.code))
    assert chart is not None
    labels = [(label["text"], label["y"]) for label in chart.spec["layout"]["annotations"]]
    assert labels == [("55.1%", 55.1), ("2025年目标 ≥62%", 62), ("2025年、2030年目标 ≥65%", 65)]
    # Each of them is drawn, to its own year.
    assert [trace["x"][1] for trace in chart.spec["data"][1:]] == [2025, 2025, 2030]


@pytest.mark.parametrize(
    ("direction", "comparison", "value", "words"),
    [
        ("higher", "at_least", "60", "距2025年目标 62% 还差 2个百分点。"),
        ("higher", "at_least", "63", "已达到2025年目标 62%。"),
        ("lower", "at_least", "63", "距2025年目标 62% 还差 1个百分点。"),
        ("lower", "at_least", "60", "已达到2025年目标 62%。"),
        # A limit is kept from below, also of what is better when it is higher.
        ("higher", "at_most", "60", "未超过2025年目标的上限 62%。"),
        ("higher", "at_most", "63", "比2025年目标的上限 62% 高 1个百分点。"),
        ("lower", "at_most", "63", "比2025年目标的上限 62% 高 1个百分点。"),
    ],
)
def test_the_sentence_says_on_which_side_of_the_target_it_stands(cast: Cast, direction: str, comparison: str, value: str, words: str) -> None:
    indicator = make_indicator(accumulation="stock", unit_of_measure="%", frequency="year", direction=direction)
    observe(indicator, {"2024": value})
    make_target(indicator, "62", "2025", unit_of_measure="%", comparison=comparison)
    chart = build_indicator_chart(get_indicator(cast.du, indicator.code))
    assert chart is not None
    assert chart.takeaway.endswith(words)
