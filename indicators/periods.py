"""Period labels (SDMX: 2025, 2025-S1, 2025-Q1, 2025-03, or a range 2016-01/2020-12) and their dates."""

import calendar
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

Frequency = Literal["year", "half", "quarter", "month", "range"]

MONTHS: dict[str, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}
# How many periods a year has; a range is no part of any.
A_YEAR: dict[str, int] = {frequency: 12 // months for frequency, months in MONTHS.items()} | {"range": 0}
_LABEL = re.compile(r"(?P<year>[12]\d{3})(?:-(?:S(?P<half>[12])|Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_RANGE = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])/([12]\d{3})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True)
class Span:
    """A period as dates: both ends belong to it."""

    label: str
    frequency: Frequency
    starts_on: date
    ends_on: date


@lru_cache(maxsize=4096)
def parse_label(label: str) -> Span:
    """The span a label names. Raises ``ValueError`` for anything that is not a label."""
    if match := _LABEL.fullmatch(label):
        year = int(match["year"])
        for frequency in ("half", "quarter", "month"):
            if match[frequency]:
                return make_span(frequency, year, int(match[frequency]))
        return make_span("year", year, 1)
    if match := _RANGE.fullmatch(label):
        first_year, first_month, last_year, last_month = map(int, match.groups())
        start, end = date(first_year, first_month, 1), _last_day(last_year, last_month)
        if start <= end:
            return Span(label, "range", start, end)
    raise ValueError(f"not a period label: {label!r}")


def make_span(frequency: Frequency, year: int, number: int) -> Span:
    """The ``number``-th (from 1) period of ``frequency`` in ``year``."""
    months = MONTHS[frequency]
    first = (number - 1) * months + 1
    label = {
        "year": f"{year:04}",
        "half": f"{year:04}-S{number}",
        "quarter": f"{year:04}-Q{number}",
        "month": f"{year:04}-{number:02}",
    }[frequency]
    return Span(label, frequency, date(year, first, 1), _last_day(year, first + months - 1))


def shift(span: Span, steps: int) -> Span:
    """The period ``steps`` later (negative: earlier) of the same frequency. A range has no neighbours: ``ValueError``."""
    if span.frequency == "range":
        raise ValueError(span.label)
    months = MONTHS[span.frequency]
    index = span.starts_on.year * 12 + span.starts_on.month - 1 + steps * months
    year, month = divmod(index, 12)
    return make_span(span.frequency, year, month // months + 1)


def last_ended(frequency: Frequency, today: date) -> Span:
    """The latest period of ``frequency`` that is over on ``today``."""
    number = (today.month - 1) // MONTHS[frequency] + 1
    current = make_span(frequency, today.year, number)
    return current if current.ends_on < today else shift(current, -1)


def get_main_frequency(spans: Iterable[Span]) -> Frequency | None:
    """The one that most of them are of, the finer of as many; a range has no rhythm and does not count."""
    counts = Counter(span.frequency for span in spans if span.frequency in MONTHS)
    return max(counts, key=lambda frequency: (counts[frequency], -MONTHS[frequency]), default=None)


def falls_due(frequency: str, span: Span) -> bool:
    """Whether a round for the period asks what is told once a ``frequency``: a coarser one when its own period ends with it."""
    own, asked = MONTHS.get(frequency, 0), MONTHS.get(span.frequency, 0)
    return asked > 0 and own >= asked and (own == asked or span.ends_on.month % own == 0)


def _last_day(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


_SEASONS = str.maketrans({"一": "1", "二": "2", "三": "3", "四": "4"})
_WRITTEN = re.compile(r"(?P<year>[12]\d{3})年?(?:(?P<half>上|下)半年|第?(?P<quarter>[1-4])季度|(?P<month>\d{1,2})月)?")


def read_period(text: str) -> Span:
    """A period by its label, or as people write it: 2025年, 2025年第三季度, 2025年上半年, 2025年3月. Raises ``ValueError``."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    match = _WRITTEN.fullmatch(plain.translate(_SEASONS))
    if match is None:
        return parse_label(plain)
    year = int(match["year"])
    if match["half"]:
        return make_span("half", year, 1 if match["half"] == "上" else 2)
    if match["quarter"]:
        return make_span("quarter", year, int(match["quarter"]))
    return parse_label(f"{year}-{match['month']:0>2}" if match["month"] else str(year))
