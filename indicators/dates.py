"""Dates and times of day as people and documents write them."""

import calendar
import re
import unicodedata
from datetime import date, datetime, time

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(\d{1,2})(?:[:时点](\d{1,2})?分?(?::\d{2})?)")
# With a point, two digits: 2025.10 typed as a number arrives as 2025.1.
_MONTH = re.compile(r"(\d{4})(?:[-/年](\d{1,2})|\.(\d{2}))月?[底末]?")
_QUARTER = re.compile(r"(\d{4})(?:年第?([1-4一二三四])季度[底末]?|-?[Qq]([1-4]))")
_HALF = re.compile(r"(\d{4})年(上半年|下半年|6月底|年中)")
_YEAR = re.compile(r"(\d{4})(?:年(?:年?[底末]|内)?)?")
_CHINESE = {"一": 1, "二": 2, "三": 3, "四": 4}


class NotADate(ValueError):
    """What was written names no day of our time."""


def read_day(text: str) -> date:
    """One day: 2026-12-31, 2026/12/31, 2026.12.31, 20261231, 2026年12月31日. Raises ``NotADate``."""
    plain = _plain(text)
    match = _DAY.fullmatch(plain) or _COMPACT.fullmatch(plain)
    try:
        day = date(*map(int, match.groups())) if match else None
    except ValueError as error:  # the 30th of February
        raise NotADate(text) from error
    # An old document may be of 1949; 0205 and 3000 are slips.
    if day is None or not 1900 <= day.year <= 2100:
        raise NotADate(text)
    return day


def read_moment(text: str, default: time) -> datetime:
    """A day and a time of day, 2026-12-31 18:00 or 2026年12月31日18时; a day alone is at ``default``. Naive. Raises ``NotADate``."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if match := re.fullmatch(r"(.*?[\d日])(?:T|\s+|(?<=日))(\d{1,2}[:时点].*)", typed):
        return datetime.combine(read_day(match[1]), _read_clock(match[2]))
    return datetime.combine(read_day(typed), default)


def _read_clock(text: str) -> time:
    match = _CLOCK.fullmatch(_plain(text))
    if not match:
        raise NotADate(text)
    try:
        return time(int(match[1]), int(match[2] or 0))
    except ValueError as error:  # 25 o'clock
        raise NotADate(text) from error


def read_due_date(text: str) -> date:
    """The last day of what is written: 2025-12-31, 2025年12月, 2025年第四季度, 2025年底. Raises ``NotADate``."""
    try:
        day = _read(text)
    except ValueError as error:  # the 30th of February, a 13th month
        raise NotADate(text) from error
    # A plan's task is due in our time: 45992 or 0205 is a slip, not a year.
    if not 2000 <= day.year <= 2100:
        raise NotADate(text)
    return day


def _read(text: str) -> date:
    text = _plain(text).replace("前", "")
    if match := _DAY.fullmatch(text):
        return date(*map(int, match.groups()))
    if match := _MONTH.fullmatch(text):
        return _month_end(int(match[1]), int(match[2] or match[3]))
    if match := _QUARTER.fullmatch(text):
        number = match[2] or match[3]
        return _month_end(int(match[1]), 3 * (_CHINESE.get(number) or int(number)))
    if match := _HALF.fullmatch(text):
        return _month_end(int(match[1]), 12 if match[2] == "下半年" else 6)
    if match := _YEAR.fullmatch(text):
        return _month_end(int(match[1]), 12)
    raise NotADate(text)


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
