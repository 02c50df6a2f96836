"""What a change changed, as the audit trail keeps it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from .numbers import plain

# {field: [old, new]}
Changes = dict[str, list[Any]]


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
