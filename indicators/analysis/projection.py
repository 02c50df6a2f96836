"""Where will it be, and how sure: the next periods of short series, with intervals that keep what they promise.

Point and spread come from an average over structural models (``structural.py``) of the square roots of the values, or of the
values themselves where one is negative: roots stand between growth by amounts and growth by shares, never go below 0, and did
better than either on short series. The spread is then widened by how far past forecasts of the same kind were really off
(``SPREADS``), and read as a Student t. Models, widening and tails were chosen by rolling origin inside the training parts
of the M3 competition's short series, the models for years also by the yearly sums of its quarterly series and by the provinces'
R&D figures; docs/projection.md says how good they are on the held-out parts.

Amounts of a year to date jump back each January: project their ``flows``, and a stock as it is.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Final

import numpy as np
import pandas as pd

from . import AnalysisError, NotEnoughData, check_type
from .measure import check_direction
from .predictive import Predictive
from .series import periods_a_year, regular
from .structural import Model, fit

Bounds = tuple[float | None, float | None]

FEWEST: Final = 4
# Older periods say nothing about the next ones that these do not.
MOST: Final = 200
LARGEST: Final = 1e290
INSUFFICIENT: Final = "insufficient data"
OF_ROOTS: Final = "average of structural models of square roots"
OF_VALUES: Final = "average of structural models"

# -- learnt from data: `python -m tests.bench.calibration` makes them again ----------------------------

# By periods a year.
MODELS: Final = {
    1: (
        # A momentum that is soon spent; growth that lasts; growth that bends and lasts, or fades; much noise about growth that fades.
        Model(noise=0.05, level=1, slope=1, bend=1, fading=0.6),
        Model(noise=0.05, level=1, slope=3),
        Model(noise=0.05, level=1, slope=3, bend=0.05),
        Model(noise=3, level=1, slope=1, fading=0.95),
        Model(noise=0.05, level=1, slope=3, bend=0.05, fading=0.9),
    ),
    4: (
        # Steps about a trend that lasts; a momentum that is soon spent; noise about a trend that fades, lasts, bends or wanders. All
        # with a season, which may be large, as of spending that is heavy in the fourth quarter.
        Model(noise=0.03, level=1, slope=0.05, bend=0.01, season=30, turn=0.2),
        Model(noise=0.3, level=1, slope=0.5, bend=0.5, fading=0.6, season=30, turn=0.2),
        Model(noise=1, level=0.03, slope=0.05, bend=0.01, fading=0.8, season=1, turn=0.05),
        Model(noise=1, level=0.03, slope=0.05, bend=0.01, season=30, turn=0.2),
        Model(noise=1, level=0.03, slope=0.05, bend=0.03, fading=0.9, season=100, turn=1),
        Model(noise=1, level=0.3, slope=0.05, bend=0.01, season=30, turn=0.2),
    ),
}
# After n observations the scale of the h-th period to come is first · h ** second · (n / (n − 3)) ** third times the models'.
SPREADS: Final = {1: (0.887, 0.046, 0.153), 4: (0.715, 0.155, 0.517)}
# The tails are those of a Student t with one degree of freedom less than observations, and no more than this.
FREEDOM: Final = 4


@dataclass(frozen=True, eq=False)
class Projection:
    """The next periods of one series.

    By period: ``mean``, the expected value, and ``median``, which is as likely to be passed as not. The median is off least, and
    what pages show; the mean is what adds up, over series and over periods. ``lower`` and ``upper``: periods × levels, the ends of
    the central intervals. ``method`` in words. All in the units of the series; all NaN, and ``method`` "insufficient data", for a
    column of ``project_many`` that has too little to say.
    """

    mean: pd.Series
    median: pd.Series
    lower: pd.DataFrame
    upper: pd.DataFrame
    method: str
    seed: int
    _spread: Predictive | None

    def samples(self, n: int) -> np.ndarray:
        """``n`` possible paths, n × periods, whose periods hang together as the models say. The same seed draws the same ones."""
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise AnalysisError(f"the number of samples must be a whole number, at least 1, not {n!r}")
        return np.full((n, len(self.mean)), np.nan) if self._spread is None else self._spread.draw(int(n), self.seed)

    def chance(self, target: float, direction: str = "higher", period: pd.Period | None = None) -> float:
        """The probability, 0…1, that the value of ``period`` (the last one unless given) is at ``target`` or beyond in ``direction``."""
        check_direction(direction)
        if not isinstance(target, Real) or np.isnan(float(target)):
            raise AnalysisError(f"the target is no number: {target!r}")
        at = len(self.mean) - 1
        if period is not None:
            if period not in self.mean.index:
                raise AnalysisError(f"the projection has no period {period}")
            at = self.mean.index.get_loc(period)
        return float("nan") if self._spread is None else float(self._spread.chance(float(target), direction)[0, at])


@dataclass(frozen=True, eq=False)
class Projections(Mapping[Hashable, Projection]):
    """The next periods of many series: by column a ``Projection``.

    ``mean``, ``median``, ``lower[level]`` and ``upper[level]`` are periods × columns, ``method`` is by column.
    """

    mean: pd.DataFrame
    median: pd.DataFrame
    lower: Mapping[float, pd.DataFrame]
    upper: Mapping[float, pd.DataFrame]
    method: pd.Series
    seed: int
    _spread: Predictive
    _known: np.ndarray

    def __getitem__(self, column: Hashable) -> Projection:
        at = self.mean.columns.get_loc(column)
        lower, upper = (pd.DataFrame({level: end.iloc[:, at] for level, end in ends.items()}, self.mean.index) for ends in (self.lower, self.upper))
        spread = self._spread.take(int(self._known[:at].sum())) if self._known[at] else None
        return Projection(self.mean.iloc[:, at], self.median.iloc[:, at], lower, upper, self.method.iloc[at], self.seed, spread)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.mean.columns)

    def __len__(self) -> int:
        return self.mean.shape[1]


def project(
    series: pd.Series,
    horizon: int,
    *,
    levels: Sequence[float] = (0.80, 0.95),
    bounds: Bounds = (None, None),
    seed: int = 0,
) -> Projection:
    """The ``horizon`` periods after the last of ``series`` (quarters or years, in any order; NaN or left out: missing).

    ``levels``: the shares the intervals are to hold. ``bounds``: the least and the most the value can be; what the models say beyond
    them is put at them. Four observations at least, not all 0, else ``NotEnoughData``; the last 200 periods count.
    ``AnalysisError`` names the period of an infinite or doubled value. ``seed`` is of ``samples``; all else is exact.

    >>> project(pd.Series([3.1, 3.4, 3.6, 4.0], pd.period_range("2021", periods=4, freq="Y")), 1).median
    """
    check_type(series, "series", pd.Series)
    frame = pd.DataFrame({series.name: series})
    projection = project_many(frame, horizon, levels=levels, bounds=bounds, seed=seed)[series.name]
    if projection.method == INSUFFICIENT:
        observed = int(series.notna().sum())
        raise NotEnoughData(
            f"every value is 0: nothing says how far the next may be{_of(series.name)}"
            if observed >= FEWEST
            else f"{observed} observations{_of(series.name)} are not enough to project from; {FEWEST} are needed"
        )
    return projection


def project_many(
    frame: pd.DataFrame,
    horizon: int,
    *,
    levels: Sequence[float] = (0.80, 0.95),
    bounds: Bounds | Mapping[Hashable, Bounds] = (None, None),
    seed: int = 0,
) -> Projections:
    """``project`` of each column of ``frame`` (periods × series), all at once.

    A column with too little to say is all NaN, and its method "insufficient data". ``bounds``: of all columns, or by column.
    """
    check_type(frame, "frame", pd.DataFrame)
    _check(horizon, levels, seed)
    known, values = _read(frame)
    per_year = periods_a_year(frame.index)
    low, high = _read_bounds(bounds, frame.columns)
    spread = _predict(values[known], per_year, int(horizon), low[known], high[known])
    periods = pd.period_range(frame.index.max() + 1, periods=horizon)

    def make_frame(rows: np.ndarray) -> pd.DataFrame:
        whole = np.full((len(periods), len(known)), np.nan)
        whole[:, known] = rows.T
        return pd.DataFrame(whole, index=periods, columns=frame.columns)

    method = pd.Series(INSUFFICIENT, index=frame.columns, dtype=object)
    method[known] = np.where(spread.rooted, OF_ROOTS, OF_VALUES)
    return Projections(
        make_frame(spread.mean()),
        make_frame(spread.quantile(0.5)),
        {level: make_frame(spread.quantile(0.5 - level / 2)) for level in levels},
        {level: make_frame(spread.quantile(0.5 + level / 2)) for level in levels},
        method,
        seed,
        spread,
        known,
    )


def _predict(values: np.ndarray, per_year: int, horizon: int, low: np.ndarray, high: np.ndarray) -> Predictive:
    """Series × periods, each with enough to say, in any unit."""
    unit = np.nanmax(np.abs(values), axis=1) if len(values) else np.empty(0)
    inner = values / unit[:, None]
    rooted = np.asarray((np.nan_to_num(inner) >= 0).all(axis=1))
    inner[rooted] = np.sqrt(inner[rooted])
    forecast = fit(inner, horizon, MODELS[per_year], per_year)
    present = ~np.isnan(values)
    observed = present.sum(axis=1)
    first, second, third = SPREADS[per_year]
    # The last periods may be missing: then the first one to come is further away.
    ahead = np.arange(1, horizon + 1) + present[:, ::-1].argmax(axis=1)[:, None]
    widening = first * ahead**second * (observed / (observed - 3))[:, None] ** third
    scale = widening * np.sqrt(np.diagonal(forecast.covariance, axis1=1, axis2=2))
    return Predictive(forecast.centre, scale, forecast.covariance, np.minimum(observed - 1, FREEDOM), rooted, unit, low, high)


def _read(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Which columns have enough to say, and series × regular periods."""
    if not frame.columns.is_unique:
        raise AnalysisError(f"series {frame.columns[frame.columns.duplicated()][0]} is there twice")
    whole = regular(frame).iloc[-MOST:]
    values = whole.to_numpy(dtype=float).T
    if not len(frame.index):
        raise NotEnoughData(f"0 observations are not enough to project from; {FEWEST} are needed")
    large = np.abs(values) > LARGEST
    if large.any():
        column, period = np.argwhere(large)[0]
        raise AnalysisError(f"the value of {whole.index[period]}{_of(frame.columns[column])} is too large to reckon with")
    observed = (~np.isnan(values)).sum(axis=1)
    return (observed >= FEWEST) & (np.nan_to_num(values) != 0).any(axis=1), values


def _read_bounds(bounds: Bounds | Mapping[Hashable, Bounds], columns: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    pairs = [bounds.get(column, (None, None)) for column in columns] if isinstance(bounds, Mapping) else [bounds] * len(columns)
    low, high = np.full(len(pairs), -np.inf), np.full(len(pairs), np.inf)
    for at, pair in enumerate(pairs):
        try:
            least, most = pair
            low[at], high[at] = (-np.inf if least is None else least), (np.inf if most is None else most)
        except (TypeError, ValueError) as error:
            raise AnalysisError(f"the bounds{_of(columns[at])} are not two numbers: {pair!r}") from error
    for column, least, most in zip(columns, low, high, strict=True):
        if not least <= most:
            raise AnalysisError(f"the bounds{_of(column)} are not a lower and an upper one: {least:g}, {most:g}")
    return low, high


def _check(horizon: int, levels: Sequence[float], seed: int) -> None:
    if isinstance(horizon, bool) or not isinstance(horizon, int | np.integer) or not 1 <= horizon <= MOST:
        raise AnalysisError(f"the horizon must be a whole number of periods from 1 to {MOST}, not {horizon!r}")
    for level in levels:
        if not isinstance(level, Real) or not 0 < level < 1:
            raise AnalysisError(f"the level of an interval is a share between 0 and 1, not {level!r}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise AnalysisError(f"the seed must be a whole number, at least 0, not {seed!r}")


def _of(name: Hashable) -> str:
    return "" if name is None else f" of {name}"
