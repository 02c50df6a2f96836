"""A distribution over periods to come: Student's t of the values or of their square roots, cut to what is possible.

All series at once: ``series × periods``. Values are in ``unit``s of each series, so that no size of number matters.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from scipy import special

# Standard deviations as good as infinitely many: what lies beyond weighs less than rounding.
_FAR: Final = 1e12


@dataclass(frozen=True)
class Predictive:
    """``centre`` and ``scale`` are series × periods, ``covariance`` (of which only the correlation counts) series × periods × periods.

    By series: ``freedom`` degrees of freedom (more than 2), ``rooted`` (the t is of square roots, 0 for what is negative),
    ``unit``, ``low`` and ``high`` (values beyond become these; ±inf: no bound).
    """

    centre: np.ndarray
    scale: np.ndarray
    covariance: np.ndarray
    freedom: np.ndarray
    rooted: np.ndarray
    unit: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def take(self, row: int) -> "Predictive":
        """Of one series alone."""
        return Predictive(*(getattr(self, field.name)[row : row + 1] for field in fields(self)))

    def quantile(self, share: float) -> np.ndarray:
        """Series × periods: the value that ``share`` of the distribution is below."""
        return self._to_values(self.centre + self.scale * special.stdtrit(self.freedom, share)[:, None])

    def mean(self) -> np.ndarray:
        """Series × periods: the expected value. Of what lies within the bounds in closed form, of what lies beyond at them."""
        freedom = self.freedom[:, None]
        low, high = self._lowest()[:, None], self.high[:, None]
        ends = self._standardise(low), self._standardise(high)
        share, first, second = (upper - lower for lower, upper in zip(*(_moments(end, freedom) for end in ends), strict=True))
        root = self.centre * share + self.scale * first
        square = self.centre**2 * share + 2 * self.centre * self.scale * first + self.scale**2 * second
        at_low, at_high = special.stdtr(freedom, ends[0]), special.stdtr(freedom, -ends[1])
        inside = self.unit[:, None] * np.where(self.rooted[:, None], square, root)
        # A bound that is not there has no weight.
        beyond = np.where(np.isfinite(low), at_low * low, 0.0) + np.where(np.isfinite(high), at_high * high, 0.0)
        return np.clip(inside + beyond, low, high)

    def chance(self, target: float, direction: str) -> np.ndarray:
        """Series × periods: the probability of ``target`` or beyond."""
        at = self._standardise(np.full(len(self.unit), target)[:, None])
        freedom = self.freedom[:, None]
        low, high = self._lowest()[:, None], self.high[:, None]
        if direction == "higher":
            return np.where(target <= low, 1.0, np.where(target > high, 0.0, special.stdtr(freedom, -at)))
        return np.where(target >= high, 1.0, np.where(target < low, 0.0, special.stdtr(freedom, at)))

    def draw(self, n: int, seed: int) -> np.ndarray:
        """``n`` paths of the first series, n × periods; the first ones stay the same when there are more."""
        sizes = np.sqrt(np.diagonal(self.covariance[0]))
        correlation = self.covariance[0] / np.outer(sizes, sizes)
        normal, chi = (np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(2))
        moves = normal.standard_normal((n, len(sizes))) @ np.linalg.cholesky(correlation).T
        moves *= np.sqrt(self.freedom[0] / chi.chisquare(self.freedom[0], n))[:, None]
        return self._to_values(self.centre + self.scale * moves)

    def _lowest(self) -> np.ndarray:
        return np.where(self.rooted, np.maximum(self.low, 0.0), self.low)

    def _to_values(self, drawn: np.ndarray) -> np.ndarray:
        values = self.unit[:, None] * np.where(self.rooted[:, None], np.maximum(drawn, 0.0) ** 2, drawn)
        return np.clip(values, self.low[:, None], self.high[:, None])

    def _standardise(self, values: np.ndarray) -> np.ndarray:
        """Where values (series × 1) are in the t's own units, series × periods."""
        # A target or bound in units of a tiny series may be infinite: then it is far.
        with np.errstate(over="ignore"):
            inner = values / self.unit[:, None]
            inner = np.where(self.rooted[:, None], np.sqrt(np.maximum(inner, 0.0)), inner)
            return np.clip((inner - self.centre) / self.scale, -_FAR, _FAR)



def _moments(end: np.ndarray, freedom: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The t's probability, mean and mean square below ``end``, each an integral from −∞; ``freedom`` more than 2."""
    logarithm = special.gammaln((freedom + 1) / 2) - special.gammaln(freedom / 2) - (freedom + 1) / 2 * np.log1p(end**2 / freedom)
    density = np.exp(logarithm) / np.sqrt(freedom * np.pi)
    below = special.stdtr(freedom, end)
    wider = special.stdtr(freedom - 2, end * np.sqrt((freedom - 2) / freedom))
    return below, -(freedom + end**2) / (freedom - 1) * density, freedom * ((freedom - 1) / (freedom - 2) * wider - below)
