"""A quarter lived through in headless Chromium by everybody it concerns, with a real worker (the issue's walk)."""

import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from indicators.actions.reporting import send_back_return, submit_return
from indicators.models import Observation
from tests.browsers import People, make_quarter, value_cell
from tests.builders import Quarter
from tests.conftest import WorkerProcess

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.slow]

PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def quarter(transactional_db: None) -> Quarter:
    return make_quarter()


def hand_in(page: Page) -> None:
    """Twice: first what would be handed in is shown, then it is."""
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_role("heading", name="确认提交")).to_be_focused()
    page.get_by_role("button", name="确认提交").click()


def test_a_quarter(quarter: Quarter, people: People, celery_worker: WorkerProcess) -> None:
    leader = people.sign_in("du")
    expect(leader.locator("#panel-tasks")).to_contain_text("任务1")
    address = f"{people.url}/reporting/2025-Q3/gxt/"

    # 2. staff: 待办, the grid, what is wrong is said at the cell, the keyboard is enough
    staff = people.sign_in("xie")
    staff.goto(people.url + "/reporting/")
    expect(staff.get_by_text("还有 3 项未填")).to_be_visible()
    staff.get_by_role("link", name="去填报").click()
    row = staff.locator(f"#line-{quarter.line().pk}")
    expect(row).to_contain_text("8")  # last quarter
    expect(row).to_contain_text("7")  # the same quarter last year
    cell = value_cell(staff, quarter)
    cell.focus()
    staff.keyboard.type("约12")
    expect(row.get_by_role("alert")).to_contain_text("限定")
    expect(cell).to_have_value("约12")
    # what is not saved is not handed in: a sentence at the button, the cell has the focus
    staff.get_by_role("button", name="提交审核").click()
    expect(staff.locator("#submit-problem")).to_contain_text("还有 1 处没有保存")
    expect(cell).to_be_focused()
    cell.fill("6")
    expect(row).to_contain_text("小于上期累计 8")
    cell.fill("")
    staff.keyboard.type("１２")
    expect(row.locator(".cell-state")).to_have_text("已保存")
    expect(row.locator("[data-slot=verdict]")).to_contain_text("60.0%")
    staff.keyboard.press("Enter")
    expect(cell).to_have_value("12")
    staff.locator(f"#v{quarter.line('milestone').pk}").select_option("1")
    staff.locator(f"#v{quarter.line('narrative').pk}").fill("<script>alert(1)</script> 按计划推进")
    expect(staff.locator("#save-state")).to_have_text("全部已保存")
    hand_in(staff)
    expect(staff.get_by_text("已提交，等待本单位审核人审核。")).to_be_visible()

    # 3. the reviewer sends it back with a reason; staff sees it; again; the office accepts
    reviewer = people.sign_in("shen")
    reviewer.goto(address)
    expect(reviewer.locator(f"#line-{quarter.line().pk}")).to_contain_text("+4")
    reviewer.get_by_label("退回理由（必填）").fill("请核对口径")
    reviewer.get_by_role("button", name="退回修改").click()
    staff.goto(address)
    expect(staff.get_by_text("请核对口径").first).to_be_visible()
    hand_in(staff)
    reviewer.goto(address)
    reviewer.get_by_role("button", name="审核通过").click()
    expect(reviewer.get_by_text("已审核通过，等待科技厅接收。")).to_be_visible()
    office = people.sign_in("guo")
    office.goto(address)
    office.get_by_role("button", name="接收入库").click()
    expect(office.get_by_text("已接收，数值已入库")).to_be_visible()

    # 4. the overview that was open all the while shows it without a reload
    expect(leader.locator("#panel-latest")).to_contain_text("12", timeout=PATIENCE)
    expect(leader.locator("#panel-latest")).to_contain_text("guo")
    expect(leader.locator("#panel-tasks .p").first).to_contain_text("80.0%", timeout=PATIENCE)

    # 5. a correction: asked by one, in force when another accepts, the old value reachable
    staff.goto(address)
    line = staff.locator(f"#line-{quarter.line().pk}")
    line.get_by_text("申请更正").click()
    line.get_by_label("更正为").fill("14")
    line.get_by_label("更正原因（必填）").fill("漏计两项")
    line.get_by_role("button", name="提出更正").click()
    expect(staff.get_by_text("原值继续有效").first).to_be_visible()
    assert Observation.objects.filter(indicator=quarter.indicator).latest().get(period="2025-Q3").value == 12
    office.goto(address)
    office.get_by_role("button", name="接收更正").click()
    expect(office.get_by_text("更正已接收")).to_be_visible()
    expect(leader.locator("#panel-latest")).to_contain_text("更正", timeout=PATIENCE)
    leader.goto(f"{people.url}/indicators/contracts/")
    expect(leader.get_by_text("已修订")).to_be_visible()
    first = Observation.objects.get(indicator=quarter.indicator, period="2025-Q3", vintage=1)
    leader.goto(f"{people.url}/indicators/contracts/?as_of={first.recorded_at.isoformat().replace('+', '%2B')}")
    expect(leader.get_by_role("status").filter(has_text="不是现在的情况")).to_be_visible()
    expect(leader.get_by_text("已修订")).to_have_count(0)

    # 6. from the overview down to who said it
    leader.goto(people.url + "/")
    leader.locator("#panel-tasks a.task").first.click()
    leader.get_by_role("link", name="指标 contracts").click()
    expect(leader.locator(".chart .main-svg").first).to_be_visible()
    leader.locator(".facts .num").click()
    for words in ("漏计两项", "申请 gxt xie", "接收 kjt-ghc guo"):
        expect(leader.locator(".chain")).to_contain_text(words)


def test_what_was_typed_survives_a_lost_connection(quarter: Quarter, people: People) -> None:
    staff = people.sign_in("xie")
    staff.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    row = staff.locator(f"#line-{quarter.line().pk}")
    staff.context.set_offline(True)
    value_cell(staff, quarter).fill("12")
    expect(row.get_by_role("alert")).to_contain_text("连接中断")
    expect(value_cell(staff, quarter)).to_have_value("12")
    staff.context.set_offline(False)
    expect(row.locator(".cell-state")).to_have_text("已保存", timeout=PATIENCE)
    assert quarter.line().value == 12
    people.errors.clear()  # the browser itself reports the connection that was cut on purpose


def test_two_browsers_on_one_return(quarter: Quarter, people: People) -> None:
    first, second = people.sign_in("xie"), people.sign_in("xie")
    for page in (first, second):
        page.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    value_cell(first, quarter).fill("12")
    row = first.locator(f"#line-{quarter.line().pk}")
    expect(row.locator(".cell-state")).to_have_text("已保存")
    value_cell(second, quarter).fill("13")
    alert = second.locator(f"#line-{quarter.line().pk}").get_by_role("alert")
    expect(alert).to_contain_text("已用您的账号在别处改过")
    expect(alert).to_contain_text("12")
    expect(value_cell(second, quarter)).to_have_value("13")
    assert quarter.line().value == 12
    # Leaving the cell sends it once more as it was, and the choice is made before that is answered.
    second.route("**/lines/**", lambda route: (time.sleep(0.4), route.continue_()))
    value_cell(second, quarter).dispatch_event("change")
    alert.get_by_role("button", name="改为本页所填").click()
    expect(second.locator(f"#line-{quarter.line().pk} .cell-state")).to_have_text("已保存")
    assert quarter.line().value == 13


def test_a_number_under_a_reason_comes_back_with_it(quarter: Quarter, people: People) -> None:
    """Choosing why there is no value covers the number; it survives a reload, and is reported again when the reason goes."""
    staff = people.sign_in("xie")
    address = f"{people.url}/reporting/2025-Q3/gxt/"
    staff.goto(address)
    row, cell = staff.locator(f"#line-{quarter.line().pk}"), value_cell(staff, quarter)
    cell.fill("12")
    expect(row.locator(".cell-state")).to_have_text("已保存")
    row.get_by_label("缺报原因").select_option("not_available")
    expect(staff.locator("#save-state")).to_have_text("全部已保存")
    assert (quarter.line().value, quarter.line().missing) == (None, "not_available")
    expect(cell).to_have_value("12")
    expect(row.get_by_text("保留在此，不会报送")).to_be_visible()
    staff.goto(address)
    expect(cell).to_have_value("12")
    row.get_by_label("缺报原因").select_option("")
    expect(row.locator(".cell-state")).to_have_text("已保存")
    expect(row.get_by_text("保留在此，不会报送")).to_be_hidden()
    assert (quarter.line().value, quarter.line().missing) == (12, "")


def test_a_page_left_open_says_that_the_return_was_handed_in(quarter: Quarter, people: People) -> None:
    """What cannot be saved any more stays on the page, which says who handed in and only shows from then on."""
    quarter.fill("12")
    stale = people.sign_in("xie")
    stale.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    submit_return(quarter.report, by=quarter.cast.xie)
    value_cell(stale, quarter).fill("13")
    expect(stale.locator("#stale")).to_contain_text("已由gxt xie")
    expect(stale.locator("#stale")).to_contain_text("还有 1 项没有保存")
    expect(value_cell(stale, quarter)).to_have_value("13")
    expect(value_cell(stale, quarter)).not_to_be_editable()
    expect(stale.get_by_role("button", name="提交审核")).to_be_hidden()
    assert quarter.line().value == 12
    # sent back while the page is still open: it can be filled again, and saves what it kept
    send_back_return(quarter.report, by=quarter.cast.shen, reason="请核对")
    stale.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(stale.locator(f"#line-{quarter.line().pk} .cell-state")).to_have_text("已保存")
    assert quarter.line().value == 13


def test_a_file_goes_with_its_line_to_whoever_follows_the_figure(quarter: Quarter, people: People, settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    paper = tmp_path / "合同登记表.pdf"
    paper.write_bytes(b"%PDF-1.4\n%%EOF\n")
    page = tmp_path / "page.pdf"
    page.write_bytes(b"<html>%PDF-1.4 %%EOF</html>")
    address = f"{people.url}/reporting/2025-Q3/gxt/"
    staff = people.sign_in("xie")
    staff.goto(address)
    files = staff.locator(f"#line-{quarter.line().pk} .attach")
    files.locator("> summary").click()
    files.locator("input[type=file]").set_input_files(page)
    expect(files.get_by_role("status")).to_contain_text("文件内容不是 .pdf 格式")
    files.get_by_label("标题（可不填）").fill("三季度技术合同登记表")
    files.locator("input[type=file]").set_input_files(paper)
    expect(files.get_by_role("link", name="三季度技术合同登记表")).to_be_visible()
    expect(files.locator("> summary")).to_contain_text("（1）")
    # taking away asks once more, in the page
    files.get_by_role("button", name="移除").click()
    files.get_by_role("button", name="再按一次即移除").click()
    expect(files.get_by_role("link")).to_have_count(0)
    files.locator("input[type=file]").set_input_files(paper)
    expect(files.get_by_role("link", name="合同登记表.pdf")).to_be_visible()
    quarter.accept("12")
    leader = people.sign_in("du")
    leader.goto(f"{people.url}/provenance/observation/{Observation.objects.get(indicator=quarter.indicator, period='2025-Q3').pk}/")
    with leader.expect_download() as download:
        leader.get_by_role("link", name="合同登记表.pdf").click()
    assert Path(download.value.path()).read_bytes() == paper.read_bytes()


def test_what_is_typed_before_the_pages_program_is_there_is_saved_too(quarter: Quarter, people: People) -> None:
    staff = people.sign_in("xie")
    held: list[Any] = []
    staff.route("**/js/entry.js", lambda route: held.append(route))
    staff.goto(f"{people.url}/reporting/2025-Q3/gxt/", wait_until="commit")
    value_cell(staff, quarter).fill("12")
    assert held
    assert quarter.line().value is None
    held[0].continue_()
    expect(staff.locator(f"#line-{quarter.line().pk}")).to_contain_text("已保存")
    assert quarter.line().value == 12
