import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.analysis import AnalysisError
from indicators.analysis.quality import Finding, checks

NAN = math.nan


def quarters(*values: float, first: str = "2023Q1") -> pd.Series:
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="Q"), dtype=float)


def years(*values: float) -> pd.Series:
    return pd.Series(values, index=pd.period_range("2015", periods=len(values), freq="Y"), dtype=float)


def find(code: str, series: pd.Series, **options: object) -> list[Finding]:
    return [f for f in checks(series, **options) if f.code == code]  # type: ignore[arg-type]  # any mixture of options


def codes(series: pd.Series, **options: object) -> list[tuple[str, str]]:
    return [(f.code, str(f.period)) for f in checks(series, **options)]  # type: ignore[arg-type]  # any mixture of options


# -- what cannot be ------------------------------------------------------------------------------


def test_a_year_to_date_falls_within_the_year_only() -> None:
    (finding,) = checks(quarters(10, 25, 24, 40, 12, 26), accumulation="ytd")
    assert (finding.code, str(finding.period), finding.severity) == ("falling_cumulative", "2023Q3", "error")
    assert finding.numbers == {"value": 24, "previous": 25}


def test_a_total_falls_at_any_time_and_over_a_gap() -> None:
    assert ("falling_cumulative", "2024Q1") in codes(quarters(10, 25, 36, 47, 46), accumulation="total")
    assert ("falling_cumulative", "2023Q3") in codes(quarters(10, NAN, 9), accumulation="ytd")


def test_a_stock_or_an_amount_may_fall() -> None:
    for accumulation in ("stock", "flow"):
        assert codes(quarters(10.2, 9.7, 9.9, 9.1), accumulation=accumulation) == []
    assert codes(years(10.2, 9.7, 9.9), accumulation="ytd") == []


def test_out_of_bounds() -> None:
    series = quarters(95.2, 101.3, -1.5)
    found = find("out_of_bounds", series, accumulation="stock", bounds=(0, 100))
    assert [(str(f.period), f.severity, f.numbers["bound"]) for f in found] == [("2023Q2", "error", 100), ("2023Q3", "error", 0)]
    assert found[0].numbers == {"value": 101.3, "bound": 100, "low": 0, "high": 100}
    assert find("out_of_bounds", series, accumulation="stock", bounds=(None, 102)) == []
    assert find("out_of_bounds", quarters(0, 100), accumulation="stock", bounds=(0, 100)) == []


# -- slips of the hand ---------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [10, 100, 1_000, 10_000, 1e8, 0.1, 0.01, 1e-4, 1e-8])
@pytest.mark.parametrize(
    ("accumulation", "values"),
    [
        ("stock", [120.5, 123.1, 127.8, 131.2, 133.9, 138.4]),
        ("flow", [20.1, 24.3, 22.8, 41.7, 22.5, 26.9]),
        ("ytd", [20.1, 44.4, 67.2, 108.9, 22.5, 49.4]),
        ("total", [220.1, 244.4, 267.2, 308.9, 331.4, 358.3]),
    ],
)
def test_a_slip_of_units(accumulation: str, values: list[float], factor: float) -> None:
    slipped = quarters(*values[:-1], values[-1] * factor)
    (finding,) = find("unit_slip", slipped, accumulation=accumulation)
    assert str(finding.period) == "2024Q2"
    assert finding.severity == "warning"
    assert finding.numbers["factor"] == pytest.approx(factor)
    assert finding.numbers["usual"] == pytest.approx(values[-1], rel=0.35)
    assert find("unit_slip", quarters(*values), accumulation=accumulation) == []


def test_the_value_after_a_slip_is_no_slip_and_neither_is_a_new_level() -> None:
    assert [p for c, p in codes(years(4.1, 4.4, 4.6, 48_000, 5.1, 5.3), accumulation="flow") if c == "unit_slip"] == ["2018"]
    # A definition changed: the second value confirms the first.
    assert [p for c, p in codes(years(4.1, 4.4, 4.6, 48, 51, 53, 52), accumulation="flow") if c == "unit_slip"] == ["2018"]


def test_ten_thousand_is_seen_with_one_value_before_but_ten_is_not() -> None:
    assert codes(quarters(4.2, 43_000), accumulation="stock") == [("unit_slip", "2023Q2")]
    assert codes(quarters(3, 30), accumulation="stock") == []
    assert codes(quarters(1, 4, 10), accumulation="flow") == []


def test_one_cause_is_one_finding() -> None:
    series = quarters(*[100.1, 104.2, 99.7, 101.8] * 3, 1_020_000)
    assert codes(series, accumulation="flow") == [("unit_slip", "2026Q1")]


def test_a_slip_of_sign() -> None:
    (finding,) = checks(quarters(12.1, 13.5, -12.9), accumulation="stock")
    assert (finding.code, finding.severity, finding.numbers["usual"]) == ("sign_slip", "warning", 12.8)
    # A rate that goes through zero by itself, and one that has been there before.
    assert codes(quarters(2.1, 1.4, 0.6, -0.3), accumulation="stock") == []
    assert codes(quarters(2.1, -1.4, 1.6, -1.3), accumulation="stock") == []


# -- unlike the own history ----------------------------------------------------------------------


@pytest.mark.parametrize("accumulation", ["stock", "flow"])
@pytest.mark.parametrize("at", [5, 9, 11])
def test_an_outlier(accumulation: str, at: int) -> None:
    values = [100.2, 103.1, 99.8, 102.7, 105.1, 101.4, 104.4, 107.2, 103.5, 106.8, 109.1, 105.9]
    values[at] *= 2.5
    found = find("outlier", quarters(*values), accumulation=accumulation)
    assert [f.period for f in found] == [pd.Period("2023Q1") + at]
    assert found[0].severity == "warning"
    assert found[0].numbers["z"] > 3.5


def test_an_outlier_among_amounts_told_as_totals() -> None:
    amounts = [10.2, 11.1, 9.8, 10.7, 11.1, 10.4, 10.4, 11.2, 9.5, 41.3]
    assert ("outlier", "2025Q2") in codes(quarters(*np.cumsum(amounts)), accumulation="total")


def test_seasons_are_no_outliers() -> None:
    pattern = np.tile([10.0, 20.0, 22.0, 60.0], 4) * np.linspace(1, 1.3, 16) * np.tile([1.02, 0.97, 1.01], 6)[:16]
    assert codes(quarters(*pattern.round(1)), accumulation="flow") == []


def test_a_median_deviation_of_zero_is_no_outlier() -> None:
    assert codes(quarters(*[10.0] * 9, 17.0), accumulation="stock") == []
    assert find("outlier", quarters(*[10.0] * 9, 17.0), accumulation="flow") == []
    # The last bits of a steady growth are no spread either.
    assert find("outlier", years(*100 * 1.1 ** np.arange(12), 500), accumulation="flow") == []


def test_a_level_that_climbs_by_the_same_step_and_then_leaps() -> None:
    assert [p for c, p in codes(years(*range(100, 200, 10), 900), accumulation="stock") if c == "outlier"] == ["2025"]
    assert codes(years(*range(100, 200, 10), 200), accumulation="stock") == []


def test_small_counts_vary_by_themselves() -> None:
    assert codes(quarters(2, 3, 1, 2, 4, 2, 3, 2, 1, 3, 7), accumulation="flow") == []


def test_a_short_history_says_nothing() -> None:
    assert codes(quarters(10.1, 10.4, 9.8, 31.5), accumulation="stock") == []


def test_a_jump_in_the_fourth_quarter() -> None:
    (finding,) = find("q4_jump", quarters(10, 11, 9, 60), accumulation="flow")
    assert finding.numbers == {"value": 60, "amount": 60, "mean": 10, "ratio": 6}
    # Told as a running total, the finding speaks of the quarter's own amount.
    (finding,) = find("q4_jump", quarters(10, 21, 30, 90), accumulation="ytd")
    assert (finding.numbers["value"], finding.numbers["amount"]) == (90, 60)


def test_a_heavy_fourth_quarter_is_usual_where_it_was_before() -> None:
    assert find("q4_jump", quarters(10, 11, 9, 35, 11, 12, 10, 40), accumulation="flow") == []
    (finding,) = find("q4_jump", quarters(10, 11, 9, 12, 11, 12, 10, 40), accumulation="flow")
    assert str(finding.period) == "2024Q4"
    assert finding.numbers["usual"] == pytest.approx(1.2)
    assert find("q4_jump", quarters(1, 0, 0, 3), accumulation="flow") == []
    assert find("q4_jump", quarters(10, 11, 9, 60), accumulation="stock") == []


# -- too good to be chance -----------------------------------------------------------------------


def test_a_copy_of_last_quarter() -> None:
    (finding,) = checks(quarters(1204.5, 1311.2, 1287.9, 1287.9), accumulation="flow")
    assert (finding.code, str(finding.period), finding.severity) == ("copied", "2023Q4", "warning")
    assert finding.numbers == {"value": 1287.9, "previous": 1287.9}
    assert ("copied", "2023Q4") in codes(quarters(1204.5, 2511.2, 3787.9, 3787.9), accumulation="ytd")


@pytest.mark.parametrize(
    ("accumulation", "values"),
    [
        ("stock", [12, 14, 17, 17]),
        ("stock", [65.2, 65.8, 66.1, 66.1]),
        ("flow", [5, 3, 4, 4]),
        ("flow", [0, 120, 0, 0]),
        ("total", [31, 40, 52, 52]),
        ("flow", [500, 500, 500, 500]),
    ],
)
def test_what_stands_still_is_ordinary(accumulation: str, values: list[float]) -> None:
    assert codes(quarters(*values), accumulation=accumulation) == []


def test_the_target_to_the_digit() -> None:
    series = quarters(310.2, 355.7, 402.1, 450)
    (finding,) = checks(series, accumulation="stock", target=450)
    assert (finding.code, finding.severity, finding.numbers) == ("equals_target", "warning", {"value": 450, "target": 450})
    assert codes(series, accumulation="stock", target=451) == []
    # It is said once, not in every quarter in which the level stays.
    assert len(find("equals_target", quarters(310.2, 355.7, 402.1, 450, 450), accumulation="stock", target=450)) == 1
    # A count that rises by one or two meets its target sooner or later.
    assert codes(quarters(8, 9, 11, 12), accumulation="stock", target=12) == []


def test_a_gap_is_told_where_the_values_go_on() -> None:
    (finding,) = checks(quarters(10.1, NAN, NAN, 10.6), accumulation="stock")
    assert (finding.code, str(finding.period), finding.numbers) == ("gap", "2023Q4", {"value": 10.6, "missing": 2})
    assert codes(quarters(10.1, 10.3, 10.5, 10.6).iloc[[0, 3]], accumulation="stock") == [("gap", "2023Q4")]
    # Not yet reported, and before the first report, are no gaps.
    assert codes(quarters(NAN, 10.1, 10.3, NAN), accumulation="stock") == []


# -- whatever comes ------------------------------------------------------------------------------


def test_nothing_in_nothing_out_and_nonsense_refused() -> None:
    assert checks(quarters(), accumulation="flow") == []
    assert checks(quarters(NAN, NAN), accumulation="flow") == []
    with pytest.raises(AnalysisError, match="sum"):
        checks(quarters(1), accumulation="sum")
    with pytest.raises(AnalysisError, match="2023Q2"):
        checks(quarters(1, math.inf), accumulation="flow")


@given(
    st.lists(st.floats(-1e300, 1e300) | st.just(NAN) | st.integers(-5, 20).map(float), max_size=16),
    st.sampled_from(["stock", "flow", "ytd", "total"]),
)
def test_any_series_can_be_checked(values: list[float], accumulation: str) -> None:
    series = quarters(*values)
    found = checks(series, accumulation=accumulation, bounds=(0, 10), target=5.0)
    for finding in found:
        assert finding.period in series.index
        assert finding.severity == ("error" if finding.code in ("falling_cumulative", "out_of_bounds") else "warning")
        assert finding.numbers["value"] == series[finding.period]
        assert all(math.isfinite(number) for number in finding.numbers.values())
    assert checks(series[::-1], accumulation=accumulation, bounds=(0, 10), target=5.0) == found


def ordinary(rng: np.random.Generator) -> Iterator[tuple[pd.Series, str]]:
    """Series as units report them: spending with seasons, counts, shares, levels, rates; 3 to 24 quarters."""
    n = int(rng.integers(3, 25))
    quarter = np.arange(n) % 4
    heavy = rng.choice([0, 1]) * np.array([-0.6, -0.1, 0.1, 0.6])[quarter]
    trend = np.exp(rng.uniform(-0.02, 0.06) * np.arange(n))
    spending = (rng.uniform(10, 5_000) * trend * np.exp(heavy + rng.normal(0, rng.uniform(0.03, 0.3), n))).round(rng.integers(0, 3))
    counts = rng.poisson(rng.choice([0.3, 1, 3, 10, 40]) * np.exp(heavy / 2))
    share = (rng.uniform(5, 90) + np.cumsum(rng.normal(0.1, rng.uniform(0.1, 1.5), n))).clip(0, 100).round(1)
    level = (rng.uniform(50, 50_000) * np.exp(np.cumsum(rng.normal(0.02, rng.uniform(0.005, 0.1), n)))).round(2)
    rate = rng.normal(rng.uniform(-3, 10), rng.uniform(0.5, 3), n).round(1)
    for amounts in (spending, counts):
        yield quarters(*amounts), "flow"
        yield quarters(*pd.Series(amounts).groupby(np.arange(n) // 4).cumsum().round(2)), "ytd"
        yield quarters(*np.cumsum(amounts).round(2)), "total"
    for stock in (np.cumsum(rng.poisson(2, n)) + 5, share, level, rate):
        yield quarters(*stock), "stock"


def test_an_ordinary_quarter_raises_nothing() -> None:
    rng = np.random.default_rng(20250331)
    tried, alarms = 0, 0
    for _ in range(200):
        for series, accumulation in ordinary(rng):
            target = float(series.iloc[-1] * rng.uniform(0.8, 1.5))
            found = checks(series, accumulation=accumulation, bounds=(None, None), target=target)
            alarms += any(f.period == series.index[-1] for f in found)
            tried += 1
    assert alarms / tried < 0.02


def test_the_provinces_of_the_yearbook(case: Callable[[str], Path]) -> None:
    """31 provinces' R&D spending in 万元, 2010 to 2023: few alarms, and every slip from 万 to 亿 is found."""
    panel = pd.read_csv(case("china_provinces_rd") / "panel_wide.csv").query("province != '全国'")
    alarms, slips, periods = 0, 0, 0
    groups = panel.groupby("province")
    for _, rows in groups:
        series = pd.Series(rows["v4_zh_nbzc_hj"].to_numpy(), index=pd.PeriodIndex(rows["year"].astype(str), freq="Y")).dropna()
        alarms += len([f for f in checks(series, accumulation="flow") if f.code != "gap"])
        periods += len(series)
        series.iloc[-1] /= 10_000
        slips += any(f.code == "unit_slip" and f.period == series.index[-1] for f in checks(series, accumulation="flow"))
    assert slips == len(groups) == 31
    assert alarms / periods < 0.02
