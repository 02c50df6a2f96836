"""Filters every page shares: figures, periods, lights, strips."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template

from .. import formatting
from ..models import Light, MissingReason, Observation, Result

register = template.Library()

register.filter("period_zh", formatting.format_period)
register.filter("percent", formatting.format_percent)
register.filter("points", formatting.format_points)


@register.filter
def figure(observation: Observation | None) -> str:
    """An observation as a person reads it: as its source writes it where that is known, else by the indicator's decimals."""
    if observation is None:
        return "—"
    if observation.value is None:
        return str(MissingReason(observation.missing).label)
    if observation.stated:
        return observation.stated
    indicator = observation.indicator
    # A computed figure is rounded to its indicator's decimals; a typed one keeps its own.
    decimals = indicator.decimals if observation.run_id else None
    return formatting.format_value(observation.value, observation.unit_of_measure, decimals=decimals, qualifier=observation.qualifier)


@register.filter
def growth(result: Result | None) -> str:
    """A growth with its sign: percent, or percentage points where the result says so."""
    if result is None or result.value is None:
        return "—"
    unit = result.detail.get("unit", "")
    if unit in ("pp", "位"):
        return formatting.format_signed(result.value, " 个百分点" if unit == "pp" else " 位")
    return formatting.format_signed(result.value * 100, "%")


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """``mapping[key]``, or nothing."""
    return mapping.get(key) if mapping else None


@register.filter
def light_name(light: str) -> str:
    """A light's word."""
    return str(Light(light).label) if light in Light.values else ""


@register.filter
def strip_x(share: Decimal | float | None) -> str:
    """Where a share stands on a strip of 0–100 %, as an SVG length; beyond the ends it stays at them."""
    return f"{min(max(float(share or 0), 0.0), 1.0) * 96 + 2:.2f}%"
