"""What everything of one run shares: the day, the thresholds, and the list of what was read."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ..compute.thresholds import Yardstick, load_yardstick
from .methods import CODE_VERSION


@dataclass
class Book:
    yardstick: Yardstick
    now: datetime
    # A digest and not a list: a full recomputation reads millions.
    _seen: Any = field(default_factory=hashlib.sha256)

    @property
    def today(self) -> date:
        return self.yardstick.today

    def read(self, kind: str, what: Iterable[object]) -> None:
        """Note inputs of the run, in an order of its own: ids of what never changes, contents of what does."""
        self._seen.update(repr((kind, sorted(map(str, what)))).encode())

    @property
    def fingerprint(self) -> str:
        """The same inputs and the same code give the same results, and the same number here."""
        return hashlib.sha256(repr((CODE_VERSION, self.today.isoformat(), self._seen.hexdigest())).encode()).hexdigest()


def open_book(today: date, now: datetime) -> Book:
    book = Book(load_yardstick(today), now)
    rows = [row for group in book.yardstick.rows.values() for row in group]
    book.read("threshold", [(r.plan_id, r.green, r.red, r.due_soon_days, r.valid) for r in rows])
    return book
