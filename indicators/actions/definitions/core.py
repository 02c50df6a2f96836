"""What all changes of definitions share: who may, what is demonstration, which fields, what the trail says."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ...errors import NotAllowed, RecordError
from ...numbers import plain

Changes = dict[str, list[Any]]


def require(by: User, permission: str = "definition.manage") -> None:
    if not by.has_perm(permission):
        raise NotAllowed


def require_may_change(by: User | None, thing: Any, message: str = "") -> None:
    """What a demonstration account does goes with the demonstration, so it cannot have touched official data."""
    if by and by.is_demo and not thing.is_demo:
        raise NotAllowed(message or _("“%(thing)s”是正式数据，演示账号不能修改。") % {"thing": thing})


def is_demo(by: User | None, *hangs_on: Any) -> bool:
    """What a demonstration account makes, and what hangs on a demonstration thing, is demonstration."""
    return bool(by and by.is_demo) or any(thing is not None and thing.is_demo for thing in hangs_on)


def refuse_demo_parts(demo: bool, *parts: Any) -> None:
    """An official thing cannot stand on a demonstration one, which one command takes away."""
    for part in parts:
        if not demo and part is not None and part.is_demo:
            raise RecordError(_("“%(part)s”是演示数据，不能用在正式数据里。") % {"part": part})


def require_known(values: Mapping[str, Any], allowed: Iterable[str]) -> None:
    if unknown := sorted(set(values) - set(allowed)):
        raise RecordError(_("没有这样的字段，或不能修改：%(names)s") % {"names": "、".join(unknown)})


def set_fields(row: Model, values: Mapping[str, Any]) -> Changes:
    """Set what differs; answers ``{field: [old, new]}`` as the audit trail writes it. Saves nothing."""
    changes: Changes = {}
    for name, new in values.items():
        old = getattr(row, name)
        if old != new:
            changes[name] = [to_json(old), to_json(new)]
            setattr(row, name, new)
    return changes


def to_json(value: Any) -> Any:
    """A field's value as the audit trail keeps it: rows by their code where they have one."""
    if isinstance(value, Model):
        return getattr(value, "code", value.pk)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def values_of(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """The named fields for the trail of something new, empty ones left out."""
    return {name: to_json(value) for name in names if (value := getattr(row, name)) not in (None, "")}


def require_reason(reason: str, message: str) -> str:
    reason = reason.strip()
    if not reason:
        raise RecordError(message)
    return reason
