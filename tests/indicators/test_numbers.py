"""What is typed in a cell: a number is taken as it is, anything else is answered with exactly what to type."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.numbers import NotANumber, parse_number, plain


def refusal(typed: object, unit: str = "") -> str:
    with pytest.raises(NotANumber) as caught:
        parse_number(typed, unit=unit)
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "unit", "sentence"),
    [
        ("304274.6 万元", "万元", "请只填数字 304274.6，不带“万元”。"),
        ("27 152.46", "万元", "数字中间不能有空格：请填 27152.46。"),
        ("12.5%", "%", "请只填数字 12.5，不带“%”。"),
        ("12.5%", "项", "“%”不是本行的计量单位：请填写以“项”计的数字，不带单位。"),
        ("约30", "项", "请填 30，再把“限定”选为“约”。"),
        ("≥5", "项", "请填 5，再把“限定”选为“以上”。"),
        ("250余家", "家", "请填 250，再把“限定”选为“余”。"),
        ("超25亿元", "万元", "请填 250000，再把“限定”选为“超”。"),
        ("65%以上", "%", "请填 65，再把“限定”选为“以上”。"),
        ("1.2亿", "万元", "本行单位是“万元”：请填 12000。"),
        ("1.2亿", "", "请写成完整的数字：120000000。"),
        ("12万", "万元", "请只填数字 12，不带“万”。"),
        ("3000元", "万元", "本行单位是“万元”：请填 0.3。"),
        ("30家", "项", "“家”不是本行的计量单位：请填写以“项”计的数字，不带单位。"),
        ("-", "项", "“-”不是数字：没有发生请填 0；没有数据请留空，并选择缺报原因。"),
        ("无", "项", "“无”不是数字：没有发生请填 0；没有数据请留空，并选择缺报原因。"),
        ("1,23,4", "项", "千分位的逗号位置不对：如果是 1234，请不带逗号填写 1234。"),
        ("12,5", "项", "逗号只能作千分位：如果是 12.5，请用小数点；如果是 125，请不带逗号。"),
        (".5", "项", "请写成完整的数字：0.5。"),
        ("1e5", "项", "请写成完整的数字：100000。"),
        ("=1+1", "项", "请填写算好的数字，不要填写公式。"),
    ],
)
def test_the_sentence_says_what_to_type(typed: str, unit: str, sentence: str) -> None:
    assert refusal(typed, unit) == sentence


@pytest.mark.parametrize("typed", ["abc", "12.5.3", "2025-09", "10²", "12abc", "<script>", "第3", ".", "约", "1e99"])
def test_nothing_is_guessed(typed: str) -> None:
    assert refusal(typed, "项").endswith(("不是数字：请填写如 12.5 的数字。", "以“项”计的数字，不带单位。"))


@given(st.text(max_size=60), st.sampled_from(["", "万元", "%", "项"]))
def test_any_text_is_a_number_or_a_sentence(typed: str, unit: str) -> None:
    with contextlib.suppress(NotANumber):
        assert parse_number(typed, unit=unit).is_finite()
        return
    assert refusal(typed, unit).endswith("。")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=Decimal("-1e12"), max_value=Decimal("1e12")))
def test_what_is_advised_is_taken(value: Decimal) -> None:
    """Whoever does as the sentence says is done."""
    sentence = refusal(f"约{plain(value)}", "项")
    assert parse_number(sentence.removeprefix("请填 ").partition("，")[0]) == value
