"""How fresh results are: what pages say of themselves, and what an open page polls."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q, Subquery
from django.utils import timezone

from ..models import Heartbeat, RecomputeRun, StaleMark
from ..recompute.claim import MOST_ATTEMPTS

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
    worker_seen_at: datetime | None
    # Marks given up after three failed attempts: someone must look.
    poisoned: int


def get_freshness() -> Freshness:
    """Cheap enough for every page and every poll: a few small index scans."""
    done = RecomputeRun.objects.filter(state=RecomputeRun.State.DONE).order_by("-pk").values("pk")
    # One a kind: a run of the index may begin before and end after a run of values, and each is news.
    last = [Subquery(done.filter(kind=kind)[:1]) for kind in RecomputeRun.Kind]
    runs = dict(RecomputeRun.objects.filter(pk__in=last).order_by("pk").values_list("pk", "finished_at"))
    marks = StaleMark.objects.aggregate(
        pending=Count("pk"), oldest=Min("created_at"), poisoned=Count("pk", filter=Q(attempts__gte=MOST_ATTEMPTS))
    )
    seen = Heartbeat.objects.filter(pk="worker").aggregate(at=Max("at"))["at"]
    oldest = marks["oldest"]
    return Freshness(
        version=".".join(map(str, runs)),
        computed_at=max((at for at in runs.values() if at), default=None),
        pending=marks["pending"],
        oldest_pending_at=oldest,
        is_stale=oldest is not None and oldest < timezone.now() - PATIENCE,
        worker_seen_at=seen,
        poisoned=marks["poisoned"],
    )
