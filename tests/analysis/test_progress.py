import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.analysis import AnalysisError
from indicators.analysis.progress import completion, light, progress_measure, quarter_shares, required_pace, schedule

NAN = math.nan
Q = pd.Period


# -- completion ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((45, 60), 0.75),
        ((Decimal("45"), Decimal("60")), 0.75),
        ((90, 60), 1.5),
        ((0, 60), 0),
        ((45, 0), NAN),
        ((None, 60), NAN),
        ((45, NAN), NAN),
        ((math.inf, 60), NAN),
        ((math.inf, math.inf), NAN),
        ((5, 4, None, "ratio", "lower"), 0.8),
        ((0, 4, None, "ratio", "lower"), NAN),
        ((1.3, 1.5, 1.2, "gap_closed"), 1 / 3),
        # The 24th place is to become the 20th; it is the 22nd now.
        ((22, 20, 24, "gap_closed", "lower"), 0.5),
        ((25, 20, 24, "gap_closed", "lower"), -0.25),
        ((22, 20, 20, "gap_closed"), NAN),
        ((22, 20, None, "gap_closed"), NAN),
    ],
)
def test_completion(arguments: tuple, expected: float) -> None:
    assert completion(*arguments) == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_completion_of_arrays_and_series() -> None:
    np.testing.assert_array_equal(completion(np.array([1.0, NAN, 4.0]), 4), [0.25, NAN, 1.0])
    np.testing.assert_array_equal(completion(np.array([1.0, 2.0]), np.array([0.0, 4.0])), [NAN, 0.5])
    values = pd.Series([1.0, 2.0], index=["a", "b"])
    pd.testing.assert_series_equal(completion(values, 4, 0, "gap_closed"), pd.Series([0.25, 0.5], index=["a", "b"]))
    # Series meet by their index.
    result = completion(values, pd.Series([4.0, 8.0], index=["b", "c"]))
    assert result.isna().tolist() == [True, False, True]
    assert result["b"] == 0.5


def test_completion_refuses_what_it_does_not_know() -> None:
    with pytest.raises(AnalysisError, match="up"):
        completion(1, 2, direction="up")  # type: ignore[arg-type]  # a mistake on purpose
    with pytest.raises(AnalysisError, match="percent"):
        completion(1, 2, basis="percent")  # type: ignore[arg-type]  # a mistake on purpose


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6) | st.just(NAN)] * 3), min_size=1, max_size=5))
def test_completion_of_arrays_is_that_of_scalars(rows: list[tuple[float, float, float]]) -> None:
    values, targets, baselines = map(np.array, zip(*rows, strict=True))
    for basis in ("ratio", "gap_closed"):
        one_by_one = [completion(*row, basis) for row in rows]
        np.testing.assert_array_equal(completion(values, targets, baselines, basis), one_by_one)


# -- schedule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "expected"), [("2024Q4", 0), ("2025Q1", 0.25), ("2025Q2", 0.5), ("2025Q4", 1), ("2026Q1", 1)]
)
def test_schedule_is_even_without_a_plan(period: str, expected: float) -> None:
    assert schedule(Q(period), Q("2025Q1"), Q("2025Q4")) == expected


def test_schedule_of_years() -> None:
    assert schedule(Q("2022"), Q("2021"), Q("2025")) == pytest.approx(0.4)


def test_schedule_follows_the_plan_between_its_nodes() -> None:
    plan = {Q("2025Q2"): 0.2, Q("2025Q3"): 0.6}
    due = [schedule(Q(f"2025Q{n}"), Q("2025Q1"), Q("2025Q4"), plan) for n in range(1, 5)]
    assert due == pytest.approx([0.1, 0.2, 0.6, 1.0])


def test_a_plan_may_say_otherwise_at_its_end() -> None:
    plan = {Q("2025Q4"): 0.9}
    assert schedule(Q("2025Q2"), Q("2025Q1"), Q("2025Q4"), plan) == pytest.approx(0.45)
    assert schedule(Q("2026Q1"), Q("2025Q1"), Q("2025Q4"), plan) == 0.9


def test_nodes_outside_the_schedule_are_left_out() -> None:
    plan = {Q("2024Q3"): 0.5, Q("2026Q2"): 1.0}
    assert schedule(Q("2025Q2"), Q("2025Q1"), Q("2025Q4"), plan) == 0.5
    assert schedule(Q("2024Q4"), Q("2025Q1"), Q("2025Q4"), plan) == 0


def test_schedule_of_many_periods() -> None:
    periods = pd.period_range("2024Q4", "2025Q4", freq="Q")
    due = schedule(periods, Q("2025Q1"), Q("2025Q4"))
    assert due.tolist() == [0, 0.25, 0.5, 0.75, 1]
    pd.testing.assert_index_equal(due.index, periods)
    by_unit = schedule(pd.Series([Q("2025Q1"), pd.NaT], index=["a", "b"]).astype("period[Q-DEC]"), Q("2025Q1"), Q("2025Q4"))
    assert by_unit["a"] == 0.25
    assert math.isnan(by_unit["b"])


@pytest.mark.parametrize(
    ("period", "start", "end", "plan"),
    [
        ("2025", "2025Q1", "2025Q4", None),
        ("2025Q1", "2025Q1", "2025", None),
        ("2025Q1", "2025Q2", "2025Q1", None),
        ("2025-03", "2025-01", "2025-12", None),
        ("2025Q1", "2025Q1", "2025Q4", {Q("2025Q2"): 50}),
        ("2025Q1", "2025Q1", "2025Q4", {Q("2025Q2"): NAN}),
        ("2025Q1", "2025Q1", "2025Q4", {Q("2025"): 0.5}),
    ],
)
def test_schedule_refuses_what_makes_no_sense(period: str, start: str, end: str, plan: dict | None) -> None:
    with pytest.raises(AnalysisError):
        schedule(Q(period), Q(start), Q(end), plan)


@given(
    st.integers(1, 30),
    st.dictionaries(st.integers(0, 29), st.floats(0, 1), max_size=5),
    st.integers(-3, 35),
)
def test_schedule_against_the_twin(length: int, nodes: dict[int, float], at: int) -> None:
    """The twin walks from node to node in unit steps."""
    start = Q("2021Q1")
    plan = {start + i: share for i, share in nodes.items() if i < length}
    shares = {-1: 0.0, length - 1: 1.0, **{p.ordinal - start.ordinal: s for p, s in plan.items()}}
    known = sorted(shares)
    if at < 0:
        expected = 0.0
    elif at >= length:
        expected = shares[length - 1]
    else:
        left = max(k for k in known if k < at or k == -1)
        right = min(k for k in known if k >= at)
        expected = shares[left] + (shares[right] - shares[left]) * (at - left) / (right - left)
    end = start + length - 1
    assert schedule(start + at, start, end, plan) == pytest.approx(expected, abs=1e-12)
    assert schedule(pd.PeriodIndex([start + at]), start, end, plan).iloc[0] == pytest.approx(expected, abs=1e-12)


# -- light ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "due", "flags", "expected"),
    [
        (0.8, 0.75, {}, "green"),
        # Exactly five points behind is still green, exactly fifteen yellow, whatever the last bit of the floats says.
        (0.70, 0.75, {}, "green"),
        (0.699, 0.75, {}, "yellow"),
        (0.60, 0.75, {}, "yellow"),
        (0.599, 0.75, {}, "red"),
        (0.8, 0.75, {"due_soon": True}, "blue"),
        (1.0, 1.0, {"due_soon": True}, "green"),
        (0.65, 0.75, {"due_soon": True}, "yellow"),
        (NAN, 0.75, {}, "grey"),
        (0.5, NAN, {}, "grey"),
        (None, 0.5, {}, "grey"),
        (0.99, 1.0, {"overdue": True}, "red"),
        (NAN, NAN, {"overdue": True}, "red"),
        (0.1, 0.9, {"pending": True, "overdue": True}, "pending"),
        (0.1, 0.9, {"closed": True, "pending": True}, "closed"),
        (0.60, 0.75, {"green": -0.2, "red": -0.3}, "green"),
    ],
)
def test_light(done: float, due: float, flags: dict, expected: str) -> None:
    assert light(done, due, **flags) == expected


def test_lights_of_series() -> None:
    done = pd.Series([0.7, NAN, 0.2, 0.9], index=list("abcd"))
    lights = light(done, 0.75, closed=pd.Series([False, False, True, False], index=list("abcd")), due_soon=True)
    assert lights.to_dict() == {"a": "blue", "b": "grey", "c": "closed", "d": "blue"}


def test_thresholds_in_the_wrong_order() -> None:
    with pytest.raises(AnalysisError, match="red"):
        light(0.5, 0.5, green=-0.15, red=-0.05)


shares = st.sampled_from([NAN, 0.0, 0.3, 0.6, 0.6999999, 0.7, 0.75, 0.85, 0.9, 1.0, 1.2])
flags = st.booleans()


@given(st.lists(st.tuples(shares, shares, flags, flags, flags, flags), min_size=1, max_size=6))
def test_lights_of_arrays_are_those_of_scalars(rows: list[tuple]) -> None:
    done, due, closed, pending, overdue, due_soon = (np.array(column) for column in zip(*rows, strict=True))
    many = light(done, due, closed=closed, pending=pending, overdue=overdue, due_soon=due_soon)
    names = ("closed", "pending", "overdue", "due_soon")
    assert many.tolist() == [light(d, s, **dict(zip(names, rest, strict=True))) for d, s, *rest in rows]


# -- required_pace -------------------------------------------------------------------------------


def test_required_pace_is_even_without_a_profile() -> None:
    past = pd.Series([10.0, 20.0, 15.0], index=pd.period_range("2024Q4", periods=3, freq="Q"))
    needed, multiple = required_pace(past, 100, 40, pd.period_range("2025Q3", "2025Q4", freq="Q"))
    assert needed.tolist() == [30, 30]
    assert multiple == 1.5


def test_required_pace_follows_the_profile() -> None:
    past = pd.Series([10.0, 20.0, 30.0, 80.0], index=pd.period_range("2024Q1", periods=4, freq="Q"))
    needed, multiple = required_pace(past, 160, 60, pd.period_range("2025Q3", "2025Q4", freq="Q"), {1: 0.1, 2: 0.15, 3: 0.25, 4: 0.5})
    assert needed.tolist() == pytest.approx([100 / 3, 200 / 3])
    # 33.3 on the best third quarter, 30, is more than 66.7 on the best fourth, 80.
    assert multiple == pytest.approx(100 / 90)


@pytest.mark.parametrize("past", [[], [NAN], [0.0], [-1.0]])
def test_no_multiple_of_nothing(past: list[float]) -> None:
    series = pd.Series(past, index=pd.period_range("2024Q4", periods=len(past), freq="Q"), dtype=float)
    needed, multiple = required_pace(series, 10, 0, pd.period_range("2025Q1", periods=1, freq="Q"))
    assert needed.tolist() == [10]
    assert math.isnan(multiple)


def test_required_pace_without_time_left() -> None:
    past = pd.Series([1.0], index=pd.period_range("2024Q4", periods=1, freq="Q"))
    needed, multiple = required_pace(past, 10, 0, pd.PeriodIndex([], freq="Q"))
    assert len(needed) == 0
    assert math.isnan(multiple)


def test_required_pace_refuses_what_makes_no_sense() -> None:
    past = pd.Series([1.0], index=pd.period_range("2024", periods=1, freq="Y"))
    remaining = pd.period_range("2025Q1", periods=2, freq="Q")
    with pytest.raises(AnalysisError, match="Y-DEC"):
        required_pace(past, 10, 0, remaining)
    with pytest.raises(AnalysisError, match="quarter 2"):
        required_pace(past.set_axis(pd.PeriodIndex(["2024Q4"], freq="Q")), 10, 0, remaining, {1: 1.0})


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(1, 12), st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
def test_what_is_needed_adds_up_to_the_target(target: float, so_far: float, length: int, weights: list[float]) -> None:
    past = pd.Series([5.0], index=pd.PeriodIndex(["2024Q4"], freq="Q"))
    remaining = pd.period_range("2025Q1", periods=length, freq="Q")
    for profile in (None, dict(enumerate(weights, start=1))):
        needed, _ = required_pace(past, target, so_far, remaining, profile)
        assert so_far + needed.sum() == pytest.approx(target, abs=1e-6)


# -- progress_measure ----------------------------------------------------------------------------


def yearly(values: dict[int, float]) -> pd.Series:
    return pd.Series(list(values.values()), index=pd.PeriodIndex([str(year) for year in values], freq="Y"), dtype=float)


def test_progress_measure_against_the_published_results(case: Callable[[str], Path]) -> None:
    """Statistics Canada's 132 series; for 66 of them from the whole yearly series."""
    folder = case("progress_canada_cif")
    rows = pd.read_csv(folder / "expected_series.csv")
    histories = {name: rows.set_index("year")["value"] for name, rows in pd.read_csv(folder / "headline_series_long.csv").groupby("indicator")}
    counted = 0
    for row in rows.itertuples():
        whole = row.series in histories
        values = dict(histories[row.series]) if whole else {row.base_year: row.base_value, row.current_year: row.current_value}
        series = yearly({int(year): value for year, value in values.items() if year == year})
        result = progress_measure(
            series,
            direction="higher" if row.direction == 1 else "lower",
            base_year=int(row.base_year),
            target=None if math.isnan(row.target) else row.target,
            target_year=int(row.target_year),
            limit=None if math.isnan(row.limit) else row.limit,
        )
        assert result.status == row.status.replace("target_", "").replace("_progress", "").replace("_", " "), row.series
        assert result.value == pytest.approx(row.progress_value, abs=1e-12, nan_ok=True), row.series
        assert result.score == pytest.approx(row.score, abs=1e-11, nan_ok=True), row.series
        counted += whole
    assert (len(rows), counted) == (132, 66)


def test_the_base_year_is_the_next_one_with_a_value() -> None:
    series = yearly({2012: 1.0, 2015: NAN, 2017: 100.0, 2019: 121.0, 2020: NAN})
    result = progress_measure(series, direction="higher")
    assert (result.base_year, result.current_year) == (2017, 2019)
    assert result.value == pytest.approx(0.1)
    assert result.status == "substantial"


@pytest.mark.parametrize(
    "values", [{}, {2015: NAN}, {2010: 1.0, 2012: 2.0}, {2016: 5.0}, {2015: -1.0, 2020: 1.0}, {2015: 1.0, 2020: -1.0}]
)
def test_progress_that_cannot_be_measured(values: dict[int, float]) -> None:
    result = progress_measure(yearly(values), direction="higher")
    assert result.status == "not available"
    assert math.isnan(result.value)
    assert math.isnan(result.score)


def test_zeros() -> None:
    # A base of 0 is read as 0.001; a current value of 0 is what it is.
    assert progress_measure(yearly({2015: 0, 2016: 0.002}), direction="higher").value == pytest.approx(1)
    assert progress_measure(yearly({2015: 4, 2017: 0}), direction="lower").value == pytest.approx(1)
    # A target of 0 is read as 0.001, which 0 has passed.
    assert progress_measure(yearly({2015: 4, 2017: 0}), direction="lower", target=0, target_year=2030).status == "achieved"


def test_numbers_at_the_ends_of_what_a_float_holds() -> None:
    result = progress_measure(yearly({2015: 1e-300, 2016: 1e300}), direction="higher")
    assert (result.status, math.isnan(result.value)) == ("not available", True)


def test_a_negative_base_is_better_when_it_shrinks_towards_zero() -> None:
    assert progress_measure(yearly({2015: -4, 2016: -2}), direction="higher").value == pytest.approx(0.5)


def test_a_target_that_is_passed_is_achieved_whatever_the_rest() -> None:
    result = progress_measure(yearly({2015: 5, 2020: 5}), direction="higher", target=5, target_year=2030)
    assert (result.status, result.score) == ("achieved", 5)
    result = progress_measure(yearly({2015: -1, 2020: 6}), direction="higher", target=5, target_year=2030)
    assert (result.status, result.score) == ("achieved", 5)


@pytest.mark.parametrize(("target", "target_year"), [(5, 2030), (-5, 2030), (10, 2015), (10, 2010)])
def test_no_growth_needed_or_none_possible(target: float, target_year: int) -> None:
    direction = "higher" if target > 4 else "lower"
    result = progress_measure(yearly({2015: 5, 2020: 4}), direction=direction, target=target, target_year=target_year)
    assert result.status == "not available"


def test_at_its_limit_any_growth_that_is_no_loss_is_full_progress() -> None:
    assert progress_measure(yearly({2015: 100, 2020: 100}), direction="higher", limit=100).score == 5
    assert progress_measure(yearly({2015: 100, 2020: 99}), direction="higher", limit=100).status == "deterioration"


def test_own_thresholds() -> None:
    series = yearly({2015: 100, 2016: 102})
    assert progress_measure(series, direction="higher").status == "substantial"
    assert progress_measure(series, direction="higher", thresholds=(0.05, 0.03, 0.01)).status == "limited"


def test_the_progress_measure_is_for_years() -> None:
    with pytest.raises(AnalysisError, match="yearly"):
        progress_measure(pd.Series([1.0], index=pd.PeriodIndex(["2015Q1"], freq="Q")), direction="higher")


# -- quarter_shares ------------------------------------------------------------------------------


def quarters(*amounts: float, start: str = "2023Q1") -> pd.Series:
    return pd.Series(amounts, index=pd.period_range(start, periods=len(amounts), freq="Q"), dtype=float)


def test_quarter_shares_are_the_mean_of_the_whole_years() -> None:
    # 10, 20, 30, 40 of 100; then 20, 20, 20, 140 of 200; what began in the third year is no year yet.
    shares = quarter_shares(quarters(10, 20, 30, 40, 20, 20, 20, 140, 999))
    assert shares == pytest.approx({1: 0.1, 2: 0.15, 3: 0.2, 4: 0.55})
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "flows",
    [
        quarters(10, 20, 30, 40),
        quarters(10, 20, 30, 40, 20, math.nan, 20, 140),
        quarters(10, 20, 30, 40, 20, -20, 20, 140),
        quarters(0, 0, 0, 0, 20, 20, 20, 140),
        quarters(10, 20, 30, 40, 20, 20, 20, start="2023Q2"),
        pd.Series([1.0, 2, 3], index=pd.period_range("2021", periods=3, freq="Y")),
        pd.Series(dtype=float, index=pd.PeriodIndex([], freq="Q")),
    ],
    ids=["one year", "a gap", "a negative", "nothing in a year", "no two whole years", "yearly", "empty"],
)
def test_quarter_shares_are_not_guessed(flows: pd.Series) -> None:
    assert quarter_shares(flows) is None
