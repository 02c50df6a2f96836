"""An open page keeps itself true, and keeps what its reader was doing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from playwright.sync_api import Browser, Page, expect

from indicators.actions.reporting import submit_return
from indicators.recompute import run
from tests.browsers import DESK, PASSWORD, PHONE, at_browsers
from tests.builders import Quarter, make_indicator, make_target, observe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def quarter(transactional_db: None) -> Quarter:
    made = Quarter()
    made.cast.du.password = make_password(PASSWORD)
    made.cast.du.save(update_fields=["password"])
    trend = make_indicator("rd_intensity", unit_of_measure="%", accumulation="stock", origin="official", frequency="year")
    observe(trend, {"2021": "1.2", "2022": "1.3", "2023": "1.32"})
    make_target(trend, "1.5")
    run()
    return made


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def overview(request: pytest.FixtureRequest, chromium: Browser, live_server: Any, quarter: Quarter) -> Iterator[Page]:
    """The overview as du has it open; nothing may be refused or thrown meanwhile."""
    with at_browsers(chromium, live_server.url, forgiven="ERR_") as people:  # some go offline
        yield people.sign_in("du", size=request.param)


def test_only_what_changed_is_swapped_and_the_reader_is_not_disturbed(overview: Page, quarter: Quarter) -> None:
    expect(overview.locator("#panel-trend .main-svg").first).to_be_visible()
    overview.locator("#trend-data > summary").click()
    overview.evaluate("document.querySelector('#panel-trend').dataset.here = 'before'")
    overview.evaluate("document.querySelector('#panel-reports').dataset.here = 'before'")
    link = overview.locator("#panel-tasks a.task").first
    link.focus()
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    expect(overview.locator("#panel-reports")).to_contain_text("已提交")
    # The reports are new, the trend is the very element it was, drawn and open.
    assert overview.locator("#panel-reports").get_attribute("data-here") is None
    assert overview.locator("#panel-trend").get_attribute("data-here") == "before"
    expect(overview.locator("#trend-data")).to_have_attribute("open", "")
    observe(quarter.indicator, {"2025-Q2": "8"})
    make_target(quarter.indicator, "20")
    run()
    expect(overview.locator("#panel-tasks .p").first).to_contain_text("%")
    expect(overview.locator("#panel-tasks a.task").first).to_be_focused()


def test_a_chart_in_a_new_panel_is_drawn(overview: Page, quarter: Quarter) -> None:
    overview.locator("#trend-data > summary").click()
    from indicators.models import Indicator

    observe(Indicator.objects.get(code="rd_intensity"), {"2024": "1.4"})
    run()
    expect(overview.locator("#panel-trend")).to_contain_text("1.4%")
    expect(overview.locator("#trend-data")).to_have_attribute("open", "")
    expect(overview.locator("#panel-trend .main-svg").first).to_be_visible()
    assert overview.locator("#panel-trend .chart > .plot-container").count() == 1


def test_it_says_when_the_connection_is_lost_and_when_it_is_back(overview: Page) -> None:
    overview.context.set_offline(True)
    expect(overview.get_by_text("连接已断")).to_be_visible()
    overview.context.set_offline(False)
    expect(overview.get_by_text("连接已断")).to_be_hidden(timeout=10_000)


def test_it_says_when_one_must_sign_in_again(overview: Page) -> None:
    Session.objects.all().delete()
    expect(overview.get_by_role("link", name="请重新登录")).to_be_visible()
    expect(overview.get_by_text("连接已断")).to_be_hidden()


def test_navigation_is_at_hand(overview: Page, live_server: Any) -> None:
    menu = overview.locator("details.menu > summary")
    if menu.is_visible():
        menu.press("Enter")
    overview.get_by_role("link", name="指数与位次", exact=True).locator("visible=true").first.click()
    expect(overview).to_have_url(re.compile(r"/index/$"))
    assert overview.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_it_can_be_read_without_scripts(chromium: Browser, live_server: Any, quarter: Quarter) -> None:
    context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + "/accounts/login/")
    page.fill("input[name=username]", "du")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(live_server.url + "/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 项重点任务")
    page.locator("#trend-data > summary").click()
    expect(page.locator("#trend-data")).to_contain_text("1.32%")
    page.locator("details.menu > summary").click()
    expect(page.locator("details.menu").get_by_role("link", name="指标", exact=True)).to_be_visible()
    context.close()
