"""Raw values on a common scale, children into parents, scores into ranks: the arithmetic of an index on bare arrays.

Arrays are … × units × codes; whatever stands before (draws, levers, scenarios) is computed at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from . import AnalysisError
from .structure import Leaf, Method, Structure

# Scores are compared, and shares of weight held against a minimum, to this; what is beyond is rounding.
DECIMALS: Final = 9
_SAME: Final = 1e-12


@dataclass(frozen=True)
class Scores:
    """… × units × codes: scores, and the share of the direct children's weight that is present (leaves: 1 or 0)."""

    scores: np.ndarray
    coverage: np.ndarray


def normalise(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    """Leaf values (… × units × leaves) on the method's scale; NaN stays NaN. See ``composite.compute``."""
    with np.errstate(all="ignore"):
        scaled = _NORMALISE[method.normalise](values, leaves, method)
    return np.where(np.isfinite(scaled), scaled, np.nan)


def aggregate(leaves: np.ndarray, structure: Structure, method: Method, weights: Sequence[np.ndarray] | None = None) -> Scores:
    """Every node's score from normalised leaves. ``weights`` (… × children, by node, adding up to 1) replace the structure's."""
    shares = [np.asarray(node.weights) for node in structure.nodes] if weights is None else weights
    ahead = np.broadcast_shapes(leaves.shape[:-2], *(share.shape[:-1] for share in shares))
    shape = (*ahead, leaves.shape[-2], len(structure.codes))
    scores, coverage = np.empty(shape), np.empty(shape)
    first = len(structure.leaves)
    scores[..., :first] = leaves
    coverage[..., :first] = ~np.isnan(leaves)
    with np.errstate(all="ignore"):
        for at, (node, share) in enumerate(zip(structure.nodes, shares, strict=True), start=first):
            name = method.get_aggregation(node.code)
            scores[..., at], coverage[..., at] = _combine(name, scores[..., node.children], share[..., np.newaxis, :], method)
    return Scores(scores, coverage)


def rank(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Competition ranks along an axis: 1 = highest, ties share the smaller number, NaN unranked. Values are compared exactly."""
    values = np.moveaxis(scores, axis, -1)
    order = np.argsort(-values, axis=-1, kind="stable")  # NaN goes last
    ordered = np.take_along_axis(values, order, axis=-1)
    places = np.broadcast_to(np.arange(1, values.shape[-1] + 1), values.shape)
    is_new = np.ones(values.shape, dtype=bool)
    is_new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.maximum.accumulate(np.where(is_new, places, 0), axis=-1), axis=-1)
    return np.moveaxis(np.where(np.isnan(values), np.nan, ranks), -1, axis)


def round_for_rank(scores: np.ndarray, method: Method) -> np.ndarray:
    rounded = np.round(scores, DECIMALS)
    return rounded if method.rank_decimals is None else np.round(rounded, method.rank_decimals)


# -- normalising ---------------------------------------------------------------------------------


def _directions(leaves: Sequence[Leaf]) -> np.ndarray:
    return np.array([leaf.direction for leaf in leaves], dtype=float)


def _extremes(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least and greatest of each column over the units, and whether it is constant (or empty)."""
    low = np.fmin.reduce(values, axis=-2, keepdims=True, initial=np.nan)
    high = np.fmax.reduce(values, axis=-2, keepdims=True, initial=np.nan)
    is_constant = ~(high - low > _SAME * np.maximum(np.abs(low), np.abs(high)))
    return low, high, is_constant


def _minmax(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    low, high, is_constant = _extremes(values)
    share = np.where(_directions(leaves) > 0, values - low, high - values) / np.where(is_constant, np.nan, high - low)
    return _place(share, method)


def _zscore(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    is_constant = _extremes(values)[2]
    known = ~np.isnan(values)
    count = known.sum(axis=-2, keepdims=True)
    mean = np.where(known, values, 0.0).sum(axis=-2, keepdims=True) / count
    deviations = np.where(known, values - mean, 0.0)
    sd = np.sqrt((deviations**2).sum(axis=-2, keepdims=True) / np.where(count > method.ddof, count - method.ddof, np.nan))
    centre, spread = method.get_scale()
    return centre + spread * _directions(leaves) * (values - mean) / np.where(is_constant, np.nan, sd)


def _rank(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    better = values * _directions(leaves)
    count = (~np.isnan(values)).sum(axis=-2, keepdims=True)
    # From the worst: as many as are worse, and half of those that are equal.
    return (rank(-better, axis=-2) + count - rank(better, axis=-2) + 1) / 2 / count * 100


def _goalposts(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    for leaf in leaves:
        if not abs(leaf.high - leaf.low) > 0:
            raise AnalysisError(f"the goalposts of {leaf.code} are missing or the same")
    posts = np.array([(leaf.low, leaf.high) for leaf in leaves]).T
    is_log = np.array([leaf.is_log for leaf in leaves])
    low, high = np.where(is_log, np.log(np.where(is_log, posts, 1.0)), posts)
    share = (np.where(is_log, np.log(np.where(is_log, values, 1.0)), values) - low) / (high - low)
    # The logarithm of 0 is no place on any scale.
    share = np.where(np.isfinite(share), share, np.nan)
    return _place(np.clip(share, 0.0, 1.0) if method.clip else share, method)


def _standard(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    for leaf in leaves:
        if not leaf.standard > 0:
            raise AnalysisError(f"the standard of {leaf.code} is missing or not above 0")
    standards = np.array([leaf.standard for leaf in leaves])
    share = np.where(_directions(leaves) > 0, values / standards, standards / values)
    return np.minimum(share, 1.0) * 100


def _none(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    return values


def _place(share: np.ndarray, method: Method) -> np.ndarray:
    low, high = method.get_scale()
    return low + (high - low) * share


_NORMALISE: Final[dict[str, Callable[[np.ndarray, Sequence[Leaf], Method], np.ndarray]]] = {
    "minmax": _minmax,
    "zscore": _zscore,
    "rank": _rank,
    "goalposts": _goalposts,
    "standard": _standard,
    "none": _none,
}


# -- aggregating ---------------------------------------------------------------------------------


def _combine(name: str, children: np.ndarray, weights: np.ndarray, method: Method) -> tuple[np.ndarray, np.ndarray]:
    """One node: its score and its coverage. A child of weight 0 is as if it were not there."""
    present = ~np.isnan(children) & (weights > 0)
    used = np.where(present, weights, 0.0)
    coverage = used.sum(axis=-1)
    if method.missing == "propagate":
        counts = (present | (weights <= 0)).all(axis=-1)
    else:
        counts = (coverage > 0) & (coverage >= method.min_coverage - 10.0**-DECIMALS)
    score = _MEAN[name](np.where(present, children, 1.0), used / coverage[..., np.newaxis], present)
    return np.where(counts & np.isfinite(score), score, np.nan), coverage


def _arithmetic(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    return (x * w).sum(axis=-1)


def _geometric(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.where((x < 0).any(axis=-1), np.nan, np.exp((w * np.log(_positive(x))).sum(axis=-1)) * (x != 0).all(axis=-1))


def _harmonic(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.where((x < 0).any(axis=-1), np.nan, (x != 0).all(axis=-1) / (w / _positive(x)).sum(axis=-1))


def _mazziotta_pareto(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    mean = _arithmetic(x, w, present)
    return mean - (w * (x - mean[..., np.newaxis]) ** 2).sum(axis=-1) / mean


def _positive(x: np.ndarray) -> np.ndarray:
    """What is 0 or less is answered for elsewhere."""
    return np.where(x > 0, x, 1.0)


_MEAN: Final[dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]]] = {
    "arithmetic": _arithmetic,
    "geometric": _geometric,
    "harmonic": _harmonic,
    "mazziotta_pareto": _mazziotta_pareto,
}
