"""What a task, a milestone or a round said before is kept by the database itself, whoever changes it and by whatever means."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from indicators.models import Milestone, MilestoneVersion, Round, RoundVersion, Task, TaskVersion
from indicators.models.version import Version
from tests.builders import Cast, Quarter, make_plan, make_task

pytestmark = pytest.mark.django_db

EARLIER = datetime(2025, 3, 1, tzinfo=UTC)


@pytest.fixture
def task() -> Task:
    return make_task(make_plan(), 1, Cast().gxt, title_zh="原来的任务")


def titles() -> list[str]:
    return list(TaskVersion.objects.order_by("pk").values_list("title_zh", flat=True))


def test_a_version_is_kept_of_every_wording(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(title_zh="改过的任务")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE indicators_task SET due_on = '2026-06-30' WHERE id = %s", [task.pk])
    assert titles() == ["原来的任务", "改过的任务", "改过的任务"]
    assert list(TaskVersion.objects.order_by("pk").values_list("due_on", flat=True))[1:] == [date(2025, 12, 31), date(2026, 6, 30)]


def test_what_is_no_part_of_a_version_makes_none(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(classification="internal", number=9)
    task.save()
    assert titles() == ["原来的任务"]


@pytest.mark.parametrize(
    ("model", "versions", "not_said"),
    [
        (Task, TaskVersion, {"id", "plan", "number", "classification", "recorded_at"}),
        (Milestone, MilestoneVersion, {"id", "task", "recorded_at"}),
        (Round, RoundVersion, {"id", "plan", "code", "period", "recorded_at"}),
    ],
)
def test_a_version_holds_all_that_a_row_says(model: Any, versions: type[Version], not_said: set[str]) -> None:
    """A new column is either in the versions or named here as no part of what was said."""
    Quarter()
    assert {field.name for field in model._meta.concrete_fields} - not_said == set(versions.SAID)
    row, version = model.objects.get(), versions.objects.get()
    assert {name: getattr(version, name) for name in versions.SAID} == {name: getattr(row, name) for name in versions.SAID}
    assert version.recorded_at == row.recorded_at


def test_the_newest_by_then_is_what_it_said_then(task: Task) -> None:
    before = timezone.now()
    Task.objects.filter(pk=task.pk).update(title_zh="改过的任务")
    assert TaskVersion.objects.as_of(before).get().title_zh == "原来的任务"
    assert TaskVersion.objects.as_of(timezone.now()).get().title_zh == "改过的任务"
    assert not TaskVersion.objects.as_of(EARLIER).exists()


@pytest.mark.parametrize("change", [lambda: TaskVersion.objects.update(title_zh="x"), lambda: TaskVersion.objects.all().delete()])
def test_a_version_is_never_changed(task: Task, change: Any) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change()
