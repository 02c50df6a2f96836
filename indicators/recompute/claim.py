"""Which marks a run takes, and what becomes of them."""

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ..models import IndexMark, RecomputeRun, StaleMark
from ..models.run import MOST_ATTEMPTS
from .methods import CODE_VERSION

log = logging.getLogger(__name__)

BATCH = 500

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

    A run that fails leaves its marks; each is tried three times.
    """
    last, failed = None, set[int]()
    with only_run(queue):
        while begun := begin(queue, today, without=failed):
            last, marks = begun
            try:
                recompute(last, marks)
            except Exception as error:
                log.exception("run %s failed", last.pk)
                fail(last, error)
                # Of several marks one is to blame: each is tried again alone, and what failed alone waits for the next sweep.
                failed |= {m.pk for m in marks} if len(marks) == 1 else set()
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
def begin(queue: Queue[M], today: date, *, without: set[int]) -> tuple[RecomputeRun, list[M]] | None:
    """Count an attempt at each mark taken and say that a run began, committed before the work: a kill leaves its trace.

    Fresh marks are taken together; one that a run failed on is taken alone, so that it spoils no other.
    """
    _bury_the_dead(queue)
    rows: QuerySet[M] = queue.marks._default_manager.all()
    marks = _claim(rows.filter(attempts=0), BATCH) or _claim(
        rows.filter(attempts__gt=0, attempts__lt=MOST_ATTEMPTS).exclude(pk__in=without), 1
    )
    if not marks:
        return None
    rows.filter(pk__in=[m.pk for m in marks]).update(attempts=F("attempts") + 1)
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


def fail(run: RecomputeRun, error: Exception) -> None:
    """Keep what went wrong. The marks stay, with their attempt counted."""
    run.state, run.finished_at = RecomputeRun.State.FAILED, timezone.now()
    run.error = "".join(traceback.format_exception(error))[-4000:]
    run.save(update_fields=["state", "finished_at", "error"])
