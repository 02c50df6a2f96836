"""What all changes of definitions share: who may, what is demonstration, which fields, what the trail says."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ...errors import NotAllowed, RecordError


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


def require_reason(reason: str, message: str) -> str:
    reason = reason.strip()
    if not reason:
        raise RecordError(message)
    return reason
