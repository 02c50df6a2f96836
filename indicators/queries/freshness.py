"""How fresh results are: what pages say of themselves, and what an open page polls."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from ..models import Heartbeat, RecomputeRun, StaleMark
from ..recompute.claim import MOST_ATTEMPTS

# A recomputation takes a fraction of this; marks older than it mean that results are older than the data.
PATIENCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Freshness:
    """``version`` rises with every run that wrote results: an open page compares it and fetches its panels anew."""

    version: int
    computed_at: datetime | None
    pending: int
    oldest_pending_at: datetime | None
    is_stale: bool
    worker_seen_at: datetime | None
    # Marks given up after three failed attempts: someone must look.
    poisoned: int


def get_freshness() -> Freshness:
    """Cheap enough for every page and every poll: three small index scans."""
    latest = RecomputeRun.objects.filter(state=RecomputeRun.State.DONE).order_by("-pk").values("pk", "finished_at").first()
    marks = StaleMark.objects.aggregate(
        pending=Count("pk"), oldest=Min("created_at"), poisoned=Count("pk", filter=Q(attempts__gte=MOST_ATTEMPTS))
    )
    seen = Heartbeat.objects.filter(pk="worker").aggregate(at=Max("at"))["at"]
    oldest = marks["oldest"]
    return Freshness(
        version=latest["pk"] if latest else 0,
        computed_at=latest["finished_at"] if latest else None,
        pending=marks["pending"],
        oldest_pending_at=oldest,
        is_stale=oldest is not None and oldest < timezone.now() - PATIENCE,
        worker_seen_at=seen,
        poisoned=marks["poisoned"],
    )
