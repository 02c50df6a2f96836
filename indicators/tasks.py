"""Celery's entry points: each calls one function. A message only nudges, so any may be lost, doubled or late."""

from celery import shared_task

from .actions import statistics_upload
from .actions.counts import count_registers
from .recompute import calendar, index, runner
from .recompute.heartbeat import beat


@shared_task(ignore_result=True)
def recompute_stale() -> None:
    """Recompute what is marked; sent when a change was committed."""
    beat("worker")
    runner.run()


@shared_task(ignore_result=True)
def sweep_stale_marks() -> None:
    """The same for marks whose message was lost or whose worker was killed; sent by the schedule."""
    beat("worker")
    runner.run()


@shared_task(ignore_result=True)
def estimate_index() -> None:
    """Estimate the frameworks that are marked; sent when a change was committed, and by the schedule for what was lost."""
    index.run()


@shared_task(ignore_result=True)
def mark_calendar() -> None:
    """Count the registers, and mark what a new day may judge otherwise; sent by the schedule, once a day."""
    count_registers()
    calendar.mark_calendar()


@shared_task(ignore_result=True)
def work_on_statistics(key: int) -> None:
    """Read or take in a long file of statistics; sent when it was received or confirmed."""
    statistics_upload.work(key)


@shared_task(ignore_result=True)
def sweep_statistics() -> None:
    """The same for files whose message was lost; sent by the schedule."""
    statistics_upload.sweep()


@shared_task(ignore_result=True)
def beat_heartbeat() -> None:
    """Sent by the scheduler and run by a worker: both are alive."""
    beat("beat", "worker")
