"""Names: the same, or asked; never guessed."""

import pytest

from indicators.imports.published.names import AreaNames, IndicatorNames
from indicators.models import Indicator

pytestmark = pytest.mark.usefixtures("facts_record", "db")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("甘肃", "620000"),
        ("甘肃省", "620000"),
        ("甘 肃", "620000"),
        ("全   国", "000000"),
        ("内蒙 古", "150000"),
        ("内蒙古自治区", "150000"),
        ("广西壮族自治区", "450000"),
        ("新疆维吾尔自治区", "650000"),
        ("北京市", "110000"),
        ("香港特别行政区", "810000"),
        ("Inner Mongolia", "150000"),
        ("China", "000000"),
        ("620000", "620000"),
        ("兰州", "620100"),
    ],
)
def test_one_name_is_one_area(name: str, code: str) -> None:
    assert [area.code for area in AreaNames().find(name)] == [code]


@pytest.mark.parametrize(
    ("name", "first"),
    [("两藏", "西藏"), ("山两", "山西"), ("内蒙占", "内蒙古"), ("江两", "江西"), ("广两", "广西"), ("陕两", "陕西"), ("黑龙汪", "黑龙江"), ("合计", "全国"), ("四山", "四川"), ("甘素", "甘肃")],
)
def test_what_is_nearly_a_name_is_only_suggested(name: str, first: str) -> None:
    names = AreaNames()
    assert names.find(name) == []
    assert names.suggest(name)[0].short_zh == first


@pytest.mark.parametrize("name", ["", "市", "新疆生产建设兵团", "其他"])
def test_what_is_no_name_is_none(name: str) -> None:
    assert AreaNames().find(name) == []


def test_indicators_by_code_and_by_name() -> None:
    names = IndicatorNames(Indicator.objects.all())
    assert [i.code for i in names.find("rd_basic")] == ["rd_basic"]
    assert [i.code for i in names.find("R&D经费: 基础研究")] == ["rd_basic"]
    assert [i.code for i in names.find("技术市场技术输入(吸纳)合同金额")] == ["tech_contract_in"]
    assert names.find("rd_basics") == []
    assert "rd_basic" in [i.code for i in names.suggest("rd_basics")]
