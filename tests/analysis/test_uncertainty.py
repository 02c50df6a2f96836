import math
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from indicators.analysis import AnalysisError, uncertainty
from indicators.analysis.composite import Method, Structure, compute
from indicators.analysis.normalise import rank
from indicators.analysis.uncertainty import describe_ranks, first_order, rank_uncertainty

NAN = math.nan
CODES = list("xyzu")
NESTED = Structure.from_frame(
    pd.DataFrame(
        [("i", "", 1), ("p", "i", 2), ("q", "i", 1), ("x", "p", 1), ("y", "p", 3), ("z", "q", 1), ("u", "q", 1)],
        columns=["code", "parent", "weight"],
    )
)
VALUES = pd.DataFrame(np.random.default_rng(5).normal(50, 10, (9, 4)), columns=CODES, index=list("abcdefghi"))


def test_ranks_of_published_replications(case: Callable[[str], Path]) -> None:
    """COINr's uncertainty analysis of the ASEM index: 100 replications of 51 countries."""
    folder = case("coinr_rank_uncertainty_ua")
    scores, ranks, stats = (pd.read_csv(folder / f"{name}.csv").set_index("uCode") for name in ("Scores", "Ranks", "RankStats"))
    ours = rank(scores.drop(columns="Nominal").to_numpy().T)
    np.testing.assert_array_equal(ours, ranks.drop(columns="Nominal").T)
    table = describe_ranks(ours, stats["Nominal"].astype(float))
    for column, theirs in (("rank", "Nominal"), ("mean", "Mean"), ("median", "Median"), ("q05", "Q5"), ("q95", "Q95")):
        np.testing.assert_allclose(table[column], stats[theirs], rtol=0, atol=1e-13)


def test_draws_against_the_index_computed_one_by_one() -> None:
    """The twin rebuilds the structure with the very factors that were drawn."""
    table = rank_uncertainty(VALUES, NESTED, Method(), draws=40, seed=3)
    model = uncertainty._Model.of(VALUES, NESTED, Method(), 40, 0.25, (), None)
    (sample,) = uncertainty._Sampler(model, 3).draw(40)
    parents = {NESTED.codes[c]: n.code for n in NESTED.nodes for c in n.children}
    weights = {NESTED.codes[c]: w for n in NESTED.nodes for c, w in zip(n.children, n.weights, strict=True)}
    ranks = []
    for factors in sample.weights:
        drawn = dict(zip(NESTED.codes, factors, strict=True))
        rows = [(code, parents.get(code, ""), weights.get(code, 1) * drawn[code]) for code in NESTED.codes]
        ranks.append(compute(VALUES, Structure.from_frame(pd.DataFrame(rows, columns=["code", "parent", "weight"])), Method()).ranks["i"])
    whole = pd.DataFrame(ranks)
    np.testing.assert_allclose(table["mean"], whole.mean())
    np.testing.assert_allclose(table["q05"], whole.quantile(0.05))
    np.testing.assert_allclose(table["q95"], whole.quantile(0.95))
    nominal = compute(VALUES, NESTED, Method()).ranks["i"]
    np.testing.assert_allclose(table["p_better"], (whole < nominal).mean())
    assert sample.weights.min() >= 0.75
    assert sample.weights.max() <= 1.25


def test_the_same_seed_gives_the_same_frame_whatever_the_chunks() -> None:
    options = {"draws": 300, "normalise_among": ("minmax", "rank"), "value_sd": VALUES.std() / 5}
    table = rank_uncertainty(VALUES, NESTED, Method(), **options)
    pd.testing.assert_frame_equal(table, rank_uncertainty(VALUES, NESTED, Method(), **options))
    with mock.patch.object(uncertainty, "_CHUNK", 700):
        pd.testing.assert_frame_equal(table, rank_uncertainty(VALUES, NESTED, Method(), **options))
    assert not table.equals(rank_uncertainty(VALUES, NESTED, Method(), **options, seed=1))


def test_without_noise_every_draw_is_the_nominal_one() -> None:
    table = rank_uncertainty(VALUES, NESTED, Method(), draws=20, weight_noise=0)
    for column in ("median", "mean", "q05", "q95"):
        assert (table[column] == table["rank"]).all()
    assert (table["p_better"] == 0).all()


def test_a_unit_without_a_score_is_unranked() -> None:
    values = VALUES.copy()
    values.loc["d"] = NAN
    table = rank_uncertainty(values, NESTED, Method(), draws=50)
    assert table.loc["d"].isna().all()
    assert table.drop(index="d").notna().all().all()


def test_two_units_apart_by_one_standard_deviation() -> None:
    """P(N(1, 1) < N(0, 1)) = Φ(−1/√2) ≈ 0.2398; 0.015 is 3.5 standard errors of 10,000 draws."""
    structure = Structure.from_frame(pd.DataFrame({"code": ["i", "x"], "parent": ["", "i"]}))
    values = pd.DataFrame({"x": [1.0, 0.0]}, index=["a", "b"])
    table = rank_uncertainty(values, structure, Method(normalise="none"), value_sd=pd.Series({"x": 1.0}))
    assert table.loc["b", "p_better"] == pytest.approx(0.2398, abs=0.015)


def test_weights_alone_explain_everything_when_nothing_else_varies() -> None:
    shares = first_order(VALUES, NESTED, Method(), draws=4_000, weight_noise=0.9)
    assert shares.index.tolist() == ["weights", "normalise", "values"]
    assert shares["weights"] == pytest.approx(1, abs=0.1)
    assert shares["normalise"] == shares["values"] == 0


def test_first_order_shares_are_those_of_nested_means() -> None:
    """The twin is the definition: the variance of E[rank | source] by a double loop over draws of one source."""
    values = VALUES.iloc[:5]
    sd = VALUES.std() / 6
    shares = first_order(values, NESTED, Method(), draws=8_000, weight_noise=0.6, value_sd=sd)
    model = uncertainty._Model.of(values, NESTED, Method(), 150, 0.6, (), sd)
    (outer,), (inner,) = (list(uncertainty._Sampler(model, seed).draw(150)) for seed in (101, 202))
    means, ranks = [], []
    for row in outer.weights:
        given = model.rank(uncertainty._Sample(np.tile(row, (150, 1)), inner.normalise, inner.values))
        means.append(given.mean(axis=0))
        ranks.append(given)
    by_weights = np.var(means, axis=0).sum() / np.var(np.concatenate(ranks), axis=0).sum()
    assert shares["weights"] == pytest.approx(by_weights, abs=0.08)
    assert shares.sum() < 1.05


def test_no_variance_no_shares() -> None:
    assert first_order(VALUES, NESTED, Method(), draws=10, weight_noise=0).isna().all()


@pytest.mark.parametrize(
    "options",
    [
        {"draws": 0},
        {"weight_noise": 1.5},
        {"weight_noise": NAN},
        {"normalise_among": ("median",)},
        {"value_sd": pd.Series({"n": 1.0})},
        {"value_sd": pd.Series({"x": -1.0})},
        {"normalise_among": ("goalposts",)},
    ],
)
def test_nonsense_is_refused(options: dict) -> None:
    for function in (rank_uncertainty, first_order):
        with pytest.raises(AnalysisError):
            function(VALUES, NESTED, Method(), **{"draws": 5, **options})
