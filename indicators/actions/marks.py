"""Marks of what a change touched: written in the change's own transaction, so none can be lost."""

from collections.abc import Iterable

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from ..models import StaleMark


def mark_indicators(cells: Iterable[tuple[int, str | None]], *, cause: str) -> None:
    """Mark indicators (id, area code or None for all areas) as stale, and nudge a worker after commit."""
    _add([StaleMark(indicator_id=indicator, area_id=area, cause=cause) for indicator, area in sorted(set(cells), key=str)])


def mark_tasks(tasks: Iterable[int], *, cause: str) -> None:
    """Mark what is judged of tasks themselves (milestones, overrides, closing) as stale."""
    _add([StaleMark(task_id=task, cause=cause) for task in sorted(set(tasks))])


def _add(marks: list[StaleMark]) -> None:
    if not marks:
        return
    StaleMark.objects.bulk_create(marks)
    transaction.on_commit(nudge, robust=True)


def nudge() -> None:
    """Tell a worker that there are marks. A lost message loses nothing: beat sweeps the marks."""
    try:
        # By name: the task imports the recomputation, which writes by these actions.
        current_app.send_task("indicators.tasks.recompute_stale")
    except OperationalError:
        # The broker is down: entry and pages go on, and the page says since when results are older.
        return
