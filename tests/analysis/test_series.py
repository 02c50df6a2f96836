import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.analysis import AnalysisError
from indicators.analysis.series import ACCUMULATIONS, annual, flows, growth, year_to_date

NAN = math.nan


def quarters(first: str, values: list[float]) -> pd.Series:
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="Q"), dtype=float)


def years(first: str, values: list[float]) -> pd.Series:
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="Y"), dtype=float)


def assert_values(result: pd.Series, expected: list[float]) -> None:
    np.testing.assert_allclose(result.to_numpy(), expected, rtol=1e-12, equal_nan=True)


# -- spot values ---------------------------------------------------------------------------------


def test_flows_of_a_year_to_date_restart_in_january() -> None:
    series = quarters("2023Q1", [10, 25, 45, 80, 12, 30])
    assert_values(flows(series, "ytd"), [10, 15, 20, 35, 12, 18])


def test_flows_after_a_missing_quarter_are_missing_too_and_not_a_double_quarter() -> None:
    assert_values(flows(quarters("2023Q1", [10, NAN, 45, 80]), "ytd"), [10, NAN, NAN, 35])
    assert_values(flows(quarters("2023Q1", [10, 20, 45, 80]).iloc[[0, 2, 3]], "ytd"), [10, NAN, 35])


def test_flows_of_a_total_need_the_value_before() -> None:
    assert_values(flows(quarters("2022Q4", [100, 110, 125]), "total"), [NAN, 10, 15])
    assert_values(flows(years("2022", [100, 110]), "total"), [NAN, 10])


def test_flows_of_yearly_values_are_themselves() -> None:
    assert_values(flows(years("2022", [100, 110]), "ytd"), [100, 110])
    assert_values(flows(years("2022", [100, 110]), "flow"), [100, 110])


def test_a_stock_has_no_flows() -> None:
    with pytest.raises(AnalysisError, match="stock"):
        flows(quarters("2023Q1", [1, 2]), "stock")


def test_year_to_date_of_flows_is_missing_from_the_first_missing_quarter_on() -> None:
    assert_values(year_to_date(quarters("2023Q1", [1, 2, NAN, 4, 5]), "flow"), [1, 3, NAN, NAN, 5])
    # The series begins in the second quarter: the first is not known, so neither is the sum.
    assert_values(year_to_date(quarters("2023Q2", [1, 2, 3, 4]), "flow"), [NAN, NAN, NAN, 4])


def test_year_to_date_of_a_total_is_above_last_december() -> None:
    series = quarters("2022Q3", [90, 100, 110, 125, NAN, 160, 170])
    assert_values(year_to_date(series, "total"), [NAN, NAN, 10, 25, NAN, 60, 10])
    assert_values(year_to_date(years("2022", [100, 110, NAN, 130]), "total"), [NAN, 10, NAN, NAN])


def test_annual_values() -> None:
    series = quarters("2023Q1", [1, 2, 3, 4, 5, 6, 7])
    assert_values(annual(series, "flow"), [10, NAN])
    for accumulation in ("stock", "ytd", "total"):
        assert_values(annual(series, accumulation), [4, NAN])
    assert list(map(str, annual(series, "stock").index)) == ["2023", "2024"]


def test_a_year_between_without_any_quarter_is_missing() -> None:
    series = pd.Series([4.0, 8.0], index=pd.PeriodIndex(["2021Q4", "2023Q4"], freq="Q"))
    assert_values(annual(series, "ytd"), [4, NAN, 8])


def test_growth_counts_periods_and_not_rows() -> None:
    series = quarters("2023Q1", [100, 110, 121, 100]).iloc[[0, 1, 3]]
    assert_values(growth(series, 1), [NAN, 0.1, NAN])


@pytest.mark.parametrize(
    ("base", "value", "expected"),
    [(100, 105, 0.05), (-10, -5, 0.5), (0, 5, NAN), (-1, 1, NAN), (1, -1, NAN), (NAN, 1, NAN), (4, 0, -1), (-4, 0, 1), (5e-324, 1e300, NAN)],
)
def test_growth(base: float, value: float, expected: float) -> None:
    assert_values(growth(years("2022", [base, value]), 1), [NAN, expected])


def test_frames_keep_their_shape_and_order() -> None:
    frame = pd.DataFrame({"620000": [3.0, 1.0], "610000": [7.0, NAN]}, index=pd.PeriodIndex(["2023Q2", "2023Q1"], freq="Q"))
    result = flows(frame, "ytd")
    assert list(result.columns) == ["620000", "610000"]
    assert list(result.index) == list(frame.index)
    assert result.loc[pd.Period("2023Q2"), "620000"] == 2.0


@pytest.mark.parametrize("function", [flows, year_to_date, annual])
def test_nothing_in_nothing_out(function: Callable[[pd.Series, str], pd.Series]) -> None:
    empty = pd.Series([], index=pd.PeriodIndex([], freq="Q-DEC"), dtype=float)
    assert len(function(empty, "flow")) == 0


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (pd.period_range("2023-01", periods=2, freq="M"), "M"),
        (pd.period_range("2023Q1", periods=2, freq="Q-MAR"), "Q-MAR"),
        (pd.date_range("2023-01-01", periods=2), "DatetimeIndex"),
        (pd.PeriodIndex(["2023Q1", "2023Q1"], freq="Q"), "2023Q1"),
    ],
)
def test_an_index_that_makes_no_sense_is_named(index: pd.Index, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        year_to_date(pd.Series([1.0, 2.0], index=index), "flow")


def test_other_input_that_makes_no_sense() -> None:
    with pytest.raises(AnalysisError, match="2023Q2"):
        flows(quarters("2023Q1", [1, math.inf]), "flow")
    with pytest.raises(AnalysisError, match="sum"):
        annual(quarters("2023Q1", [1]), "sum")
    with pytest.raises(AnalysisError, match="lag"):
        growth(quarters("2023Q1", [1]), 0)


# -- slow obvious twins --------------------------------------------------------------------------

numbers = st.one_of(st.just(NAN), st.integers(-50, 50).map(float))
some_series = st.builds(
    lambda start, values, keep: quarters(str(pd.Period("2020Q1") + start), values)[[i in keep for i in range(len(values))]],
    st.integers(0, 3),
    st.lists(numbers, min_size=1, max_size=14),
    st.sets(st.integers(0, 13)),
)


def look(series: pd.Series, period: pd.Period) -> float:
    return float(series[period]) if period in series.index else NAN


def slow_flow(series: pd.Series, period: pd.Period, accumulation: str) -> float:
    if accumulation == "flow" or (accumulation == "ytd" and period.quarter == 1):
        return look(series, period)
    return look(series, period) - look(series, period - 1)


def slow_year_to_date(series: pd.Series, period: pd.Period, accumulation: str) -> float:
    if accumulation == "flow":
        return sum(look(series, period - back) for back in range(period.quarter))
    if accumulation == "total":
        return look(series, period) - look(series, period - period.quarter)
    return look(series, period)


def slow_annual(series: pd.Series, year: pd.Period, accumulation: str) -> float:
    last = year.asfreq("Q", "end")
    return sum(look(series, last - back) for back in range(4)) if accumulation == "flow" else look(series, last)


@given(some_series)
def test_flows_against_the_twin(series: pd.Series) -> None:
    for accumulation in ("flow", "ytd", "total"):
        assert_values(flows(series, accumulation), [slow_flow(series, p, accumulation) for p in series.index])


@given(some_series)
def test_year_to_date_against_the_twin(series: pd.Series) -> None:
    for accumulation in ACCUMULATIONS:
        assert_values(year_to_date(series, accumulation), [slow_year_to_date(series, p, accumulation) for p in series.index])


@given(some_series)
def test_annual_against_the_twin(series: pd.Series) -> None:
    for accumulation in ACCUMULATIONS:
        result = annual(series, accumulation)
        assert_values(result, [slow_annual(series, year, accumulation) for year in result.index])


@given(some_series.filter(len))
def test_order_does_not_matter(series: pd.Series) -> None:
    assert_values(flows(series[::-1], "ytd")[::-1], flows(series, "ytd").tolist())


@given(st.lists(st.integers(0, 99).map(float), min_size=8, max_size=8))
def test_the_ways_back_and_forth_agree(values: list[float]) -> None:
    amounts = quarters("2023Q1", values)
    assert_values(flows(year_to_date(amounts, "flow"), "ytd"), values)
    assert_values(annual(year_to_date(amounts, "flow"), "ytd"), annual(amounts, "flow").tolist())
