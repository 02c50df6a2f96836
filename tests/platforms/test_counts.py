"""A register counts itself, and each count opens to the list that made it."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from indicators.actions.counts import count_registers
from indicators.models import Observation, Result, StaleMark
from indicators.recompute import run
from indicators.tasks import mark_calendar
from platforms.models import Consortium, Platform, PlatformStatus
from projects.models import Project

pytestmark = pytest.mark.usefixtures("facts_record", "db")

CODE = "platforms.sci_edu_infra"


def newest(code: str = CODE) -> Observation:
    return Observation.objects.filter(indicator__code=code).latest().get()


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


# -- a change of a register marks its counts -----------------------------------------------------


def marked() -> set[str]:
    return set(StaleMark.objects.values_list("indicator__code", flat=True))


@pytest.mark.parametrize(
    "change",
    [
        lambda: Platform.objects.create(code="third", kind_id="sci-edu-infra", name_zh="第三个"),
        lambda: PlatformStatus.objects.create(platform=Platform.objects.get(code="isotope-drug-platform"), status="revoked"),
        lambda: PlatformStatus.objects.filter(platform__code="isotope-drug-platform").delete(),
        lambda: Platform.objects.filter(code="isotope-drug-platform").update(kind="state-key-lab"),
        lambda: Consortium.objects.update(dissolved_on="2024-01-01"),
        lambda: Project.objects.update(status="stopped"),
    ],
)
def test_every_change_of_a_register_marks_what_is_counted_of_it(change: Callable[[], Any]) -> None:
    StaleMark.objects.all().delete()
    change()
    assert {CODE, "consortia.count", "projects.count"} <= marked()


def test_a_change_that_is_undone_marks_nothing() -> None:
    StaleMark.objects.all().delete()
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        Project.objects.update(status="stopped")
        raise ZeroDivisionError
    assert marked() == set()


def test_what_is_marked_is_counted_and_judged_in_one_run() -> None:
    """No day need pass, and nobody need ask: the difference from the stated total follows the count."""
    run()
    before = Result.objects.current().get(measure="difference", indicator__code="platforms.state_key_lab")
    added = Platform.objects.create(code="another-lab", kind_id="state-key-lab", name_zh="又一个实验室")
    PlatformStatus.objects.create(platform=added, status="approved")
    run()
    assert "another-lab" in [member["code"] for member in newest("platforms.state_key_lab").register_count.members]
    after = Result.objects.current().get(measure="difference", indicator__code="platforms.state_key_lab")
    assert abs(before.value - after.value) == 1
    assert marked() == set()


def test_a_change_that_counts_the_same_adds_no_vintage() -> None:
    run()
    vintages = Observation.objects.count()
    Platform.objects.update(note="说明")
    run()
    assert Observation.objects.count() == vintages
