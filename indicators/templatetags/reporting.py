"""What the pages of a return need to show its lines."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _

from ..formatting import format_value
from ..models import MissingReason, Qualifier, Target
from ..numbers import plain as plain_text
from ..queries.sheets import Sheet

register = template.Library()


@register.filter
def plain(value: Decimal | str | None) -> str:
    """A value as it is typed: no grouping, no trailing zeros, nothing for None or for what a template did not find."""
    return plain_text(value) or "" if isinstance(value, Decimal) else ""


@register.filter
def target_text(target: Target) -> str:
    """A target with its unit: in its document's own writing, or its comparison and number."""
    unit = target.unit_of_measure
    if target.stated:
        return target.stated
    if target.kind == Target.Kind.RANGE:
        return f"{plain_text(target.value)}–{format_value(target.upper, unit)}"
    value = format_value(target.value, unit)
    if target.kind in (Target.Kind.CHANGE, Target.Kind.GROWTH):
        return (_("较基期变化 %(value)s") if target.kind == Target.Kind.CHANGE else _("较基期增长 %(value)s")) % {"value": value}
    return value if target.comparison == Target.Comparison.EQUAL else f"{target.get_comparison_display()}{value}"


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
