"""Which marks a run takes, and what becomes of them."""

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ..models import IndexMark, RecomputeRun, StaleMark
from .methods import CODE_VERSION

log = logging.getLogger(__name__)

BATCH = 500
# Marks are taken together twice: a process killed in the middle of them is seldom the fault of one.
TOGETHER = 2
# After a first failure, after each further one four times as long.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)

M = TypeVar("M", StaleMark, IndexMark)


@dataclass(frozen=True)
class Queue(Generic[M]):
    """Marks that are worked off together. Queues do not wait for each other: each has a lock of its own."""

    kind: RecomputeRun.Kind
    # Any constant; ours alone in this database.
    lock: int
    marks: type[M]


VALUES = Queue(RecomputeRun.Kind.VALUES, 5_620_001, StaleMark)
INDEX = Queue(RecomputeRun.Kind.INDEX, 5_620_002, IndexMark)


def work_off(queue: Queue[M], recompute: Callable[[RecomputeRun, list[M]], None], *, today: date) -> RecomputeRun | None:
    """Give marks to ``recompute`` until there are none. The last run, or None where nothing was marked.

    A run that fails leaves its marks. Of several marks one is to blame: each is tried again alone, and what fails alone
    waits, ever longer, while the others go on.
    """
    last = None
    with only_run(queue):
        while begun := begin(queue, today):
            last, marks = begun
            try:
                recompute(last, marks)
            except Exception as error:
                log.exception("run %s failed: %s, attempt %s", last.pk, "; ".join(map(str, marks[:5])), marks[0].attempts)
                fail(last, marks, error)
    return last


@contextlib.contextmanager
def only_run(queue: Queue[M]) -> Iterator[None]:
    """One run of a queue at a time; a second waits. The lock ends with the connection, so a killed worker holds none.

    It belongs to the session and not to a transaction, because a run is two of them: see ``begin``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [queue.lock])
    try:
        yield
    finally:
        # A connection that broke has let go of the lock already; the error that broke it is the one to hear of.
        with contextlib.suppress(InterfaceError, OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [queue.lock])


@transaction.atomic
def begin(queue: Queue[M], today: date) -> tuple[RecomputeRun, list[M]] | None:
    """Count an attempt at each mark taken and say that a run began, committed before the work: a kill leaves its trace.

    Fresh marks are taken together; one that a run failed on is taken alone, so that it spoils no other.
    """
    _bury_the_dead(queue)
    now = timezone.now()
    rows: QuerySet[M] = queue.marks._default_manager.all()
    marks = _claim(rows.filter(error="", attempts__lt=TOGETHER), BATCH)
    retry_at = None
    if not marks and (marks := _claim(rows.filter(Q(retry_at=None) | Q(retry_at__lte=now)), 1)):
        # Written before the work: one that kills its process every time leaves no other moment.
        retry_at = now + get_pause(marks[0].attempts + 1)
    if not marks:
        return None
    rows.filter(pk__in=[m.pk for m in marks]).update(attempts=F("attempts") + 1, retry_at=retry_at)
    for mark in marks:
        mark.attempts += 1
    return RecomputeRun.objects.create(kind=queue.kind, today=today, code_version=CODE_VERSION, marks=len(marks)), marks


def _claim(marks: QuerySet[M], most: int) -> list[M]:
    return list(marks.select_for_update(skip_locked=True).order_by("pk")[:most])


def _bury_the_dead(queue: Queue[M]) -> None:
    """Whoever holds the lock is the only run of its kind: another still said to be running was killed."""
    RecomputeRun.objects.filter(kind=queue.kind, state=RecomputeRun.State.RUNNING).update(
        state=RecomputeRun.State.FAILED, finished_at=timezone.now(), error="the process was killed"
    )


def finish(run: RecomputeRun, marks: list[M], *, fingerprint: str, written: int) -> None:
    """Clear the marks with the results, in the transaction that wrote them."""
    type(marks[0])._default_manager.filter(pk__in=[m.pk for m in marks]).delete()
    run.state, run.finished_at, run.fingerprint, run.written = RecomputeRun.State.DONE, timezone.now(), fingerprint, written
    run.save(update_fields=["state", "finished_at", "fingerprint", "written"])


def get_pause(attempts: int) -> timedelta:
    """How long a mark waits after so many attempts."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** min(attempts - 1, 10))


@transaction.atomic
def fail(run: RecomputeRun, marks: list[M], error: Exception) -> None:
    """Keep what went wrong, with the run and with its marks. They stay, with their attempt counted."""
    said = "".join(traceback.format_exception_only(error)).strip()
    rows = type(marks[0])._default_manager.filter(pk__in=[m.pk for m in marks])
    rows.update(error=said[:300], retry_at=timezone.now() + get_pause(marks[0].attempts) if len(marks) == 1 else None)
    run.state, run.finished_at = RecomputeRun.State.FAILED, timezone.now()
    run.error = "".join(traceback.format_exception(error))[-4000:]
    run.save(update_fields=["state", "finished_at", "error"])
