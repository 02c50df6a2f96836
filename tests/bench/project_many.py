"""All projections at once against fitting statsmodels' damped ETS in a loop, in the same run; the loop is extrapolated from a few."""

import inspect
import time
import warnings

import numpy as np
import pandas as pd

from indicators.analysis.projection import project, project_many

from .measure import pair

SERIES, QUARTERS, AHEAD, FITTED, ROUNDS = 3_000, 40, 8, 10, 3


def fit_in_a_loop(frame: pd.DataFrame) -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    for column in frame:
        model = ETSModel(frame[column], error="add", trend="add", damped_trend=True, seasonal="add", seasonal_periods=4)
        prediction = model.fit(disp=False).get_prediction(start=QUARTERS, end=QUARTERS + AHEAD - 1)
        prediction.summary_frame(alpha=0.2), prediction.summary_frame(alpha=0.05)


def make_series() -> pd.DataFrame:
    """Growth with a season, ten years of quarters."""
    rng = np.random.default_rng(1)
    season = rng.normal(0, 8, (4, SERIES))[np.arange(QUARTERS) % 4]
    values = 100 + rng.normal(1, 2, (QUARTERS, SERIES)).cumsum(axis=0) + season + rng.normal(0, 2, (QUARTERS, SERIES))
    return pd.DataFrame(values, pd.period_range("2015Q1", periods=QUARTERS, freq="Q"))


def measure_project_many() -> list[str]:
    whole = make_series()
    few = whole.iloc[:, :FITTED]
    # Every series misses other quarters: nothing is shared between them.
    holed = whole.mask(np.random.default_rng(2).random(whole.shape) < 0.1)
    with warnings.catch_warnings():
        # Optimisers that stop early say so.
        warnings.simplefilter("ignore")
        times = pair(lambda: project_many(whole, AHEAD), lambda: fit_in_a_loop(few), ROUNDS)
    loop = times.reference * SERIES / FITTED
    start = time.perf_counter()
    project_many(holed, AHEAD)
    without_sharing = time.perf_counter() - start
    start = time.perf_counter()
    project(whole[0], AHEAD)
    one = time.perf_counter() - start
    return [
        f"{'3,000 projections / a loop of statsmodels ETS':<52} {times.measured:9.2f} s   /  {loop:9.0f} s"
        f"   =  1/{loop / times.measured:.0f}   (aim 1/20; {SERIES / times.measured:,.0f} series a second)",
        *(f"    {line}" for line in inspect.getsource(fit_in_a_loop).rstrip().splitlines()),
        f"{'3,000 projections, each with other quarters missing':<52} {without_sharing:9.2f} s   =  1/{loop / without_sharing:.0f}",
        f"{'one projection':<52} {one * 1000:9.1f} ms   (aim ≤ 100)",
    ]


if __name__ == "__main__":
    print(*measure_project_many(), sep="\n")
