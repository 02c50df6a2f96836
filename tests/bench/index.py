"""The draws of ranks against bare numpy on arrays of the same size: what else they do must cost little."""

import inspect
import tracemalloc

import numpy as np
import pandas as pd

from indicators.analysis.composite import Method, Structure
from indicators.analysis.uncertainty import rank_uncertainty

from .measure import pair

UNITS, LEAVES, DRAWS, ROUNDS = 31, 40, 10_000, 5
METHODS = ("minmax", "zscore", "rank")
MEGABYTE = 1_000_000


def rank_by_hand(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(-(scores[None] * weights[:, None, :]).sum(axis=-1), axis=-1), axis=-1)


def draw_by_hand(rng: np.random.Generator) -> None:
    rng.uniform(0.75, 1.25, (DRAWS, LEAVES))
    rng.integers(len(METHODS), size=DRAWS)
    rng.standard_normal((DRAWS, UNITS, LEAVES))


def make_index() -> tuple[pd.DataFrame, Structure]:
    """A tree like the published one: five groups of two, the indicators spread over them."""
    codes = [f"i{n}" for n in range(LEAVES)]
    rows = [("root", "")] + [(f"g{g}", "root") for g in range(5)] + [(f"g{g}{h}", f"g{g}") for g in range(5) for h in range(2)]
    rows += [(code, f"g{n % 5}{n // 5 % 2}") for n, code in enumerate(codes)]
    values = np.random.default_rng(1).normal(50, 10, (UNITS, LEAVES))
    return pd.DataFrame(values, columns=codes), Structure.from_frame(
        pd.DataFrame(rows, columns=["code", "parent"]).assign(weight=1.0)
    )


def measure_index() -> list[str]:
    values, structure = make_index()
    method, rng = Method(), np.random.default_rng(2)
    scores, weights = values.to_numpy(), rng.uniform(0.75, 1.25, (DRAWS, LEAVES))
    noise = {"normalise_among": METHODS, "value_sd": values.std() / 10}
    by_weights = pair(
        lambda: rank_uncertainty(values, structure, method, draws=DRAWS), lambda: rank_by_hand(scores, weights), ROUNDS
    )
    by_all = pair(lambda: rank_uncertainty(values, structure, method, draws=DRAWS, **noise), lambda: draw_by_hand(rng), ROUNDS)
    tracemalloc.start()
    rank_uncertainty(values, structure, method, draws=DRAWS, **noise)
    peak = tracemalloc.get_traced_memory()[1] / MEGABYTE
    tracemalloc.stop()
    return [
        by_weights.say("rank intervals 31 × 40 × 10,000, weights / bare numpy", "≤ 2"),
        *_quote(rank_by_hand),
        by_all.say("rank intervals, all noises / drawing the numbers", "≤ 3"),
        *_quote(draw_by_hand),
        f"{'rank intervals, all noises, memory above the inputs':<52} {peak:9.0f} MB   (aim < 300)",
    ]


def _quote(function: object) -> list[str]:
    """The reference as it was run, beside its figure."""
    return [f"    {line}" for line in inspect.getsource(function).rstrip().splitlines()]  # type: ignore[arg-type]  # a function


if __name__ == "__main__":
    print(*measure_index(), sep="\n")
