import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.analysis import AnalysisError
from indicators.analysis.formula import FormulaError, dependencies, parse

NAN = math.nan


def quarters(*values: float, first: str = "2024Q1") -> pd.Series:
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="Q"), dtype=float)


def value(text: str, **codes: float) -> float:
    return float(parse(text).evaluate({code: quarters(x) for code, x in codes.items()} or {"x": quarters(0)}).iloc[0])


# -- reading -------------------------------------------------------------------------------------


def test_a_code_with_dots_is_one_code() -> None:
    assert parse("rd_expenditure / rd_expenditure.000000 * 100").codes == {"rd_expenditure", "rd_expenditure.000000"}
    assert parse("sum + rank").codes == {"sum", "rank"}  # without brackets these are codes
    assert parse("a.__class__").codes == {"a.__class__"}  # and this is no attribute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("8 - 4 - 2", 2),
        ("8 / 4 / 2", 1),
        ("-2 * -3", 6),
        ("2 - -3", 5),
        ("--2", 2),
        ("1.5e2 + .5 + 2.", 152.5),
        ("sum(1, 2, 3)", 6),
        ("mean(1, 2, 6)", 3),
        ("min(3, 1, 2)", 1),
        ("max(3, 1, 2)", 3),
        ("abs(-2)", 2),
        ("share(1, 4)", 0.25),
        ("1 / 0", NAN),
        ("0 / 0", NAN),
        ("1e300 * 1e300", NAN),
    ],
)
def test_arithmetic(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "column", "expected", "found"),
    [
        ("", 1, "a number, a code, a function or (", ""),
        ("a +", 4, "a number, a code, a function or (", ""),
        ("a + * b", 5, "a number, a code, a function or (", "*"),
        ("a b", 3, "an operator or the end", "b"),
        ("(a + b", 7, "an operator, a comma or )", ""),
        ("a + b)", 6, "an operator or the end", ")"),
        ("a ÷ b", 3, "a number, a code or an operator", "÷"),
        ("（a）", 1, "a number, a code or an operator", "（"),
        ("１ + a", 1, "a number, a code or an operator", "１"),
        ("a..b", 2, "a number, a code or an operator", "."),
        ("2x", 1, "a number, a code or an operator", "2"),
        ("a < b < c", 7, "an operator or the end", "<"),
        ("(a < b)", 4, "an operator, a comma or )", "<"),
        ("a == b", 4, "a number, a code, a function or (", "="),
        ("a + median(b)", 5, "one of sum, mean, min, max, abs, prev, yoy, share, rank", "median"),
        ("sum()", 5, "a number, a code, a function or (", ")"),
        ("abs(a, b)", 1, "1 arguments", "abs"),
        ("1 + prev(a)", 5, "2 arguments", "prev"),
        ("prev(a, b)", 9, "a whole number", "b"),
        ("prev(a, 1.5)", 9, "a whole number", "1.5"),
        ("prev(a, 0)", 9, "a whole number", "0"),
        ("prev(a, 1 + 1)", 11, "an operator, a comma or )", "+"),
        ("a['b']", 2, "a number, a code or an operator", "["),
    ],
)
def test_what_cannot_be_read_is_said_with_its_column(text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(FormulaError, match=f"column {column}") as caught:
        parse(text)
    assert (caught.value.column, caught.value.expected, caught.value.found) == (column, expected, found)


def test_depth_is_limited_and_length_is_not() -> None:
    assert value("+".join(["1"] * 20_000)) == 20_000
    for deep in ("(" * 10_000 + "1" + ")" * 10_000, "-" * 10_000 + "1", "abs(" * 10_000):
        with pytest.raises(FormulaError, match="fewer brackets"):
            parse(deep)


@given(st.text(alphabet="ab1.+-*/(),<=! prevsum（", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        refusal = None
        parse(text)
    except FormulaError as error:
        refusal = error
    assert refusal is None or (1 <= refusal.column <= len(text) + 1 and refusal.expected)


# -- evaluating ----------------------------------------------------------------------------------


def test_missing_stays_missing() -> None:
    result = parse("sum(a, b)").evaluate({"a": quarters(1, NAN, 3), "b": quarters(1, 2, NAN)})
    np.testing.assert_array_equal(result, [2, NAN, NAN])


def test_a_period_that_is_in_one_input_only_is_missing() -> None:
    result = parse("a + b").evaluate({"a": quarters(1, 2), "b": quarters(10, 20, first="2024Q2")})
    assert list(map(str, result.index)) == ["2024Q1", "2024Q2", "2024Q3"]
    np.testing.assert_array_equal(result, [NAN, 12, NAN])


def test_prev_counts_periods_and_not_rows() -> None:
    gappy = quarters(1, 2, 3, 4).iloc[[0, 1, 3]]
    np.testing.assert_array_equal(parse("prev(a, 1)").evaluate({"a": gappy}), [NAN, 1, NAN])
    np.testing.assert_array_equal(parse("prev(a, 2)").evaluate({"a": gappy}), [NAN, NAN, 2])
    np.testing.assert_array_equal(parse("prev(a, 99)").evaluate({"a": gappy}), [NAN, NAN, NAN])


def test_the_order_of_the_periods_is_kept() -> None:
    backwards = quarters(1, 2, 3)[::-1]
    result = parse("a - prev(a, 1)").evaluate({"a": backwards})
    pd.testing.assert_index_equal(result.index, backwards.index)
    np.testing.assert_array_equal(result, [1, 1, NAN])


def test_growth_on_the_year_before() -> None:
    result = parse("yoy(a)").evaluate({"a": quarters(100, 0, -10, 5, 110, 3, -5, -5)})
    np.testing.assert_allclose(result, [NAN] * 4 + [0.1, NAN, 0.5, NAN])
    yearly = pd.Series([100.0, 105.0], index=pd.period_range("2023", periods=2, freq="Y"))
    assert parse("yoy(a)").evaluate({"a": yearly}).iloc[1] == pytest.approx(0.05)


def test_frames_of_areas_and_a_series_for_all_of_them() -> None:
    periods = pd.period_range("2023", periods=2, freq="Y")
    areas = pd.DataFrame({"62": [1.0, 2.0], "61": [3.0, 0.0]}, index=periods)
    nation = pd.Series([10.0, 0.0], index=periods)
    result = parse("share(a, b)").evaluate({"a": areas, "b": nation})
    assert list(result.columns) == ["62", "61"]
    np.testing.assert_allclose(result.loc[pd.Period("2023")], [0.1, 0.3])
    assert result.loc[pd.Period("2024")].isna().all()
    np.testing.assert_array_equal(parse("b").evaluate({"b": nation}), nation)
    np.testing.assert_array_equal(parse("b + 0 * a").evaluate({"a": areas, "b": nation}), [[10, 10], [0, 0]])


def test_rank_is_over_the_areas_and_ties_share_the_smaller_number() -> None:
    periods = pd.period_range("2023", periods=1, freq="Y")
    frame = pd.DataFrame([[5.0, 7.0, 5.0, NAN, 1.0]], index=periods, columns=list("abcde"))
    np.testing.assert_array_equal(parse("rank(x)").evaluate({"x": frame}), [[2, 1, 2, NAN, 4]])
    np.testing.assert_array_equal(parse("rank(x)").evaluate({"x": frame.loc[periods[0]]}), [2, 1, 2, NAN, 4])
    with pytest.raises(FormulaError, match="several areas"):
        parse("rank(x)").evaluate({"x": quarters(1, 2)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b", [True, False, False, NAN]),
        ("a <= b", [True, True, False, NAN]),
        ("a = b", [False, True, False, NAN]),
        ("a != b", [True, False, True, NAN]),
        ("a >= b", [False, True, True, NAN]),
        ("a > b", [False, False, True, NAN]),
        ("a - b < 1 * 1", [True, True, False, NAN]),
    ],
)
def test_comparisons(text: str, expected: list[Any]) -> None:
    formula = parse(text)
    result = formula.evaluate({"a": quarters(1, 2, 3, NAN), "b": quarters(2, 2, 1, 1)})
    assert formula.is_rule
    assert result.tolist()[:3] == expected[:3]
    assert math.isnan(result.iloc[3])


def test_a_rule_does_not_fail_by_the_last_bits_of_a_sum() -> None:
    values = {"a": quarters(0.1), "b": quarters(0.2), "c": quarters(0.3)}
    assert parse("a + b = c").evaluate(values).iloc[0] is True
    assert parse("a + b > c").evaluate(values).iloc[0] is False
    assert parse("a + b <= c").evaluate(values).iloc[0] is True


def test_what_a_formula_needs() -> None:
    assert parse("yoy(a)").needs_past
    assert not parse("a + b").needs_past
    assert parse("rank(a)").needs_all_areas
    assert not parse("rank + 1").needs_all_areas
    assert not parse("a + b").is_rule


def test_which_values_a_value_is_computed_of() -> None:
    assert parse("a / b.000000 * 100").reads(4) == {("a", 0, False), ("b.000000", 0, False)}
    assert parse("yoy(a) + prev(b, 2)").reads(4) == {("a", 0, False), ("a", 4, False), ("b", 2, False)}
    assert parse("prev(yoy(a), 1)").reads(1) == {("a", 1, False), ("a", 2, False)}
    assert parse("rank(a / b) + c").reads(4) == {("a", 0, True), ("b", 0, True), ("c", 0, False)}
    assert parse("1 + 1").reads(4) == set()


@given(st.sampled_from(["yoy(a)", "prev(a, 1) / a", "a + 1", "prev(yoy(a), 2)", "rank(a)", "rank(prev(a, 1))"]), st.integers(0, 11), st.sampled_from(["x", "y"]))
def test_a_value_changes_only_with_those_it_is_computed_of(text: str, at: int, area: str) -> None:
    """The slow twin: move each value by itself and see whether the last value of one area moves."""
    formula, index = parse(text), pd.period_range("2022Q1", periods=12, freq="Q")
    values = pd.DataFrame({"x": np.arange(1.0, 13.0), "y": np.arange(3.0, 27.0, 2.0)}, index=index)
    before = formula.evaluate({"a": values})["x"].iloc[-1]
    moved = values.copy()
    moved.loc[index[at], area] = 1000.0 if area == "y" else 0.5
    after = formula.evaluate({"a": moved})["x"].iloc[-1]
    is_read = any(read.lag == 11 - at and (area == "x" or read.is_everywhere) for read in formula.reads(4))
    assert is_read or after == before


def test_values_that_do_not_go_together() -> None:
    with pytest.raises(FormulaError, match="no values for b"):
        parse("a + b").evaluate({"a": quarters(1)})
    with pytest.raises(FormulaError, match="frequencies"):
        parse("a + b").evaluate({"a": quarters(1), "b": pd.Series([1.0], index=pd.PeriodIndex(["2024"], freq="Y"))})
    with pytest.raises(FormulaError, match="twice"):
        parse("a").evaluate({"a": pd.Series([1.0, 2.0], index=pd.PeriodIndex(["2024Q1"] * 2, freq="Q"))})
    with pytest.raises(AnalysisError, match="PeriodIndex"):
        parse("prev(a, 1)").evaluate({"a": pd.Series([1.0, 2.0], index=["x", "y"])})
    with pytest.raises(FormulaError, match="no values"):
        parse("1 + 1").evaluate({})


# -- slow obvious twin ---------------------------------------------------------------------------

leaves = st.sampled_from(["a", "b", "c.d", "1", "0.5", "3"])
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["sum", "mean", "min", "max", "share"]), inner, inner),
        st.builds("abs(-{})".format, inner),
    ),
    max_leaves=8,
)


def slow(text: str, values: dict[str, float]) -> float:
    """Python's own arithmetic, one number at a time; not a number as soon as anything is missing."""

    def divide(x: float, y: float) -> float:
        return x / y if y else NAN

    class Number(float):
        def __add__(self, other: float) -> "Number":
            return Number(float(self) + other)

        def __sub__(self, other: float) -> "Number":
            return Number(float(self) - other)

        def __mul__(self, other: float) -> "Number":
            return Number(float(self) * other)

        def __neg__(self) -> "Number":
            return Number(-float(self))

        def __truediv__(self, other: float) -> "Number":
            return Number(divide(float(self), float(other)))

    def pick(choose: Any) -> Any:
        return lambda *x: Number(NAN if any(map(math.isnan, x)) else choose(x))

    functions = {
        "sum": pick(sum), "mean": pick(lambda x: sum(x) / len(x)), "min": pick(min), "max": pick(max),
        "share": lambda x, y: x / y, "abs": lambda x: Number(abs(x)),
    }  # fmt: skip
    for code in ("1", "0.5", "3"):
        values = values | {f"n{code.replace('.', '_')}": float(code)}
    names = {"c_d" if name == "c.d" else name: Number(number) for name, number in values.items()}
    source = text.replace("c.d", "c_d").replace("0.5", "n0_5")
    source = "".join(f"n{ch}" if ch in "13" else ch for ch in source)
    return float(eval(source, {"__builtins__": {}}, functions | names))


some = st.sampled_from([NAN, 0.0, 1.0, -2.5, 7.0])


@given(expressions, st.lists(st.tuples(some, some, some), min_size=1, max_size=3))
def test_formulas_against_the_twin(text: str, rows: list[tuple[float, float, float]]) -> None:
    columns = dict(zip(("a", "b", "c.d"), map(list, zip(*rows, strict=True)), strict=True))
    result = parse(text).evaluate({code: quarters(*column) for code, column in columns.items()})
    expected = [slow(text, dict(zip(columns, row, strict=True))) for row in rows]
    np.testing.assert_allclose(result, expected, rtol=1e-12)


# -- order ---------------------------------------------------------------------------------------


def test_dependencies_come_first() -> None:
    formulas = [("c", parse("b + a")), ("b", parse("a * 2")), ("a", parse("raw + 1"))]
    assert dependencies(formulas) == ["a", "b", "c"]
    assert dependencies([]) == []


def test_a_cycle_is_printed() -> None:
    formulas = [("x", parse("a")), ("a", parse("b")), ("b", parse("c + raw")), ("c", parse("a"))]
    with pytest.raises(FormulaError, match="a → b → c → a"):
        dependencies(formulas)
    with pytest.raises(FormulaError, match="a → a"):
        dependencies([("a", parse("prev(a, 1)"))])
    with pytest.raises(FormulaError, match="two"):
        dependencies([("a", parse("b")), ("a", parse("c"))])


def test_a_long_chain() -> None:
    chain = [(f"x{i}", parse(f"x{i + 1} + 1")) for i in range(5_000)]
    assert dependencies(chain)[0] == "x4999"


@given(st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), min_size=1), min_size=1))
def test_every_order_is_right_and_every_cycle_found(graph: dict[int, set[int]]) -> None:
    formulas = [(f"x{code}", parse(" + ".join(f"x{read}" for read in reads))) for code, reads in graph.items()]

    def reaches(start: int, seen: frozenset[int] = frozenset()) -> set[int]:
        found = set()
        for read in graph.get(start, set()) - seen:
            found |= {read} | reaches(read, seen | {read})
        return found

    if any(code in reaches(code) for code in graph):
        with pytest.raises(FormulaError, match="→"):
            dependencies(formulas)
        return
    order = dependencies(formulas)
    assert sorted(order) == sorted(code for code, _ in formulas)
    for code, formula in formulas:
        assert all(order.index(read) < order.index(code) for read in formula.codes if read in order)
