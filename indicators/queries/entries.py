"""What a line said earlier, read from the record of its entries: nothing that was typed is ever lost."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..models import Line, LineEntry


@dataclass(frozen=True)
class Said:
    """What a line said at a moment; empty where nothing was."""

    value: Decimal | None = None
    qualifier: str = ""
    missing: str = ""
    note: str = ""
    progress: str = ""
    problems: str = ""
    next_steps: str = ""

    def differs(self, line: Line) -> bool:
        """Whether the line says something else now."""
        return any(getattr(line, name) != getattr(self, name) for name in self.__dataclass_fields__)


NOTHING = Said()
# What an entry says when the files of its line changed.
FILE_ADDED, FILE_REMOVED = FILE_KEYS = ("evidence_added", "evidence_removed")


def get_set_aside(lines: Iterable[Line]) -> dict[int, Said]:
    """By line that is said to be missing: what had been typed before, which comes back when the reason is taken back."""
    missing = [line.pk for line in lines if line.missing]
    if not missing:
        return {}
    # An entry with a reason empties the value; what it emptied is what is looked for.
    return _fold(LineEntry.objects.filter(line__in=missing).order_by("pk"), lambda content: not content.get("missing"))


def get_said_at(lines: Iterable[Line], moment: datetime) -> dict[int, Said]:
    """By line: what each said at a moment."""
    said = _fold(LineEntry.objects.filter(line__in=[line.pk for line in lines], at__lte=moment).order_by("pk"))
    return {line.pk: said.get(line.pk, NOTHING) for line in lines}


def get_refiled(lines: Iterable[Line], moment: datetime) -> set[int]:
    """The lines that had a file of evidence attached or taken away since a moment."""
    rows = LineEntry.objects.filter(line__in=[line.pk for line in lines], at__gt=moment, content__has_any_keys=FILE_KEYS)
    return set(rows.values_list("line_id", flat=True))


def _fold(entries: Iterable[LineEntry], takes: Callable[[dict[str, Any]], bool] = lambda _content: True) -> dict[int, Said]:
    """Each entry holds the fields that were set; together, in their order, they are what the line says."""
    content: dict[int, dict[str, Any]] = {}
    for entry in entries:
        if takes(entry.content):
            content.setdefault(entry.line_id, {}).update(entry.content)
    return {line: _read(fields) for line, fields in content.items()}


def _read(fields: dict[str, Any]) -> Said:
    known = {name: value for name, value in fields.items() if name in Said.__dataclass_fields__}
    if known.get("value") is not None:
        known["value"] = Decimal(known["value"])
    return Said(**known)
