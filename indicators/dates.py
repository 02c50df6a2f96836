"""Dates as documents write them."""

import calendar
import re
import unicodedata
from datetime import date

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
# With a point, two digits: 2025.10 typed as a number arrives as 2025.1.
_MONTH = re.compile(r"(\d{4})(?:[-/年](\d{1,2})|\.(\d{2}))月?[底末]?")
_QUARTER = re.compile(r"(\d{4})(?:年第?([1-4一二三四])季度[底末]?|-?[Qq]([1-4]))")
_HALF = re.compile(r"(\d{4})年(上半年|下半年|6月底|年中)")
_YEAR = re.compile(r"(\d{4})(?:年(?:年?[底末]|内)?)?")
_CHINESE = {"一": 1, "二": 2, "三": 3, "四": 4}


class NotADate(ValueError):
    """What was written names no day of our time."""


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
    text = re.sub(r"[\s前]", "", unicodedata.normalize("NFKC", text))
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


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])
