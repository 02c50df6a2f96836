"""Chart specs as plain dicts: built here from what the page reads, drawn by ``static/js/charts.js``.

A chart has a sentence that says its finding, and the page shows the same series as a table beside it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from .fan import draw_fan
from .formatting import format_period, format_target, format_value
from .models import Indicator, Target
from .periods import A_YEAR, Span, get_main_frequency, parse_label
from .queries.indicators import IndicatorPage, Point
from .standing import Judgement, choose_target

# More ticks than this run into each other at 700 px.
MOST_TICKS = 12
# A longer name would not fit beside its line; the heading says it then.
NAME_LENGTH = 6
INK, BRAND, REFERENCE = "#14202c", "#1d4f7c", "#6b7680"


@dataclass(frozen=True)
class Chart:
    """A picture: its Plotly spec, the sentence above it, and what a screen reader says of it."""

    spec_id: str
    spec: dict[str, Any]
    takeaway: str
    label: str


@dataclass(frozen=True)
class Line:
    """One line of a trend: its name and its values by period, missing ones as None.

    A running total of the year begins anew each January: its line is not drawn across.
    A reference is what the others are compared with: it is drawn in the background.
    """

    name: str
    points: Sequence[tuple[Span, Decimal | None]]
    restarts: bool = False
    is_reference: bool = False


def build_indicator_chart(page: IndicatorPage) -> Chart | None:
    """An indicator's trend with the targets in force; None where there is nothing to draw."""
    points = _of_main_frequency(page.points)
    if not points:
        return None
    line = Line(
        page.indicator.name_zh,
        [(point.period, point.value) for point in points],
        page.indicator.accumulation == Indicator.Accumulation.YTD,
    )
    targets = [row.target for row in page.targets if row.supersession is None]
    takeaway = describe_trend(points, targets, page.indicator)
    return build_trend("trend-spec", [line], targets, page.indicator, takeaway, projections=page.projections)


def build_trend(
    spec_id: str,
    lines: Sequence[Line],
    targets: Sequence[Target],
    indicator: Indicator,
    takeaway: str,
    *,
    projections: Sequence[Judgement] = (),
) -> Chart:
    """Lines over time, each target as a mark at its period with a thin line leading to it; ``projections`` fan out from the first line."""
    scale, unit = _scale(lines, indicator.unit_of_measure)
    steps = max(A_YEAR[period.frequency] for line in lines for period, _value in line.points)
    # The lines first: they take the template's colours in turn.
    data = [_draw_line(line, scale, unit, steps) for line in lines]
    data += draw_fan(lines[0].points, projections, place=lambda period: _x(period, steps), scale=scale, unit=unit, restarts=lines[0].restarts)
    drawn = [t for t in targets if t.kind == Target.Kind.ABSOLUTE and t.unit_of_measure == indicator.unit_of_measure]
    spans = _span_targets(drawn, lines, steps)
    data += [_draw_target(span, scale) for span in spans]
    periods = [period for line in lines for period, _value in line.points] + [parse_label(t.period_id) for t in drawn]
    periods += [row.period for row in projections if row.period]
    is_rank = indicator.unit_of_measure == "位"
    labels = [*(_label_line(line, scale, unit, steps, raised=bool(projections)) for line in lines), *_label_targets(spans, scale, is_reversed=is_rank)]
    layout: dict[str, Any] = {
        "xaxis": _make_axis(periods, steps),
        "yaxis": {"ticksuffix": "%" if unit == "%" else ""},
        # Names stand at what they name, so nobody looks to and fro between lines and a legend.
        "showlegend": False,
        "annotations": [label for label in labels if label],
        "margin": {"l": 52 if unit == "%" else 68, "r": 16, "t": 20, "b": 32},
    }
    if unit != "%":
        layout["yaxis"]["title"] = {"text": unit, "standoff": 6}
    if is_rank:
        layout["yaxis"]["autorange"] = "reversed"
    return Chart(spec_id, {"data": data, "layout": layout}, takeaway, takeaway)


def describe_trend(points: Sequence[Point], targets: Sequence[Target], indicator: Indicator) -> str:
    """The finding in a sentence: where it stands, how it moved, how far the nearest target is."""
    known = [(point.period, point.value) for point in points if point.value is not None]
    if not known:
        return _("各期均无数据。")
    period, value = known[-1]
    parts = [f"{format_period(period.label)} {_say(value, indicator)}"]
    if len(known) > 1:
        earlier, before = known[-2]
        change = value - before
        words = (
            _("与%(before)s持平")
            if change == 0
            else _("比%(before)s增加 %(size)s")
            if change > 0
            else _("比%(before)s减少 %(size)s")
        )
        parts.append(words % {"before": format_period(earlier.label), "size": _say_change(abs(change), indicator)})
    comparable = [t for t in targets if t.kind == Target.Kind.ABSOLUTE and t.unit_of_measure == indicator.unit_of_measure]
    ahead = [t for t in comparable if parse_label(t.period_id).ends_on >= period.ends_on]
    if target := choose_target(ahead, period.ends_on):
        parts.append(_say_distance(value, target, indicator))
    return "，".join(parts) + "。"


def _say_distance(value: Decimal, target: Target, indicator: Indicator) -> str:
    """How far the value is from what is to be reached, or from what is not to be exceeded, whichever way the indicator is better."""
    is_limit = target.comparison == Target.Comparison.AT_MOST
    is_lower_better = is_limit or indicator.direction == Indicator.Direction.LOWER
    gap = value - target.value if is_lower_better else target.value - value
    words = {
        "period": format_period(target.period_id),
        "value": _say(target.value, indicator),
        "gap": _say_change(abs(gap), indicator),
    }
    if is_limit:
        return (_("未超过%(period)s目标的上限 %(value)s") if gap <= 0 else _("比%(period)s目标的上限 %(value)s 高 %(gap)s")) % words
    return (_("已达到%(period)s目标 %(value)s") if gap <= 0 else _("距%(period)s目标 %(value)s 还差 %(gap)s")) % words


def _say(value: Decimal | None, indicator: Indicator) -> str:
    return format_value(value, indicator.unit_of_measure, decimals=_decimals(indicator, value))


def _say_change(value: Decimal, indicator: Indicator) -> str:
    if indicator.unit_of_measure == "%":
        return format_value(value, _("个百分点"), decimals=_decimals(indicator, value))
    return _say(value, indicator)


def _decimals(indicator: Indicator, value: Decimal | None) -> int | None:
    """A stored value keeps its own decimals; a computed indicator's are rounded to what it is shown with."""
    return indicator.decimals if indicator.origin == Indicator.Origin.DERIVED else None


def _of_main_frequency(points: Sequence[Point]) -> list[Point]:
    """A line joins periods of one length: the one of most values, as its projection goes on from it."""
    known = [p.period for p in points if p.value is not None]
    frequency = get_main_frequency(known or [p.period for p in points])
    return [p for p in points if p.period.frequency == frequency]


def _x(period: Span, steps: int) -> float:
    """A period's place on a linear axis of years in so many steps, by its end: gaps in time show as gaps.

    Among quarters a year's target stands at the fourth.
    """
    number = (period.ends_on.month - 1) * steps // 12
    return period.ends_on.year + number / steps


def _short(period: Span) -> str:
    return period.label.replace("-", "") if period.frequency != "month" else period.label


def _make_axis(periods: Sequence[Span], steps: int) -> dict[str, Any]:
    ticks = {_x(period, steps): _short(period) for period in sorted(periods, key=lambda p: p.starts_on)}
    places = sorted(ticks)
    step = -(-len(places) // MOST_TICKS)
    shown = places[::-1][::step][::-1]
    return {"tickvals": shown, "ticktext": [ticks[place] for place in shown]}


def _scale(lines: Sequence[Line], unit: str) -> tuple[Decimal, str]:
    """Large amounts of 万元 are drawn in 亿元."""
    largest = max((abs(v) for line in lines for _period, v in line.points if v is not None), default=Decimal(0))
    return (Decimal(10_000), "亿元") if unit == "万元" and largest >= 10_000 else (Decimal(1), unit)


def _draw_line(line: Line, scale: Decimal, unit: str, steps: int) -> dict[str, Any]:
    places: list[float] = []
    values: list[float | None] = []
    texts: list[str] = []
    for period, value in line.points:
        place = _x(period, steps)
        begins_anew = line.restarts and steps > 1 and period.starts_on.month == 1
        # Nor does a line lead over periods that nobody spoke of.
        if places and (begins_anew or place - places[-1] > 1.5 / steps):
            places, values, texts = [*places, place - 0.5 / steps], [*values, None], [*texts, ""]
        places.append(place)
        values.append(None if value is None else float(value / scale))
        texts.append("" if value is None else f"{_short(period)} {format_value(value / scale, unit)}")
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": line.name,
        "x": places,
        "y": values,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": False,
        "line": {"width": 1.5, "color": REFERENCE} if line.is_reference else {"width": 2.5},
        "marker": {"size": 5, "color": REFERENCE} if line.is_reference else {"size": 7},
    }


def _label_line(line: Line, scale: Decimal, unit: str, steps: int, *, raised: bool) -> dict[str, Any] | None:
    """The line's name and newest value, to the right of its last point; above it where a projection goes on from there."""
    known = [(period, value) for period, value in line.points if value is not None]
    if not known:
        return None
    period, value = known[-1]
    colour = REFERENCE if line.is_reference else BRAND
    shown = format_value(value, "万元") if scale != 1 else format_value(value, unit)
    words = f"{line.name} {shown}" if len(line.name) <= NAME_LENGTH else shown
    return {
        "x": _x(period, steps),
        "y": float(value / scale),
        "text": words,
        "showarrow": False,
        **({"xanchor": "right", "yshift": 16} if raised else {"xanchor": "left", "xshift": 8}),
        "font": {"color": colour, "weight": 600},
    }


def _name_target(target: Target) -> str:
    return _("%(period)s目标 %(value)s") % {"period": format_period(target.period_id), "value": format_target(target)}


@dataclass(frozen=True)
class _Span:
    """A target and from where to where on the axis its line leads."""

    target: Target
    start: float
    end: float


def _span_targets(targets: Sequence[Target], lines: Sequence[Line], steps: int) -> list[_Span]:
    """From the chart's beginning to the target's period; of a running total, which begins anew, within its own year."""
    first = min(_x(period, steps) for line in lines for period, _value in line.points)
    restarts = steps > 1 and any(line.restarts for line in lines)
    spans = []
    for target in targets:
        period = parse_label(target.period_id)
        end = _x(period, steps)
        start = max(first, float(period.ends_on.year)) if restarts else first
        spans.append(_Span(target, min(start, end), end))
    return spans


def _label_targets(spans: Sequence[_Span], scale: Decimal, *, is_reversed: bool) -> list[dict[str, Any]]:
    """The targets in words, each on its line where that begins or, in the chart's right half, ends; those of one value in one label."""
    lines: dict[Decimal, list[_Span]] = defaultdict(list)
    for span in spans:
        lines[span.target.value].append(span)
    middle = (min(span.start for span in spans) + max(span.end for span in spans)) / 2 if spans else 0
    # The lowest on screen stands under its line, so that two lines close together keep their labels apart.
    lowest = (max(lines) if is_reversed else min(lines)) if len(lines) > 1 else None
    labels = []
    for value, together in lines.items():
        start, end = min(span.start for span in together), max(span.end for span in together)
        labels.append(
            {
                "name": "target",
                "x": start if start <= middle else end,
                "y": float(value / scale),
                "text": _name_targets([span.target for span in together]),
                "showarrow": False,
                "xanchor": "left" if start <= middle else "right",
                "yanchor": "top" if value == lowest else "bottom",
                "font": {"color": INK},
            }
        )
    return labels


def _name_targets(targets: Sequence[Target]) -> str:
    """2025年、2030年目标 ≥65%: of one value, said once."""
    last = targets[-1]
    earlier = dict.fromkeys(format_period(target.period_id) for target in targets if target.period_id != last.period_id)
    return "".join(f"{period}、" for period in earlier) + _name_target(last)


def _draw_target(span: _Span, scale: Decimal) -> dict[str, Any]:
    value = float(span.target.value / scale)
    name = _name_target(span.target)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [span.start, span.end],
        "y": [value, value],
        "hovertemplate": name + "<extra></extra>",
        "line": {"color": INK, "width": 1.5, "dash": "dot"},
        "marker": {"symbol": "line-ns", "size": [0, 14], "line": {"width": 2, "color": INK}},
    }
