"""Filters and small pictures of the index: scores, moves of a rank, intervals, the way to a score."""

import math
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .. import formatting
from ..models import IndexScore
from ..numbers import plain

register = template.Library()

MINUS = "−"


def _round(value: Decimal | float, decimals: int) -> str:
    """Half up, as people round."""
    return f"{Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"


@register.filter
def score(value: Decimal | float | None) -> str:
    """A score with one decimal."""
    return "—" if value is None else _round(value, 1)


@register.filter
def score_or_dash(value: float | None) -> str:
    """The same of a number that may be none at all."""
    return score(None if value is None or math.isnan(value) else value)


@register.filter
def place(rank: float | None) -> str:
    """A rank that may be none."""
    return "—" if rank is None or math.isnan(rank) else f"{rank:.0f}"


@register.filter
def plain_or_empty(value: Decimal | None) -> str:
    """A stored number without trailing zeros; nothing for none."""
    return plain(value) or ""


@register.filter
def signed(value: Decimal | float | None) -> str:
    """Points with two decimals and their sign."""
    if value is None or math.isnan(value):
        return "—"
    shown = _round(value, 2).lstrip("-")
    return shown if shown == "0.00" else f"{'+' if value > 0 else MINUS}{shown}"


@register.filter
def moved(places: Decimal | float | None) -> str:
    """A rank's change in words; it is for the worse when the number grows."""
    if places is None:
        return _("无法拆分")
    size = _round(places, 2).lstrip("-").rstrip("0").rstrip(".")
    if size == "0":
        return _("不变")
    return (_("后移 %(n)s 位") if places > 0 else _("前移 %(n)s 位")) % {"n": size}


@register.filter
def gained(places: float | None) -> str:
    """Places gained: up is positive."""
    return moved(None if places is None or math.isnan(places) else -places)


@register.filter
def rank_interval(row: IndexScore) -> str:
    """From which rank to which nine of ten draws came; never narrower than they were."""
    if row.rank_low is None or row.rank_high is None:
        return "—"
    low, high = math.floor(row.rank_low), math.ceil(row.rank_high)
    return str(low) if low == high else f"{low}–{high}"


@register.filter
def raw(row: IndexScore | None) -> str:
    """The figure that an indicator's score is of, with its unit."""
    if row is None or row.value is None:
        return "—"
    indicator = row.node.indicator
    unit = indicator.unit_of_measure if indicator else ""
    return formatting.format_value(row.value, unit, decimals=indicator.decimals if indicator else None)


@register.filter
def share_words(share: Decimal | float | None) -> str:
    """A share of weight in whole percents."""
    return "" if share is None else f"{round(float(share) * 100)}%"


def _x(place: Decimal | float, of: int) -> str:
    """Where a rank stands between the first and the last, as an SVG length."""
    return f"{2 + (float(place) - 1) / max(of - 1, 1) * 96:.2f}%"


@register.simple_tag
def whisker(row: IndexScore, of: int) -> SafeString:
    """A rank as a dot on the line from first to last, with its interval; the numbers stand beside it."""
    if row.rank is None:
        return SafeString("")
    line = ""
    if row.rank_low is not None and row.rank_high is not None:
        line = format_html('<line class="range" x1="{}" x2="{}" y1="9" y2="9"/>', _x(row.rank_low, of), _x(row.rank_high, of))
    return format_html(
        '<svg class="whisker" width="100%" height="18" aria-hidden="true" focusable="false"><line class="rail" x1="2%" x2="98%" y1="9" y2="9"/>{}<circle cx="{}" cy="9" r="4"/></svg>',
        line,
        _x(row.rank, of),
    )


@register.simple_tag
def fall(start: float, width: float) -> SafeString:
    """A bar from where the one before ended: together they are the way to the score."""
    left, size = (start, width) if width >= 0 else (start + width, -width)
    kind = "down" if width < 0 else "up"
    return format_html(
        '<svg class="fall" width="100%" height="18" aria-hidden="true" focusable="false"><rect class="{}" x="{}%" width="{}%" y="3" height="12"/></svg>',
        kind,
        f"{left * 100:.3f}",
        f"{max(size * 100, 0.3):.3f}",
    )


@register.simple_tag
def swing(value: Decimal | float | None, most: Decimal | float, *, up_is_good: bool = True) -> SafeString:
    """A bar to the left or right of the middle; ``most`` is what reaches the end."""
    if value is None or not most:
        return SafeString("")
    size = min(abs(float(value)) / float(most), 1.0) * 48
    is_up = value > 0
    return format_html(
        '<svg class="swing" width="100%" height="18" aria-hidden="true" focusable="false"><line class="mid" x1="50%" x2="50%" y1="0" y2="18"/><rect class="{}" x="{}%" width="{}%" y="3" height="12"/></svg>',
        "good" if is_up == up_is_good else "bad",
        f"{50 if is_up else 50 - size:.2f}",
        f"{size:.2f}",
    )
