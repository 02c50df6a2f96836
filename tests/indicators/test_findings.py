"""What looks wrong in a line, in words: every check of the numeric core has a sentence that holds its figures."""

from decimal import Decimal

import pandas as pd
import pytest

from indicators import findings
from indicators.analysis import quality
from indicators.models import Indicator
from tests.builders import Quarter, make_target, observe

PERIOD = pd.Period("2025Q3", freq="Q-DEC")
# The numbers each code comes with, by the docstring of `quality.checks`, and what the sentence must hold.
CODES = {
    "falling_cumulative": ({"previous": 20.0}, "20"),
    "out_of_bounds": ({"low": 0.0, "bound": 0.0}, "不小于 0"),
    "sign_slip": ({"usual": 12.0}, "正负号"),
    "unit_slip": ({"factor": 10_000.0, "usual": 12.5}, "10,000 倍"),
    "outlier": ({"z": 9.0, "step": 3.0, "median": 0.1}, "相差很大"),
    "copied": ({"previous": 7.0}, "与上期完全相同"),
    "equals_target": ({"target": 7.0}, "目标值"),
    "q4_jump": ({"amount": 9.0, "mean": 1.0, "ratio": 9.0}, "四季度"),
    "gap": ({"missing": 1.0}, "上期没有数值"),
}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_sentence(code: str) -> None:
    numbers, words = CODES[code]
    indicator = Indicator(unit_of_measure="项", accumulation="ytd")
    sentence = findings.say_finding(code, numbers, indicator, Decimal("7"))
    assert words in sentence
    assert "%(" not in sentence
    # Who reads it on the indicator's page has nothing to fill in.
    assert "请" not in sentence


@pytest.mark.django_db
def test_who_fills_it_in_is_told_what_to_do_besides() -> None:
    quarter = Quarter()
    observe(quarter.indicator, {"2025-Q1": "10", "2025-Q2": "20"})
    line = quarter.line()
    line.value = Decimal(19)
    found = findings.check_line(line, quarter.round.period, findings.get_history([line], quarter.round.period)[line.pk])
    [said] = [f.message for f in found if f.code == "falling_cumulative"]
    assert said == "本行填 1 月至本期末的累计数，不是本季数。累计 19 小于上期累计 20：累计数不会下降。若上期有误，请先申请更正上期数值。"


def test_the_core_knows_no_other_code() -> None:
    assert set(quality._FIRST) == set(CODES)


def test_both_bounds_are_said() -> None:
    indicator = Indicator(unit_of_measure="%", accumulation="stock")
    assert "在 0 与 100" in findings.say_finding("out_of_bounds", {"low": 0.0, "high": 100.0, "bound": 100.0}, indicator, Decimal(120))


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "code"), [("19", "falling_cumulative"), ("-3", "out_of_bounds"), ("290000", "unit_slip"), ("30.5", "not_whole"), ("31", "")])
def test_what_is_typed_is_held_against_the_history(typed: str, code: str) -> None:
    quarter = Quarter()
    observe(quarter.indicator, {"2024-Q1": "9", "2024-Q2": "18", "2024-Q3": "28", "2024-Q4": "41", "2025-Q1": "10", "2025-Q2": "20"})
    line = quarter.line()
    line.value = Decimal(typed)
    history = findings.get_history([line], quarter.round.period)[line.pk]
    found = {f.code for f in findings.check_line(line, quarter.round.period, history)}
    assert (code in found) if code else not found


@pytest.mark.django_db
def test_the_years_target_met_to_the_digit_is_asked_about() -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "0.5", unit_of_measure="亿元")
    quarter.indicator.unit_of_measure = "万元"
    quarter.indicator.save(update_fields=["unit_of_measure"])
    observe(quarter.indicator, {"2025-Q1": "1720", "2025-Q2": "3215"})
    quarter.fill("5000")
    found = {line.pk: {f.code for f in at} for line, at in findings.find_findings(quarter.report)}
    assert "equals_target" in found[quarter.line().pk]


@pytest.mark.django_db
def test_a_quarters_amount_is_not_held_against_the_years_target() -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "5000")
    quarter.indicator.accumulation = "flow"
    quarter.indicator.save(update_fields=["accumulation"])
    quarter.fill("5000")
    assert all(f.code != "equals_target" for _line, at in findings.find_findings(quarter.report) for f in at)
