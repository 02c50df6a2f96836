import json
import math
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.analysis import AnalysisError
from indicators.analysis.composite import (
    IndexResult,
    Method,
    Structure,
    compute,
    denominate,
    explain_change,
    impute,
    levers,
    what_if,
    winsorise,
)

NAN = math.nan


def tree(*rows: tuple, columns: tuple[str, ...] = ("code", "parent", "weight")) -> Structure:
    return Structure.from_frame(pd.DataFrame(rows, columns=columns))


def flat(*codes: str, **columns: list) -> Structure:
    """One root, "index", over leaves of equal weight."""
    rows = pd.DataFrame({"code": ["index", *codes], "parent": [None, *["index"] * len(codes)]})
    return Structure.from_frame(rows.assign(**{name: [None, *values] for name, values in columns.items()}))


def table(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=list("abcdefgh")[: len(next(iter(columns.values())))], dtype=float)


# -- structure -----------------------------------------------------------------------------------


def test_siblings_are_normalised_and_parents_come_after_their_children() -> None:
    structure = tree(("index", "", NAN), ("p", "index", 3), ("q", "index", 1), ("x", "p", 5), ("y", "p", 5), ("z", "q", 7))
    assert structure.leaf_codes == ("x", "y", "z")
    assert structure.root == structure.codes[-1] == "index"
    assert {node.code: node.weights for node in structure.nodes} == {"index": (0.75, 0.25), "p": (0.5, 0.5), "q": (1.0,)}
    assert structure == tree(("index", "", NAN), ("p", "index", 3), ("q", "index", 1), ("x", "p", 5), ("y", "p", 5), ("z", "q", 7))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("i", "", 1), ("x", "j", 1)], "parent of x, j"),
        ([("i", "", 1), ("x", "i", 1), ("x", "i", 1)], "x is there twice"),
        ([("i", "", 1), ("a", "b", 1), ("b", "a", 1)], "cycle: a → b → a"),
        ([("a", "b", 1), ("b", "a", 1)], "cycle"),
        ([("a", "a", 1)], "a → a"),
        ([("i", "", 1), ("j", "", 1)], "roots: i, j"),
        ([], "no root"),
        ([("i", "", 1), ("x", "i", 0), ("y", "i", 0)], "under i add up to 0"),
        ([("i", "", 1), ("x", "i", -1), ("y", "i", 2)], "weight of x"),
        ([("i", "", 1), ("x", "i", NAN)], "weight of x"),
        ([("i", "", 1), ("", "i", 1)], "no code"),
    ],
)
def test_a_structure_that_is_none(rows: list[tuple], said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        tree(*rows)


def test_leaves_that_are_none() -> None:
    with pytest.raises(AnalysisError, match="direction of x"):
        flat("x", direction=[2])
    with pytest.raises(AnalysisError, match="transform of x"):
        flat("x", transform=["sqrt"])
    with pytest.raises(AnalysisError, match="parent"):
        Structure.from_frame(pd.DataFrame({"code": ["i"]}))


@pytest.mark.parametrize(
    "options", [{"normalise": "max"}, {"aggregate": "median"}, {"aggregate": {"*": "median"}}, {"missing": "drop"}, {"min_coverage": 65}]
)
def test_a_method_that_is_none(options: dict) -> None:
    with pytest.raises(AnalysisError):
        Method(**options)


# -- normalising ---------------------------------------------------------------------------------


def leaf_scores(values: list[float], method: Method, **leaf: list) -> list[float]:
    return compute(table(x=values), flat("x", **leaf), method).scores["x"].tolist()


@pytest.mark.parametrize(
    ("values", "options", "leaf", "expected"),
    [
        ([1, 3, 5, NAN], {}, {}, [0, 50, 100, NAN]),
        ([1, 3, 5], {"scale": (1, 7)}, {}, [1, 4, 7]),
        ([1, 3, 5], {}, {"direction": [-1]}, [100, 50, 0]),
        ([4, 4, 4], {}, {}, [NAN] * 3),
        ([0.1 + 0.2, 0.3], {}, {}, [NAN] * 2),
        ([NAN, NAN], {}, {}, [NAN] * 2),
        ([7], {}, {}, [NAN]),
        ([1, 3, 5], {"normalise": "zscore"}, {}, [-1, 0, 1]),
        ([1, 3, 5], {"normalise": "zscore", "ddof": 0}, {}, [-(1.5**0.5), 0, 1.5**0.5]),
        ([1, 3, 5], {"normalise": "zscore", "scale": (100, 10)}, {"direction": [-1]}, [110, 100, 90]),
        ([4, 4], {"normalise": "zscore"}, {}, [NAN] * 2),
        ([7, NAN], {"normalise": "zscore"}, {}, [NAN] * 2),
        ([1, 5, 5, 9, NAN], {"normalise": "rank"}, {}, [25, 62.5, 62.5, 100, NAN]),
        ([1, 5, 5, 9], {"normalise": "rank"}, {"direction": [-1]}, [100, 62.5, 62.5, 25]),
        ([0, 5, 20], {"normalise": "goalposts"}, {"low": [0], "high": [10]}, [0, 50, 100]),
        ([0, 5, 20], {"normalise": "goalposts", "clip": False}, {"low": [0], "high": [10]}, [0, 50, 200]),
        ([0, 5, 20], {"normalise": "goalposts", "scale": (0, 1)}, {"low": [10], "high": [0]}, [1, 0.5, 0]),
        # Direction says nothing where the goalposts do.
        ([0, 5], {"normalise": "goalposts"}, {"low": [0], "high": [10], "direction": [-1]}, [0, 50]),
        ([1, 10, 0, -1], {"normalise": "goalposts"}, {"low": [1], "high": [100], "transform": ["log"]}, [0, 50, NAN, NAN]),
        ([1, 2], {"normalise": "goalposts"}, {"low": [0], "high": [100], "transform": ["log"]}, [NAN] * 2),
        ([1, 2, 3], {"normalise": "standard"}, {"standard": [2]}, [50, 100, 100]),
        ([1, 2, 4, 0], {"normalise": "standard"}, {"standard": [2], "direction": [-1]}, [100, 100, 50, 100]),
        ([1, -2, NAN], {"normalise": "none"}, {"direction": [-1]}, [1, -2, NAN]),
    ],
)
def test_normalisation(values: list[float], options: dict, leaf: dict, expected: list[float]) -> None:
    np.testing.assert_allclose(leaf_scores(values, Method(**options), **leaf), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("normalise", "leaf"), [("goalposts", {}), ("goalposts", {"low": [1], "high": [1]}), ("standard", {}), ("standard", {"standard": [0]})]
)
def test_a_leaf_without_what_its_normalisation_needs(normalise: str, leaf: dict) -> None:
    with pytest.raises(AnalysisError, match="x"):
        leaf_scores([1, 2], Method(normalise=normalise), **leaf)


# -- aggregating ---------------------------------------------------------------------------------


def root(values: list[float], aggregate: str, weights: list[float] | None = None, **options: object) -> float:
    codes = [f"x{i}" for i in range(len(values))]
    structure = flat(*codes, weight=weights or [1.0] * len(values))
    method = Method(normalise="none", aggregate=aggregate, **options)  # type: ignore[arg-type]  # any mixture of options
    return float(compute(table(**{c: [v] for c, v in zip(codes, values, strict=True)}), structure, method).scores["index"].iloc[0])


@pytest.mark.parametrize(
    ("values", "aggregate", "weights", "expected"),
    [
        ([2, 8], "arithmetic", None, 5),
        ([2, 8], "arithmetic", [3, 1], 3.5),
        ([2, 8], "geometric", None, 4),
        ([2, 8], "geometric", [3, 1], 8**0.5),
        ([2, 8], "harmonic", None, 3.2),
        ([0, 8], "geometric", None, 0),
        ([0, 8], "harmonic", None, 0),
        ([-1, 8], "geometric", None, NAN),
        ([-1, 0], "geometric", None, NAN),
        ([-1, 8], "harmonic", None, NAN),
        ([2, 8], "mazziotta_pareto", None, 5 - 9 / 5),
        ([2, 8], "mazziotta_pareto", [3, 1], 3.5 - (0.75 * 1.5**2 + 0.25 * 4.5**2) / 3.5),
        ([-3, 3], "mazziotta_pareto", None, NAN),
        # A child of weight 0 is as if it were not there.
        ([0, 8], "geometric", [0, 1], 8),
        ([NAN, 8], "arithmetic", [0, 1], 8),
    ],
)
def test_aggregation(values: list[float], aggregate: str, weights: list[float], expected: float) -> None:
    assert root(values, aggregate, weights) == pytest.approx(expected, nan_ok=True)


def test_missing_children() -> None:
    assert root([2, 8, NAN], "arithmetic", [1, 1, 1]) == 5  # two of three: 0.667
    assert math.isnan(root([2, NAN, NAN], "arithmetic"))
    assert math.isnan(root([2, 8, NAN], "arithmetic", missing="propagate"))
    assert root([NAN, 8], "arithmetic", [0, 1], missing="propagate") == 8
    # At exactly the least coverage it counts, also when that is no binary fraction.
    assert root([2, 8, NAN], "arithmetic", [0.35, 0.3, 0.35], min_coverage=0.65) == pytest.approx((0.7 + 2.4) / 0.65)
    assert math.isnan(root([NAN, NAN], "arithmetic", min_coverage=0))


def test_coverage_is_of_the_direct_children() -> None:
    structure = tree(("i", "", 1), ("p", "i", 3), ("q", "i", 1), ("x", "p", 1), ("y", "p", 1), ("z", "q", 1))
    result = compute(table(x=[1, NAN, 1], y=[1, 1, 1], z=[1, 1, NAN]), structure, Method(normalise="none"))
    assert result.coverage["p"].tolist() == [1, 0.5, 1]
    assert result.coverage["i"].tolist() == [1, 0.25, 0.75]
    assert result.scores["i"].isna().tolist() == [False, True, False]
    assert result.coverage["x"].tolist() == [1, 0, 1]


def test_aggregation_by_node() -> None:
    structure = tree(("i", "", 1), ("p", "i", 1), ("q", "i", 1), ("x", "p", 1), ("y", "p", 1), ("z", "q", 1))
    method = Method(normalise="none", aggregate={"p": "geometric", "*": "arithmetic"})
    assert compute(table(x=[2], y=[8], z=[6]), structure, method).scores["i"].iloc[0] == 5
    with pytest.raises(AnalysisError, match="node q"):
        compute(table(x=[2], y=[8], z=[6]), structure, Method(aggregate={"p": "geometric"}))
    with pytest.raises(AnalysisError, match="nowhere"):
        compute(table(x=[2], y=[8], z=[6]), structure, Method(aggregate={"nowhere": "geometric", "*": "harmonic"}))


def test_ranks() -> None:
    result = compute(table(x=[5, 9, 9 + 1e-12, NAN, 1]), flat("x"), Method(normalise="none"))
    np.testing.assert_array_equal(result.ranks["index"], [3, 1, 1, NAN, 4])
    rounded = compute(table(x=[0.704, 0.696, 0.694]), flat("x"), Method(normalise="none", rank_decimals=2))
    assert rounded.ranks["index"].tolist() == [1, 1, 3]
    assert rounded.scores["index"].tolist() == [0.704, 0.696, 0.694]


@pytest.mark.parametrize("units", [1, 7, 100, 101, 160])
@pytest.mark.parametrize("direction", [1, -1])
def test_few_and_many_units_are_ranked_alike(units: int, direction: int) -> None:
    """Few are compared each with each and many are sorted; with ties and gaps both give what counting by hand does."""
    rng = np.random.default_rng(units)
    values = rng.integers(0, max(units // 3, 1) + 1, units).astype(float)
    values[rng.random(units) < 0.1] = NAN
    frame = pd.DataFrame({"a": values}, index=[f"u{n}" for n in range(units)])
    result = compute(frame, flat("a", direction=[direction]), Method(normalise="rank"))
    good = [direction * value for value in values]
    known = [value for value in good if not math.isnan(value)]
    for place, value in enumerate(good):
        if math.isnan(value):
            assert result.scores["a"].isna().iloc[place]
            continue
        worse, equal = sum(other < value for other in known), sum(other == value for other in known)
        assert result.scores["a"].iloc[place] == pytest.approx((worse + (equal + 1) / 2) / len(known) * 100)
        assert result.ranks["a"].iloc[place] == 1 + sum(other > value for other in known)


def test_compute_reads_the_leaves_and_nothing_else() -> None:
    assert compute(table(x=[1, 2], note=[7, 7]), flat("x"), Method()).scores.columns.tolist() == ["x", "index"]
    assert compute(table(x=[1, 2]).iloc[:0], flat("x"), Method()).scores.shape == (0, 2)
    with pytest.raises(AnalysisError, match="for y"):
        compute(table(x=[1, 2]), flat("x", "y"), Method())
    with pytest.raises(AnalysisError, match="unit b for x"):
        compute(table(x=[1, math.inf]), flat("x"), Method())
    with pytest.raises(AnalysisError, match="unit a"):
        compute(table(x=[1, 2]).set_axis(["a", "a"]), flat("x"), Method())


def test_permuting_the_units_permutes_the_scores() -> None:
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal(size=(20, 3)), columns=list("xyz"))
    shuffled = values.sample(frac=1, random_state=1)
    for method in (Method(), Method(normalise="zscore"), Method(normalise="rank")):
        one, other = (compute(v, flat("x", "y", "z"), method) for v in (values, shuffled))
        pd.testing.assert_frame_equal(one.scores.loc[shuffled.index], other.scores)
        pd.testing.assert_frame_equal(one.ranks.loc[shuffled.index], other.ranks)


numbers = st.one_of(st.just(NAN), st.integers(0, 9).map(float))


@given(
    st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=6),
    st.lists(st.integers(0, 4), min_size=6, max_size=6).filter(lambda w: w[0] + w[1] and w[2] + w[3] and w[4] + w[5]),
    st.sampled_from(["arithmetic", "geometric", "harmonic", "mazziotta_pareto"]),
    st.sampled_from(["reweight", "propagate"]),
)
def test_scores_against_the_twin(rows: list[tuple], weights: list[int], aggregate: str, missing: str) -> None:
    """The twin goes unit by unit and child by child, with the textbook formulas."""
    w = dict(zip(["p", "q", "x", "y", "z", "u"], [*weights[4:], *weights[:4]], strict=True))
    parents = {"p": "i", "q": "i", "x": "p", "y": "p", "z": "q", "u": "q"}
    structure = tree(("i", "", 1), *((code, parent, w[code]) for code, parent in parents.items()))
    method = Method(normalise="none", aggregate=aggregate, missing=missing, min_coverage=0.5)
    result = compute(pd.DataFrame(rows, columns=list("xyzu")), structure, method)

    def score(code: str, row: dict[str, float]) -> float:
        if code in row:
            return row[code]
        children = [(w[c], score(c, row)) for c, parent in parents.items() if parent == code and w[c]]
        known = [(weight, value) for weight, value in children if not math.isnan(value)]
        share = sum(weight for weight, _ in known) / sum(weight for weight, _ in children)
        if not known or share < 0.5 - 1e-9 or (missing == "propagate" and len(known) < len(children)):
            return NAN
        total = sum(weight for weight, _ in known)
        mean = sum(weight * value for weight, value in known) / total
        if aggregate == "arithmetic":
            return mean
        if aggregate == "mazziotta_pareto":
            return mean - sum(weight * (value - mean) ** 2 for weight, value in known) / total / mean if mean else NAN
        if any(value < 0 for _, value in known):
            return NAN
        if any(value == 0 for _, value in known):
            return 0.0
        if aggregate == "geometric":
            return math.prod(value ** (weight / total) for weight, value in known)
        return total / sum(weight / value for weight, value in known)

    expected = [score("i", dict(zip("xyzu", row, strict=True))) for row in rows]
    np.testing.assert_allclose(result.scores["i"], expected, rtol=1e-9, atol=1e-12)
    ranks = [NAN if math.isnan(e) else 1 + sum(o > e + 1e-8 for o in expected) for e in expected]
    np.testing.assert_array_equal(result.ranks["i"], ranks)


# -- before it -----------------------------------------------------------------------------------


def test_denominate() -> None:
    result, changed = denominate(table(x=[4, 9, NAN], y=[1, 2, 3]), table(x=[2, 0, 3], z=[1, 1, 1]))
    np.testing.assert_array_equal(result, [[2, 1], [NAN, 2], [NAN, 3]])
    assert changed.to_numpy().tolist() == [[True, False], [True, False], [False, False]]
    with pytest.raises(AnalysisError, match="unit c"):
        denominate(table(x=[1, 2, 3]), table(x=[1, 2]))


def test_impute() -> None:
    values = table(x=[1, NAN, 3, NAN, NAN], y=[1, 2, 3, 4, 5])
    result, changed = impute(values)
    assert result["x"].tolist() == [1, 2, 3, 2, 2]
    assert changed["x"].tolist() == [False, True, False, True, True]
    assert not changed["y"].any()
    result, changed = impute(values, pd.Series(list("ppqqr"), index=list("abcde")))
    np.testing.assert_array_equal(result["x"], [1, 1, 3, 3, NAN])
    assert changed["x"].tolist() == [False, True, False, True, False]
    with pytest.raises(AnalysisError, match="unit e"):
        impute(values, pd.Series(list("ppqq"), index=list("abcd")))


def test_winsorise() -> None:
    values = pd.DataFrame({"x": [*range(20), 1000.0], "y": [*range(20), 21.0], "z": [*range(20), -1000.0]}, dtype=float)
    result, changed = winsorise(values)
    assert result["x"].iloc[-1] == 19
    assert result["z"].iloc[-1] == 0
    assert changed.sum().tolist() == [1, 0, 1]
    assert winsorise(values, most=0)[1].sum().sum() == 0
    assert not winsorise(pd.DataFrame({"x": [3.0] * 9, "y": [NAN] * 9}))[1].any().any()


# -- what a score comes from ---------------------------------------------------------------------

random_tables = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).uniform(1, 100, size=(5, 4)))
nested = tree(("i", "", 1), ("p", "i", 2), ("q", "i", 1), ("x", "p", 1), ("y", "p", 3), ("z", "q", 1), ("u", "q", 1))


@given(random_tables, st.sampled_from([{"*": "arithmetic"}, {"*": "geometric"}, {"p": "geometric", "*": "arithmetic"}, {"i": "geometric", "*": "arithmetic"}]))
def test_contributions_add_up_to_the_score(numbers: np.ndarray, aggregate: dict[str, str]) -> None:
    values = pd.DataFrame(numbers, columns=list("xyzu"))
    values.loc[0, "y"] = NAN
    result = compute(values, nested, Method(normalise="none", aggregate=aggregate, min_coverage=0.2))
    for unit in values.index:
        for node in ("i", "p"):
            points = result.contributions(unit, node)
            assert points.sum() == pytest.approx(result.scores.loc[unit, node], rel=1e-9)
    assert result.contributions(0).isna().tolist() == [False, True, False, False]


def test_contributions() -> None:
    result = compute(table(x=[40], y=[80], z=[20], u=[NAN]), nested, Method(normalise="none", min_coverage=0.5))
    assert result.contributions("a").fillna(0).to_dict() == pytest.approx({"x": 40 / 6, "y": 40, "z": 20 / 3, "u": 0})
    assert result.contributions("a", "p").to_dict() == {"x": 10, "y": 60}
    assert result.contributions("a", "x").to_dict() == {"x": 40}
    geometric = compute(table(x=[2, 0, 2], y=[8, 8, 0.5]), flat("x", "y"), Method(normalise="none", aggregate="geometric"))
    assert geometric.contributions("a").tolist() == pytest.approx([1, 3])
    assert geometric.contributions("b").tolist() == [0, 0]
    assert geometric.contributions("c").isna().all()  # ln 2 + ln ½ = 0
    harmonic = compute(table(x=[2], y=[8]), flat("x", "y"), Method(normalise="none", aggregate="harmonic"))
    with pytest.raises(AnalysisError, match="harmonic"):
        harmonic.contributions("a")
    with pytest.raises(AnalysisError, match="unit n"):
        harmonic.contributions("n")
    with pytest.raises(AnalysisError, match="node n"):
        harmonic.contributions("a", "n")


# -- why it moved --------------------------------------------------------------------------------


def index_of(values: np.ndarray, units: str, method: Method | None = None, structure: Structure = nested) -> IndexResult:
    return compute(pd.DataFrame(values, columns=list("xyzu"), index=list(units)), structure, method or Method())


@given(random_tables, random_tables, random_tables, st.booleans())
def test_the_change_explained_adds_up(old: np.ndarray, new: np.ndarray, now: np.ndarray, has_method: bool) -> None:
    before = index_of(old, "abcde")
    after = index_of(new, "abcdf", Method(normalise="zscore") if has_method else Method())
    restated = pd.DataFrame(now, columns=list("xyzu"), index=list("abcde"))
    for known_now in (None, restated):
        change = explain_change(before, after, "b", known_now)
        assert change.index.tolist() == ["own", "others", "restated", "method"]
        assert change["score"].sum() == pytest.approx(after.scores.loc["b", "i"] - before.scores.loc["b", "i"], abs=1e-9)
        assert change["rank"].sum() == pytest.approx(after.ranks.loc["b", "i"] - before.ranks.loc["b", "i"], abs=1e-9)
        assert (change.loc["method"] == 0).all() or has_method
        assert (change.loc["restated"] == 0).all() or known_now is not None


def test_the_change_against_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(7)
    old, new, now = (pd.DataFrame(rng.uniform(1, 100, (5, 4)), columns=list("xyzu"), index=list("abcde")) for _ in range(3))
    rules = {False: Method(), True: Method(normalise="rank")}

    def score(changed: frozenset[str]) -> float:
        values = (now if "restated" in changed else old).copy()
        if "own" in changed:
            values.loc["b"] = new.loc["b"]
        if "others" in changed:
            values.loc[list("acde")] = new.loc[list("acde")]
        return float(compute(values, nested, rules["method" in changed]).scores.loc["b", "i"])

    expected = dict.fromkeys(["own", "others", "restated", "method"], 0.0)
    orders = list(permutations(expected))
    for order in orders:
        for at, name in enumerate(order):
            expected[name] += (score(frozenset(order[: at + 1])) - score(frozenset(order[:at]))) / len(orders)
    change = explain_change(compute(old, nested, rules[False]), compute(new, nested, rules[True]), "b", now)
    assert change["score"].to_dict() == pytest.approx(expected)


def test_a_change_of_one_kind_is_all_of_that_kind() -> None:
    rng = np.random.default_rng(3)
    values = rng.uniform(1, 100, (5, 4))
    before = index_of(values, "abcde")
    own, others = values.copy(), values.copy()
    own[1] += 20
    others[0] += 20
    for changed, name in ((own, "own"), (others, "others")):
        change = explain_change(before, index_of(changed, "abcde"), "b")
        assert set(change.index[change["score"] != 0]) <= {name}
    # Only the past was put right.
    after = index_of(own, "abcde")
    change = explain_change(before, after, "b", restated=after.values)
    assert change.loc["restated", "score"] == after.scores.loc["b", "i"] - before.scores.loc["b", "i"]
    # Nothing has changed, and the structure was only built again.
    same = explain_change(before, index_of(values, "abcde"), "b")
    assert (same == 0).all().all()
    with pytest.raises(AnalysisError, match="unit n"):
        explain_change(before, after, "n")


def test_a_unit_that_leaves_counts_under_others() -> None:
    values = np.array([[90.0] * 4, [50.0] * 4, [10.0] * 4])
    change = explain_change(index_of(values, "abc", Method(normalise="none")), index_of(values[1:], "bc", Method(normalise="none")), "b")
    assert change.loc["others", "rank"] == -1
    assert change["score"].sum() == 0


def test_a_new_indicator_is_a_change_of_method() -> None:
    values = np.array([[10.0, 20, 30, 40], [50.0, 60, 70, 80]])
    narrow = tree(("i", "", 1), ("x", "i", 1), ("y", "i", 1))
    before = compute(pd.DataFrame(values[:, :2], columns=list("xy"), index=list("ab")), narrow, Method(normalise="none"))
    change = explain_change(before, index_of(values, "ab", Method(normalise="none")), "a")
    assert change["score"].sum() == pytest.approx((10 + 60) / 4 * 2 / 3 + 35 / 3 - 15, nan_ok=True)


# -- what if -------------------------------------------------------------------------------------


def test_what_if() -> None:
    values = table(x=[1, 5, 9], y=[2, 2.5, 3])
    result = what_if(values, flat("x", "y"), Method(), {("a", "x"): 9, ("a", "y"): 3})
    assert result.scores.loc["a", "index"] == 100
    assert values.loc["a", "x"] == 1
    for change, said in (({("n", "x"): 1}, "unit n"), ({("a", "n"): 1}, "for n"), ({("a", "x"): math.inf}, "unit a for x")):
        with pytest.raises(AnalysisError, match=said):
            what_if(values, flat("x", "y"), Method(), change)


@pytest.mark.parametrize("normalise", ["minmax", "zscore", "rank", "none"])
def test_levers_against_one_what_if_each(normalise: str) -> None:
    rng = np.random.default_rng(11)
    values = pd.DataFrame(rng.uniform(1, 100, (7, 3)), columns=list("xyz"), index=list("abcdefg"))
    values.loc["c", "z"] = NAN
    structure = flat("x", "y", "z", direction=[1, -1, 1], weight=[1, 2, 1])
    method = Method(normalise=normalise)
    result = levers(values, structure, method, "c", 0.5)
    before = compute(values, structure, method)
    for leaf, sign in (("x", 1), ("y", 1 if normalise == "none" else -1)):
        after = what_if(values, structure, method, {("c", leaf): values.loc["c", leaf] + sign * 0.5 * values[leaf].std()})
        assert result.loc[leaf, "score"] == pytest.approx(after.scores.loc["c", "index"] - before.scores.loc["c", "index"])
        assert result.loc[leaf, "places"] == before.ranks.loc["c", "index"] - after.ranks.loc["c", "index"]
    assert result["score"].iloc[0] >= result["score"].iloc[1]
    assert result.index[-1] == "z"
    assert result.loc["z"].isna().all()


# -- published results ---------------------------------------------------------------------------


def read_asem(folder: Path, step: str, codes: list[str]) -> pd.DataFrame:
    return pd.read_csv(folder / f"step_{step}.csv").set_index("UnitCode")[codes]


def test_the_asem_index_step_by_step(case: Callable[[str], Path]) -> None:
    """COINr's example: 51 countries, 49 indicators, each step from the step before it as COINr has it, and all in one go."""
    folder = case("asem_coinr")
    meta, groups = pd.read_csv(folder / "coin_IndMeta.csv"), pd.read_csv(folder / "coin_AggMeta.csv")
    codes = list(meta["IndCode"])
    sizes = pd.read_csv(folder / "coin_Denominators.csv").set_index("UnitCode")
    by = pd.DataFrame({row.IndCode: sizes[row.Denominator] for row in meta.itertuples() if isinstance(row.Denominator, str)})
    regions = pd.read_csv(folder / "step_Denominated.csv").set_index("UnitCode")["Group_EurAsia"]
    per_size, _ = denominate(read_asem(folder, "Raw", codes), by)
    whole, imputed = impute(per_size, regions)
    treated, _ = winsorise(whole)
    assert int(imputed.sum().sum()) == int(per_size.isna().sum().sum()) > 0
    for frame, step in ((per_size, "Denominated"), (whole, "Imputed"), (treated, "Treated")):
        np.testing.assert_allclose(frame, read_asem(folder, step, codes), rtol=0, atol=1e-9)
    treatments = pd.read_csv(folder / "treat_summary.csv").set_index("IndCode")
    assert ((treated != whole).sum()[treatments.index] <= treatments[["Low", "High"]].sum(axis=1)).all()

    parent = dict(zip(meta["IndCode"], meta["Agg1"], strict=True)) | dict(zip(meta["Agg1"], meta["Agg2"], strict=True))
    parent |= dict(zip(meta["Agg2"], meta["Agg3"], strict=True))
    leaves = [(row.IndCode, row.Agg1, row.IndWeight, row.Direction) for row in meta.itertuples()]
    nodes = [(row.Code, parent.get(row.Code, ""), row.Weight, NAN) for row in groups.itertuples()]
    result = compute(treated, tree(*leaves, *nodes, columns=("code", "parent", "weight", "direction")), Method(rank_decimals=2))
    np.testing.assert_allclose(result.scores[codes], read_asem(folder, "Normalised", codes), rtol=0, atol=1e-9)
    scores = read_asem(folder, "Aggregated", list(result.scores.columns))
    np.testing.assert_allclose(result.scores, scores, rtol=0, atol=1e-9)
    published = pd.read_csv(folder / "expected_results_ranks.csv").set_index("UnitCode").drop(columns="UnitName")
    np.testing.assert_array_equal(result.ranks.loc[published.index, published.columns], published)
    exact = compute(treated, result.structure, Method())
    np.testing.assert_array_equal(exact.ranks.loc[published.index, "Index"], published["Index"])


def test_the_croatian_development_index(case: Callable[[str], Path]) -> None:
    """556 municipalities with a national reference as the upper goalpost, which values may pass."""
    folder = case("crodi2013")
    params = json.loads((folder / "params.json").read_text())
    rows = pd.read_csv(folder / "crodi2013.csv", dtype={"mb": str}).set_index("mb")
    leaves = [
        (code, "di", weight, rows[code].max() if code in params["reverse"] else rows[code].min(), params["refval"][code])
        for code, weight in params["weights"].items()
    ]
    structure = tree(("di", "", 1, NAN, NAN), *leaves, columns=("code", "parent", "weight", "low", "high"))
    result = compute(rows[list(params["weights"])], structure, Method(normalise="goalposts", scale=(0, 1), clip=False))
    checked = rows["published_reproducible_1e-6"]
    assert checked.sum() == 523
    ours, theirs = result.scores["di"][checked], rows["di"][checked]
    assert (ours - theirs).abs().max() < 1e-6
    assert (ours.rank(method="min") == theirs.rank(method="min")).all()


# Parents of the Global Innovation Index 2017 all of whose children are printed, with the children that weigh half.
GII_HALVES = {
    "Regulatory environment": ["Regulatory quality", "Rule of law"],
    "Tertiary education": ["Tertiary enrolment", "Tertiary level inbound mobility"],
    "General infrastructure": ["Electricity output", "Logistics performance"],
    "Ecological sustainability": ["ISO 14001 environmental certificates"],
    "Investment": ["Market capitalization", "Venture capital deals"],
    "Trade, competition, & market scale": ["Applied tariff rate, weighted mean", "Intensity of local competition"],
    "Creative outputs": ["Creative goods and services", "Online creativity"],
    **{
        name: []
        for name in (
            "Institutions", "Political environment", "Business environment", "Human capital and research", "Infrastructure",
            "Research and development (R&D)", "Information and communication technologies (ICTs)", "Market sophistication", "Credit",
            "Business sophistication", "Knowledge and technology outputs", "Online creativity",
        )
    },
}  # fmt: skip
GII_PILLARS = (
    "Institutions", "Human capital and research", "Infrastructure", "Market sophistication", "Business sophistication",
    "Knowledge and technology outputs", "Creative outputs",
)  # fmt: skip
GII_SUBPILLARS = (
    "Political environment", "Regulatory environment", "Business environment", "Education", "Tertiary education",
    "Research and development (R&D)", "Information and communication technologies (ICTs)", "General infrastructure",
    "Ecological sustainability", "Credit", "Investment", "Trade, competition, & market scale", "Knowledge workers", "Innovation linkages",
    "Knowledge absorption", "Knowledge creation", "Knowledge impact", "Knowledge diffusion", "Intangible assets",
    "Creative goods and services", "Online creativity",
)  # fmt: skip


def test_the_global_innovation_index_of_two_countries(case: Callable[[str], Path]) -> None:
    """Each parent from its children, to the printed decimal (half a unit of theirs and half of ours)."""
    printed = pd.read_csv(case("gii2017_us_au") / "gii2017_scores_usa_aus.csv").set_index("indicators").T
    children: dict[str, list[str]] = {}
    for name in printed.columns:
        if name in GII_PILLARS:
            pillar = name
        elif name in GII_SUBPILLARS:
            children.setdefault(pillar, []).append(subpillar := name)
        else:
            children.setdefault(subpillar, []).append(name)
    for parent, halves in GII_HALVES.items():
        weights = [0.5 if name in halves else 1.0 for name in children[parent]]
        structure = tree((parent, "", 1), *((name, parent, w) for name, w in zip(children[parent], weights, strict=True)))
        ours = compute(printed, structure, Method(normalise="none")).scores[parent]
        assert (ours - printed[parent]).abs().max() <= 0.1 + 1e-9, parent


def test_the_better_life_index(case: Callable[[str], Path]) -> None:
    """35 countries × 11 topics on one scale already: every mean in its place, and their old inequality."""
    topics = pd.read_csv(case("bli2017_oecd") / "bli_2017.csv").set_index("country")
    structure = flat(*topics.columns)
    means = {name: compute(topics, structure, Method(normalise="none", aggregate=name)).scores["index"] for name in ("arithmetic", "geometric", "harmonic")}
    np.testing.assert_allclose(means["arithmetic"], topics.mean(axis=1))
    np.testing.assert_allclose(means["geometric"], np.exp(np.log(topics).mean(axis=1)))
    np.testing.assert_allclose(means["harmonic"], 1 / (1 / topics).mean(axis=1))
    assert (means["harmonic"] < means["geometric"]).all()
    assert (means["geometric"] < means["arithmetic"]).all()
