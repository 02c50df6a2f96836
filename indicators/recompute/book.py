"""What everything of one run shares: the day, the thresholds, and the list of what was read."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from ..models import LightThreshold
from .judge import DEFAULT, Thresholds
from .methods import CODE_VERSION


@dataclass
class Book:
    """``plan`` is the current one, where it has thresholds: targets hang on no plan, and are judged by them."""

    today: date
    now: datetime
    plan: int | None = None
    rows: dict[int, list[LightThreshold]] = field(default_factory=dict)
    inputs: set[tuple[str, str]] = field(default_factory=set)

    def thresholds(self, day: date, plan: int | None = None) -> Thresholds:
        """A plan's thresholds on a day; the defaults where it has none for the day."""
        row = next((r for r in self.rows.get(plan or self.plan or 0, []) if day in r.valid), None)
        return Thresholds(row.green, row.red, row.due_soon_days) if row else DEFAULT

    def read(self, kind: str, what: Iterable[object]) -> None:
        """Note inputs of the run: ids of what never changes, contents of what does."""
        self.inputs.update((kind, str(one)) for one in what)

    @property
    def fingerprint(self) -> str:
        """The same inputs and the same code give the same results, and the same number here."""
        return hashlib.sha256(repr((CODE_VERSION, self.today.isoformat(), sorted(self.inputs))).encode()).hexdigest()


def open_book(today: date, now: datetime) -> Book:
    rows: dict[int, list[LightThreshold]] = defaultdict(list)
    current = None
    for row in LightThreshold.objects.select_related("plan").order_by("pk"):
        rows[row.plan_id].append(row)
        current = row.plan_id if row.plan.is_current else current
    book = Book(today, now, current, rows)
    book.read("threshold", [(r.plan_id, r.green, r.red, r.due_soon_days, r.valid) for group in rows.values() for r in group])
    return book
