"""Filters every page shares: figures, periods, lights, strips."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from django import template
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import formatting, units
from ..explain import SCHEDULE_RULES
from ..findings import say_finding
from ..models import Indicator, Line, MissingReason, Observation, Qualifier, Result
from ..pictures import light_name, light_tag, shape, strip
from ..queries.entries import FILE_ADDED, FILE_REMOVED
from ..queries.indicators import Point
from ..queries.vintages import Vintage
from ..standing import Judged, Judgement

register = template.Library()
Measure = Result.Measure

# Why a result is what it is, as the recomputation notes it (`detail.reason`), in words.
REASONS = {
    "overdue": _("已过完成时限，尚未办结"),
    "due_soon": _("临近完成时限"),
    "narrative_only": _("只有文字进展，没有可衡量的指标或节点"),
    "not_reported": _("尚未报送"),
    "missing": _("本期缺报"),
    "stale": _("连续两期没有新的数据"),
    "no_observation": _("尚无数据"),
    "not_published": _("记录中还没有目标年份的数据：尚未发布，或发布后尚未录入"),
    "before_baseline": _("最新数据早于目标的基期，还说不上完成了多少"),
    "no_baseline": _("没有基期值，无法计算完成率"),
    "no_baseline_period": _("基期年份不明，无法计算序时进度"),
    "unit_mismatch": _("目标与指标的计量单位不同，无法比较"),
    "not_computable": _("分母为零或目标等于基期，无法计算"),
}

# What a difference of shares is counted in, by what the recomputation notes of it.
POINTS = {"pp": units.POINTS["%"], "‰": units.POINTS["‰"]}

# What an entry of a line says beside the line's own fields, and what of these is a code.
FILES = {FILE_ADDED: _("附上佐证材料"), FILE_REMOVED: _("移除佐证材料")}
CODES: dict[str, type[TextChoices]] = {"missing": MissingReason, "qualifier": Qualifier}

register.filter("period_zh", formatting.format_period)
register.filter("day", formatting.format_day)
register.filter("day_of_year", formatting.format_day_of_year)
register.filter("clock", formatting.format_time)
register.filter("remaining", formatting.format_remaining)
register.filter("percent", formatting.format_percent)
register.filter("points", formatting.format_points)
register.filter("target_text", formatting.format_target)
register.filter("in_unit", formatting.format_value)
register.filter(light_name)
register.simple_tag(shape)
register.simple_tag(light_tag)
register.simple_tag(strip)


@register.filter
def number(value: Decimal | None) -> str:
    """A number without a unit; a dash for None, nothing for what a template did not find."""
    return "" if isinstance(value, str) else formatting.format_number(value)


@register.filter
def figure(observation: Observation | Vintage | None, large: bool | None = None) -> str:
    """An observation as a person reads it: as its source writes it where that is known, else by the indicator's decimals.

    ``large``: as of ``format_value``, where figures stand under each other.
    """
    if not observation:
        return "—"
    if observation.value is None:
        return str(MissingReason(observation.missing).label)
    if observation.stated:
        return observation.stated
    return formatting.format_value(
        observation.value, observation.unit_of_measure, decimals=_decimals_of(observation), qualifier=observation.qualifier, large=large
    )


@register.filter
def figure_number(observation: Observation | Vintage) -> str:
    """The same without the unit, which stands beside it in its own size."""
    return formatting.format_number(observation.value, _decimals_of(observation))


def _decimals_of(observation: Observation | Vintage) -> int | None:
    """A computed figure is rounded to its indicator's decimals; a typed one keeps its own."""
    if not observation.run_id:
        return None
    return observation.decimals if isinstance(observation, Vintage) else observation.indicator.decimals


@register.filter
def money(amount: Decimal | None, large: bool | None = None) -> str:
    """An amount stored in 万元; large ones in 亿元, or as ``large`` says."""
    return formatting.format_value(amount, "万元", large=large)


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
def amount_of(result: Judgement, indicator: Indicator) -> str:
    """An amount that was computed of an indicator's figures, as they are shown."""
    return formatting.format_value(result.value, indicator.unit_of_measure, decimals=indicator.decimals)


@register.filter
def growth(result: Result | Judgement | None, decimals: int = 1) -> str:
    """A growth with its sign: percent, or a difference of shares in points, said as finely as the indicator, which has ``decimals``."""
    if not result or result.value is None:
        return "—"
    if unit := POINTS.get(result.detail.get("unit", "")):
        return formatting.format_signed(result.value, str(unit), decimals)
    return formatting.format_signed(result.value * 100, "%")


@register.filter
def result_value(result: Result) -> SafeString | str:
    """A result as a person reads it: a light with its shape, shares in percent, differences of shares in points, amounts with their unit."""
    if result.value is None:
        if result.measure == Measure.PROGRESS and result.text == "achieved":
            return str(_("已达到目标"))
        return light_tag(result.text) if result.measure == Measure.LIGHT else str(_("无法计算"))
    decimals, unit = (result.indicator.decimals, result.indicator.unit_of_measure) if result.indicator else (1, "")
    match result.measure:
        case Measure.COMPLETION | Measure.SCHEDULE | Measure.CHANCE | Measure.PROGRESS:
            return formatting.format_percent(result.value)
        case Measure.GROWTH_YOY | Measure.GROWTH_QOQ:
            return growth(result, decimals)
        case Measure.FINDINGS:
            return formatting.format_number(result.value)
        case Measure.REQUIRED_PACE if result.detail.get("of") == "change" and unit == "%":
            return formatting.format_signed(result.value, str(POINTS["pp"]), 2)
        case Measure.PROJECTION | Measure.REQUIRED_PACE:
            return _say_computed(result, result.value)
    return formatting.format_value(result.value, unit)


@register.filter
def finding_words(point: Point, indicator: Indicator) -> list[str]:
    """What the checks found of a period's value, a sentence each."""
    found = point.results.get(Measure.FINDINGS)
    if found is None or point.value is None:
        return []
    return [say_finding(f["code"], f["numbers"], indicator, point.value) for f in found.detail["findings"]]


@register.filter
def projection_interval(result: Result, level: str) -> str:
    """1.30%～1.42%: the ends of a projection's interval."""
    ends = (result.detail.get(end, {}).get(level) for end in ("lower", "upper"))
    return "～".join(_say_computed(result, None if end is None else Decimal(str(end))) for end in ends)


def _say_computed(result: Result, value: Decimal | None) -> str:
    """As its indicator's figures are shown, with one decimal at least: it may be a part of the smallest step."""
    if result.indicator is None:
        return "—"
    return formatting.format_value(value, result.indicator.unit_of_measure, decimals=max(result.indicator.decimals, 1))


@register.filter
def entry_words(content: Mapping[str, Any]) -> str:
    """What was saved of a line, in words: 数值 12；限定 约; 清空 where it only took something away."""
    said = [f"{_name_field(name)} {CODES[name](value).label if name in CODES else value}" for name, value in content.items() if value]
    return "；".join(said) or gettext("清空")


def _name_field(name: str) -> str:
    return str(FILES[name] if name in FILES else Line._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # a plain field


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """``mapping[key]``, or nothing."""
    return mapping.get(key) if mapping else None


@register.simple_tag
def demo(is_demo: bool) -> SafeString:
    """The mark of what is demonstration; nothing where it is not."""
    return format_html('<span class="demo" title="{}">{}</span>', _("演示数据，不代表官方统计"), _("演示")) if is_demo else SafeString()


@register.simple_tag(takes_context=True)
def link(context: template.Context, view: str, *args: Any) -> str:
    """The address of a page that shows the moment the page at hand is of."""
    moment = context.get("moment")
    return reverse(view, args=args) + (moment.query if moment else "")


@register.simple_tag(takes_context=True)
def figure_link(context: template.Context, observation: Observation | Vintage, look: str = "") -> SafeString:
    """A figure that leads to where it came from."""
    attribute = format_html(' class="{}"', look) if look else ""
    return format_html('<a{} href="{}">{}</a>', attribute, link(context, "provenance", "observation", observation.pk), figure(observation))


@register.simple_tag(takes_context=True)
def done_link(context: template.Context, judged: Judged) -> SafeString:
    """How far a thing is, in percent, leading to how that was computed."""
    return _link_result(context, judged.completion, formatting.format_percent(judged.done))


@register.simple_tag(takes_context=True)
def due_link(context: template.Context, judged: Judged) -> SafeString:
    """How far it should be, likewise."""
    return _link_result(context, judged.schedule, formatting.format_percent(judged.due))


@register.simple_tag(takes_context=True)
def light_link(context: template.Context, judged: Judged) -> SafeString:
    """A light that leads to why it is what it is; nothing where none was computed."""
    return _link_result(context, judged.light, light_tag(judged.colour))


def _link_result(context: template.Context, result: Judgement | None, words: str) -> SafeString:
    if result is None:
        return SafeString()
    return format_html('<a class="plain" href="{}">{}</a>', link(context, "provenance", "result", result.pk), words)


@register.filter
def reason_words(code: str) -> str:
    """Why a result is what it is; a code without a sentence says itself."""
    return str(REASONS.get(code, code))


@register.filter
def schedule_rule(rule: str) -> SafeString | str:
    """By which rule a 序时进度 was counted, in a word and on asking in a sentence; nothing of a result older than the note of it."""
    return format_html('<span title="{1}">{0}</span>', *SCHEDULE_RULES[rule]) if rule in SCHEDULE_RULES else ""


@register.filter
def why(judged: Judged) -> str:
    """Why a task wants attention: its worst part, or the reason that was noted, or how far it is behind."""
    detail = judged.light.detail if judged.light else {}
    if worst := detail.get("worst"):
        name, gap = worst[0]["name"], worst[0]["gap"]
        return f"{name}：{_('节点逾期未完成')}" if gap is None else f"{name}：{_('比序时进度')} {formatting.format_points(gap)}"
    if reason := detail.get("reason"):
        return reason_words(reason)
    return "" if judged.gap is None else f"{_('比序时进度')} {formatting.format_points(judged.gap)}"


@register.filter
def origin_name(origin: str) -> str:
    """Where an observation came from, in a word."""
    names = {"line": _("单位填报"), "correction": _("更正"), "import": _("导入"), "count": _("台账计数"), "formula": _("公式计算")}
    return str(names[origin])
