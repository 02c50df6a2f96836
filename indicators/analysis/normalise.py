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
# Up to this many units are ranked by comparing each with each; a count of them fits a byte.
FEW: Final = 100


@dataclass(frozen=True)
class Scores:
    """… × units × codes: scores, and the share of the direct children's weight that is present (leaves: 1 or 0)."""

    scores: np.ndarray
    coverage: np.ndarray


def normalise(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    """Leaf values (… × units × leaves) on the method's scale; NaN stays NaN. See ``composite.compute``."""
    with np.errstate(all="ignore"):
        scaled = _NORMALISE[method.normalise](values, leaves, method)
    finite = np.isfinite(scaled)
    return scaled if finite.all() else np.where(finite, scaled, np.nan)


def aggregate(leaves: np.ndarray, structure: Structure, method: Method, weights: Sequence[np.ndarray] | None = None) -> Scores:
    """Every node's score from normalised leaves. ``weights`` (… × children, by node, adding up to 1) replace the structure's."""
    scores, coverage = _climb(leaves, structure, method, weights)
    return Scores(_stack(leaves, scores), _stack(~np.isnan(leaves), coverage))


def aggregate_root(leaves: np.ndarray, structure: Structure, method: Method, weights: Sequence[np.ndarray]) -> np.ndarray:
    """The root's scores alone, … × units: what a great many draws need."""
    if np.isnan(leaves).any() or any(method.get_aggregation(node.code) != "arithmetic" for node in structure.nodes):
        return _climb(leaves, structure, method, weights)[0][-1]
    # Nothing is missing, so a mean of means is one mean by the products of the weights on the way down.
    return _weigh(leaves, _multiply_down(structure, weights))


def _multiply_down(structure: Structure, weights: Sequence[np.ndarray]) -> np.ndarray:
    """What each leaf counts for in the root, … × leaves."""
    first = len(structure.leaves)
    shares = np.ones((*np.broadcast_shapes(*(w.shape[:-1] for w in weights)), len(structure.codes)))
    for at in reversed(range(len(structure.nodes))):
        shares[..., structure.nodes[at].children] = weights[at] * shares[..., first + at, np.newaxis]
    return shares[..., :first]


def _climb(
    leaves: np.ndarray, structure: Structure, method: Method, weights: Sequence[np.ndarray] | None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Scores and coverage of the inner nodes, each … × units."""
    shares = [np.asarray(node.weights) for node in structure.nodes] if weights is None else weights
    first = len(structure.leaves)
    scores: list[np.ndarray] = []
    coverage: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for node, share in zip(structure.nodes, shares, strict=True):
            if max(node.children) < first:
                children = leaves[..., node.children]
            else:
                parts = [leaves[..., at] if at < first else scores[at - first] for at in node.children]
                children = np.stack(np.broadcast_arrays(*parts), axis=-1)
            found = _combine(method.get_aggregation(node.code), children, share, method)
            scores.append(found[0])
            coverage.append(found[1])
    return scores, coverage


def _stack(leaves: np.ndarray, nodes: Sequence[np.ndarray]) -> np.ndarray:
    """Leaves and then nodes along the last axis."""
    ahead = np.broadcast_shapes(leaves.shape[:-1], *(node.shape for node in nodes))
    table = np.empty((*ahead, leaves.shape[-1] + len(nodes)))
    table[..., : leaves.shape[-1]] = leaves
    for at, node in enumerate(nodes, start=leaves.shape[-1]):
        table[..., at] = node
    return table


def rank(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Competition ranks along an axis: 1 = highest, ties share the smaller number, NaN unranked. Values are compared exactly."""
    values = np.ascontiguousarray(np.moveaxis(scores, axis, 0))
    return np.moveaxis(np.where(np.isnan(values), np.nan, _count_better(values) + 1.0), 0, axis)


def _count_better(values: np.ndarray) -> np.ndarray:
    """How many along the first axis are greater; of NaN nothing is said."""
    if len(values) > FEW:
        return _sort(values)
    # Few are faster compared each with each than sorted, and the count fits a byte.
    better = np.zeros(values.shape, dtype=np.uint8)
    for other in values:
        better += other > values
    return better


def _sort(values: np.ndarray) -> np.ndarray:
    order = np.argsort(-values, axis=0, kind="stable")  # NaN goes last
    ordered = np.take_along_axis(values, order, axis=0)
    places = np.broadcast_to(np.arange(len(values)).reshape(-1, *[1] * (values.ndim - 1)), values.shape)
    is_new = np.ones(values.shape, dtype=bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    better = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(better, order, np.maximum.accumulate(np.where(is_new, places, 0), axis=0), axis=0)
    return better


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
    is_up = _directions(leaves) > 0
    # (x − low)/(high − low), or (high − x)/(high − low).
    return _place((values - np.where(is_up, low, high)) / np.where(is_constant, np.nan, np.where(is_up, high - low, low - high)), method)


def _zscore(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    is_constant = _extremes(values)[2]
    known = ~np.isnan(values)
    count = known.sum(axis=-2, keepdims=True)
    mean = values.sum(axis=-2, keepdims=True, where=known) / count
    deviations = values - mean
    squares = np.square(deviations).sum(axis=-2, keepdims=True, where=known)
    sd = np.sqrt(squares / np.where(count > method.ddof, count - method.ddof, np.nan))
    centre, spread = method.get_scale()
    deviations *= spread * _directions(leaves) / np.where(is_constant, np.nan, sd)
    deviations += centre
    return deviations


def _rank(values: np.ndarray, leaves: Sequence[Leaf], method: Method) -> np.ndarray:
    good = np.ascontiguousarray(np.moveaxis(values * _directions(leaves), -2, 0))
    count = (~np.isnan(good)).sum(axis=0)
    better = _count_better(good)
    # Without ties n units have n (n − 1) / 2 pairs of a better and a worse one, and who is not better is worse.
    is_plain = (better.sum(axis=0, dtype=np.int64, where=~np.isnan(good)) * 2 == count * (count - 1)).all()
    worse = count - 1 - better if is_plain else _count_better(-good)
    # From the worst: as many as are worse, and half of those that are equal.
    places = (worse + (count + 1.0 - better)) * (50 / count)
    return np.moveaxis(np.where(np.isnan(good), np.nan, places), 0, -2)


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
    is_up = _directions(leaves) > 0
    share = values / standards if is_up.all() else np.where(is_up, values / standards, standards / values)
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
    """One node from … × units × children and … × children: its score and its coverage. A child of weight 0 is as if it were not there."""
    known = ~np.isnan(children)
    coverage = _weigh(known.astype(float), weights)
    if method.missing == "propagate":
        counts = (known | (weights[..., np.newaxis, :] <= 0)).all(axis=-1)
    else:
        counts = (coverage > 0) & (coverage >= method.min_coverage - 10.0**-DECIMALS)
    if name == "arithmetic":
        score = _weigh(np.where(known, children, 0.0), weights) / coverage
    else:
        present = known & (weights[..., np.newaxis, :] > 0)
        used = np.where(present, weights[..., np.newaxis, :], 0.0) / coverage[..., np.newaxis]
        score = _MEAN[name](np.where(present, children, 1.0), used, present)
    return np.where(counts & np.isfinite(score), score, np.nan), coverage


def _weigh(children: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums over the children, as products of matrices: most of what draws of the weights cost is here."""
    return weights @ children.T if children.ndim == 2 else np.matmul(children, weights[..., np.newaxis])[..., 0]


def _mean(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return (x * w).sum(axis=-1)


def _geometric(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.where((x < 0).any(axis=-1), np.nan, np.exp((w * np.log(_positive(x))).sum(axis=-1)) * (x != 0).all(axis=-1))


def _harmonic(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    return np.where((x < 0).any(axis=-1), np.nan, (x != 0).all(axis=-1) / (w / _positive(x)).sum(axis=-1))


def _mazziotta_pareto(x: np.ndarray, w: np.ndarray, present: np.ndarray) -> np.ndarray:
    mean = _mean(x, w)
    return mean - (w * (x - mean[..., np.newaxis]) ** 2).sum(axis=-1) / mean


def _positive(x: np.ndarray) -> np.ndarray:
    """What is 0 or less is answered for elsewhere."""
    return np.where(x > 0, x, 1.0)


_MEAN: Final[dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]]] = {
    "geometric": _geometric,
    "harmonic": _harmonic,
    "mazziotta_pareto": _mazziotta_pareto,
}
