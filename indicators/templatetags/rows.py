"""Pieces that a page has dozens of, each drawn in one go: a template would look up every name of every one of them."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from .. import formatting
from ..models import Result
from ..pictures import light_name, strip
from ..queries.indicators import IndicatorPage, Point
from ..queries.tasks import TaskRow
from ..standing import Judgement
from .figures import figure, finding_words, growth

register = template.Library()
Measure = Result.Measure

_NOTHING = mark_safe('<span aria-hidden="true">—</span>')


class Addresses:
    """The addresses of many pages of one kind that differ in their last number, at the moment of the page at hand: reversed once."""

    def __init__(self, context: template.Context, view: str, *args: Any) -> None:
        self._before, _place, after = reverse(view, args=(*args, 0)).rpartition("0")
        moment = context.get("moment")
        self._after = after + (moment.query if moment else "")

    def __getitem__(self, number: int) -> str:
        return f"{self._before}{number}{self._after}"


@register.simple_tag(takes_context=True)
def task_tiles(context: template.Context, plan: str, rows: Sequence[TaskRow]) -> SafeString:
    """Tasks on the overview: number, name, light and how far each is."""
    addresses = Addresses(context, "task", plan)
    names = {light: light_name(light) for light in {row.judged.colour for row in rows}}
    return format_html_join(
        "",
        '<a class="task {0}" href="{1}" title="{2} · {3}"><span class="n">{4}</span><span class="nm">{2}</span>{5}'
        '<span class="p">{6}<span class="vh"> {7}</span></span></a>',
        (
            (
                row.judged.colour,
                addresses[row.number],
                row.title_zh,
                row.lead_unit,
                f"{row.number:02}",
                strip(row.judged.done, row.judged.due, row.judged.colour),
                _NOTHING if row.judged.done is None else formatting.format_percent(row.judged.done),
                names[row.judged.colour],
            )
            for row in rows
        ),
    )


@register.simple_tag(takes_context=True)
def series_rows(context: template.Context, page: IndicatorPage) -> SafeString:
    """The periods of an indicator, the newest first: its value and what was said before, growth, status and source, each figure with its way back."""
    observations, results = (Addresses(context, "provenance", kind) for kind in ("observation", "result"))
    own = page.indicator.get_origin_display()
    # Escaped once, and not in each of many rows.
    value, yearly, quarterly, status, source = map(escape, (_("数值"), _("同比"), _("环比"), _("状态"), _("来源")))

    def draw(point: Point) -> tuple[str, ...]:
        o = point.observation
        return (
            formatting.format_period(o.period_id),
            value,
            observations[o.pk],
            figure(o, page.are_large),
            _draw_earlier(point, page, observations),
            yearly,
            _draw_growth(point.results.get(Measure.GROWTH_YOY), o.decimals, results),
            quarterly,
            _draw_growth(point.results.get(Measure.GROWTH_QOQ), o.decimals, results),
            status,
            o.status_name,
            _draw_remarks(point, page, results),
            source,
            _draw_source(point, own),
        )

    return format_html_join(
        "\n",
        '<tr><th scope="row" class="period">{}</th><td data-l="{}"><a href="{}">{}</a>{}</td><td data-l="{}">{}</td><td data-l="{}">{}</td>'
        '<td data-l="{}">{}{}</td><td data-l="{}">{}</td></tr>',
        map(draw, reversed(page.points)),
    )


def _draw_earlier(point: Point, page: IndicatorPage, observations: Addresses) -> SafeString:
    old = ((observations[vintage.pk], figure(vintage, page.are_large)) for vintage in point.earlier)
    return format_html_join("", ' <small><a class="quiet" href="{}"><s>{}</s></a></small>', old)


def _draw_growth(result: Judgement | None, decimals: int, results: Addresses) -> SafeString | str:
    return format_html('<a class="plain" href="{}">{}</a>', results[result.pk], growth(result, decimals)) if result else "—"


def _draw_remarks(point: Point, page: IndicatorPage, results: Addresses) -> SafeString:
    """What breaks the series here, and what the checks found."""
    broken = format_html(' <small class="quiet">{}</small>', note) if (note := point.observation.comparability_break) else SafeString()
    found = finding_words(point, page.indicator)
    if not found:
        return broken
    address, name = results[point.results[Measure.FINDINGS].pk], _("核查")
    return broken + format_html_join("", ' <small><a class="quiet" href="{}">{}：{}</a></small>', ((address, name, words) for words in found))


def _draw_source(point: Point, own: str) -> SafeString:
    """Its document or how it came about, else ``own``, where its indicator's figures come from; and what was noted of it."""
    o = point.observation
    if o.source:
        source = format_html("<span>{}</span>", o.source)
    else:
        source = format_html("{}", _("季度填报") if o.line_id else _("公式计算") if o.run_id else own)
    return format_html('{}<small class="quiet">{}</small>', source, o.note) if o.note and not o.line_id else source
