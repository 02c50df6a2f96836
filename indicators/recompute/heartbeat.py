"""When scheduler and worker were last seen at work: rows of ``Heartbeat`` named ``beat`` and ``worker``."""

from django.utils import timezone

from ..models import Heartbeat


def beat(*names: str) -> None:
    now = timezone.now()
    Heartbeat.objects.bulk_create([Heartbeat(name=name, at=now) for name in names], update_conflicts=True, unique_fields=["name"], update_fields=["at"])
