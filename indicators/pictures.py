"""Lights and how far a thing is, as small pictures."""

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from .models import Light

# A light's shape, around 0,0: what tells them apart without colour.
SHAPES = {
    "green": mark_safe('<circle class="f-ok" r="4.5"/>'),
    "yellow": mark_safe('<path class="f-warn" d="M0-5.2 5.2 4.2-5.2 4.2Z"/>'),
    "red": mark_safe('<path class="f-bad" d="M0-5.4 5.4 0 0 5.4-5.4 0Z"/>'),
    "blue": mark_safe('<rect class="f-blue" x="-4.2" y="-4.2" width="8.4" height="8.4"/>'),
    "closed": mark_safe('<path class="f-tick" d="M-4.5 0-1.2 3.6 4.8-3.6"/>'),
    "pending": mark_safe('<circle class="f-pending" r="4"/>'),
    "grey": mark_safe('<path class="f-none" d="M-4.5 0H4.5"/>'),
}

LIGHTS = {light.value: light.label for light in Light}
ICONS = {
    light: format_html('<svg class="ico" viewBox="-6 -6 12 12" aria-hidden="true" focusable="false">{}</svg>', picture)
    for light, picture in SHAPES.items()
}
_STRIP = '<svg class="strip" width="100%" height="13" overflow="visible" aria-hidden="true" focusable="false"><line x1="2%" x2="98%" y1="6" y2="6"/>'
_TICK = '<line class="now" x1="{due}" x2="{due}" y1="0" y2="12"/>'
_MARK = '<svg x="{done}" y="6" overflow="visible">{shape}</svg>'


def light_name(light: str) -> str:
    """A light's word."""
    return str(LIGHTS.get(light, ""))


def shape(light: str) -> SafeString:
    """A light's shape as a small picture; its word stands beside it, so it says nothing to a screen reader."""
    return ICONS.get(light) or ICONS["grey"]


def light_tag(light: str) -> SafeString:
    """A light's shape and word."""
    return format_html('<span class="tag light light-word-{}">{}{}</span>', light, shape(light), light_name(light))


def strip(completion: Decimal | None, schedule: Decimal | None, light: str) -> SafeString:
    """How far a thing is on a line of 0–100 %, with a tick where it should be. Drawn here, for a page has dozens."""
    picture = _STRIP + ("" if schedule is None else _TICK) + ("" if completion is None else _MARK) + "</svg>"
    shape = SHAPES.get("pending" if light == "grey" else light, SHAPES["grey"])
    # Numbers and shapes of our own: there is nothing to escape.
    return SafeString(picture.format(due=strip_x(schedule), done=strip_x(completion), shape=shape))


def strip_x(share: Decimal | float | None) -> str:
    """Where a share stands on a strip of 0–100 %, as an SVG length; beyond the ends it stays at them."""
    return f"{min(max(float(share or 0), 0.0), 1.0) * 96 + 2:.2f}%"
