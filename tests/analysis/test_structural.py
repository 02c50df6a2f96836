"""The closed forms against the obvious twin: shocks added up one by one, and a normal distribution conditioned on what was seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.analysis import structural
from indicators.analysis.structural import Model, covariance, fit

MODELS = (
    Model(noise=0.05, level=1, slope=0.5, bend=0.1, fading=0.8),
    Model(noise=1, level=0.2, slope=0.3),
    Model(noise=0.3, level=1, season=2, turn=0.3),
)
NAN = float("nan")


def respond(model: Model, periods: int, per_year: int) -> tuple[np.ndarray, np.ndarray]:
    """What each independent shock does to each observation, shock by shock, and the shocks' variances."""
    columns, variances = [], []

    def add(variance: float, run: list[float]) -> None:
        columns.append(run)
        variances.append(variance)

    for at in range(periods):
        add(model.noise, [float(t == at) for t in range(periods)])
    for at in range(1, periods):
        add(model.level, [float(t >= at) for t in range(periods)])
    for at in range(periods):
        slope, level, run = 0.0, 0.0, []
        for t in range(periods):
            slope = 1.0 if t == at else slope * model.fading
            # The slope there was at the start first moves the second observation.
            level += slope if t > 0 else 0.0
            run.append(level)
        add(model.slope if at == 0 else model.bend, run)
    if per_year > 1:
        for at in range(0, periods, per_year):
            for quarter in range(per_year):
                # A shock to one quarter; its mean over the year is taken from all.
                run = [(float(t % per_year == quarter) - 1 / per_year) if t >= at else 0.0 for t in range(periods)]
                add(model.season if at == 0 else model.turn, run)
    return np.array(columns).T, np.array(variances)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("per_year", [1, 4])
def test_covariance_is_that_of_shocks_added_up(model: Model, per_year: int) -> None:
    effects, variances = respond(model, 11, per_year)
    np.testing.assert_allclose(covariance(model, 11, per_year), (effects * variances) @ effects.T, atol=1e-12)


def condition(values: np.ndarray, horizon: int, model: Model, per_year: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Forecast, covariance and log likelihood of one series by the textbook rule, the unknown mean a normal one of huge variance."""
    seen = np.flatnonzero(~np.isnan(values))
    periods = len(values) - seen[0] + horizon
    effects, variances = respond(model, periods, per_year)
    whole = (effects * variances) @ effects.T
    at = np.append(seen - seen[0], np.arange(periods - horizon, periods))
    whole = whole[np.ix_(at, at)]
    vague = whole + 1e7
    n = len(seen)
    known, gain = values[seen], np.linalg.solve(vague[:n, :n], vague[:n, n:]).T
    # Independent draws of the scale: differences of the mean cancel in the weights.
    design = np.ones((n, 1))
    inverse = np.linalg.inv(whole[:n, :n])
    precision = (design.T @ inverse @ design).item()
    residual = known - (design.T @ inverse @ known).item() / precision
    squares = residual @ inverse @ residual + structural.WORTH * (structural.USUAL * np.abs(known).mean()) ** 2
    freedom = n - 1 + structural.WORTH
    likelihood = -0.5 * (np.linalg.slogdet(whole[:n, :n])[1] + np.log(precision)) - 0.5 * freedom * np.log(squares)
    centre = known.mean() + gain @ (known - known.mean())
    return centre, squares / freedom * (vague[n:, n:] - gain @ vague[:n, n:]), likelihood


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(0, 4), st.sampled_from([1, 4]))
def test_fit_is_the_weighted_average_of_conditioned_normals(seed: int, holes: int, per_year: int) -> None:
    draw = np.random.default_rng(seed)
    values = 20 + draw.normal(0, 1, 12).cumsum()
    values[draw.choice(11, holes, replace=False)] = NAN
    each = [condition(values, 3, model, per_year) for model in MODELS]
    weights = np.exp(structural.TRUST * np.array([likelihood - max(e[2] for e in each) for *_, likelihood in each]))
    weights /= weights.sum()
    centre = sum(w * c for w, (c, _, _) in zip(weights, each, strict=True))
    spread = sum(w * (v + np.outer(c - centre, c - centre)) for w, (c, v, _) in zip(weights, each, strict=True))
    found = fit(values[np.newaxis], 3, MODELS, per_year)
    np.testing.assert_allclose(found.centre[0], centre, rtol=1e-4)
    np.testing.assert_allclose(found.covariance[0], spread, rtol=1e-3)


def test_a_series_is_fitted_the_same_alone_and_among_others() -> None:
    draw = np.random.default_rng(3)
    values = 50 + draw.normal(0, 1, (30, 16)).cumsum(axis=1)
    values[draw.random(values.shape) < 0.15] = NAN
    together = fit(values, 5, MODELS, 4)
    for row, series in enumerate(values):
        alone = fit(series[np.newaxis], 5, MODELS, 4)
        np.testing.assert_allclose(together.centre[row], alone.centre[0], rtol=1e-9)
        np.testing.assert_allclose(together.covariance[row], alone.covariance[0], rtol=1e-9)


def test_without_a_slope_and_with_all_noise_the_forecast_is_the_mean() -> None:
    found = fit(np.array([[1.0, 5.0, 3.0, 7.0]]), 2, [Model(noise=1, level=0)], 1)
    np.testing.assert_allclose(found.centre, [[4.0, 4.0]])


def test_a_random_walk_stays_where_it_is() -> None:
    found = fit(np.array([[1.0, 5.0, 3.0, 7.0]]), 2, [Model(noise=1e-9, level=1)], 1)
    np.testing.assert_allclose(found.centre, [[7.0, 7.0]], rtol=1e-6)
    squares = 16 + 4 + 16 + structural.WORTH * (structural.USUAL * 4) ** 2
    np.testing.assert_allclose(np.diagonal(found.covariance[0]), squares / (3 + structural.WORTH) * np.array([1, 2]), rtol=1e-6)
