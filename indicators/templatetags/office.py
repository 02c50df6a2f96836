"""What the office's screens need to say of spans and moments."""

from datetime import datetime

from django import template

from ..actions.definitions.assignments import say_span
from ..formatting import format_time
from ..models import Assignment

register = template.Library()


@register.filter
def span_words(assignment: Assignment) -> str:
    """From when to when somebody reports."""
    return say_span(assignment)


@register.filter
def moment(iso: str) -> str:
    """A moment as the trail keeps it, in the site's time."""
    return format_time(datetime.fromisoformat(iso)) if iso else ""
