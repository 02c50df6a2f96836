"""What changes without anybody writing anything: due dates pass, reports fail to come, embargoes end."""

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from ..actions.marks import mark_indicators, mark_tasks
from ..models import Observation, Target, Task

# The daily tick may be late or lost; a released figure is looked for over some days.
EMBARGO_DAYS = 7


def mark_calendar(now: datetime | None = None) -> None:
    """Mark whatever is judged by the date, and what was released since."""
    now = now or timezone.now()
    targeted = set(Target.objects.in_force().values_list("indicator", "area"))
    released = Observation.objects.filter(
        released_at__lte=now, released_at__gt=now - timedelta(days=EMBARGO_DAYS), recorded_at__lt=F("released_at")
    )
    mark_indicators(targeted | set(released.values_list("indicator", "area")), cause="calendar")
    mark_tasks(Task.objects.exclude(state=Task.State.CLOSED).values_list("pk", flat=True), cause="calendar")
