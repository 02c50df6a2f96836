"""What the office's screens need to say of targets, spans and moments."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from ..actions.definitions.assignments import say_span
from ..formatting import format_value
from ..models import Assignment, Target

register = template.Library()


@register.filter
def target_words(target: Target) -> str:
    """A target in its document's own writing; else its comparison, its number as a person reads it, its unit."""
    if target.stated:
        return target.stated
    number = format_value(target.value, target.unit_of_measure)
    if target.kind == Target.Kind.RANGE:
        return _("%(low)s 至 %(high)s") % {"low": number, "high": format_value(target.upper, target.unit_of_measure)}
    sign = "" if target.comparison == Target.Comparison.EQUAL else f"{target.get_comparison_display()} "
    words = {Target.Kind.CHANGE: _("较基期变化 %(value)s"), Target.Kind.GROWTH: _("增长 %(value)s")}
    return words.get(Target.Kind(target.kind), "%(value)s") % {"value": sign + number}


@register.filter
def span_words(assignment: Assignment) -> str:
    """From when to when somebody reports."""
    return say_span(assignment)


@register.filter
def moment(iso: str) -> str:
    """A moment as the trail keeps it, in the site's time: 2026-01-20 18:00."""
    return f"{timezone.localtime(datetime.fromisoformat(iso)):%Y-%m-%d %H:%M}" if iso else ""
