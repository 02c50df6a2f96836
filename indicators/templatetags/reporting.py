"""What the pages of a return need to show its lines."""

from decimal import Decimal

from django import template

from ..formatting import YI, format_number, format_value
from ..models import MissingReason, Qualifier, Target
from ..numbers import plain as plain_text
from ..queries.sheets import SheetLine

register = template.Library()


@register.filter
def plain(value: Decimal | str | None) -> str:
    """A value as it is typed: no grouping, no trailing zeros, nothing for None or for what a template did not find."""
    return plain_text(value) or "" if isinstance(value, Decimal) else ""


@register.filter
def goal(row: SheetLine) -> str:
    """The year's target as a number in the unit of its row; a dash where it is no number there."""
    if row.target is None or row.goal is None:
        return "—"
    if row.goal_upper is not None:
        return f"{format_number(row.goal)}–{format_number(row.goal_upper)}"
    sign = "" if row.target.comparison == Target.Comparison.EQUAL else f"{row.target.get_comparison_display()} "
    return f"{sign}{format_number(row.goal)}"


@register.filter
def in_yi(value: Decimal | str | None, unit: str) -> str:
    """A large amount of 万元 in 亿元, as a help to read it; nothing for any other."""
    return format_value(value, unit) if unit == "万元" and isinstance(value, Decimal) and abs(value) >= YI else ""


@register.simple_tag
def missing_name(code: str) -> str:
    """Why there is no value, in words."""
    return str(MissingReason(code).label)


@register.simple_tag
def qualifier_name(code: str) -> str:
    """The word a qualified value is said with; nothing for an exact one."""
    return str(Qualifier(code).label) if code else ""
