"""Marks of what a change touched: written in the change's own transaction, so none can be lost."""

from collections.abc import Iterable

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from ..models import IndexMark, IndexNode, StaleMark


def mark_indicators(cells: Iterable[tuple[int, str | None]], *, cause: str) -> None:
    """Mark indicators (id, area code or None for all areas) as stale, and nudge a worker after commit."""
    _add([StaleMark(indicator_id=indicator, area_id=area, cause=cause) for indicator, area in sorted(set(cells), key=str)])


def mark_tasks(tasks: Iterable[int], *, cause: str) -> None:
    """Mark what is judged of tasks themselves (milestones, overrides, closing) as stale."""
    _add([StaleMark(task_id=task, cause=cause) for task in sorted(set(tasks))])


def mark_frameworks(frameworks: Iterable[int], *, cause: str, is_full: bool = False) -> None:
    """Mark what is estimated by frameworks as stale; ``is_full``: also the years whose inputs are what they were."""
    marks = [IndexMark(framework_id=framework, cause=cause, is_full=is_full) for framework in sorted(set(frameworks))]
    if marks:
        IndexMark.objects.bulk_create(marks)
        transaction.on_commit(nudge_index, robust=True)


def mark_frameworks_of(indicators: Iterable[int], *, cause: str) -> None:
    """Mark the frameworks that any of the indicators supplies."""
    nodes = IndexNode.objects.filter(indicator__in=list(indicators))
    mark_frameworks(nodes.order_by().values_list("framework", flat=True).distinct(), cause=cause)


def _add(marks: list[StaleMark]) -> None:
    if not marks:
        return
    StaleMark.objects.bulk_create(marks)
    transaction.on_commit(nudge, robust=True)


def nudge() -> None:
    _send("indicators.tasks.recompute_stale")


def nudge_index() -> None:
    _send("indicators.tasks.estimate_index")


def _send(task: str) -> None:
    """Tell a worker that there are marks. A lost message loses nothing: beat sweeps the marks."""
    try:
        # By name: the task imports the recomputation, which writes by these actions.
        current_app.send_task(task)
    except OperationalError:
        # The broker is down: entry and pages go on, and the page says since when results are older.
        return
