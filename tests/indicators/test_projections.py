"""Projections and chances in the record: amounts come back as running totals, a target is met draw by draw."""

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from indicators.actions.marks import mark_indicators
from indicators.analysis.projection import project
from indicators.models import Indicator, Result
from indicators.recompute import run as recompute
from indicators.recompute.projections import accumulate
from tests.builders import make_area, make_indicator, make_target, observe

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)
YEARS = {"2018": "1.18", "2019": "1.26", "2020": "1.22", "2021": "1.26", "2022": "1.29", "2023": "1.32"}
QUARTERS = {f"{year}-Q{n}": str(10 * n * (year - 2021)) for year in (2023, 2024) for n in (1, 2, 3, 4)}


@pytest.fixture(autouse=True)
def home(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_area()
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


def run(today: date) -> None:
    record = recompute(today)
    assert record is None or record.state == "done", record.error


def get(measure: str, **where: Any) -> dict[str, Result]:
    return {str(row.period_id): row for row in Result.objects.current().filter(measure=measure, **where)}


def make_level(**fields: Any) -> Indicator:
    return make_indicator(accumulation="stock", frequency="year", unit_of_measure="%", **fields)


def test_a_level_is_projected_to_its_targets_year_as_the_core_does() -> None:
    indicator = make_level()
    target = make_target(indicator, "1.5", unit_of_measure="%", period="2025")
    observations = observe(indicator, YEARS)
    run(TODAY)

    rows, expected = get("projection"), project(pd.Series([float(v) for v in YEARS.values()], pd.period_range("2018", "2023", freq="Y")), 2)

    assert sorted(rows) == ["2024", "2025"]
    last = rows["2025"]
    assert float(last.value or 0) == pytest.approx(expected.median.iloc[-1])
    assert last.detail["lower"]["80"] == pytest.approx(expected.lower[0.8].iloc[-1], abs=1e-5)
    assert last.detail["lower"]["95"] < last.detail["lower"]["80"] < last.detail["upper"]["80"] < last.detail["upper"]["95"]
    assert (last.detail["from"], last.detail["model"]) == ("2023", expected.method)
    assert [row["id"] for row in last.detail["inputs"]] == [o.pk for o in observations]
    chance = get("chance", target=target)["2025"]
    assert float(chance.value or 0) == pytest.approx(expected.chance(1.5), abs=0.05)


def test_three_values_are_too_few() -> None:
    observe(make_level(), {"2021": "1.26", "2022": "1.29", "2023": "1.32"})
    run(TODAY)
    assert get("projection") == {}


def test_a_target_that_was_passed_by_far_is_nearly_certain_and_one_far_away_nearly_impossible() -> None:
    indicator = make_level()
    near = make_target(indicator, "0.5", unit_of_measure="%", period="2025", comparison="at_least")
    far = make_target(indicator, "9", unit_of_measure="%", period="2024", comparison="at_least")
    most = make_target(indicator, "9", unit_of_measure="%", period="2026", comparison="at_most")
    observe(indicator, YEARS)
    run(TODAY)
    chances = {row.target_id: float(row.value or 0) for row in Result.objects.current().filter(measure="chance")}
    assert chances[near.pk] > 0.99
    assert chances[far.pk] < 0.01
    assert chances[most.pk] > 0.99


def test_a_place_counts_as_reached_by_the_indicators_direction_also_where_at_least_was_written() -> None:
    rank = make_indicator(accumulation="stock", frequency="year", unit_of_measure="位", direction="lower")
    target = make_target(rank, "15", period="2025", comparison="at_least", baseline_value=None, baseline_period=None)
    observe(rank, {str(year): str(value) for year, value in zip(range(2018, 2024), (24, 25, 25, 26, 25, 25), strict=True)})
    run(TODAY)
    # Place 25 is not place 15.
    assert get("completion", target=target)["2023"].value == Decimal("0.6")
    # Nor is it heading anywhere: a rank is not projected, and no pace leads to one.
    assert not Result.objects.filter(indicator=rank, measure__in=["projection", "chance", "required_pace"]).exists()


@pytest.mark.parametrize(("value", "change"), [("26", -3), ("6", 2), ("15", None)])
def test_the_way_to_a_range_leads_to_its_nearer_end(value: str, change: int | None) -> None:
    level = make_level()
    target = make_target(level, "10", period="2025", kind="range", upper=Decimal(20), unit_of_measure="%", baseline_value=None, baseline_period=None)
    observe(level, {"2023": value})
    run(TODAY)
    assert [row.value for row in get("required_pace", target=target).values()] == ([] if change is None else [change])


def test_an_amount_beyond_a_range_cannot_be_taken_back() -> None:
    target = make_target(make_indicator(accumulation="flow"), "10", kind="range", upper=Decimal(20))
    observe(target.indicator, {"2025-Q1": "26"})
    run(TODAY)
    assert get("required_pace", target=target) == {}


def test_a_running_total_of_the_year_goes_on_from_what_is_known_and_begins_anew() -> None:
    indicator = make_indicator(accumulation="flow")
    observe(indicator, QUARTERS | {"2025-Q1": "40"})
    running = make_indicator(code="running", accumulation="ytd")
    totals = {f"{year}-Q{n}": str(sum(10 * q * (year - 2021) for q in range(1, n + 1))) for year in (2023, 2024) for n in (1, 2, 3, 4)}
    observe(running, totals | {"2025-Q1": "40"})
    run(TODAY)

    amounts, sums = get("projection", indicator=indicator), get("projection", indicator=running)

    # The same amounts: the second quarter adds to the known first, the next year's first stands alone.
    values = {label: float(row.value or 0) for label, row in amounts.items()}
    assert sorted(amounts) == ["2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1"] == sorted(sums)
    assert float(sums["2025-Q2"].value or 0) == pytest.approx(40 + values["2025-Q2"], rel=1e-6)
    # The middle of a sum is near the sum of the middles.
    whole = float(sums["2025-Q4"].value or 0)
    assert whole == pytest.approx(40 + values["2025-Q2"] + values["2025-Q3"] + values["2025-Q4"], rel=0.02)
    assert float(sums["2026-Q1"].value or 0) == pytest.approx(values["2026-Q1"], rel=1e-6)
    for row in sums.values():
        assert row.detail["lower"]["95"] <= row.detail["lower"]["80"] <= float(row.value or 0) <= row.detail["upper"]["80"] <= row.detail["upper"]["95"]
    # No part of this year lies below what it already has.
    assert sums["2025-Q4"].detail["lower"]["95"] >= 40


def test_what_a_running_total_is_projected_to_come_to_is_reached_by_half_of_the_draws() -> None:
    running = make_indicator(accumulation="ytd")
    observe(running, {f"{year}-Q{n}": str(total) for year, rows in ((2023, (9, 30, 41, 95)), (2024, (25, 39, 81, 170))) for n, total in enumerate(rows, 1)})
    run(TODAY)
    middle = make_target(running, str(get("projection")["2025-Q4"].value), period="2025")
    mark_indicators([(running.pk, "620000")], cause="target")
    run(TODAY)
    assert float(get("chance", target=middle)["2025"].value or 0) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("accumulation", ["flow", "ytd"])
def test_the_chance_of_a_years_amount_counts_what_is_already_there(accumulation: str) -> None:
    indicator = make_indicator(accumulation=accumulation)
    reached = make_target(indicator, "40", period="2025")
    beyond = make_target(make_indicator(code="other", accumulation=accumulation), "100000", period="2025")
    values = QUARTERS if accumulation == "flow" else {
        f"{year}-Q{n}": str(sum(10 * q * (year - 2021) for q in range(1, n + 1))) for year in (2023, 2024) for n in (1, 2, 3, 4)
    }
    for each in (indicator, beyond.indicator):
        observe(each, values | {"2025-Q1": "40"})
    run(TODAY)
    chances = {row.target_id: float(row.value or 0) for row in Result.objects.current().filter(measure="chance")}
    assert chances[reached.pk] == 1
    assert chances[beyond.pk] < 0.05


def test_accumulate_agrees_with_an_obvious_twin() -> None:
    amounts = np.random.default_rng(1).normal(10, 3, (50, 7))
    periods = pd.period_range("2025Q3", periods=7, freq="Q")
    totals = accumulate(amounts, periods, "ytd", 30.0)
    for draw, row in zip(amounts, totals, strict=True):
        running = 30.0
        for amount, period, total in zip(draw, periods, row, strict=True):
            running = amount if period.quarter == 1 else running + amount
            assert total == pytest.approx(running)
    np.testing.assert_allclose(accumulate(amounts, periods, "total", 30.0), 30 + amounts.cumsum(axis=1))


def test_the_same_figures_give_the_same_rows_again() -> None:
    indicator = make_level()
    make_target(indicator, "1.5", unit_of_measure="%", period="2025")
    observe(indicator, YEARS)
    run(TODAY)
    before = set(Result.objects.current().values_list("pk", flat=True))
    observe(make_level(code="other"), YEARS)
    mark_indicators([(indicator.pk, "620000")], cause="again")
    run(TODAY)
    assert before <= set(Result.objects.current().values_list("pk", flat=True))
