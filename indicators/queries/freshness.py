"""How fresh results are: what pages say of themselves, and what an open page polls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from ..models import RecomputeRun
from ..models.run import REPORTED_AFTER

# A recomputation takes a fraction of this; marks older than it mean that results are older than the data.
PATIENCE = timedelta(seconds=5)
# An estimate of every year takes some seconds, and one whose worker was killed is begun anew by the next sweep, within 30 s.
INDEX_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Freshness:
    """``version`` changes with every run that ended: an open page compares it and fetches its panels anew."""

    version: str
    computed_at: datetime | None
    pending: int
    oldest_pending_at: datetime | None
    is_stale: bool
    oldest_index_pending_at: datetime | None
    is_index_stale: bool
    # Marks that run after run failed on: someone must look.
    failing: int
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
        (SELECT min(created_at) FROM indicators_indexmark),
        count(*) FILTER (WHERE attempts >= %(most)s) + (SELECT count(*) FROM indicators_indexmark WHERE attempts >= %(most)s),
        (SELECT max(id) FROM indicators_returnstep),
        EXISTS (SELECT FROM indicators_task WHERE is_demo) OR EXISTS (SELECT FROM indicators_plan WHERE is_demo)
    FROM indicators_stalemark
"""


def get_freshness() -> Freshness:
    parameters: dict[str, Any] = {"kinds": list(RecomputeRun.Kind.values), "done": RecomputeRun.State.DONE.value, "most": REPORTED_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, parameters)
        version, computed_at, pending, oldest, oldest_index, failing, step, has_demo = cursor.fetchone()
    return Freshness(
        version=version or "",
        computed_at=computed_at,
        pending=pending,
        oldest_pending_at=oldest,
        is_stale=oldest is not None and oldest < timezone.now() - PATIENCE,
        oldest_index_pending_at=oldest_index,
        is_index_stale=oldest_index is not None and oldest_index < timezone.now() - INDEX_PATIENCE,
        failing=failing,
        step=step or 0,
        has_demo=has_demo,
    )
