"""Sentences about the periods to come."""

import json
from datetime import date
from decimal import Decimal
from itertools import compress, product
from typing import Any

import pandas as pd
import pytest

from indicators.analysis.series import flows
from indicators.models import Indicator
from indicators.outlook import list_projected, make_outlook, say_chance, say_pace
from indicators.periods import make_span
from indicators.queries.indicators import get_indicator
from indicators.recompute import run
from indicators.standing import Judgement
from tests.builders import Cast, make_indicator, make_target, observe


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        ("1", "几乎肯定（99% 以上）"),
        ("0.95", "很可能（约 95%）"),
        ("0.66", "较可能（约 66%）"),
        ("0.5", "难分上下（约 50%）"),
        ("0.12", "不太可能（约 12%）"),
        ("0.049", "很不可能（约 5%）"),
        ("0", "几乎不可能（不到 1%）"),
    ],
)
def test_a_chance_has_a_word_and_a_number_and_is_never_certain(chance: str, words: str) -> None:
    assert say_chance(Decimal(chance)) == words


def make_pace(value: str, label: str = "2025-Q2", **detail: Any) -> Judgement:
    nobody = dict.fromkeys(("target_id", "task_id", "aspect_id", "indicator_id"))
    words = {"measure": "required_pace", "text": "", "classification": "public", "is_released": True, "is_demo": False}
    return Judgement(pk=1, value=Decimal(value), period_id=label, detail_json=json.dumps(detail), **nobody, **words)


MONEY = Indicator(unit_of_measure="万元", decimals=2)
SHARE = Indicator(unit_of_measure="%", decimals=1)


def test_an_amount_is_said_quarter_by_quarter_and_beside_the_best_ever_done() -> None:
    pace = make_pace("50", of="amount", needed={"2025-Q3": 50, "2025-Q4": 100}, shares={"3": 0.25, "4": 0.5}, multiple=1.8)
    assert say_pace(pace, MONEY) == (
        "还须完成：2025年第三季度 50.00万元，2025年第四季度 100.00万元；按本指标历年各季度的占比分配；需达到历史最好季度的1.8倍（与历年同一季度相比）。"
    )


def test_what_was_done_before_is_said_to_have_been() -> None:
    pace = make_pace("50", of="amount", needed={"2025-Q3": 50}, shares=None, multiple=0.8)
    assert say_pace(pace, MONEY) == "还须完成：2025年第三季度 50.00万元；为历史最好季度的0.8倍，曾经做到过。"


def test_without_a_past_nothing_is_compared() -> None:
    assert say_pace(make_pace("50", of="amount", needed={"2025-Q3": 50}, shares=None, multiple=None), MONEY) == "还须完成：2025年第三季度 50.00万元。"


def test_a_share_moves_by_points() -> None:
    assert say_pace(make_pace("0.09", "2023", of="change", periods=2), SHARE) == "2024年至2025年平均每年须提高 0.09个百分点。"
    assert say_pace(make_pace("-1.5", of="change", periods=3), SHARE) == "2025年第三季度至2026年第一季度平均每期须降低 1.50个百分点。"
    assert say_pace(make_pace("2", "2024", of="change", periods=1), SHARE) == "2025年须提高 2.00个百分点。"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accumulation", "values", "words"),
    [
        ("stock", ["2021", "2022", "2023", "2023-Q1", "2023-Q2"], "数据不足，无法推算（已有 3 年的数值，至少需要 4 年）"),
        ("stock", ["2024-Q1", "2024-Q2", "2024-Q3", "2024"], "数据不足，无法推算（已有 3 个季度的数值，至少需要 4 个）"),
        # The first of a running total says nothing of what its quarter brought.
        ("total", ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"], "数据不足，无法推算（能算出当季数的有 3 个季度，至少需要 4 个）"),
        ("stock", ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05"], "只推算按年和按季的数据，按月的不作推算"),
        ("stock", ["2016-01/2020-12"], "数据不足，无法推算（没有按年或按季的数值）"),
        ("stock", ["2021", "2022", "2023", "2024"], "尚未推算"),
        ("stock", [], ""),
    ],
)
def test_where_nothing_is_projected_the_page_says_what_was_counted(accumulation: str, values: list[str], words: str) -> None:
    cast, indicator = Cast(), make_indicator(accumulation=accumulation)
    observe(indicator, {label: str(n + 1) for n, label in enumerate(values)})
    assert make_outlook(get_indicator(cast.du, indicator.code)).lack == words


@pytest.mark.django_db
def test_of_a_rank_the_page_says_that_it_is_not_projected() -> None:
    cast, indicator = Cast(), make_indicator(accumulation="stock", unit_of_measure="位", direction="lower")
    observe(indicator, {str(year): str(n + 20) for n, year in enumerate(range(2019, 2025))})
    make_target(indicator, "18", period="2030", baseline_value=None, baseline_period=None)
    run(date(2025, 11, 20))
    outlook = make_outlook(get_indicator(cast.du, indicator.code))
    assert outlook.lack.startswith("排名不作推算")
    assert not outlook.targets


@pytest.mark.django_db
def test_noughts_alone_are_not_projected() -> None:
    cast, indicator = Cast(), make_indicator(accumulation="stock")
    observe(indicator, dict.fromkeys(("2021", "2022", "2023", "2024"), "0"))
    assert make_outlook(get_indicator(cast.du, indicator.code)).lack == "各期都是 0，无法推算"


@pytest.mark.parametrize("accumulation", ["flow", "ytd", "total"])
@pytest.mark.parametrize(("frequency", "of_pandas"), [("quarter", "Q-DEC"), ("year", "Y-DEC")])
def test_what_is_counted_for_a_page_is_what_is_projected(accumulation: str, frequency: str, of_pandas: str) -> None:
    periods_a_year = 4 if frequency == "quarter" else 1
    spans = [make_span(frequency, 2021 + at // periods_a_year, at % periods_a_year + 1) for at in range(7)]
    amounts = [Decimal(n) for n in (10, 30, 60, 100, 15, 15, 70)]
    # With every set of periods left out.
    for known in product((True, False), repeat=7):
        values = list(compress(zip(spans, amounts, strict=True), known))
        index = pd.PeriodIndex([span.ends_on for span, _amount in values], freq=of_pandas)
        whole = flows(pd.Series([float(amount) for _span, amount in values], index=index), accumulation).dropna()
        assert sorted(list_projected(values, accumulation)) == sorted(whole)
