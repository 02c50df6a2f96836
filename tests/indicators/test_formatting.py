"""Figures and periods as official Chinese writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from indicators.formatting import (
    are_large,
    format_day,
    format_day_of_year,
    format_number,
    format_percent,
    format_period,
    format_points,
    format_remaining,
    format_signed,
    format_time,
    format_value,
)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2025-Q1", "2025年第一季度"),
        ("2025-Q4", "2025年第四季度"),
        ("2025", "2025年"),
        ("2025-S1", "2025年上半年"),
        ("2025-S2", "2025年下半年"),
        ("2025-03", "2025年3月"),
        ("2025-12", "2025年12月"),
        ("2016-01/2020-12", "2016年—2020年"),
        ("2025-01/2025-08", "2025年1—8月"),
        ("2024-07/2025-06", "2024年7月—2025年6月"),
        # What is no label says itself: a page with an odd period is better than no page.
        ("十三五", "十三五"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_period_in_words(label: str | None, words: str) -> None:
    assert format_period(label) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("9999", "万元", "9,999万元"),
        ("9999.99", "万元", "9,999.99万元"),
        ("10000", "万元", "1亿元"),
        ("1562000", "万元", "156.2亿元"),
        # A large amount in 亿 keeps no more than two decimals; halves go up.
        ("12345.5", "万元", "1.23亿元"),
        ("12350", "万元", "1.24亿元"),
        ("-25000", "万元", "−2.5亿元"),
        # Every number is grouped the same, from a thousand on.
        ("420000000", "万元", "42,000亿元"),
        ("12791", "人次", "12,791人次"),
        ("8223", "家", "8,223家"),
        ("-0.3", "%", "−0.3%"),
        ("1.32", "%", "1.32%"),
        ("3", "‰", "3‰"),
        ("12.5", "km", "12.5 km"),
        ("7.000000", "项", "7项"),
        ("100", "", "100"),
    ],
)
def test_a_value_with_its_unit(value: str, unit: str, words: str) -> None:
    assert format_value(Decimal(value), unit) == words


def test_no_value_is_a_dash_and_never_a_zero() -> None:
    assert format_value(None, "项") == "—"
    assert format_value(Decimal(0), "项") == "0项"


def test_a_stated_figure_keeps_its_decimals_and_a_computed_one_has_those_it_is_given() -> None:
    assert format_value(Decimal("53.710000"), "%") == "53.71%"
    assert format_value(Decimal("77"), "%") == "77%"
    assert format_value(Decimal("1.3249"), "%", decimals=2) == "1.32%"
    assert format_value(Decimal("10.25"), "%", decimals=1) == "10.3%"


@pytest.mark.parametrize(
    ("qualifier", "number", "unit", "words"),
    [
        ("over", "250000", "万元", "超25亿元"),
        ("nearly", "30", "家", "近30家"),
        ("about", "3", "项", "约3项"),
        ("more_than_approx", "250", "家", "250余家"),
        ("at_least", "65", "%", "65%以上"),
        ("at_most", "20", "位", "20位以下"),
        ("exact", "5", "项", "5项"),
    ],
)
def test_a_qualifier_is_said_with_the_value(qualifier: str, number: str, unit: str, words: str) -> None:
    assert format_value(Decimal(number), unit, qualifier=qualifier) == words


def test_shares_have_one_decimal_and_gaps_their_sign() -> None:
    assert format_percent(Decimal("0.76543")) == "76.5%"
    assert format_percent(0.0) == "0.0%"
    assert format_percent(None) == ""
    assert format_percent(Decimal("-0.1538")) == "−15.4%"
    assert format_points(Decimal("-0.0834")) == "−8.3个百分点"
    assert format_points(Decimal("0.05")) == "+5.0个百分点"
    # What rounds to nothing has no sign.
    assert format_points(Decimal("-0.0001")) == "0.0个百分点"
    assert format_points(None) == ""
    assert format_signed(Decimal("-0.504"), "%") == "−0.5%"


def test_numbers_without_a_unit() -> None:
    assert format_number(Decimal("1234567.500000")) == "1,234,567.5"
    assert format_number(Decimal("-0.04"), 1) == "0.0"  # what rounds to nothing has no sign
    assert format_number(None) == "—"


def test_days_and_times_are_of_this_country() -> None:
    late = datetime(2025, 3, 3, 16, 2, tzinfo=UTC)
    assert (format_day(late), format_day_of_year(late), format_time(late)) == ("2025年3月4日", "3月4日", "2025年3月4日 00:02")
    assert format_day(date(2025, 12, 31)) == "2025年12月31日"
    assert (format_day(None), format_time(None)) == ("", "")


@pytest.mark.parametrize(("due", "words"), [("2026-11-24 17:00", "今天"), ("2026-11-25 00:01", "明天"), ("2026-12-04 18:00", "还有 10 天")])
def test_what_remains_is_counted_in_days_of_the_calendar(monkeypatch: pytest.MonkeyPatch, due: str, words: str) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 11, 24, 15, 50, tzinfo=UTC))  # 23:50 here
    assert format_remaining(datetime.fromisoformat(due).replace(tzinfo=timezone.get_default_timezone())) == words


def test_amounts_of_one_column_are_said_in_one_unit() -> None:
    column = [Decimal("34981.8"), Decimal("8121.62"), None]
    assert [format_value(v, "万元", large=are_large(column)) for v in column] == ["34,981.8万元", "8,121.62万元", "—"]
    assert [format_value(v, "万元", large=are_large(column[:1])) for v in column[:1]] == ["3.50亿元"]


def test_no_unit_hides_a_revision() -> None:
    slight, plain = [Decimal("18152.46"), Decimal("18153.46")], [Decimal("18152.46"), None, Decimal("19152.46")]
    assert [format_value(v, "万元", large=are_large(slight, revised=[slight])) for v in slight] == ["18,152.46万元", "18,153.46万元"]
    assert [format_value(v, "万元", large=are_large(plain, revised=[plain])) for v in plain] == ["1.82亿元", "—", "1.92亿元"]
