"""A trend's labels in a browser: however narrow the page, none lies upon another."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from indicators.models import Document
from indicators.recompute import run
from tests.browsers import DESK, PHONE, at_browsers, make_quarter
from tests.builders import make_indicator, make_target, observe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Plotly leaves three pixels of air above and below the letters.
APART = """() => {
  const boxes = [...document.querySelectorAll(".annotation")].map((label) => label.getBoundingClientRect());
  const meet = (one, two) => one.left < two.right && two.left < one.right && one.top + 3 < two.bottom - 3 && two.top + 3 < one.bottom - 3;
  return boxes.length > 1 && boxes.every((one, at) => boxes.slice(at + 1).every((two) => !meet(one, two)));
}"""


@pytest.mark.parametrize(("size", "least"), [(DESK, 2), (PHONE, 1)], ids=["desk", "phone"])
def test_labels_of_targets_keep_apart(transactional_db: None, chromium: Browser, live_server: Any, size: tuple[int, int], least: int) -> None:
    make_quarter()
    indicator = make_indicator("tfp", unit_of_measure="%", accumulation="stock", frequency="year", origin="official")
    observe(indicator, {"2010": "42.5", "2017": "51.3", "2019": "52.8", "2020": "55.1"})
    baseline: dict[str, Any] = {"baseline_period": None, "baseline_value": Decimal("42.5")}
    make_target(indicator, "65", **baseline)
    later = Document.objects.create(title="后来的文件", issued_on=date(2025, 3, 3))
    make_target(indicator, "62", document=later, **baseline)
    make_target(indicator, "65", "2030", document=later, **baseline)
    run()
    with at_browsers(chromium, live_server.url) as people:
        page = people.sign_in("du", size=size, to="/indicators/tfp/")
        page.wait_for_function(APART)
        assert page.locator(".annotation", has_text="目标").count() >= least
