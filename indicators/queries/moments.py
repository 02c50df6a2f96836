"""The moment a page speaks of: now, as the record was (``?as_of=``), or as was published (``?known_on=``)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, Min, Model, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from ..errors import RecordError
from ..models import IndicatorDefinition, Result
from ..models.index_score import EstimatedQuerySet
from ..models.indicator import IndicatorQuerySet
from ..models.observation import ObservationQuerySet
from ..models.result import ResultQuerySet
from ..models.target import TargetQuerySet
from ..models.version import VersionQuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])
Computed = TypeVar("Computed", ResultQuerySet, EstimatedQuerySet)


@dataclass(frozen=True)
class Moment:
    """``as_of`` by what the record held, ``known_on`` by what was published; both empty is now."""

    as_of: datetime | None = None
    known_on: date | None = None

    @property
    def is_now(self) -> bool:
        return self.as_of is None and self.known_on is None

    @property
    def at(self) -> datetime | None:
        """When the record is looked at; None for now."""
        return self.as_of or (_end_of(self.known_on) if self.known_on else None)

    @property
    def parameter(self) -> tuple[str, str]:
        """What a link carries to stay at the moment: its parameter's name and value, both empty for now. A day's end is said as the day."""
        if self.as_of:
            day = timezone.localdate(self.as_of)
            return "as_of", day.isoformat() if self.as_of == _end_of(day) else self.as_of.isoformat()
        return ("known_on", self.known_on.isoformat()) if self.known_on else ("", "")

    @property
    def query(self) -> str:
        """The same for the end of an address."""
        name, value = self.parameter
        return f"?{urlencode({name: value})}" if name else ""

    def recorded(self, rows: Rows) -> Rows:
        """Those of ``rows`` that had entered the record. What was published by when says nothing of definitions."""
        return rows.filter(recorded_at__lte=self.as_of) if self.as_of else rows

    def set_back(self, rows: Collection[Model], versions: VersionQuerySet) -> None:
        """Each of ``rows``, which had been recorded, says what it said at the moment; nothing of this is saved."""
        if not self.as_of:
            return
        subject = versions.model.SUBJECT
        said = {getattr(version, f"{subject}_id"): version for version in versions.as_of(self.as_of).filter(**{f"{subject}__in": rows})}
        for row in rows:
            said[row.pk].set_back(row)

    def indicators(self, rows: IndicatorQuerySet) -> IndicatorQuerySet:
        """Those of ``rows`` that were defined at the moment."""
        if not self.as_of:
            return rows
        return rows.filter(Exists(IndicatorDefinition.objects.filter(indicator=OuterRef("pk"), recorded_at__lte=self.as_of)))

    def targets(self, rows: TargetQuerySet) -> TargetQuerySet:
        """Those of ``rows`` that were in force at the moment."""
        return rows.in_force(self.as_of, issued_by=self.known_on)

    def observations(self, rows: ObservationQuerySet) -> ObservationQuerySet:
        """Those of ``rows`` that were there at the moment; ``.latest()`` of them is what was in force."""
        if self.as_of:
            rows = rows.as_of(self.as_of)
        return rows.known_on(self.known_on) if self.known_on else rows

    def results(self, rows: Computed) -> Computed:
        """The results that were current at the moment.

        Under ``known_on`` too it is when they were computed that counts: what nobody had computed was not known, and a result
        made later may stand on figures published later. So a page of a day before this record began has figures and no verdicts.
        """
        return rows.as_of(self.at) if self.at else rows.current()

    @property
    def first_computed_at(self) -> datetime | None:
        """When the record's first result was computed, where that is later than the moment: then there are figures and no verdicts."""
        if not self.at:
            return None
        first: datetime | None = Result.objects.aggregate(first=Min("computed_at"))["first"]
        return first if first and first > self.at else None


NOW = Moment()


class NotRecordedYet(RecordError):
    """What is asked about had not entered the record at the moment."""

    status = 404
    code = "not_recorded_yet"


def parse_moment(as_of: str | None, known_on: str | None) -> Moment:
    """Read the two query parameters. A date means the end of that day in Shanghai. Raises ``RecordError``."""
    moment = Moment(_parse_datetime(as_of) if as_of else None, _parse_date(known_on) if known_on else None)
    # The rest of today is now; a clock that runs a little ahead is forgiven.
    tomorrow = timezone.localdate() + timedelta(days=1)
    for day in (moment.as_of and timezone.localdate(moment.as_of), moment.known_on):
        if day and day > tomorrow:
            raise RecordError(_("%(day)s 还没有到：只能查看过去的情况。") % {"day": day.isoformat()})
    return moment


def parse_since(text: str) -> datetime:
    """From when on: a moment, or the beginning of a day in Shanghai. Raises ``RecordError``."""
    try:
        day = parse_date(text)
        return timezone.make_aware(datetime.combine(day, time.min)) if day else _parse_datetime(text)
    except (ValueError, OverflowError):
        return _parse_datetime(text)  # which says what is wrong with it


def _parse_datetime(text: str) -> datetime:
    try:
        if day := parse_date(text):
            return _end_of(day)
        # A "+" of an offset arrives as a space when a program forgot to escape it.
        if moment := parse_datetime(text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text):
            # In UTC at once: near the first and the last year an offset leads out of what a date can be.
            return (moment if timezone.is_aware(moment) else timezone.make_aware(moment)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise RecordError(_("“%(text)s”不是日期：请写成 2025-09-30 或 2025-09-30T18:00:00+08:00。") % {"text": text[:40]})


def _parse_date(text: str) -> date:
    try:
        if day := parse_date(text):
            return day
    except ValueError:
        pass
    raise RecordError(_("“%(text)s”不是日期：请写成 2025-09-30。") % {"text": text[:40]})


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))
