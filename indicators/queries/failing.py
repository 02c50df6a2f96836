"""What run after run failed to recompute, with the reason: for the office, that somebody looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ..models import IndexMark, StaleMark
from ..models.run import REPORTED_AFTER

# More than fit a screen say no more about the reason.
MOST = 50


@dataclass(frozen=True)
class Failing:
    """One thing that is not recomputed; no ``error`` where the process was killed each time."""

    name: str
    since: datetime
    attempts: int
    retry_at: datetime | None
    error: str


def get_failing() -> list[Failing]:
    """The oldest first."""
    found = [
        Failing(name, mark.created_at, mark.attempts, mark.retry_at, mark.error)
        for name, mark in (*_list_values(), *_list_estimates())
    ]
    return sorted(found, key=lambda row: row.since)


def _list_values() -> Iterator[tuple[str, StaleMark]]:
    for mark in StaleMark.objects.filter(attempts__gte=REPORTED_AFTER).select_related("indicator", "area", "task").order_by("created_at")[:MOST]:
        where = f" · {mark.area.short_zh}" if mark.area else ""
        yield (f"{mark.indicator.name_zh}{where}" if mark.indicator else _("任务 %(task)s") % {"task": mark.task}), mark


def _list_estimates() -> Iterator[tuple[str, IndexMark]]:
    for mark in IndexMark.objects.filter(attempts__gte=REPORTED_AFTER).select_related("framework").order_by("created_at")[:MOST]:
        yield _("指数测算：%(framework)s") % {"framework": mark.framework}, mark
