"""A rule typed in a browser: what is wrong with it is said at once, what was meant is one key away, and nothing reloads."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page, expect

from indicators.models import Rule
from tests.builders import Cast, make_area, make_indicator, observe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "parts-and-wholes-2025"


@pytest.fixture
def screen(page: Page, live_server: Any, transactional_db: None) -> Page:
    cast = Cast()
    cast.guo.password = make_password(PASSWORD)
    cast.guo.save(update_fields=["password"])
    make_area()
    observe(make_indicator("part", frequency="year", accumulation="flow"), {"2023": "3", "2024": "9"})
    observe(make_indicator("whole", frequency="year", accumulation="flow"), {"2023": "5", "2024": "8"})
    page.goto(live_server.url + "/accounts/login/?next=/definitions/rules/add/")
    page.fill("input[name=username]", "guo")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(live_server.url + "/definitions/rules/add/")
    return page


def test_what_is_typed_is_checked_at_once_and_mended_by_the_keyboard(screen: Page) -> None:
    troubles: list[str] = []
    screen.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    screen.on("pageerror", lambda error: troubles.append(str(error)))
    screen.evaluate("document.body.dataset.here = 'before'")
    formula, said = screen.locator("#id_formula"), screen.locator("[data-said]")
    formula.press_sequentially("part <= whol")
    expect(screen.locator(".fmark mark")).to_have_text("whol")
    expect(said).to_have_text("公式里有未登记的指标代码：whol。")
    expect(formula).to_have_attribute("aria-invalid", "true")
    # From the field by Tab over 选中这一处 to the first suggestion.
    screen.keyboard.press("Tab")
    screen.keyboard.press("Tab")
    expect(screen.get_by_role("button", name="换成它 whole")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(formula).to_have_value("part <= whole")
    expect(formula).to_be_focused()
    expect(said).to_have_text("公式可用；在册数值核对 2 处：1 处符合，1 处不符合。")
    expect(formula).not_to_have_attribute("aria-invalid", "true")
    expect(screen.locator(".fbroken tbody tr")).to_have_text("甘肃2024年指标 part 9项指标 whole 8项")
    screen.fill("#id_sentence_zh", "部分不能大于总体。")
    expect(screen.locator(".fchecked q")).to_contain_text("部分不能大于总体。甘肃2024年")
    screen.get_by_role("button", name="只核对，不保存").press("Enter")
    assert screen.evaluate("document.body.dataset.here") == "before"
    assert not Rule.objects.exists()
    screen.fill("#id_code", "parts")
    screen.get_by_role("button", name="保存", exact=True).click()
    expect(screen.locator(".flash")).to_contain_text("已添加规则 parts")
    assert Rule.objects.get().formula == "part <= whole"
    assert troubles == []


def test_without_the_server_what_was_typed_stays_and_says_so(screen: Page) -> None:
    screen.route("**/definitions/rules/add/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    screen.locator("#id_formula").press_sequentially("part <= whole")
    expect(screen.locator("[data-failed]")).to_be_visible()
    expect(screen.locator("#id_formula")).to_have_value("part <= whole")
