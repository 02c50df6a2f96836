"""What a series is made of: level, slope, season and noise, under several models at once, each as likely as the data make it.

A model says how large each part's moves are against each other. Level and slope wander, slope may fade, the season turns
slowly, noise passes (Harvey 1989, Forecasting, Structural Time Series Models, chapters 2 and 4). The whole is a normal
distribution of all periods at once with an unknown mean, so that forecast, scale and likelihood are closed forms of
generalised least squares (Rasmussen and Williams 2006, Gaussian Processes, 2.7), and all series that miss the same periods
are one matrix product. Nothing is searched for: the answer is the average over models, weighted by likelihood (Hoeting
et al. 1999, Bayesian Model Averaging).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

# What is believed of the scale before the data: WORTH of an observation's weight on moves of USUAL × the series' mean size.
# It keeps a constant series from being certain. Chosen by measurement; tests/bench/calibration.py tells how.
WORTH: Final = 0.5
USUAL: Final = 0.017
# The power of the likelihood in the weights. All models are wrong, and the data, which depend on each other, say less against
# one than they seem to (Grünwald and van Ommen 2017): with 1 the latest forecasts were a little worse, with 0 all were.
TRUST: Final = 0.5


@dataclass(frozen=True)
class Model:
    """Variances of the parts, against each other.

    ``noise`` of each observation, ``level`` of each step of level, ``slope`` of the slope at the start, ``bend`` of each
    change of slope, ``fading``: the share of the slope that is left a period later, ``season`` of the seasonal pattern at the start,
    ``turn`` of its change each year.
    """

    noise: float
    level: float
    slope: float = 0.0
    bend: float = 0.0
    fading: float = 1.0
    season: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True)
class Forecast:
    """What the models say of the periods to come: ``centre`` is series × periods, ``covariance`` series × periods × periods."""

    centre: np.ndarray
    covariance: np.ndarray


def fit(values: np.ndarray, horizon: int, models: Sequence[Model], per_year: int) -> Forecast:
    """The ``horizon`` periods after ``values`` (series × periods in regular steps, NaN missing, two or more present in each, not all 0)."""
    n, periods = values.shape
    whole = np.array([covariance(model, periods + horizon, per_year) for model in models])
    forecast = Forecast(np.empty((n, horizon)), np.empty((n, horizon, horizon)))
    patterns, which = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = which.reshape(-1) == number
        seen = np.flatnonzero(pattern)
        # Time begins at the first observation.
        steps = np.append(seen, periods + np.arange(horizon)) - seen[0]
        forecast.centre[rows], forecast.covariance[rows] = _average(fit_each(values[rows][:, seen], whole[:, steps[:, None], steps]))
    return forecast


def covariance(model: Model, periods: int, per_year: int) -> np.ndarray:
    """Of ``periods`` successive observations among each other, the first one's level left out (it is the unknown mean)."""
    time = np.arange(periods)
    earlier = np.minimum.outer(time, time)
    result = model.noise * np.eye(periods) + model.level * earlier
    if model.slope or model.bend:
        # What a change of slope has brought so many periods later; the first slope begins to work one period late.
        brought = np.cumsum(model.fading**time)
        lag = np.subtract.outer(time, time)
        paths = np.where(lag >= 0, brought[np.maximum(lag, 0)], 0.0)
        paths[:, 0] -= 1.0
        variances = np.full(periods, model.bend)
        variances[0] = model.slope
        result += (paths * variances) @ paths.T
    if per_year > 1 and (model.season or model.turn):
        # The pattern adds up to 0 over a year.
        same = np.equal.outer(time % per_year, time % per_year) - 1.0 / per_year
        result += same * (model.season + model.turn * (earlier // per_year))
    return result


@dataclass(frozen=True)
class Fits:
    """Complete series under each model: ``likelihood`` and ``variance`` (of a unit of the model) are models × series, ``forecasts``
    models × series × periods, ``shapes`` models × periods × periods (their covariance in units of the variance)."""

    likelihood: np.ndarray
    variance: np.ndarray
    forecasts: np.ndarray
    shapes: np.ndarray


def fit_each(values: np.ndarray, whole: np.ndarray) -> Fits:
    """Series × observed, under covariances over what is observed and what is to come (models × both × both)."""
    seen = values.shape[1]
    # Differences from the last value: nothing is lost to rounding in a long series far from 0.
    moves = values - values[:, -1:]
    inverse = np.linalg.inv(whole[:, :seen, :seen])
    to_mean = inverse.sum(axis=-1)
    certainty = to_mean.sum(axis=-1)
    to_squares = inverse - to_mean[:, :, None] * to_mean[:, None, :] / certainty[:, None, None]
    cross = whole[:, seen:, :seen]
    to_forecast = cross @ to_squares + (to_mean / certainty[:, None])[:, None, :]
    unexplained = 1.0 - cross @ to_mean[:, :, None]
    shapes = whole[:, seen:, seen:] - cross @ inverse @ cross.swapaxes(1, 2)
    shapes += unexplained @ unexplained.swapaxes(1, 2) / certainty[:, None, None]

    freedom = seen - 1 + WORTH
    believed = WORTH * (USUAL * np.abs(values).mean(axis=1)) ** 2
    squares = np.maximum(((moves @ to_squares) * moves).sum(axis=-1), 0.0) + believed
    volume = np.linalg.slogdet(whole[:, :seen, :seen])[1] + np.log(certainty)
    likelihood = -0.5 * volume[:, None] - 0.5 * freedom * np.log(squares)
    return Fits(likelihood, squares / freedom, moves @ to_forecast.swapaxes(1, 2) + values[:, -1:], shapes)


def _average(fits: Fits) -> tuple[np.ndarray, np.ndarray]:
    weight = np.exp(TRUST * (fits.likelihood - fits.likelihood.max(axis=0)))
    weight /= weight.sum(axis=0)
    centre = np.einsum("mn,mnh->nh", weight, fits.forecasts)
    apart = fits.forecasts - centre
    within = np.einsum("mn,mhk->nhk", weight * fits.variance, fits.shapes)
    return centre, within + np.einsum("mn,mnh,mnk->nhk", weight, apart, apart)
