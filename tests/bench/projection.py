"""`python -m tests.bench.projection`: how good the projections are, on the held-out parts of the M3 competition's short series.

Prints the tables of docs/projection.md: point error (MASE), coverage of the 80 and 95 % intervals and the mean scaled interval
score at 95 % (MSIS; Gneiting and Raftery 2007), beside textbook methods and statsmodels' Theta and damped ETS, all in one run;
then the same of ours by the number of observations, by rolling origin inside the training parts and over the provinces' R&D
figures. A few minutes, all but seconds of it statsmodels'.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pandas as pd
from scipy import special

from indicators.analysis.projection import project_many

from .calibration import make_cuts, weigh
from .published import FREQUENCIES, Case, load_m3, load_provinces, load_sums_of_quarters

LEVELS = (0.80, 0.95)
ENDS = {1: "2025", 4: "2025Q4"}
# Centre, and by level the ends of the intervals: all series × periods.
Forecast = tuple[np.ndarray, dict[float, np.ndarray], dict[float, np.ndarray]]


@dataclass(frozen=True)
class Scores:
    mase: float
    coverage: tuple[float, float]
    msis: float

    def __str__(self) -> str:
        return f"{self.mase:.3f} | {self.coverage[0]:.1%} | {self.coverage[1]:.1%} | {self.msis:.2f}"


def score(forecast: Forecast, actual: np.ndarray, scale: np.ndarray, share: np.ndarray) -> Scores:
    """``scale`` by series, ``share`` of each series and period in the means, adding up to 1."""
    centre, lower, upper = forecast
    low, high = lower[0.95], upper[0.95]
    interval = high - low + 2 / 0.05 * (np.maximum(low - actual, 0) + np.maximum(actual - high, 0))

    def mean(values: np.ndarray) -> float:
        return float(np.nansum(share * values))

    coverage = tuple(mean((lower[level] <= actual) & (actual <= upper[level])) for level in LEVELS)
    return Scores(mean(np.abs(actual - centre) / scale[:, None]), coverage, mean(interval / scale[:, None]))


def project_all(pasts: Sequence[np.ndarray], horizon: int, per_year: int) -> Forecast:
    """Ours: all series in one frame that ends together."""
    longest = max(len(past) for past in pasts)
    index = pd.period_range(end=pd.Period(ENDS[per_year]), periods=longest)
    frame = pd.DataFrame({i: np.pad(past, (longest - len(past), 0), constant_values=np.nan) for i, past in enumerate(pasts)}, index=index)
    result = project_many(frame, horizon, levels=LEVELS)
    return (
        result.median.to_numpy().T,
        {level: end.to_numpy().T for level, end in result.lower.items()},
        {level: end.to_numpy().T for level, end in result.upper.items()},
    )


# -- what others do ------------------------------------------------------------------------------


def naive(past: np.ndarray, horizon: int, per_year: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(horizon, past[-1]), np.sqrt((np.diff(past) ** 2).mean() * np.arange(1, horizon + 1))


def seasonal_naive(past: np.ndarray, horizon: int, per_year: int) -> tuple[np.ndarray, np.ndarray]:
    ahead = np.arange(horizon)
    errors = past[per_year:] - past[:-per_year]
    return past[len(past) - per_year + ahead % per_year], np.sqrt((errors**2).mean() * (ahead // per_year + 1))


def drift(past: np.ndarray, horizon: int, per_year: int) -> tuple[np.ndarray, np.ndarray]:
    ahead, steps = np.arange(1, horizon + 1), np.diff(past)
    return past[-1] + ahead * steps.mean(), steps.std(ddof=1) * np.sqrt(ahead * (1 + ahead / len(steps)))


def as_normal(method: Callable[[np.ndarray, int, int], tuple[np.ndarray, np.ndarray]]) -> Callable[[Case, int, int], Forecast]:
    """Textbook intervals (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.5)."""

    def forecast(case: Case, horizon: int, per_year: int) -> Forecast:
        centre, deviation = method(case.training, horizon, per_year)
        reach = {level: special.ndtri(0.5 + level / 2) * deviation for level in LEVELS}
        return centre, {level: centre - reach[level] for level in LEVELS}, {level: centre + reach[level] for level in LEVELS}

    return forecast


def theta(case: Case, horizon: int, per_year: int) -> Forecast:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fitted = ThetaModel(to_series(case, per_year), period=per_year, deseasonalize=per_year > 1).fit()
    ends = {level: fitted.prediction_intervals(horizon, alpha=1 - level).to_numpy() for level in LEVELS}
    return fitted.forecast(horizon).to_numpy(), {level: ends[level][:, 0] for level in LEVELS}, {level: ends[level][:, 1] for level in LEVELS}


def damped_ets(case: Case, horizon: int, per_year: int) -> Forecast:
    prediction = fit_ets(to_series(case, per_year), per_year).get_prediction(start=len(case.training), end=len(case.training) + horizon - 1)
    ends = {level: prediction.summary_frame(alpha=1 - level)[["pi_lower", "pi_upper"]].to_numpy() for level in LEVELS}
    centre = prediction.predicted_mean.to_numpy()
    return centre, {level: ends[level][:, 0] for level in LEVELS}, {level: ends[level][:, 1] for level in LEVELS}


def fit_ets(series: pd.Series, per_year: int) -> object:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    season = {"seasonal": "add", "seasonal_periods": per_year} if per_year > 1 else {}
    return ETSModel(series, error="add", trend="add", damped_trend=True, **season).fit(disp=False)


def to_series(case: Case, per_year: int) -> pd.Series:
    return pd.Series(case.training, pd.period_range(end=pd.Period(ENDS[per_year]), periods=len(case.training)))


OTHERS: dict[str, Callable[[Case, int, int], Forecast]] = {
    "naive": as_normal(naive),
    "seasonal naive": as_normal(seasonal_naive),
    "drift": as_normal(drift),
    "Theta (statsmodels)": theta,
    "damped ETS (statsmodels)": damped_ets,
}


def run(method: Callable[[Case, int, int], Forecast], cases: Sequence[Case], horizon: int, per_year: int) -> Forecast:
    # Turns on warnings of its own when it is imported, which must be before they are turned off.
    import_module("statsmodels.tools.sm_exceptions")
    with warnings.catch_warnings():
        # Optimisers that stop early say so; their forecasts count as they are.
        warnings.simplefilter("ignore")
        each = [method(case, horizon, per_year) for case in cases]
    ends = [{level: np.array([forecast[side][level] for forecast in each]) for level in LEVELS} for side in (1, 2)]
    return np.array([forecast[0] for forecast in each]), ends[0], ends[1]


def measure(cases: Sequence[Case], horizon: int, per_year: int) -> Scores:
    """Ours, on the held-out parts."""
    actual, scale = get_held_out(cases)
    return score(project_all([case.training for case in cases], horizon, per_year), actual, scale, share_evenly(actual))


def get_held_out(cases: Sequence[Case]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([case.held_out for case in cases]), np.array([case.scale for case in cases])


def share_evenly(actual: np.ndarray) -> np.ndarray:
    return np.full(actual.shape, 1 / actual.size)


# -- the tables ----------------------------------------------------------------------------------


def print_held_out(frequency: str) -> None:
    per_year, horizon = FREQUENCIES[frequency]
    cases = load_m3(frequency)
    actual, scale = get_held_out(cases)
    print(f"\nM3 {frequency}, {len(cases)} series, {horizon} periods held out\n")
    print("| method | MASE | inside 80 % | inside 95 % | MSIS |\n|---|---|---|---|---|")
    print(f"| **`project_many`** | {measure(cases, horizon, per_year)} |", flush=True)
    for name, method in OTHERS.items():
        # Of years the seasonal naive forecast is the naive one.
        if per_year > 1 or name != "seasonal naive":
            print(f"| {name} | {score(run(method, cases, horizon, per_year), actual, scale, share_evenly(actual))} |", flush=True)


def print_rolling(name: str, cases: Sequence[Case], per_year: int, horizon: int) -> None:
    cuts = make_cuts(cases, horizon)
    print(f"\n{name}, {len(cases)} series, rolling origin\n")
    print("| observations | MASE | inside 80 % | inside 95 % | MSIS |\n|---|---|---|---|---|")
    for least, most in ((4, 4), (5, 5), (6, 7), (8, 11), (12, 15), (16, 23), (24, 64)):
        chosen = [cut for cut in cuts if least <= cut.past.shape[1] <= most]
        if chosen:
            future, scale, series = (np.concatenate([getattr(cut, field) for cut in chosen]) for field in ("future", "scale", "series"))
            forecast = project_all([past**2 for cut in chosen for past in cut.past], horizon, per_year)
            print(f"| {least if least == most else f'{least}–{most}'} | {score(forecast, future, scale, weigh(series, future))} |", flush=True)


def main() -> None:
    for frequency, (per_year, horizon) in FREQUENCIES.items():
        print_held_out(frequency)
        print_rolling(f"M3 {frequency}, training parts", load_m3(frequency), per_year, horizon)
    print_rolling("yearly sums of quarters, training parts", load_sums_of_quarters(), *FREQUENCIES["yearly"])
    print_rolling("provinces' R&D, yearly", load_provinces(), *FREQUENCIES["yearly"])


if __name__ == "__main__":
    main()
