"""What the pages of a return need to show its lines."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _

from ..models import MissingReason, Qualifier, Target
from ..numbers import plain as plain_text
from ..queries.returns import Sheet

register = template.Library()


@register.filter
def plain(value: Decimal | None) -> str:
    """A value as it is typed: no grouping, no trailing zeros, nothing for None."""
    return plain_text(value) or ""


@register.filter
def target_text(target: Target) -> str:
    """A target in its document's own writing, or its comparison and number."""
    if target.kind == Target.Kind.RANGE:
        return f"{plain_text(target.value)}–{plain_text(target.upper)}"
    if target.kind == Target.Kind.CHANGE:
        return _("较基期变化 %(value)s") % {"value": plain_text(target.value)}
    sign = "" if target.comparison == Target.Comparison.EQUAL else target.get_comparison_display()
    return target.stated or f"{sign}{plain_text(target.value)}"


@register.simple_tag
def line_name(sheet: Sheet, key: str) -> str:
    """The name of the line a problem is about."""
    return next((row.name for row in sheet.lines if str(row.line.pk) == key), "")


@register.simple_tag
def missing_name(code: str) -> str:
    """Why there is no value, in words."""
    return str(MissingReason(code).label)


@register.simple_tag
def qualifier_name(code: str) -> str:
    """The word a qualified value is said with; nothing for an exact one."""
    return str(Qualifier(code).label) if code else ""
