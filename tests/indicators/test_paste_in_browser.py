"""Pasting from a sheet into the grid: a figure goes to the row it was copied for or nowhere, and it can be taken back."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from indicators.models import Line
from tests.browsers import People, make_quarter, value_cell
from tests.builders import Quarter, assign, make_indicator, make_task

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=15_000)

PASTE = """([element, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def quarter(transactional_db: None) -> Quarter:
    """Rows of the grid: contracts, second, 节点一, 工作进展 of task 1; third of task 2."""
    made = make_quarter()
    add_line(made, "second", made.task)
    add_line(made, "third", make_task(made.plan, 2, made.cast.gxt))
    return made


def add_line(quarter: Quarter, code: str, task: Any) -> Line:
    return Line.objects.create(report=quarter.report, assignment=assign(quarter.cast.gxt, indicator=make_indicator(code), task=task))


def line_of(quarter: Quarter, code: str) -> Line:
    return quarter.report.lines.get(assignment__indicator__code=code)


def open_grid(people: People) -> Page:
    page = people.sign_in("xie")
    page.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    return page


def paste(page: Page, quarter: Quarter, text: str) -> Any:
    value_cell(page, quarter).focus()
    page.evaluate(PASTE, [value_cell(page, quarter).element_handle(), text])
    return page.locator("#pasted")


def values(quarter: Quarter) -> list[Any]:
    found = {line.assignment.indicator.code: line.value for line in quarter.report.lines.filter(assignment__indicator__isnull=False)}
    return [found[code] for code in ("contracts", "second", "third")]


def test_a_column_keeps_its_place_row_by_row(quarter: Quarter, people: People) -> None:
    page = open_grid(people)
    said = paste(page, quarter, '27,900.5\t"一行\n两行"\r\n约5\r\n已完成\r\n\r\n9\r\n7\r\n')
    for pk, state in ((quarter.line().pk, "已保存"), (line_of(quarter, "second").pk, "未保存"), (line_of(quarter, "third").pk, "已保存")):
        expect(page.locator(f"#line-{pk} .cell-state")).to_have_text(state)
    expect(page.locator(f"#line-{line_of(quarter, 'second').pk}").get_by_role("alert")).to_contain_text("请填 5")
    for words in ("已粘贴 5 格，从“指标 contracts”到“指标 third”", "文字行（工作进展）1 行跳过", "最后 1 行没有粘贴"):
        expect(said).to_contain_text(words)
    expect(value_cell(page, quarter)).to_have_value("27900.5")  # as a typed one, though the cell has the focus
    assert [str(value) if value else None for value in values(quarter)] == ["27900.500000", None, "9.000000"]
    assert (quarter.line().note, quarter.line("milestone").value) == ("一行\n两行", 1)


def test_a_column_without_the_rows_of_text_is_refused_whole(quarter: Quarter, people: People) -> None:
    """What was copied without them would stand one row off from there on."""
    page = open_grid(people)
    said = paste(page, quarter, "12\n5\n1\n9\n")
    expect(said).to_contain_text("第 4 行“9”正对着“工作进展”")
    expect(value_cell(page, quarter)).to_have_value("")
    expect(page.get_by_role("button", name="撤销粘贴")).to_have_count(0)
    assert values(quarter) == [None, None, None]


def test_names_beside_the_figures_decide_in_any_order(quarter: Quarter, people: People) -> None:
    page = open_grid(people)
    said = paste(page, quarter, "指标\t本期\n指标 third（项）\t9\n任务一合计\t99\n节点一\t未完成\n指标 contracts\t１２\n指标 second\t\n")
    expect(page.locator("#save-state")).to_have_text("全部已保存")
    for words in ("已按行名粘贴 3 格", "空白 1 行没有改动", "1 行在本表中没有同名的行，没有粘贴：任务一合计", "表头没有粘贴"):
        expect(said).to_contain_text(words)
    assert values(quarter) == [12, None, 9]
    assert quarter.line("milestone").value == 0


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ("营业收入\t12\n利润\t3\n", "第一列不是本表的行名"),
        ("12\t9\n5\t4\n", "有几列数字"),
        ("指标 contracts\t11\t12\n指标 second\t4\t5\n", "有几列数字"),
        ("指标 contracts\t亿元\t12\n", "单位写的是亿元，本表以项计"),
        ("指标 contracts\t12\n指标 contracts\t13\n", "不止一行"),
        ("指标 contracts\n指标 second\n", "没有数值"),
        ("1\n2\n3\n", "第 3 行“3”正对着“节点一”"),
    ],
)
def test_what_cannot_be_told_apart_is_refused_and_changes_nothing(quarter: Quarter, people: People, block: str, sentence: str) -> None:
    page = open_grid(people)
    expect(paste(page, quarter, block)).to_contain_text(sentence)
    assert page.locator("#grid [data-field=value]").evaluate_all("cells => cells.map((cell) => cell.value).join('')") == ""
    assert values(quarter) == [None, None, None]


@pytest.mark.parametrize("by", ["button", "Control+z"])
def test_a_paste_is_taken_back_but_not_what_was_typed_after_it(quarter: Quarter, people: People, by: str) -> None:
    page = open_grid(people)
    value_cell(page, quarter).fill("10")
    second = page.locator(f"#line-{line_of(quarter, 'second').pk}")
    second.get_by_label("缺报原因").select_option("withheld")
    expect(page.locator("#save-state")).to_have_text("全部已保存")
    said = paste(page, quarter, "12\t说明\n5\n1\n\n9\n")
    expect(said).to_contain_text("已粘贴 5 格")
    page.locator(f"#v{line_of(quarter, 'third').pk}").fill("8")
    if by == "button":
        page.get_by_role("button", name="撤销粘贴").click()
    else:
        value_cell(page, quarter).press(by)
    expect(said).to_contain_text("已撤销粘贴，恢复 3 行")
    expect(value_cell(page, quarter)).to_be_focused()
    expect(second.get_by_label("缺报原因")).to_have_value("withheld")
    expect(page.locator("#save-state")).to_have_text("全部已保存")
    assert values(quarter) == [10, None, 8]
    assert (quarter.line().note, line_of(quarter, "second").missing, quarter.line("milestone").value) == ("", "withheld", None)
