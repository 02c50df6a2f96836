"""Units: converted by what both names say, and never guessed."""

from decimal import Decimal

import pytest

from indicators.units import get_factor, is_ratio


@pytest.mark.parametrize(
    ("stated", "kept", "factor"),
    [
        ("万元", "万元", "1"),
        ("亿元", "万元", "10000"),
        ("元", "万元", "0.0001"),
        ("千元", "万元", "0.1"),
        ("百万元", "万元", "100"),
        ("件", "万件", "0.0001"),
        ("万件", "件", "10000"),
        ("万人年", "人年", "10000"),
        ("人 · 年", "人年", "1"),
        ("％", "%", "1"),
        ("（亿元）", "万元", "10000"),
        ("百分点", "个百分点", "1"),
    ],
)
def test_a_unit_is_converted_by_what_its_name_says(stated: str, kept: str, factor: str) -> None:
    assert get_factor(stated, kept) == Decimal(factor)


@pytest.mark.parametrize(("stated", "kept"), [("", "万元"), ("个", "项"), ("人", "人年"), ("美元", "元"), ("万美元", "万元"), ("%", "个百分点"), ("件/亿元", "件")])
def test_other_units_are_not_converted(stated: str, kept: str) -> None:
    assert get_factor(stated, kept) is None


def test_a_ratio_is_no_amount() -> None:
    assert [unit for unit in ("%", "位", "元/万人", "万元", "家") if is_ratio(unit)] == ["%", "位", "元/万人"]
