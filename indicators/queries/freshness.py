"""How fresh results are: what pages say of themselves, and what an open page polls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from ..models import RecomputeRun
from ..models.run import MOST_ATTEMPTS

# A recomputation takes a fraction of this; marks older than it mean that results are older than the data.
PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Freshness:
    """``version`` changes with every run that ended: an open page compares it and fetches its panels anew."""

    version: str
    computed_at: datetime | None
    pending: int
    oldest_pending_at: datetime | None
    is_stale: bool
    # Marks given up after three failed attempts: someone must look.
    poisoned: int
    # The newest step of any return: what else an open page shows.
    step: int
    # Whether anything in the record is demonstration.
    has_demo: bool


# Written out, because every page and every second's poll of every open page asks it: one statement of small index scans.
# One run a kind: a run of the index may begin before and end after a run of values, and each is news.
_STATEMENT = """
    WITH last AS (
        SELECT run.id, run.finished_at
        FROM unnest(%(kinds)s) AS kind (name)
        CROSS JOIN LATERAL (
            SELECT id, finished_at FROM indicators_recomputerun
            WHERE state = %(done)s AND indicators_recomputerun.kind = kind.name
            ORDER BY id DESC LIMIT 1
        ) AS run
    )
    SELECT
        (SELECT string_agg(id::text, '.' ORDER BY id) FROM last),
        (SELECT max(finished_at) FROM last),
        count(*),
        min(created_at),
        count(*) FILTER (WHERE attempts >= %(most)s) + (SELECT count(*) FROM indicators_indexmark WHERE attempts >= %(most)s),
        (SELECT max(id) FROM indicators_returnstep),
        EXISTS (SELECT FROM indicators_task WHERE is_demo) OR EXISTS (SELECT FROM indicators_plan WHERE is_demo)
    FROM indicators_stalemark
"""


def get_freshness() -> Freshness:
    parameters: dict[str, Any] = {"kinds": list(RecomputeRun.Kind.values), "done": RecomputeRun.State.DONE.value, "most": MOST_ATTEMPTS}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        version, computed_at, pending, oldest, poisoned, step, has_demo = cursor.fetchone()
    return Freshness(
        version=version or "",
        computed_at=computed_at,
        pending=pending,
        oldest_pending_at=oldest,
        is_stale=oldest is not None and oldest < timezone.now() - PATIENCE,
        poisoned=poisoned,
        step=step or 0,
        has_demo=has_demo,
    )
