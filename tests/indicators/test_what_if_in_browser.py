"""The dials of the what-if page in a browser: what comes of them is there at once, by mouse, keyboard and thumb."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page, expect

from tests.browsers import DESK, PASSWORD, PHONE, at_browsers
from tests.builders import Cast
from tests.indicators.frameworks import HOME, estimate, make_index

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TODAY = date(2025, 11, 20)


@pytest.fixture
def estimated(transactional_db: None) -> Cast:
    cast = Cast()
    cast.du.password = make_password(PASSWORD)
    cast.du.save(update_fields=["password"])
    make_index()
    estimate(TODAY)
    return cast


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def dials(request: pytest.FixtureRequest, chromium: Browser, live_server: Any, estimated: Cast) -> Iterator[Page]:
    """The page as du has it open; nothing may be refused by the security policy or thrown meanwhile."""
    with at_browsers(chromium, live_server.url, forgiven="ERR_") as people:  # some go offline
        yield people.sign_in("du", size=request.param, to="/index/what-if/")


def outcome(page: Page) -> Any:
    return page.locator(".outcome .beforeafter")


def test_a_number_typed_shows_score_and_rank_without_a_reload(dials: Page) -> None:
    dials.evaluate("document.body.dataset.here = 'before'")
    expect(outcome(dials)).to_contain_text("43.8 → 43.8")
    dials.fill("#v-a", "6")
    expect(outcome(dials)).to_contain_text("46.3")
    expect(outcome(dials)).to_contain_text("前移 1 位")
    expect(outcome(dials)).to_be_in_viewport()
    expect(dials.locator("#what-if-said")).to_have_text("得分 46.3，第 2 位")
    # Several together; and the address says what was changed and nothing else.
    dials.fill("#v-c", "3")
    expect(dials.locator(".changes li")).to_have_count(2)
    assert dials.evaluate("document.body.dataset.here") == "before"
    expect(dials).to_have_url(re.compile(rf"area={HOME}&{HOME}\.a=6&{HOME}\.c=3$"))


def test_a_slider_moved_by_the_keyboard_is_the_same_number(dials: Page) -> None:
    slider = dials.get_by_role("slider", name="指标甲，滑块")
    slider.focus()
    dials.keyboard.press("ArrowRight")
    value = dials.input_value("#v-a")
    assert float(value) > 5
    expect(dials.locator(".changes")).to_contain_text(f"5 → {value}")


def test_what_is_no_number_is_said_and_stays(dials: Page) -> None:
    dials.fill("#v-b", "12")
    dials.fill("#v-a", "约六")
    expect(dials.locator(".outcome")).to_contain_text("“约六”不是这里要的数字")
    assert dials.input_value("#v-a") == "约六"
    expect(dials.locator("#v-a")).to_have_attribute("aria-invalid", "true")
    # The other change counts all the same.
    expect(outcome(dials)).to_contain_text("47.5")


def test_reset_takes_every_change_back(dials: Page) -> None:
    dials.fill("#v-a", "6")
    expect(outcome(dials)).to_contain_text("46.3")
    dials.click("[data-reset]")
    expect(outcome(dials)).to_contain_text("43.8 → 43.8")
    assert dials.input_value("#v-a") == "5"
    expect(dials).to_have_url(re.compile(rf"area={HOME}$"))


def test_a_lever_is_tried_by_a_click(dials: Page) -> None:
    button = dials.locator(".levers button").first
    value, field = button.inner_text(), button.get_attribute("data-set")
    button.click()
    expect(dials.locator(f"#{field}")).to_have_value(value)
    expect(dials.locator(".changes")).to_contain_text(value)


def test_another_province_keeps_the_changes_of_the_first(dials: Page) -> None:
    dials.fill("#v-a", "6")
    expect(outcome(dials)).to_contain_text("46.3")
    dials.select_option("select[name=area]", "640000")
    expect(dials.locator("#h-dials")).to_contain_text("宁夏")
    dials.fill("#v-a", "10")
    expect(dials.locator(".changes")).to_contain_text("甘肃 · 指标甲：5 → 6")
    expect(dials.locator(".changes")).to_contain_text("宁夏 · 指标甲：3 → 10")


def test_when_the_server_is_away_it_says_so_and_loses_nothing(dials: Page) -> None:
    dials.context.set_offline(True)
    dials.fill("#v-a", "6")
    expect(dials.locator("#what-if-failed")).to_be_visible()
    assert dials.input_value("#v-a") == "6"
    dials.context.set_offline(False)
    dials.fill("#v-a", "7")
    expect(dials.locator("#what-if-failed")).to_be_hidden()
    expect(outcome(dials)).to_contain_text("48.8")
