"""Figures, periods and dates as official Chinese writes them: 2025年第一季度, 156.2亿元, 超25亿元, 65%以上, 2025年3月3日."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import Target
from .numbers import plain
from .periods import parse_label

QUARTERS = (gettext_lazy("一"), gettext_lazy("二"), gettext_lazy("三"), gettext_lazy("四"))
# From this many 万元 on an amount is said in 亿元.
YI = Decimal(10_000)
LARGE_DECIMALS = 2


def format_period(label: str | None) -> str:
    """A period's label in words; what is no label comes back as it is."""
    if not label:
        return ""
    try:
        span = parse_label(label)
    except ValueError:
        return label
    year, start, end = span.starts_on.year, span.starts_on, span.ends_on
    if span.frequency == "year":
        return _("%(year)s年") % {"year": year}
    if span.frequency == "quarter":
        return _("%(year)s年第%(number)s季度") % {"year": year, "number": QUARTERS[(start.month - 1) // 3]}
    if span.frequency == "half":
        return (_("%(year)s年上半年") if start.month == 1 else _("%(year)s年下半年")) % {"year": year}
    if span.frequency == "month":
        return _("%(year)s年%(month)s月") % {"year": year, "month": start.month}
    return _format_range(year, start.month, end.year, end.month)


def _format_range(year: int, month: int, last_year: int, last_month: int) -> str:
    if month == 1 and last_month == 12:
        return _("%(year)s年—%(last)s年") % {"year": year, "last": last_year}
    if year == last_year:
        return _("%(year)s年%(month)s—%(last)s月") % {"year": year, "month": month, "last": last_month}
    return _("%(year)s年%(month)s月—%(last_year)s年%(last_month)s月") % {
        "year": year,
        "month": month,
        "last_year": last_year,
        "last_month": last_month,
    }


def format_day(day: date | None) -> str:
    """2025年3月3日; of a moment its day in this country; nothing for none."""
    day = _localise(day)
    return _("%(year)s年%(month)s月%(day)s日") % {"year": day.year, "month": day.month, "day": day.day} if day else ""


def format_day_of_year(day: date | None) -> str:
    """3月3日, where the year is plain."""
    day = _localise(day)
    return _("%(month)s月%(day)s日") % {"month": day.month, "day": day.day} if day else ""


def format_time(moment: datetime | None) -> str:
    """2025年3月3日 14:02, by the clock of this country."""
    local = _localise(moment)
    return f"{format_day(local)} {local:%H:%M}" if local else ""


def format_remaining(due: datetime) -> str:
    """How long there is until a moment to come, by the days of this country's calendar: 今天, 明天, 还有 10 天."""
    days = (timezone.localtime(due).date() - timezone.localdate()).days
    if days <= 0:
        return _("今天")
    return _("明天") if days == 1 else _("还有 %(days)s 天") % {"days": days}


D = TypeVar("D", date, datetime)


def _localise(day: D | None) -> D | None:
    return timezone.localtime(day) if isinstance(day, datetime) and timezone.is_aware(day) else day


def format_number(value: Decimal | None, decimals: int | None = None) -> str:
    """14,545.5 and −0.3: in groups of three, with a real minus, with its own decimals or with those given; a dash for None."""
    if value is None:
        return "—"
    shown = _round(value, _decimals_of(value) if decimals is None else decimals)
    return f"{'−' if shown < 0 else ''}{abs(shown):,f}"


def are_large(amounts: Iterable[Decimal | None], revised: Iterable[Iterable[Decimal | None]] = ()) -> bool:
    """Whether amounts of 万元 that stand in one column are all said in 亿元: with a small one among them none is.

    Nor is one where that would hide a revision: of each of ``revised``, the values one figure had, different ones must be written differently.
    """
    return all(abs(amount) >= YI for amount in amounts if amount is not None) and all(_differ_when_large(values) for values in revised)


def _differ_when_large(values: Iterable[Decimal | None]) -> bool:
    different = {value for value in values if value is not None}
    return len({_round(value / YI, LARGE_DECIMALS) for value in different}) == len(different)


def format_value(value: Decimal | None, unit: str, *, decimals: int | None = None, qualifier: str = "", large: bool | None = None) -> str:
    """A value with its unit and the word it is qualified with; a dash for None.

    ``large`` says whether 万元 become 亿元; by default a large amount does.
    """
    if value is None:
        return "—"
    if unit == "万元" and (abs(value) >= YI if large is None else large):
        # A large amount keeps few decimals of 亿, and none that its source did not have.
        value, unit, decimals = value / YI, "亿元", min(_decimals_of(value / YI), LARGE_DECIMALS)
    return qualify(format_number(value, decimals), unit, qualifier)


def qualify(number: str, unit: str, qualifier: str) -> str:
    """超25亿元, 近30家, 约3项, 250余家, 65%以上; a space only before a Latin unit (3 km)."""
    gap = " " if unit[:1].isascii() and unit[:1].isalpha() else ""
    if not qualifier:
        return f"{number}{gap}{unit}"
    if qualifier in ("at_least", "at_most"):
        return f"{number}{gap}{unit}" + (_("以上") if qualifier == "at_least" else _("以下"))
    if qualifier == "more_than_approx":
        return _("%(number)s余%(unit)s") % {"number": number, "unit": unit}
    word = {"over": _("超"), "nearly": _("近"), "about": _("约")}.get(qualifier, "")
    return f"{word}{number}{gap}{unit}"


def format_target(target: Target, large: bool | None = None) -> str:
    """A target with its unit: in its document's own writing, or its comparison and number; ``large`` as of ``format_value``."""
    unit = target.unit_of_measure
    if target.stated:
        return target.stated
    if target.kind == Target.Kind.RANGE:
        return f"{format_number(target.value)}–{format_value(target.upper, unit)}"
    value = format_value(target.value, unit, large=large)
    if target.kind in (Target.Kind.CHANGE, Target.Kind.GROWTH):
        return (_("较基期变化 %(value)s") if target.kind == Target.Kind.CHANGE else _("较基期增长 %(value)s")) % {"value": value}
    return value if target.comparison == Target.Comparison.EQUAL else f"{target.get_comparison_display()}{value}"


def format_percent(share: Decimal | float | None, decimals: int = 1) -> str:
    """A computed share as a percentage with one decimal; nothing for None."""
    return "" if share is None else f"{format_number(Decimal(str(share)) * 100, decimals)}%"


def format_points(gap: Decimal | float | None) -> str:
    """A difference of shares in percentage points, with its sign: −8.3个百分点."""
    return "" if gap is None else format_signed(Decimal(str(gap)) * 100, _("个百分点"))


def format_signed(value: Decimal, unit: str, decimals: int = 1) -> str:
    """A change with its sign: +12.3%, −0.5个百分点; what rounds to nothing has none."""
    sign = "+" if _round(value, decimals) > 0 else ""
    return f"{sign}{format_number(value, decimals)}{unit}"


def _round(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _decimals_of(value: Decimal) -> int:
    text = plain(value) or ""
    return min(len(text.partition(".")[2]), 6)
