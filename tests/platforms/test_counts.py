"""A register counts itself, and each count opens to the list that made it."""

import pytest

from indicators.actions.counts import count_registers
from indicators.models import Observation
from indicators.tasks import mark_calendar
from platforms.models import Platform, PlatformStatus

pytestmark = pytest.mark.usefixtures("facts_record", "db")

CODE = "platforms.sci_edu_infra"


def newest() -> Observation:
    return Observation.objects.filter(indicator__code=CODE).latest().get()


def test_a_count_changes_with_its_list_and_keeps_the_one_before() -> None:
    assert newest().value == 2
    assert count_registers() == []
    added = Platform.objects.create(code="third", kind_id="sci-edu-infra", name_zh="第三个")
    assert count_registers() == []  # applied for or not: it has no status yet
    PlatformStatus.objects.create(platform=added, status="approved")
    mark_calendar()
    assert newest().value == 3
    assert "third" in [member["code"] for member in newest().register_count.members]
    first = Observation.objects.filter(indicator__code=CODE).order_by("vintage").first()
    assert first is not None
    assert (first.value, len(first.register_count.members)) == (2, 2)


def test_a_platform_that_was_revoked_is_not_counted() -> None:
    PlatformStatus.objects.create(platform=Platform.objects.get(code="isotope-drug-platform"), status="revoked", since="2024-01-01")
    count_registers()
    assert newest().value == 1
