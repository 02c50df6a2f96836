"""What is let pass has no findings; most ordinary series are let pass."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.analysis.quality import checks
from indicators.analysis.screening import may_have_findings

ACCUMULATIONS = ("stock", "flow", "ytd", "total")
VALUES = st.one_of(
    st.sampled_from([math.nan, 0.0, 1.0, 10.0, 10.5, 100.0, 1234.5, -3.0]),
    st.integers(1, 60).map(float),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 2)),
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(VALUES, min_size=1, max_size=28),
    st.sampled_from(ACCUMULATIONS),
    st.sampled_from(["Q-DEC", "Y-DEC"]),
    st.integers(0, 3),
    st.sampled_from([(None, None), (0, None), (0, 100), (None, 50.0)]),
)
def test_no_finding_is_missed(values: list[float], accumulation: str, frequency: str, skipped: int, bounds: tuple[float, float]) -> None:
    check(values, accumulation, frequency, skipped, bounds)


@pytest.mark.parametrize("accumulation", ACCUMULATIONS)
@pytest.mark.parametrize("frequency", ["Q-DEC", "Y-DEC"])
def test_no_finding_is_missed_in_likely_series(accumulation: str, frequency: str) -> None:
    """Series as people report them, each with one thing wrong, which made-up numbers seldom are."""
    rng = np.random.default_rng(5)
    for number in range(60):
        values = rng.uniform(90, 130, 24) if accumulation in ("stock", "flow") else np.cumsum(rng.uniform(90, 130, 24))
        if accumulation == "ytd" and frequency == "Q-DEC":
            values = np.concatenate([np.cumsum(year) for year in rng.uniform(90, 130, (6, 4))])
        at = int(rng.integers(1, 24))
        wrong = values[at] * rng.choice([0.0001, 0.1, 0.5, 1, 2, 3, 5, 10, 10_000, -1])
        values[at] = (wrong, values[at - 1], math.nan)[number % 3]
        check(values.round(1).tolist(), accumulation, frequency, number % 4, (None, None))


def check(values: list[float], accumulation: str, frequency: str, skipped: int, bounds: tuple[float | None, float | None]) -> None:
    first = pd.Period("2016Q1", freq="Q-DEC") if frequency == "Q-DEC" else pd.Period("2016", freq="Y-DEC")
    series = pd.Series(values, pd.period_range(first + skipped, periods=len(values)), dtype=float)
    # Among others that begin earlier and end later.
    others = pd.Series(np.arange(60.0), pd.period_range(first - 8, periods=60))
    frame = pd.DataFrame({"others": others, "series": series})
    found = checks(series, accumulation=accumulation, bounds=bounds)
    assert may_have_findings(frame, accumulation=accumulation, bounds=[(None, None), bounds])[1] or not found, found
    assert may_have_findings(series.to_frame(), accumulation=accumulation, bounds=[bounds])[0] or not found, found


@pytest.mark.parametrize("accumulation", ACCUMULATIONS)
def test_most_ordinary_series_pass(accumulation: str) -> None:
    rng = np.random.default_rng(3)
    amounts = 100 * np.exp(np.cumsum(rng.normal(0.02, 0.05, (40, 300)), axis=0)) * np.tile([0.8, 1.0, 1.0, 1.2], 10)[:, None]
    values = {
        "stock": amounts,
        "flow": amounts,
        "total": amounts.cumsum(axis=0),
        "ytd": amounts.reshape(10, 4, 300).cumsum(axis=1).reshape(40, 300),
    }[accumulation]
    frame = pd.DataFrame(values, pd.period_range("2016Q1", periods=40, freq="Q-DEC"))
    assert may_have_findings(frame, accumulation=accumulation, bounds=[(0, None)] * 300).mean() < 0.1
