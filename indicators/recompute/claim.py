"""Which marks a run takes, and what becomes of them."""

import contextlib
import traceback
from collections.abc import Iterator
from datetime import date

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from ..models import RecomputeRun, StaleMark
from .methods import CODE_VERSION

MOST_ATTEMPTS = 3
BATCH = 500
# Any constant; ours alone in this database.
_LOCK = 5_620_001


@contextlib.contextmanager
def only_run() -> Iterator[None]:
    """One recomputation at a time; a second waits. The lock ends with the connection, so a killed worker holds none.

    It belongs to the session and not to a transaction, because a run is two of them: see ``begin``.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        # A connection that broke has let go of the lock already; the error that broke it is the one to hear of.
        with contextlib.suppress(InterfaceError, OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@transaction.atomic
def begin(today: date, *, without: set[int]) -> tuple[RecomputeRun, list[StaleMark]] | None:
    """Count an attempt at each mark taken and say that a run began, committed before the work: a kill leaves its trace.

    Fresh marks are taken together; one that a run failed on is taken alone, so that it spoils no other.
    """
    _bury_the_dead()
    marks = _claim(StaleMark.objects.filter(attempts=0), BATCH) or _claim(
        StaleMark.objects.filter(attempts__gt=0, attempts__lt=MOST_ATTEMPTS).exclude(pk__in=without), 1
    )
    if not marks:
        return None
    StaleMark.objects.filter(pk__in=[m.pk for m in marks]).update(attempts=F("attempts") + 1)
    return RecomputeRun.objects.create(today=today, code_version=CODE_VERSION, marks=len(marks)), marks


def _claim(marks: QuerySet[StaleMark], most: int) -> list[StaleMark]:
    return list(marks.select_for_update(skip_locked=True).order_by("pk")[:most])


def _bury_the_dead() -> None:
    """Whoever holds the lock is the only run: a run still said to be running was killed."""
    RecomputeRun.objects.filter(state=RecomputeRun.State.RUNNING).update(
        state=RecomputeRun.State.FAILED, finished_at=timezone.now(), error="the process was killed"
    )


def finish(run: RecomputeRun, marks: list[StaleMark], *, fingerprint: str, written: int) -> None:
    """Clear the marks with the results, in the transaction that wrote them."""
    StaleMark.objects.filter(pk__in=[m.pk for m in marks]).delete()
    run.state, run.finished_at, run.fingerprint, run.written = RecomputeRun.State.DONE, timezone.now(), fingerprint, written
    run.save(update_fields=["state", "finished_at", "fingerprint", "written"])


def fail(run: RecomputeRun, error: Exception) -> None:
    """Keep what went wrong. The marks stay, with their attempt counted."""
    run.state, run.finished_at = RecomputeRun.State.FAILED, timezone.now()
    run.error = "".join(traceback.format_exception(error))[-4000:]
    run.save(update_fields=["state", "finished_at", "error"])
