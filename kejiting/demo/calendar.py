"""When things happened: everything is placed around the day the demonstration is made on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from unittest.mock import patch

from django.utils import timezone

from indicators.periods import Span, last_ended, shift

# Past quarters before the open one, whose returns are all accepted.
HISTORY = 8
DUE_DAYS = 20


@dataclass(frozen=True)
class Calendar:
    """Quarters by offset from the open round's, which is the last one that is over."""

    today: date

    @property
    def offsets(self) -> range:
        return range(-HISTORY, 1)

    @property
    def years(self) -> range:
        return range(self.quarter(-HISTORY).ends_on.year, self.quarter(0).ends_on.year + 1)

    @property
    def begins_on(self) -> date:
        return self.quarter(-HISTORY).starts_on

    def quarter(self, offset: int) -> Span:
        return shift(last_ended("quarter", self.today), offset)

    def offset(self, year: int, quarter: int) -> int:
        last = self.quarter(0).starts_on
        return (year - last.year) * 4 + quarter - 1 - (last.month - 1) // 3

    def opens_at(self, offset: int) -> datetime:
        return _at(self.quarter(offset).ends_on + timedelta(days=1))

    def due_at(self, offset: int) -> datetime:
        day = self.quarter(offset).ends_on + timedelta(days=DUE_DAYS)
        return _at(max(day, self.today + timedelta(days=10)) if offset == 0 else day, 18)

    def past(self, offset: int, days: float) -> datetime:
        """So many days after a past quarter's end."""
        return _in_office_hours(self.opens_at(offset) + timedelta(days=days))

    def lately(self, share: float) -> datetime:
        """A moment of the open round: 0 when it opened, 1 at the beginning of today."""
        opened, latest = self.opens_at(0), max(_at(self.today), self.opens_at(0))
        return min(_in_office_hours(opened + (latest - opened) * share), latest)


def _at(day: date, hour: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def _in_office_hours(moment: datetime) -> datetime:
    """The same day between nine and five, earlier staying earlier."""
    midnight = _at(timezone.localdate(moment))
    return midnight + timedelta(hours=9) + (moment - midnight) / 3


def get_random(*key: object) -> Random:
    """A generator of its own for each thing, so that one more row changes no other."""
    return Random(":".join(map(str, key)))  # noqa: S311  nothing here is a secret


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Actions and stamps inside see this time.

    The past goes through the same actions as the present, and those ask the clock once each. The command is
    a process of its own, so nobody else sees the clock stand still.
    """
    with patch.object(timezone, "now", lambda: moment):
        yield
