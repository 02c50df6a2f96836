"""What a file would do, row by row: taken, already there, left out, refused with its column and reason, or asked."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from indicators.imports.published.plan import CREATE, NEW, REVISED, SKIP, UNCHANGED, Choices, StatisticsPlan
from indicators.imports.published.read import plan_statistics
from indicators.imports.published.sheet import read_statistics
from indicators.models import Indicator, Rule
from tests.builders import make_area, make_indicator, observe

from .files import HEADER, SOURCE, make_csv

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def areas() -> None:
    for code, name in (("620000", "甘肃省"), ("540000", "西藏自治区"), ("140000", "山西省")):
        area = make_area(code, name=name)
        area.short_zh = name[:2]
        area.save()


@pytest.fixture
def money() -> Indicator:
    return make_indicator("rd_exp", name_zh="研发经费", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year", decimals=2)


def plan(*rows: tuple[Any, ...], header: tuple[str, ...] = HEADER, choices: Choices | None = None) -> StatisticsPlan:
    return plan_statistics(read_statistics(make_csv(rows, header), "a.csv"), choices=choices or Choices(), by=None)


def row(value: str = "12.5", **other: str) -> tuple[str, ...]:
    cells = {"地区": "甘肃", "年份": "2023", "指标": "rd_exp", "数值": value, "单位": "万元", "来源": SOURCE}
    return tuple((cells | other).values())


def reason(*rows: tuple[Any, ...]) -> tuple[str, str]:
    """The one thing that is refused: its column and why."""
    [(column, said)] = plan(*rows).refused
    return column, said


@pytest.mark.parametrize(
    ("value", "unit", "kept", "stated"),
    [
        ("12.5", "万元", "12.5", "12.5万元"),
        ("12.5", "亿元", "125000", "12.5亿元"),
        ("1,234.5", "亿元", "12345000", "1,234.5亿元"),
        ("１２．５", "亿元", "125000", "12.5亿元"),
        ("125000", "元", "12.5", "125000元"),
        ("0", "万元", "0", "0万元"),
    ],
)
def test_a_figure_is_kept_in_its_indicators_unit_and_as_stated(money: Indicator, value: str, unit: str, kept: str, stated: str) -> None:
    [figure] = plan(row(value, 单位=unit)).figures
    assert (figure.value, figure.stated, figure.outcome) == (Decimal(kept), stated, NEW)
    assert (figure.area, figure.period, figure.source.title) == ("620000", "2023", SOURCE)


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"数值": "约30"}, "数值", "约"),
        ({"数值": "=1+1"}, "数值", "公式"),
        ({"数值": "1.2E+08"}, "数值", "科学"),
        ({"数值": "1,23"}, "数值", ""),
        ({"数值": "1234567890123456789"}, "数值", "数字太长"),
        ({"数值": "12%"}, "数值", "带百分号"),
        ({"数值": "-3"}, "数值", "不可能"),
        ({"数值": "0.123", "单位": "元"}, "数值", "小数位太多"),
        ({"数值": "9" * 18, "单位": "亿元"}, "数值", "数字太大：整数部分最多 18 位"),
        ({"单位": "件"}, "单位", "不能换算"),
        ({"单位": ""}, "单位", "没有写计量单位"),
        ({"年份": "二〇二三"}, "期间", "不是期间"),
        ({"年份": "2023-Q1"}, "期间", "按年发布"),
        ({"年份": "2099"}, "期间", "还没有开始"),
        ({"地区": ""}, "地区", "没有写地区"),
        ({"指标": ""}, "指标", "没有写指标"),
        ({"来源": ""}, "来源", "没有写来源"),
        ({"来源": "源" * 301}, "来源", "最多 300 字，已超出 1 字"),
        ({"单位": "万" * 21}, "单位", "最多 20 字，已超出 1 字"),
        ({"数值": "0" * 61}, "数值", "最多 60 字，已超出 3 字"),
    ],
)
def test_a_row_that_cannot_be_taken_says_which_column_and_why(money: Indicator, cells: dict[str, str], column: str, said: str) -> None:
    found, why = reason(row(**cells)) if "数值" not in cells else reason(row(cells["数值"], **{k: v for k, v in cells.items() if k != "数值"}))
    assert found.startswith(column[:2])
    assert said in why


@pytest.mark.parametrize("mark", ["", "—", "-", "..", "…", "……", "N/A", "null", "缺"])
def test_a_mark_for_no_figure_is_left_out_and_counted(money: Indicator, mark: str) -> None:
    found = plan(row(mark), row("1", 年份="2022"))
    assert (found.missing.total(), len(found.figures), found.refused) == (1, 1, {})


def test_a_percent_sign_is_the_unit() -> None:
    make_indicator("share", unit_of_measure="%", accumulation="stock", origin="official", frequency="year", maximum=Decimal(100))
    [figure] = plan(row("2.5%", 指标="share", 单位="")).figures
    assert (figure.value, figure.stated) == (Decimal("2.5"), "2.5%")
    assert "不可能" in reason(row("101%", 指标="share", 单位="%"))[1]


def test_a_unit_behind_the_indicators_name_counts(money: Indicator) -> None:
    [figure] = plan(("甘肃", "2023", "rd_exp", "研发经费（亿元）", "1.5", SOURCE), header=("地区", "年份", "指标", "指标名称", "数值", "来源")).figures
    assert figure.value == 15000


@pytest.mark.parametrize("origin", ["reported", "register", "derived"])
def test_only_what_is_published_is_imported(origin: str) -> None:
    make_indicator("own", unit_of_measure="万元", accumulation="flow", origin=origin, frequency="year")
    assert "不能导入" in reason(row(指标="own"))[1]


def test_a_demonstration_indicator_takes_no_real_figure() -> None:
    make_indicator("demo", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year", is_demo=True)
    assert "演示" in reason(row(指标="demo"))[1]


def test_the_code_of_an_area_must_agree_with_its_name(money: Indicator) -> None:
    header = ("地区代码", *HEADER)
    assert len(plan(("620000", *row()), header=header).figures) == 1
    [(column, said)] = plan(("540000", *row()), header=header).refused
    assert (column, "西藏" in said, "甘肃" in said) == ("地区", True, True)


# -- the same cell twice, and what is on record --------------------------------------------------


def test_the_same_figure_twice_counts_once_and_another_is_refused(money: Indicator) -> None:
    assert (plan(row("1"), row("1.0")).repeated, len(plan(row("1"), row("1.0")).figures)) == (1, 1)
    assert plan(row("1", 单位="亿元"), row("10000")).repeated == 1
    found = plan(row("1"), row("2"))
    assert found.refused_rows == 1
    [said] = [why for _column, why in found.refused]
    assert "第 2 行" in said
    assert "1万元 与 2万元" in said


def test_what_is_on_record_is_unchanged_and_another_value_revises_it(money: Indicator) -> None:
    observe(money, {"2022": "5", "2023": "12.5"})
    found = plan(row("12.5"), row("6", 年份="2022"), row("7", 年份="2021"))
    assert [f.outcome for f in found.figures] == [UNCHANGED, REVISED, NEW]
    assert found.figures[1].before is not None
    assert found.figures[1].before.value == 5


def test_an_older_publication_does_not_take_a_newer_ones_place(money: Indicator) -> None:
    observe(money, {"2022": "5"}, published_on=date(2024, 9, 1))
    header = (*HEADER, "发布日期")
    older = plan((*row("6", 年份="2022"), "2023-09-01"), header=header)
    assert "在册数值发布于 2024-09-01" in next(iter(older.refused))[1]
    assert plan((*row("6", 年份="2022"), "2025-09-01"), header=header).count(REVISED) == 1
    # The day alone is news, where the record has none.
    observe(money, {"2021": "5"})
    assert plan((*row("5", 年份="2021"), "2022-09-01"), header=header).count(REVISED) == 1


# -- what is asked -------------------------------------------------------------------------------


def test_a_name_that_is_nearly_an_areas_is_asked_and_never_taken(money: Indicator) -> None:
    rows = (row(地区="两藏"), row(地区="两藏", 年份="2022"), row(地区="甘 肃"))
    asked = plan(*rows)
    [area] = asked.areas
    assert (area.name, area.rows, [a.short_zh for a in area.suggestions]) == ("两藏", 2, ["西藏"])
    assert (len(asked.figures), asked.is_ready) == (1, False)
    chosen = plan(*rows, choices=Choices(areas={"两藏": "540000"}))
    assert ([f.area for f in chosen.figures], chosen.is_ready) == (["540000", "540000", "620000"], True)
    left_out = plan(*rows, choices=Choices(areas={"两藏": SKIP}))
    assert (len(left_out.figures), left_out.skipped, left_out.is_ready) == (1, 2, True)
    # A choice that names no area is none.
    assert not plan(*rows, choices=Choices(areas={"两藏": "999999"})).is_ready


def test_an_unknown_indicator_is_made_only_when_said_so() -> None:
    rows = (row("1.25", 指标="v4_new", 单位="亿元"), row("2.5", 指标="v4_new", 年份="2022", 单位="亿元"))
    [asked] = plan(*rows).indicators
    made = asked.proposal
    assert (made.code, made.unit_of_measure, made.accumulation, made.direction, made.frequency) == ("v4_new", "万元", "flow", "higher", "year")
    assert (made.minimum, plan(*rows).figures) == (0, [])
    chosen = Choices(indicators={"v4_new": CREATE})
    assert not plan(*rows, choices=chosen).is_ready
    sure = plan(*rows, choices=Choices(indicators={"v4_new": CREATE}, may_create=True))
    assert ([f.value for f in sure.figures], sure.is_ready) == ([12500, 25000], True)


def test_an_unknown_indicator_may_be_one_on_record(money: Indicator) -> None:
    found = plan(row("1.25", 指标="v4_zh", 单位="亿元"), choices=Choices(indicators={"v4_zh": "rd_exp"}))
    assert ([f.indicator for f in found.figures], found.is_ready) == ([money], True)
    assert plan(row(指标="v4_zh"), choices=Choices(indicators={"v4_zh": SKIP})).skipped == 1


def test_a_name_that_is_no_code_needs_one() -> None:
    rows = [row(指标="新产品销售收入")]
    asked = plan(*rows, choices=Choices(indicators={"新产品销售收入": CREATE}, may_create=True))
    assert "代码" in asked.indicators[0].problem
    edited = {"新产品销售收入": {"code": "new_product_sales"}}
    assert plan(*rows, choices=Choices(indicators={"新产品销售收入": CREATE}, edited=edited, may_create=True)).is_ready


@pytest.mark.parametrize(
    ("name", "unit", "accumulation", "direction", "kept"),
    [
        ("有效发明专利", "件", "stock", "higher", "件"),
        ("专利授权", "万件", "flow", "higher", "万件"),
        ("研发强度", "%", "stock", "higher", "%"),
        ("全国位次", "位", "stock", "lower", "位"),
        ("产值", "元", "flow", "higher", "万元"),
    ],
)
def test_a_proposal_fits_its_unit_and_name(name: str, unit: str, accumulation: str, direction: str, kept: str) -> None:
    [asked] = plan(("甘肃", "2023", "x", name, "5", unit, SOURCE), header=("地区", "年份", "指标", "指标名称", "数值", "单位", "来源")).indicators
    made = asked.proposal
    assert (made.name_zh, made.accumulation, made.direction, made.unit_of_measure) == (name, accumulation, direction, kept)


def test_a_text_too_long_for_its_indicator_is_said_with_by_how_much_and_not_cut() -> None:
    header = ("地区", "年份", "指标", "指标名称", "英文名称", "数值", "单位", "来源")
    cells = ("甘肃", "2023", "x", "名" * 121, "n" * 201, "5", "件", SOURCE)
    [asked] = plan(cells, header=header).indicators
    assert (asked.proposal.name_zh, asked.problem) == ("名" * 121, "名称：最多 120 字，已超出 1 字。")
    # What the page can mend is mended there; what it has no field for is the row's.
    mended = plan(cells, header=header, choices=Choices(indicators={"x": CREATE}, edited={"x": {"name_zh": "名"}}, may_create=True))
    assert mended.indicators[0].problem == ""
    assert dict(mended.refused) == {("英文名称", "最多 200 字，已超出 1 字。"): [2]}


def test_a_name_too_long_for_a_code_is_no_code() -> None:
    [asked] = plan(row(指标="x" * 65)).indicators
    assert (asked.proposal.code, asked.proposal.name_zh) == ("", "x" * 65)


def test_a_row_whose_indicator_is_asked_of_says_what_else_is_wrong_with_it() -> None:
    found = plan(row(指标="unknown", 来源=""))
    assert [column for column, _said in found.refused] == ["来源"]
    assert found.open_questions == 1


# -- sources, and what looks wrong ---------------------------------------------------------------


def test_a_source_is_its_publication_and_the_way_it_came(money: Indicator) -> None:
    first, second = plan(row("1", 来源="《科技年鉴》（经某网站转录, 2023.xlsx）"), row("2", 年份="2022", 来源=""), choices=Choices(source="《统计公报》")).figures
    assert first.source == ("《科技年鉴》", "经某网站转录, 2023.xlsx")
    assert second.source == ("《统计公报》", "")


def test_a_slip_of_the_unit_is_warned_of_with_both_figures(money: Indicator) -> None:
    observe(money, {"2019": "20000", "2020": "22000", "2021": "21000"})
    assert plan(row("23000")).warnings == []
    [warning] = plan(row("2.3")).warnings
    assert "2.3" in warning
    assert "2.1亿元" in warning
    assert "第 2 行" in warning


def test_the_nation_is_set_against_the_sum_of_its_provinces(money: Indicator) -> None:
    rows = [row("100"), row("200", 地区="西藏"), row("300", 地区="山西")]
    assert plan(*rows, row("601", 地区="全国")).warnings == []
    [warning] = plan(*rows, row("900", 地区="全国")).warnings
    assert all(said in warning for said in ("600", "900", "33.3%", "2023"))
    # Half of the provinces are no sum.
    assert plan(*rows[:2], row("900", 地区="全国")).warnings == []


def test_the_fingerprint_changes_with_whatever_was_decided(money: Indicator) -> None:
    first = plan(row("1")).fingerprint
    assert plan(row("1")).fingerprint == first
    assert plan(row("2")).fingerprint != first
    observe(money, {"2023": "0.5"})
    assert plan(row("1")).fingerprint != first


def test_rows_that_break_a_rule_are_refused_or_doubted_with_the_record_beside_them(money: Indicator) -> None:
    basic = make_indicator("rd_basic", name_zh="基础研究经费", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year", decimals=2)
    observe(basic, {"2022": "9", "2023": "9"})
    observe(money, {"2021": "1"})
    rule = {"version": 1, "formula": "rd_basic <= rd_exp", "sentence_zh": "部分不能大于总体。"}
    Rule.objects.create(code="soft", severity="warning", **rule)
    assert plan(row("8")).warnings == ["部分不能大于总体。甘肃2023年：基础研究经费 9.00万元；研发经费 8.00万元。"]
    Rule.objects.create(code="hard", severity="error", **rule)
    refused = plan(row("8"), row("10", 年份="2022"))
    assert dict(refused.refused) == {("数值", "部分不能大于总体。甘肃2023年：基础研究经费 9.00万元；研发经费 8.00万元。"): [2]}
    assert [f.period for f in refused.figures] == ["2022"]
    assert not refused.is_ready
