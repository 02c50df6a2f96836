"""A projection on a trend's chart: the intervals as bands that open from the newest known value, the expected way as dashes."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from .formatting import format_period, format_value
from .periods import Span
from .standing import Judgement

# The wider band first and fainter.
BANDS = {"95": "rgba(29, 79, 124, 0.10)", "80": "rgba(29, 79, 124, 0.16)"}
COLOUR = "#1d4f7c"

Tip = tuple[float, float]


def draw_fan(
    known: Sequence[tuple[Span, Decimal | None]],
    projections: Sequence[Judgement],
    *,
    place: Callable[[Span], float],
    scale: Decimal,
    unit: str,
    restarts: bool,
) -> list[dict[str, Any]]:
    """Plotly traces, the bands below the dashes; none without a known value or a projection."""
    newest = next(((period, value) for period, value in reversed(known) if value is not None), None)
    rows = [row for row in projections if row.period and row.value is not None]
    if newest is None or not rows:
        return []
    period, value = newest
    traces: list[dict[str, Any]] = []
    for year, part in _split(rows, restarts=restarts):
        # A running total of the year begins anew: only this year's goes on from what is known.
        tip = (place(period), float(value / scale)) if not restarts or year == period.ends_on.year else None
        traces += [_draw_band(part, level, tip, place, scale) for level in BANDS]
        traces.append(_draw_way(part, tip, place, scale, unit))
    return traces


def _split(rows: Sequence[Judgement], *, restarts: bool) -> Iterator[tuple[int, list[Judgement]]]:
    """By year where each begins anew, else all together."""
    for year, part in groupby(rows, key=lambda row: row.period.ends_on.year if restarts and row.period else 0):
        yield year, list(part)


def _draw_band(rows: Sequence[Judgement], level: str, tip: Tip | None, place: Callable[[Span], float], scale: Decimal) -> dict[str, Any]:
    """One closed shape: along the upper ends and back along the lower ones."""
    ends = [(place(row.period), row.detail) for row in rows if row.period]
    upper, lower = ([(x, detail[end][level] / float(scale)) for x, detail in ends] for end in ("upper", "lower"))
    start = [tip] if tip else []
    outline = [*start, *upper, *reversed(lower), *start]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _("%(level)s%% 区间") % {"level": level},
        "x": [x for x, _y in outline],
        "y": [y for _x, y in outline],
        "fill": "toself",
        "fillcolor": BANDS[level],
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _draw_way(rows: Sequence[Judgement], tip: Tip | None, place: Callable[[Span], float], scale: Decimal, unit: str) -> dict[str, Any]:
    way = [(place(row.period), row.value / scale) for row in rows if row.period and row.value is not None]
    texts = [
        _("%(period)s 推算 %(value)s") % {"period": format_period(row.period_id), "value": format_value(value, unit, decimals=2)}
        for row, (_x, value) in zip(rows, way, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(way) == 1 else "lines",
        "name": _("推算"),
        "x": [*([tip[0]] if tip else []), *(x for x, _value in way)],
        "y": [*([tip[1]] if tip else []), *(float(value) for _x, value in way)],
        "text": [*([""] if tip else []), *texts],
        "hovertemplate": "%{text}<extra></extra>",
        "line": {"color": COLOUR, "width": 1.5, "dash": "dash"},
        "marker": {"size": 4, "color": COLOUR},
    }
