"""What a task said before is kept by the database itself, whoever changes the task and by whatever means."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from indicators.models import Task, TaskVersion
from tests.builders import Cast, make_plan, make_task

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


def test_a_version_holds_all_that_a_task_says(task: Task) -> None:
    """A new column of a task is either in its versions or named here as no part of what was said."""
    not_said = {"id", "plan", "number", "classification", "recorded_at"}
    assert {field.name for field in Task._meta.concrete_fields} - not_said == set(TaskVersion.SAID)
    version = TaskVersion.objects.get()
    assert {name: getattr(version, name) for name in TaskVersion.SAID} == {name: getattr(task, name) for name in TaskVersion.SAID}
    assert version.recorded_at == task.recorded_at


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
