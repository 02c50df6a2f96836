"""`python -m tests.bench.calibration`: learns the constants of ``indicators/analysis/projection.py`` again and prints them.

From the training parts of the M3 competition's yearly and quarterly series and from the provinces' R&D figures
(``published.py``), by rolling origin: a series is cut after an observation, and what follows within the training part, up to the
competition's horizon, is what the cut series is scored on. Each series weighs the same. The held-out parts are not looked at.

1. Models: from a list of candidates the one is added that lowers the score most, then each earlier choice is exchanged for a
   better one, until less than 0.05 % is gained. The score is the weighted interval score (the median and the 50, 80 and 95 %
   intervals; Bracher et al. 2021), relative to the first candidate's, and the mean of several: after all origins
   from the fourth observation on; after the three latest that leave a whole horizon, which are most like what is to come; and,
   for years, the latest of yearly sums of the quarterly series, and all of the provinces', which are what the projections are
   made for.
2. Spread: first · h ** second · (n / (n − 3)) ** third and the tails, by the pinball loss of the logarithm of errors at 50, 80,
   90 and 95 %, after all origins of the M3 series.

Takes some minutes. The choice is by small margins: other cuts give other lists that do as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import optimize, special

from indicators.analysis.projection import FEWEST
from indicators.analysis.structural import TRUST, Model, covariance, fit, fit_each

from .published import FREQUENCIES, Case, load_m3, load_provinces, load_sums_of_quarters

LEVELS = (0.5, 0.8, 0.95)
FADINGS = {1: (1, 0.95, 0.9, 0.8, 0.6), 4: (1, 0.9, 0.8, 0.6)}
# While models are chosen, the spread is held at about what step 2 finds.
FIRST, SECOND, FREEDOM = 0.85, 0.05, 4
# The least gain for which a model is added, and one exchanged for another.
GAIN, EXCHANGE = 0.0005, 0.0001
# Of quarterly series, which have more origins, each ninth origin says as much.
THIN = {"yearly": 3, "quarterly": 9}


@dataclass(frozen=True)
class Cut:
    """Series cut after the same number of observations, in roots: ``past`` series × observed, ``future`` series × periods, NaN after its end."""

    series: np.ndarray
    past: np.ndarray
    future: np.ndarray
    scale: np.ndarray


def make_cuts(cases: Sequence[Case], horizon: int, thin: int = 1) -> list[Cut]:
    """After every origin, or after each ``thin``-th."""
    longest = max(len(case.training) for case in cases)
    origins = {origin: [i for i in range(len(cases)) if (i + origin) % thin == 0] for origin in range(FEWEST, longest)}
    return [cut_at(cases, chosen, origin, horizon) for origin, chosen in origins.items() if any(len(cases[i].training) > origin for i in chosen)]


def make_latest_cuts(cases: Sequence[Case], horizon: int) -> list[Cut]:
    """After the three latest origins that leave a whole horizon."""
    origins: dict[int, list[int]] = {}
    for i, case in enumerate(cases):
        for origin in range(max(FEWEST, len(case.training) - horizon - 2), len(case.training) - horizon + 1):
            origins.setdefault(origin, []).append(i)
    return [cut_at(cases, chosen, origin, horizon) for origin, chosen in sorted(origins.items())]


def cut_at(cases: Sequence[Case], chosen: Sequence[int], origin: int, horizon: int) -> Cut:
    kept = [i for i in chosen if len(cases[i].training) > origin]
    future = np.full((len(kept), horizon), np.nan)
    for row, i in enumerate(kept):
        rest = cases[i].training[origin : origin + horizon]
        future[row, : len(rest)] = rest
    past = np.array([cases[i].training[:origin] for i in kept])
    return Cut(np.array(kept), np.sqrt(past), future, np.array([cases[i].scale for i in kept]))


def list_candidates(per_year: int) -> list[Model]:
    """The first is a random walk."""
    if per_year == 1:
        levels = [(0.05, 1), (0.3, 1), (1, 1), (3, 1), (1, 0.2), (1, 0.03)]
        fixed, bending, seasons = (0.1, 0.3, 1, 3), [(0.1, 0.02), (0.3, 0.05), (1, 0.05), (3, 0.05), (1, 0.2), (1, 0.5), (1, 1)], [(0, 0)]
    else:
        levels = [(0.03, 1), (0.3, 1), (1, 0.3), (1, 0.03)]
        fixed, bending = (0.005, 0.02, 0.1), [(0.05, 0.01), (0.05, 0.03), (0.1, 0.1), (0.5, 0.5)]
        seasons = [(0, 0), (1, 0.05), (3, 0.2), (30, 0.2), (100, 1)]
    slopes = [(0, 0, 1), *((slope, bend, fading) for slope, bend in [*((s, 0) for s in fixed), *bending] for fading in FADINGS[per_year])]
    return [Model(*level, *slope, *season) for level, slope, season in product(levels, slopes, seasons)]


class Selection:
    """All candidates fitted to all cuts once; an average over any of them is then a few sums."""

    def __init__(self, cuts: Sequence[Cut], candidates: Sequence[Model], per_year: int, horizon: int) -> None:
        longest = max(cut.past.shape[1] for cut in cuts) + horizon
        whole = np.array([covariance(model, longest, per_year) for model in candidates])
        parts = []
        for cut in cuts:
            both = cut.past.shape[1] + horizon
            fits = fit_each(cut.past, whole[:, :both, :both])
            # Relative to the last value, so that single precision is enough.
            last = cut.past[:, -1:]
            forecasts = fits.forecasts - last
            variances = fits.variance[:, :, None] * np.diagonal(fits.shapes, axis1=1, axis2=2)[:, None, :]
            weights = np.exp(TRUST * (fits.likelihood - fits.likelihood.max(axis=0)))
            parts.append((weights, forecasts, variances + forecasts**2))
        self.weights, self.firsts, self.seconds = (np.concatenate(part, axis=1, dtype=np.float32) for part in zip(*parts, strict=True))
        self.last = np.concatenate([cut.past[:, -1:] for cut in cuts])
        self.future, self.scale = np.concatenate([cut.future for cut in cuts]), np.concatenate([cut.scale for cut in cuts])[:, None]
        self.share = weigh(np.concatenate([cut.series for cut in cuts]), self.future)
        freedom = np.concatenate([np.full(len(cut.series), min(cut.past.shape[1] - 1, FREEDOM)) for cut in cuts])
        spread = FIRST * np.arange(1, horizon + 1) ** SECOND
        self.reach = [special.stdtrit(freedom, 0.5 + level / 2)[:, None] * spread for level in LEVELS]

    def score(self, chosen: Sequence[int]) -> float:
        """The weighted interval score of the average over the chosen candidates."""
        weights = self.weights[chosen][:, :, None]
        total = np.maximum(weights.sum(axis=0), 1e-30)
        first = (weights * self.firsts[chosen]).sum(axis=0) / total
        centre, scale = self.last + first, np.sqrt(np.maximum((weights * self.seconds[chosen]).sum(axis=0) / total - first**2, 0))
        loss = np.abs(self.future - to_values(centre)) / 2
        for level, reach in zip(LEVELS, self.reach, strict=True):
            low, high = to_values(centre - reach * scale), to_values(centre + reach * scale)
            miss = np.maximum(low - self.future, 0) + np.maximum(self.future - high, 0)
            loss += (1 - level) / 2 * (high - low) + miss
        return float(np.nansum(self.share * loss / self.scale) / (len(LEVELS) + 0.5))


def choose(selections: Sequence[Selection], candidates: int) -> list[int]:
    walks = [selection.score([0]) for selection in selections]

    def score(chosen: Sequence[int]) -> float:
        return float(np.mean([selection.score(chosen) / walk for selection, walk in zip(selections, walks, strict=True)]))

    def find_best(others: Sequence[int]) -> tuple[float, int]:
        return min((score([*others, i]), i) for i in range(candidates) if i not in others)

    chosen: list[int] = []
    best = np.inf
    while True:
        better, added = find_best(chosen)
        if better > best * (1 - GAIN):
            return chosen
        chosen.append(added)
        best = better
        for old in list(chosen[:-1]):
            better, exchanged = find_best([i for i in chosen if i != old])
            if better < best * (1 - EXCHANGE):
                chosen[chosen.index(old)], best = exchanged, better
        print(f"  {len(chosen)} models: {best:.4f}", flush=True)


def weigh(series: np.ndarray, future: np.ndarray) -> np.ndarray:
    """Each series the same, and each of its known futures; adding up to 1."""
    known = ~np.isnan(future)
    totals = np.bincount(series, weights=known.sum(axis=1))
    return known / totals[series][:, None] / np.count_nonzero(totals)


def to_values(roots: np.ndarray) -> np.ndarray:
    return np.maximum(roots, 0.0) ** 2


def learn_spread(cuts: Sequence[Cut], models: Sequence[Model], per_year: int, horizon: int) -> tuple[np.ndarray, int]:
    """first, second and third of the scale, and the most degrees of freedom."""
    forecasts = [(cut, fit(cut.past, horizon, models, per_year)) for cut in cuts]
    errors = [np.abs(np.sqrt(cut.future) - forecast.centre) / np.sqrt(np.diagonal(forecast.covariance, axis1=1, axis2=2)) for cut, forecast in forecasts]
    logs = np.log(np.maximum(np.concatenate(errors), 1e-6))
    share = weigh(np.concatenate([cut.series for cut in cuts]), np.concatenate([cut.future for cut in cuts]))
    ahead = np.log(np.arange(1, horizon + 1))
    observed = np.array([cut.past.shape[1] for cut in cuts])
    few = np.log(observed / (observed - 3))[:, None]
    sizes = [len(cut.series) for cut in cuts]

    def loss(spread: np.ndarray, tails: dict[float, np.ndarray]) -> float:
        total = 0.0
        for level, tail in tails.items():
            reach = np.log(tail)[:, None] + spread[0] + spread[1] * ahead + spread[2] * few
            beyond = logs - np.repeat(reach, sizes, axis=0)
            total += float(np.nansum(share * np.where(beyond > 0, level * beyond, (level - 1) * beyond)))
        return total

    found = []
    for most in range(3, 9):
        tails = {level: special.stdtrit(np.minimum(observed - 1, most), 0.5 + level / 2) for level in (0.5, 0.8, 0.9, 0.95)}
        found.append((optimize.minimize(loss, [0.0, 0.05, 0.1], args=(tails,), method="Nelder-Mead"), most))
    result, most = min(found, key=lambda pair: pair[0].fun)
    return np.array([np.exp(result.x[0]), *result.x[1:]]), most


def main() -> None:
    for frequency, (per_year, horizon) in FREQUENCIES.items():
        cases, candidates = load_m3(frequency), list_candidates(per_year)
        print(f"{frequency}: {len(cases)} series, {len(candidates)} candidates", flush=True)
        groups = [make_cuts(cases, horizon, THIN[frequency]), make_latest_cuts(cases, horizon)]
        if per_year == 1:
            groups += [make_latest_cuts(load_sums_of_quarters(), horizon), make_cuts(load_provinces(), horizon)]
        chosen = choose([Selection(cuts, candidates, per_year, horizon) for cuts in groups], len(candidates))
        for i in chosen:
            print("   ", candidates[i])
        spread, most = learn_spread(make_cuts(cases, horizon), [candidates[i] for i in chosen], per_year, horizon)
        print("  spread {:.3f}, {:.3f}, {:.3f}; at most {} degrees of freedom".format(*spread, most), flush=True)


if __name__ == "__main__":
    main()
