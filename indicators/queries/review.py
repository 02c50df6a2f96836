"""A return as its reviewer reads it: what changed since it was sent back, what looks wrong, then by how much it moved."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from ..models import Return
from .sheets import Sheet, SheetLine


@dataclass(frozen=True)
class Review:
    """The lines in groups with a title, and how the figures moved against the period before."""

    groups: list[tuple[str, list[SheetLine]]]
    risen: int
    fallen: int
    unchanged: int
    n_changed: int


def make_review(sheet: Sheet) -> Review:
    rows = sorted(sheet.ordered, key=_by_size)
    is_accepted = sheet.report.state == Return.State.ACCEPTED
    changed = [] if is_accepted else [row for row in rows if row.is_changed]
    doubted = [row for row in rows if (row.findings or row.line.missing) and row not in changed]
    others = [row for row in rows if row not in changed and row not in doubted]
    titles = (_("退回后改动"), _("有提示或缺报"), _("按变化大小"))
    groups = [(title, group) for title, group in zip(titles, (changed, doubted, others), strict=True) if group]
    moves = [row.change for row in rows if row.line.kind == "indicator" and row.change is not None]
    return Review(groups, sum(m > 0 for m in moves), sum(m < 0 for m in moves), sum(m == 0 for m in moves), len(changed))


def _by_size(row: SheetLine) -> tuple[bool, Decimal]:
    """The largest change against the period before first; texts last."""
    change, base = row.change, row.previous
    size = abs(change / base) if change is not None and base else abs(change or Decimal(0))
    return (row.line.kind == "narrative", -size)
