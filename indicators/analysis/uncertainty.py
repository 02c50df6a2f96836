"""How sure is a rank: the index computed again many times with what is uncertain in it drawn anew (Saisana et al. 2005).

Three sources: ``weights`` (each × a uniform factor), ``normalise`` (which method), ``values`` (normal noise on the raw values).
All draws of a chunk are computed at once, and each source has a stream of random numbers of its own, so that the same seed
gives the same result whatever the size of the chunks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from . import AnalysisError
from .composite import compute
from .normalise import aggregate_root, normalise, rank, round_for_rank
from .structure import Method, Structure

SOURCES: Final = ("weights", "normalise", "values")
# Numbers held at once, in each of a handful of arrays: 2 MB each, which a processor's cache holds.
_CHUNK: Final = 250_000


def rank_uncertainty(
    values: pd.DataFrame,
    structure: Structure,
    method: Method,
    *,
    draws: int = 10_000,
    seed: int = 0,
    weight_noise: float = 0.25,
    normalise_among: Sequence[str] = (),
    value_sd: pd.Series | None = None,
) -> pd.DataFrame:
    """The spread of each unit's rank over ``draws`` computations. Index: units.

    ``weight_noise`` w: every weight × U(1−w, 1+w), siblings renormalised in each draw. ``normalise_among``: methods drawn with
    equal chances, each on its default scale. ``value_sd``: by code, the standard deviation of normal noise on the raw values
    (0 for a code it has not). Columns: ``rank`` (nominal), ``median``, ``mean``, ``q05``, ``q95`` (linear quantiles), ``p_better`` (share of
    draws with a smaller rank number). Draws in which a unit has no score are left out for it.
    """
    model = _Model.of(values, structure, method, draws, weight_noise, normalise_among, value_sd)
    sampler = _Sampler(model, seed)
    ranks = np.concatenate([model.rank(sample) for sample in sampler.draw(draws)])
    nominal = compute(values, structure, method).ranks[structure.root]
    return describe_ranks(ranks, nominal)


def first_order(
    values: pd.DataFrame,
    structure: Structure,
    method: Method,
    *,
    draws: int = 10_000,
    seed: int = 0,
    weight_noise: float = 0.25,
    normalise_among: Sequence[str] = (),
    value_sd: pd.Series | None = None,
) -> pd.Series:
    """The share of the variance of ranks (mean over units) that each source explains by itself. Index: the three sources.

    Sobol indices of first order by Saltelli's sampling (Saltelli et al. 2010, table 2 b): from two independent samples A and B,
    and A with one source taken from B; ``draws`` is the size of each, so that the index is computed (2 + sources) × ``draws`` times.
    What is missing to 1 is interaction. A source that is not uncertain is 0; NaN where no rank varies at all.
    """
    model = _Model.of(values, structure, method, draws, weight_noise, normalise_among, value_sd)
    streams = np.random.SeedSequence(seed).spawn(2)
    sums = _Sums(len(model.values))
    for a, b in zip(*(_Sampler(model, stream).draw(draws) for stream in streams), strict=True):
        rank_a, rank_b = model.rank(a), model.rank(b)
        sums.add(rank_a, rank_b, {s: model.rank(replace(a, **{s: getattr(b, s)})) for s in SOURCES if model.varies(s)})
    return sums.shares()


def describe_ranks(ranks: np.ndarray, nominal: pd.Series) -> pd.DataFrame:
    """Draws × units of ranks beside the nominal ones."""
    known = ~np.isnan(ranks)
    # A unit without a rank in any draw has no statistics; numpy would warn of it.
    usable = known.any(axis=0)
    table = pd.DataFrame(np.nan, index=nominal.index, columns=["rank", "median", "mean", "q05", "q95", "p_better"])
    table["rank"] = nominal
    some = ranks[:, usable]
    low, median, high = np.nanquantile(some, (0.05, 0.5, 0.95), axis=0) if usable.any() else (0.0, 0.0, 0.0)
    for column, statistic in (("median", median), ("q05", low), ("q95", high)):
        table.loc[usable, column] = statistic
    if usable.any():
        table.loc[usable, "mean"] = np.nanmean(some, axis=0)
    compared = usable & nominal.notna().to_numpy()
    better = (ranks < nominal.to_numpy()).sum(axis=0)
    table.loc[compared, "p_better"] = better[compared] / known.sum(axis=0)[compared]
    return table


@dataclass(frozen=True)
class _Sample:
    """A chunk of draws: factors of weights (draws × codes), which method (draws), noise (draws × units × leaves, in standard deviations)."""

    weights: np.ndarray
    normalise: np.ndarray
    values: np.ndarray | None


@dataclass(frozen=True)
class _Model:
    """What stays the same from draw to draw."""

    values: np.ndarray
    structure: Structure
    methods: tuple[Method, ...]
    weight_noise: float
    sd: np.ndarray | None

    @classmethod
    def of(
        cls,
        values: pd.DataFrame,
        structure: Structure,
        method: Method,
        draws: int,
        weight_noise: float,
        normalise_among: Sequence[str],
        value_sd: pd.Series | Mapping[str, float] | None,
    ) -> "_Model":
        if draws < 1:
            raise AnalysisError(f"at least one draw is needed, not {draws}")
        if not 0 <= weight_noise <= 1:
            raise AnalysisError(f"the noise of the weights is a share from 0 to 1, not {weight_noise}")
        raw = compute(values, structure, method).values[list(structure.leaf_codes)].to_numpy()
        methods = tuple(replace(method, normalise=name, scale=None) for name in normalise_among) or (method,)
        return cls(raw, structure, methods, weight_noise, None if value_sd is None else _read_sd(pd.Series(value_sd, dtype=float), structure))

    def varies(self, source: str) -> bool:
        varying = {"weights": self.weight_noise > 0, "normalise": len(set(self._names)) > 1, "values": self.sd is not None and self.sd.any()}
        return bool(varying[source])

    @property
    def _names(self) -> list[str]:
        return [method.normalise for method in self.methods]

    def rank(self, sample: _Sample) -> np.ndarray:
        """The root's ranks, draws × units."""
        ranks = np.empty((len(sample.normalise), len(self.values)))
        weights = [_vary(np.asarray(node.weights), sample.weights[:, node.children]) for node in self.structure.nodes]
        for at, method in enumerate(self.methods):
            here = np.flatnonzero(sample.normalise == at)
            if not len(here):
                continue
            raw = self.values if sample.values is None else self._disturb(sample.values[here])
            leaves = normalise(raw, self.structure.leaves, method)
            scores = aggregate_root(leaves, self.structure, method, [share[here] for share in weights])
            ranks[here] = rank(round_for_rank(scores, method))
        return ranks

    def _disturb(self, noise: np.ndarray) -> np.ndarray:
        """The values with a chunk's noise, written over it."""
        noise *= self.sd
        noise += self.values
        return noise


def _vary(weights: np.ndarray, factors: np.ndarray) -> np.ndarray:
    varied = weights * factors
    total = varied.sum(axis=-1, keepdims=True)
    return np.where(total > 0, varied / np.where(total > 0, total, 1.0), weights)


def _read_sd(value_sd: pd.Series, structure: Structure) -> np.ndarray:
    for code, sd in value_sd.items():
        if code not in structure.leaf_codes:
            raise AnalysisError(f"the index has no indicator {code}")
        if not 0 <= sd < np.inf:
            raise AnalysisError(f"the standard deviation of {code} is {sd}")
    return value_sd.reindex(list(structure.leaf_codes)).fillna(0.0).to_numpy()


class _Sampler:
    """Chunks of draws; each source from a stream of its own."""

    def __init__(self, model: _Model, seed: Any) -> None:
        root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        self.model = model
        self.weights, self.normalise, self.values = (np.random.default_rng(stream) for stream in root.spawn(3))

    def draw(self, draws: int) -> Iterator[_Sample]:
        units, leaves = self.model.values.shape
        # The largest array of a draw: noise on every value, or else the scores of every node.
        each = units * (leaves if self.model.varies("values") else len(self.model.structure.nodes))
        size = max(1, min(draws, _CHUNK // max(each, 1)))
        noise = self.model.weight_noise
        for start in range(0, draws, size):
            n = min(size, draws - start)
            yield _Sample(
                self.weights.uniform(1 - noise, 1 + noise, (n, len(self.model.structure.codes))),
                self.normalise.integers(len(self.model.methods), size=n),
                self.values.standard_normal((n, units, leaves)) if self.model.varies("values") else None,
            )


class _Sums:
    """Saltelli's estimators as running sums: variance of the ranks, and what of it a source explains, summed over the units."""

    def __init__(self, units: int) -> None:
        self.count, self.total, self.squares = 0, np.zeros(units), np.zeros(units)
        self.explained: dict[str, float] = {}

    def add(self, a: np.ndarray, b: np.ndarray, mixed: Mapping[str, np.ndarray]) -> None:
        self.count += 2 * len(a)
        self.total += np.nan_to_num(a).sum(axis=0) + np.nan_to_num(b).sum(axis=0)
        self.squares += (np.nan_to_num(a) ** 2).sum(axis=0) + (np.nan_to_num(b) ** 2).sum(axis=0)
        # Centred, which changes no expectation and much of the noise.
        middle = np.nan_to_num(a).mean(axis=0)
        for source, ranks in mixed.items():
            part = np.nan_to_num(b - middle) * np.nan_to_num(ranks - a)
            self.explained[source] = self.explained.get(source, 0.0) + float(part.sum())

    def shares(self) -> pd.Series:
        variance = float((self.squares / self.count - (self.total / self.count) ** 2).sum())
        if variance <= 1e-12:
            return pd.Series(np.nan, index=list(SOURCES))
        explained = pd.Series(self.explained, dtype=float).reindex(list(SOURCES)).fillna(0.0)
        return explained / (self.count / 2) / variance
