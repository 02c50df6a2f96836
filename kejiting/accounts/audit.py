"""The trail of who changed what, written in the change's own transaction."""

from typing import Any

from django.db.models import Model

from kejiting.accounts.models import AuditEvent, User


def record_event(verb: str, thing: Model, *, by: User | None, reason: str = "", is_demo: bool | None = None, **detail: Any) -> AuditEvent:
    """Note that ``by`` did ``verb`` to ``thing``. What a demonstration account does is demonstration."""
    demo = bool(getattr(thing, "is_demo", False) or (by and by.is_demo)) if is_demo is None else is_demo
    return AuditEvent.objects.create(
        actor=by,
        verb=verb,
        object_kind=thing._meta.model_name or "",
        object_key=str(getattr(thing, "code", thing.pk)),
        detail=detail,
        reason=reason,
        is_demo=demo,
    )
