"""What keeps a typed text from being saved is said at its cell, and loses nothing."""

import pytest
from playwright.sync_api import expect

from tests.browsers import PASSWORD, People, make_quarter, value_cell
from tests.builders import Quarter

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=15_000)


@pytest.fixture
def quarter(transactional_db: None) -> Quarter:
    return make_quarter()


def test_a_note_too_long_is_kept_and_not_cut_and_the_figure_beside_it_is_saved(quarter: Quarter, people: People) -> None:
    page = people.sign_in("xie")
    page.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    row, note = page.locator(f"#line-{quarter.line().pk}"), page.locator(f"#t{quarter.line().pk}")
    value_cell(page, quarter).fill("12")
    note.fill("字" * 5000)
    expect(row).to_contain_text("最多 2000 字，已超出 3000 字")
    expect(row.locator("[data-slot=verdict]")).to_contain_text("60.0%")
    expect(row.locator(".cell-state")).to_have_text("未保存")
    page.get_by_role("button", name="提交审核").click()
    expect(page.locator("#submit-problem")).to_contain_text("还有 1 处没有保存")
    expect(note).to_be_focused()
    assert note.input_value() == "字" * 5000
    assert (quarter.line().value, quarter.line().note) == (12, "")
    note.fill("字" * 2000)
    expect(row.locator(".cell-state")).to_have_text("已保存")
    assert quarter.line().note == "字" * 2000


def test_handing_in_while_cut_off_says_once_that_nothing_was_handed_in(quarter: Quarter, people: People) -> None:
    quarter.fill()
    page = people.sign_in("xie")
    page.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_role("heading", name="确认提交")).to_be_focused()
    page.context.set_offline(True)
    page.get_by_role("button", name="确认提交").click()
    expect(page.locator("#submit-problem")).to_have_text("没有提交，连通后请再点一次。")
    expect(page.locator("#connection")).to_be_hidden()
    page.context.set_offline(False)
    expect(page.locator("#submit-problem")).to_be_empty()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_text("已提交，等待本单位审核人审核。")).to_be_visible()
    people.errors.clear()  # the browser itself reports the connection that was cut on purpose


def test_who_is_signed_out_signs_in_in_another_tab_and_loses_nothing(quarter: Quarter, people: People) -> None:
    page = people.sign_in("xie")
    page.goto(f"{people.url}/reporting/2025-Q3/gxt/")
    row = page.locator(f"#line-{quarter.line().pk}")
    page.context.clear_cookies(name="sessionid")
    value_cell(page, quarter).fill("12")
    expect(row.get_by_role("alert")).to_contain_text("登录已过期")
    link = row.get_by_role("link", name="请重新登录")
    link.evaluate("link => { link.dataset.here = 'before'; }")
    for _again in range(2):  # the second is sent when the first was answered
        page.wait_for_event("response", lambda answer: "/lines/" in answer.url)
    expect(link).to_have_attribute("data-here", "before")
    with page.context.expect_page() as opened:
        link.click()
    other = opened.value
    other.fill("input[name=username]", "xie")
    other.fill("input[name=password]", PASSWORD)
    other.press("input[name=password]", "Enter")
    other.wait_for_url("**/reporting/2025-Q3/gxt/")
    expect(value_cell(page, quarter)).to_have_value("12")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(row.locator(".cell-state")).to_have_text("已保存")
    assert quarter.line().value == 12
    people.errors.clear()  # of the requests that were turned away
