"""The index: a tree of weighted indicators, its scores and ranks, and what they come from.

Structure and Method say what and how; ``compute`` does it; ``IndexResult`` answers for it. Weights are normalised among
siblings; scores are on the method's scale; ranks are 1 = best, ties share the smaller number.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from . import AnalysisError
from .normalise import aggregate, normalise, rank, round_for_rank
from .structure import Method, Structure
from .treatment import check_values, denominate, impute, winsorise

__all__ = [
    "IndexResult", "Method", "Structure", "compute", "denominate", "explain_change", "impute", "levers", "what_if", "winsorise",
]  # fmt: skip

GROUPS: Final = ("own", "others", "restated", "method")


@dataclass(frozen=True, eq=False)
class IndexResult:
    """An index of one period. ``scores``, ``ranks`` and ``coverage`` are units × every node code, leaves first."""

    values: pd.DataFrame
    structure: Structure
    method: Method
    scores: pd.DataFrame
    ranks: pd.DataFrame
    coverage: pd.DataFrame

    def contributions(self, unit: str, node: str | None = None) -> pd.Series:
        """Points of each leaf under ``node`` (the root unless given); together they are the node's score.

        Arithmetic: by weight, over the children present. Geometric: score · wᵢ ln cᵢ / Σ wⱼ ln cⱼ, NaN where that sum is 0; all 0
        where a child is 0. A leaf that does not count is NaN. Other aggregations under the node raise ``AnalysisError``.
        """
        code = self.structure.root if node is None else node
        if unit not in self.scores.index:
            raise AnalysisError(f"the index has no unit {unit}")
        at = self.structure.find(code)
        points = _spread(self, self.scores.loc[unit].to_numpy(), at)
        leaves = sorted(self.structure.find_leaves(code))
        return pd.Series([points.get(leaf, math.nan) for leaf in leaves], index=[self.structure.codes[leaf] for leaf in leaves], dtype=float)


def compute(values: pd.DataFrame, structure: Structure, method: Method) -> IndexResult:
    """The index over ``values`` (units × leaf codes, raw units). A missing leaf column raises, an extra one is ignored.

    Normalisation, over the units given: ``minmax``; ``zscore`` (with ``ddof``); ``rank``, the average rank from the worst / n × 100;
    ``goalposts``, (x − low)/(high − low), of logarithms where the leaf says so, clipped unless ``clip`` is false; ``standard``,
    min(x/standard, 1) · 100 or min(standard/x, 1) · 100; ``none``. Direction −1 reverses minmax, zscore, rank and standard.

    Aggregation by sibling weights: ``arithmetic``; ``geometric`` and ``harmonic`` (any 0 → 0, any negative → NaN);
    ``mazziotta_pareto``, M − S²/M with mean M and population variance S² (Mazziotta and Pareto 2016, the negative penalty).
    Missing children: weights go to those present, NaN below ``min_coverage`` (``reweight``), or NaN (``propagate``).
    """
    given = check_values(values)
    if missing := [code for code in structure.leaf_codes if code not in given.columns]:
        raise AnalysisError(f"there are no values for {missing[0]}")
    for code in method.aggregate if isinstance(method.aggregate, Mapping) else ():
        if code != "*" and code not in structure.codes:
            raise AnalysisError(f"the method has an aggregation for {code}, which the index has not")
    leaves = normalise(given[list(structure.leaf_codes)].to_numpy(), structure.leaves, method)
    result = aggregate(leaves, structure, method)
    ranks = rank(round_for_rank(result.scores, method), axis=-2)
    frames = (pd.DataFrame(table, index=given.index, columns=list(structure.codes)) for table in (result.scores, ranks, result.coverage))
    return IndexResult(given, structure, method, *frames)


def what_if(values: pd.DataFrame, structure: Structure, method: Method, changes: Mapping[tuple[str, str], float]) -> IndexResult:
    """The index with some values replaced: ``{(unit, code): new value}``. An unknown unit or code raises."""
    changed = check_values(values).copy()
    for (unit, code), value in changes.items():
        if unit not in changed.index:
            raise AnalysisError(f"there is no unit {unit}")
        if code not in changed.columns:
            raise AnalysisError(f"there are no values for {code}")
        changed.loc[unit, code] = math.nan if value is None else float(value)
    return compute(changed, structure, method)


def levers(values: pd.DataFrame, structure: Structure, method: Method, unit: str, step: float) -> pd.DataFrame:
    """What each leaf alone would do for a unit, moved by ``step`` sample standard deviations (over the units) for the better.

    Columns ``score``, gained at the root, and ``places``, gained in rank (up is positive); most score first, NaN (nothing to
    move, or no rank) last.
    """
    before = compute(values, structure, method)
    if unit not in before.scores.index:
        raise AnalysisError(f"there is no unit {unit}")
    at = before.scores.index.get_loc(unit)
    raw = before.values[list(structure.leaf_codes)]
    moves = step * raw.std(ddof=1).to_numpy() * _better_directions(structure, method)
    # One scenario a leaf: leaves × units × leaves.
    scenarios = np.repeat(raw.to_numpy()[np.newaxis], len(moves), axis=0)
    each = np.arange(len(moves))
    scenarios[each, at, each] += moves
    roots = aggregate(normalise(scenarios, structure.leaves, method), structure, method).scores[..., -1]
    places = rank(round_for_rank(roots, method))[:, at]
    movable = ~np.isnan(scenarios[each, at, each])
    gains = {
        "score": np.where(movable, roots[:, at] - before.scores[structure.root].iloc[at], np.nan),
        "places": np.where(movable, before.ranks[structure.root].iloc[at] - places, np.nan),
    }
    table = pd.DataFrame(gains, index=pd.Index(structure.leaf_codes, name="leaf"))
    return table.sort_values("score", ascending=False, kind="stable", na_position="last")


def explain_change(before: IndexResult, after: IndexResult, unit: str, restated: pd.DataFrame | None = None) -> pd.DataFrame:
    """Why a unit's score and rank moved: ``own`` values, ``others``' values, ``restated`` past values, ``method`` (with structure).

    ``restated``: the values of the earlier period as known now. Rows are these four, columns ``score`` and ``rank`` (positive when
    the number grows); each column adds up to after − before. Shapley values: each group's mean effect over all orders in
    which the groups that differ could have changed. Units that enter or leave count under ``others``. NaN where a step on the
    way cannot be computed.
    """
    for result, name in ((before, "before"), (after, "after")):
        if unit not in result.scores.index:
            raise AnalysisError(f"unit {unit} is not in the index {name}")
    game = _Game(before, after, unit, check_values(before.values if restated is None else restated, "restated"))
    players = game.find_players()
    table = pd.DataFrame(0.0, index=list(GROUPS), columns=["score", "rank"])
    for player in players:
        table.loc[player] = _shapley(game, player, [other for other in players if other != player])
    # The last bits: a column adds up exactly.
    total = game.play(frozenset(players)) - game.play(frozenset())
    if players:
        table.loc[players[0]] += total - table.sum(skipna=False).to_numpy()
    return table


# -- contributions -------------------------------------------------------------------------------


def _spread(result: IndexResult, scores: np.ndarray, at: int) -> dict[int, float]:
    """Points by leaf position: a node's are those of its children, each child's in proportion to its own leaves'."""
    structure = result.structure
    if at < len(structure.leaves):
        return {at: float(scores[at])}
    node = structure.nodes[at - len(structure.leaves)]
    name = result.method.get_aggregation(node.code)
    if name not in ("arithmetic", "geometric"):
        raise AnalysisError(f"node {node.code} is {name}: its score is no sum of its children's")
    shares = {child: weight for child, weight in zip(node.children, node.weights, strict=True) if weight and not math.isnan(scores[child])}
    if math.isnan(scores[at]) or not shares:
        return {}
    total = sum(shares.values())
    factors = _factors(name, float(scores[at]), {child: (weight / total, float(scores[child])) for child, weight in shares.items()})
    return {leaf: factor * part for child, factor in factors.items() for leaf, part in _spread(result, scores, child).items()}


def _factors(name: str, score: float, children: Mapping[int, tuple[float, float]]) -> dict[int, float]:
    """By child: its points in the parent, over its own score."""
    if name == "arithmetic":
        return {child: weight for child, (weight, _) in children.items()}
    if score == 0:
        return dict.fromkeys(children, 0.0)
    logs = {child: weight * math.log(value) for child, (weight, value) in children.items()}
    whole = sum(logs.values())
    return {child: score * logs[child] / whole / value if whole else math.nan for child, (_, value) in children.items()}


def _better_directions(structure: Structure, method: Method) -> np.ndarray:
    """Which way a raw value improves its score."""
    if method.normalise == "goalposts":
        return np.array([1.0 if leaf.high > leaf.low else -1.0 for leaf in structure.leaves])
    if method.normalise == "none":
        return np.ones(len(structure.leaves))
    return np.array([float(leaf.direction) for leaf in structure.leaves])


# -- the change explained ------------------------------------------------------------------------


class _Game:
    """What score and rank would be if only some of the groups had changed."""

    def __init__(self, before: IndexResult, after: IndexResult, unit: str, restated: pd.DataFrame) -> None:
        self.before, self.after, self.unit = before, after, unit
        # A code only one of the two indices knows is missing in the other, not an error.
        codes = before.values.columns.union(after.values.columns).union(restated.columns)
        self.old, self.known_now, self.new = (frame.reindex(columns=codes) for frame in (before.values, restated, after.values))
        self.played: dict[frozenset[str], np.ndarray] = {}

    def find_players(self) -> list[str]:
        is_own = self.known_now.index == self.unit
        differs = {
            "own": not _same(self.known_now[is_own], self.new[self.new.index == self.unit]),
            "others": not _same(self.known_now[~is_own], self.new[self.new.index != self.unit]),
            "restated": not _same(self.old, self.known_now),
            "method": self.before.method != self.after.method or self.before.structure != self.after.structure,
        }
        return [name for name in GROUPS if differs[name]]

    def play(self, changed: frozenset[str]) -> np.ndarray:
        """[score, rank] of the unit at the root."""
        if changed not in self.played:
            past = self.known_now if "restated" in changed else self.old
            own = self.new if "own" in changed else past
            others = self.new if "others" in changed else past
            values = pd.concat([own[own.index == self.unit], others[others.index != self.unit]])
            rules = self.after if "method" in changed else self.before
            result = compute(values.reindex(columns=values.columns.union(list(rules.structure.leaf_codes))), rules.structure, rules.method)
            root = rules.structure.root
            known = self.unit in result.scores.index
            self.played[changed] = np.array(
                [result.scores.loc[self.unit, root], result.ranks.loc[self.unit, root]] if known else [math.nan, math.nan]
            )
        return self.played[changed]


def _same(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    return bool(left.sort_index().equals(right.sort_index()))


def _shapley(game: _Game, player: str, others: list[str]) -> np.ndarray:
    """The mean over all orders of what the player adds."""
    n = len(others) + 1
    total = np.zeros(2)
    for size in range(n):
        weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
        for coalition in combinations(others, size):
            before = frozenset(coalition)
            total += weight * (game.play(before | {player}) - game.play(before))
    return total
