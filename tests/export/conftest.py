"""The API's callers. What needs Django is imported late: pytest reads this file before Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.builders import Quarter
    from tests.export.callers import Caller


@pytest.fixture(autouse=True)
def _no_throttle_left_over() -> None:
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def quarter() -> Quarter:
    from tests.builders import Quarter

    return Quarter()


@pytest.fixture
def reader() -> Caller:
    """Another agency's program."""
    return _call_with_key("统计局", scope="read")


@pytest.fixture
def machine(quarter: Quarter) -> Caller:
    """The industry department's own system."""
    return _call_with_key("gxt", scope="report", unit_code="gxt")


def _call_with_key(name: str, **options: str) -> Caller:
    from kejiting.export.keys import create_key
    from tests.export.callers import Caller

    return Caller(secret=create_key(name, **options)[1])
