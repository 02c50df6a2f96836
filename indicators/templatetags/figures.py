"""Filters every page shares: figures, periods, lights, strips."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from .. import formatting
from ..models import Light, MissingReason, Observation, Result
from ..recompute.methods import WORDS as METHOD_WORDS

register = template.Library()

# Why a result is what it is, as the recomputation notes it (`detail.reason`), in words.
REASONS = {
    "overdue": _("已过完成时限，尚未办结"),
    "due_soon": _("临近完成时限"),
    "narrative_only": _("只有文字进展，没有可衡量的指标或节点"),
    "not_reported": _("尚未报送"),
    "missing": _("本期缺报"),
    "stale": _("连续两期没有新的数据"),
    "no_observation": _("尚无数据"),
    "not_published": _("发布单位尚未公布目标年份的数据"),
    "before_baseline": _("最新数据早于目标的基期，还说不上完成了多少"),
    "no_baseline": _("没有基期值，无法计算完成率"),
    "no_baseline_period": _("基期年份不明，无法计算序时进度"),
    "unit_mismatch": _("目标与指标的计量单位不同，无法比较"),
    "not_computable": _("分母为零或目标等于基期，无法计算"),
}

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
    return formatting.format_value(
        observation.value, observation.unit_of_measure, decimals=decimals, qualifier=observation.qualifier
    )


@register.filter
def method_words(name: str) -> str:
    """What a result's method does; nothing for one that is no longer used."""
    return str(METHOD_WORDS.get(name, ""))


@register.filter
def result_value(result: Result) -> str:
    """A result's number as a person reads it: shares in percent, differences of shares in points, amounts with their unit."""
    if result.value is None:
        return str(_("无法计算"))
    match result.measure:
        case Result.Measure.COMPLETION | Result.Measure.SCHEDULE | Result.Measure.CHANCE | Result.Measure.PROGRESS:
            return formatting.format_percent(result.value)
        case Result.Measure.GROWTH_YOY | Result.Measure.GROWTH_QOQ:
            return growth(result)
        case Result.Measure.REQUIRED_PACE if result.detail.get("of") == "change" and result.indicator and result.indicator.unit_of_measure == "%":
            return formatting.format_signed(result.value, str(_(" 个百分点")), 2)
        case Result.Measure.PROJECTION | Result.Measure.REQUIRED_PACE:
            return _say_computed(result, result.value)
    return formatting.format_value(result.value, result.indicator.unit_of_measure if result.indicator else "")


@register.filter
def projected(result: Result) -> str:
    """A projected value as its indicator's are shown, with at least one decimal more than nothing: it is computed."""
    return _say_computed(result, result.value)


@register.filter
def interval(result: Result, level: str) -> str:
    """1.30%～1.42%: the ends of a projection's interval."""
    ends = (result.detail.get(end, {}).get(level) for end in ("lower", "upper"))
    return "～".join(_say_computed(result, None if end is None else Decimal(str(end))) for end in ends)


def _say_computed(result: Result, value: Decimal | None) -> str:
    indicator = result.indicator
    if indicator is None:
        return "—"
    return formatting.format_value(value, indicator.unit_of_measure, decimals=max(indicator.decimals, 1))


@register.filter
def money(amount: Decimal | None) -> str:
    """An amount stored in 万元; large ones in 亿元."""
    return formatting.format_value(amount, "万元")


class Counted(Protocol):
    """An entry of a register that states how many, in its source's words."""

    quantity: Decimal | None
    unit_of_measure: str
    qualifier: str


@register.filter
def amount(entry: Counted) -> str:
    """How many, with the word its source qualifies it with: a bound is not a number."""
    return formatting.format_value(entry.quantity, entry.unit_of_measure, qualifier=entry.qualifier)


@register.filter
def growth(result: Result | None) -> str:
    """A growth with its sign: percent, or percentage points where the result says so."""
    if result is None or result.value is None:
        return "—"
    unit = result.detail.get("unit", "")
    if unit in ("pp", "位"):
        # A change of a share is said as finely as the share itself.
        decimals = result.indicator.decimals if result.indicator else 1
        return formatting.format_signed(result.value, " 个百分点" if unit == "pp" else " 位", decimals)
    return formatting.format_signed(result.value * 100, "%")


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """``mapping[key]``, or nothing."""
    return mapping.get(key) if mapping else None


@register.filter
def light_name(light: str) -> str:
    """A light's word."""
    return str(Light(light).label) if light in Light.values else ""


@register.simple_tag
def shape(light: str) -> SafeString:
    """A light's shape as a small picture; its word stands beside it, so it says nothing to a screen reader."""
    return format_html('<svg class="ico" viewBox="-6 -6 12 12" aria-hidden="true" focusable="false">{}</svg>', _shape_of(light))


@register.simple_tag
def strip(completion: Decimal | None, schedule: Decimal | None, light: str) -> SafeString:
    """How far a thing is on a line of 0–100 %, with a tick where it should be. Drawn here, for a page has dozens."""
    tick = mark = ""
    if schedule is not None:
        tick = format_html('<line class="now" x1="{0}" x2="{0}" y1="0" y2="12"/>', strip_x(schedule))
    if completion is not None:
        mark = format_html(
            '<svg x="{}" y="6" overflow="visible">{}</svg>', strip_x(completion), _shape_of("pending" if light == "grey" else light)
        )
    return format_html(
        '<svg class="strip" width="100%" height="13" overflow="visible" aria-hidden="true" focusable="false">'
        '<line x1="2%" x2="98%" y1="6" y2="6"/>{}{}</svg>',
        tick,
        mark,
    )


def _shape_of(light: str) -> SafeString:
    return SHAPES.get(light) or SHAPES["grey"]


@register.filter
def reason_words(code: str) -> str:
    """Why a result is what it is; a code without a sentence says itself."""
    return str(REASONS.get(code, code))


@register.filter
def origin_name(origin: str) -> str:
    """Where an observation came from, in a word."""
    names = {"line": _("单位填报"), "correction": _("更正"), "import": _("导入"), "count": _("台账计数"), "formula": _("公式计算")}
    return str(names[origin])


@register.filter
def strip_x(share: Decimal | float | None) -> str:
    """Where a share stands on a strip of 0–100 %, as an SVG length; beyond the ends it stays at them."""
    return f"{min(max(float(share or 0), 0.0), 1.0) * 96 + 2:.2f}%"
