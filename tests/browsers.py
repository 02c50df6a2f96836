"""People at their browsers: each signs in with a page of their own, and what a page reports as an error is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page

from indicators.models import Breakdown
from indicators.recompute import run
from kejiting.accounts.models import User

from .builders import Quarter, make_target, observe

PASSWORD = "walk-through-2025"
DESK, PHONE = (1440, 900), (390, 844)


class People:
    """Each person has a browser of their own. ``forgiven`` stands in errors that a test brings about on purpose."""

    def __init__(self, chromium: Browser, url: str, forgiven: str) -> None:
        self.chromium, self.url, self.forgiven = chromium, url, forgiven
        self.errors: list[str] = []

    def sign_in(self, name: str, *, size: tuple[int, int] = DESK, to: str = "") -> Page:
        """The page ``to``, or where one lands."""
        width, height = size
        page = self.chromium.new_context(locale="zh-CN", viewport={"width": width, "height": height}).new_page()
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" and self.forgiven not in m.text else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.url}/accounts/login/{to and '?next='}{to}")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        return page


@contextmanager
def at_browsers(chromium: Browser, url: str, *, forgiven: str = "status of 4") -> Iterator[People]:
    """People whose browsers are closed at the end; nothing may have gone wrong in any of their pages."""
    people = People(chromium, url, forgiven)
    yield people
    for context in chromium.contexts:
        context.close()
    assert people.errors == []


def make_quarter() -> Quarter:
    """A quarter whose people can sign in, with figures before it and a target."""
    Breakdown.objects.get_or_create(code=Breakdown.TOTAL, defaults={"name_zh": "合计"})
    made = Quarter()
    User.objects.update(password=make_password(PASSWORD))
    observe(made.indicator, {"2024-Q3": "7", "2025-Q1": "5", "2025-Q2": "8"})
    make_target(made.indicator, "20")
    run()
    return made


def value_cell(page: Page, quarter: Quarter) -> Any:
    return page.locator(f"#v{quarter.line().pk}")
