"""What recomputation says of a series by itself: findings by period, and whether it is on its way."""

from datetime import date
from typing import Any

import pytest

from indicators.models import Result
from indicators.recompute import run
from tests.builders import make_area, make_indicator, make_target, observe

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)


@pytest.fixture(autouse=True)
def home(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_area()
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


def get(measure: str, **where: Any) -> list[Result]:
    return list(Result.objects.current().filter(measure=measure, **where).order_by("period"))


def test_a_running_total_that_falls_is_an_error_at_its_period() -> None:
    indicator = make_indicator(accumulation="total")
    observations = observe(indicator, {"2025-Q1": "10", "2025-Q2": "30", "2025-Q3": "20"})
    run(TODAY)

    [row] = get("findings")

    assert (row.period_id, row.text, row.value, row.method) == ("2025-Q3", "error", 1, "quality checks")
    assert row.detail["findings"] == [{"code": "falling_cumulative", "severity": "error", "numbers": {"value": 20, "previous": 30}}]
    assert row.detail["inputs"] == [{"kind": "observation", "id": observations[2].pk}]


def test_an_ordinary_series_has_no_findings() -> None:
    observe(make_indicator(accumulation="flow"), {"2024-Q4": "10", "2025-Q1": "12", "2025-Q2": "11", "2025-Q3": "13"})
    run(TODAY)
    assert get("findings") == []


def test_the_progress_measure_is_growth_a_year_and_its_share_of_what_the_target_needs() -> None:
    indicator = make_indicator(accumulation="stock", frequency="year")
    # 10 % a year; the target asks for 20 % a year from the same base.
    target = make_target(indicator, "207.36", period="2025")
    observe(indicator, {"2021": "100", "2022": "110", "2023": "121"})
    run(TODAY)

    alone, [toward] = get("progress", target=None), get("progress", target=target)

    assert [(row.period_id, row.text) for row in alone] == [("2023", "substantial")]
    assert float(alone[0].value or 0) == pytest.approx(0.1)
    assert alone[0].detail["base_year"] == 2021
    assert float(toward.value or 0) == pytest.approx(0.5)
    assert (toward.text, toward.method) == ("limited", "progress measure of sdg-build 2.4")


def test_a_target_that_was_reached_at_its_base_is_achieved_though_no_growth_is_needed() -> None:
    indicator = make_indicator(accumulation="stock", frequency="year")
    target = make_target(indicator, "100", period="2025")
    observe(indicator, {"2021": "100", "2022": "110", "2023": "121"})
    run(TODAY)
    [row] = get("progress", target=target)
    assert (row.value, row.text, row.detail["score"]) == (None, "achieved", 5)


def test_quarters_are_measured_by_whole_years() -> None:
    indicator = make_indicator(accumulation="flow")
    observe(indicator, {f"{year}-Q{n}": str(10 * n) for year in (2023, 2024) for n in (1, 2, 3, 4)} | {"2025-Q1": "500"})
    run(TODAY)
    [row] = get("progress")
    assert (row.period_id, row.value) == ("2024", 0)


def test_a_place_has_no_growth_to_measure() -> None:
    observe(make_indicator(accumulation="stock", frequency="year", unit_of_measure="位"), {"2022": "23", "2023": "22"})
    run(TODAY)
    assert get("progress") == []
