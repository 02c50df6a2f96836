"""One value against one target: completion, schedule, light (docs/decisions: 完成率, 序时进度, 红黄绿灯).

Its newest value is judged by the calendar too: ``newest``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import pandas as pd

from ..analysis import progress
from ..models import Indicator, Period, Target
from ..periods import Span, shift
from ..units import get_factor
from .series import FREQUENCIES, Figure, Series
from .thresholds import DEFAULT, Thresholds

Kind, Comparison = Target.Kind, Target.Comparison
# Shares and ranks are levels whatever their accumulation: they are never added over time.
LEVELS = {"%", "‰", "位", "个百分点"}
_AMOUNTS = {Indicator.Accumulation.FLOW, Indicator.Accumulation.YTD}


@dataclass(frozen=True)
class Moment:
    """What the calendar says of a target's newest value; of earlier ones it says nothing (``PAST``)."""

    pending: bool = False
    overdue: bool = False
    due_soon: bool = False


PAST = Moment()


@dataclass(frozen=True)
class Verdict:
    """Shares, not percent; None where not computable, and then ``reason`` says why. ``rule`` is how the schedule was counted."""

    completion: float | None
    schedule: float | None
    light: str
    reason: str = ""
    rule: str = ""


def judge_value(
    target: Target, value: Decimal | None, period: Period | Span, *, thresholds: Thresholds = DEFAULT, moment: Moment = PAST, closed: bool = False
) -> Verdict:
    """The verdict on ``value``, which must be what ``get_amount`` gives: comparable with the target."""
    span = period if isinstance(period, Span) else period.span
    completion, reason = get_completion(target, value, span)
    schedule = get_schedule(target, span)
    light = progress.light(
        completion,
        schedule,
        closed=closed,
        pending=moment.pending,
        overdue=moment.overdue,
        due_soon=moment.due_soon,
        green=float(thresholds.green) / 100,
        red=float(thresholds.red) / 100,
    )
    if not reason and math.isnan(schedule):
        reason = "no_baseline_period"
    return Verdict(_or_none(completion), _or_none(schedule), light, reason, "" if math.isnan(schedule) else get_schedule_rule(target, span))


def _or_none(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


# -- completion ----------------------------------------------------------------------------------


def get_completion(target: Target, value: Decimal | None, span: Span) -> tuple[float, str]:
    """完成率 as a share, or NaN and the reason."""
    if value is None:
        return math.nan, "missing"
    goal = get_goal(target)
    if goal is None:
        return math.nan, "unit_mismatch" if _get_factor(target) is None else "no_baseline"
    if target.kind == Kind.RANGE:
        return _get_completion_of_range(goal, get_upper(target), value)
    baseline = None if target.baseline_value is None else float(target.baseline_value)
    if baseline is not None and (known_at := get_baseline_day(target)) and span.ends_on <= known_at:
        return math.nan, "before_baseline"
    basis: Literal["ratio", "gap_closed"] = "gap_closed" if is_gap_closed(target, span) else "ratio"
    direction: Literal["higher", "lower"] = "lower" if is_lower_better(target) else "higher"
    share = progress.completion(float(value), float(goal), baseline, basis, direction)
    if basis == "gap_closed" and baseline is None:
        return math.nan, "no_baseline"
    return share, "not_computable" if math.isnan(share) else ""


def is_gap_closed(target: Target, span: Span) -> bool:
    """Whether completion is the part of the way from the baseline; else it is the whole amount against the whole goal."""
    # An amount gathered from nothing is compared with the whole goal, whatever the document derived it from.
    is_moved = target.kind in (Kind.CHANGE, Kind.GROWTH) and not gathers(target, span)
    return is_moved or target.basis == Target.Basis.GAP_CLOSED


def get_baseline_day(target: Target) -> date | None:
    """The last day before a target's way began: a figure of then is no progress toward it, whatever its size.

    The end of the baseline's period; where that is unknown, the day before the document's plan begins, or the document's own date.
    """
    if target.baseline_period:
        return target.baseline_period.ends_on
    begins = min((plan.starts_on for plan in target.document.plans.all()), default=None)
    return begins - timedelta(days=1) if begins else target.document.issued_on


def _get_completion_of_range(lower: Decimal, upper: Decimal, value: Decimal) -> tuple[float, str]:
    """Whole inside; below and above by the end that is nearer."""
    if lower <= value <= upper:
        return 1.0, ""
    share = progress.completion(float(value), float(lower), None, "ratio", "higher") if value < lower else progress.completion(
        float(value), float(upper), None, "ratio", "lower"
    )
    return share, "not_computable" if math.isnan(share) else ""


def get_goal(target: Target) -> Decimal | None:
    """The number to reach, in the indicator's unit; of a range its lower end. None where it hangs on an unknown baseline or unit."""
    factor = _get_factor(target)
    if factor is None:
        return None
    if target.kind in (Kind.ABSOLUTE, Kind.RANGE):
        return target.value * factor
    if target.baseline_value is None:
        return None
    if target.kind == Kind.CHANGE:
        return target.baseline_value + target.value * factor
    rate = 1 + (target.value / 100 if target.unit_of_measure == "%" else target.value)
    return target.baseline_value * rate ** _count_years(target)


def _get_factor(target: Target) -> Decimal | None:
    """From the document's unit to the indicator's; None where they cannot be compared."""
    ours = target.indicator.unit_of_measure
    if target.unit_of_measure in (ours, "") or target.kind == Kind.GROWTH:
        return Decimal(1)
    # "提高 1 个百分点" of a share in percent.
    if target.kind == Kind.CHANGE and ours == "%":
        return Decimal(1)
    return get_factor(target.unit_of_measure, ours)


def _count_years(target: Target) -> int:
    """A yearly average growth (年均) compounds; any other is said of the whole way."""
    if "年均" not in target.stated or target.baseline_period is None:
        return 1
    return max(1, target.period.ends_on.year - target.baseline_period.ends_on.year)


def is_lower_better(target: Target) -> bool:
    """Which way a target is reached: completion, the pace, the chance and whether it is met all ask this.

    By the indicator where the document's ≥ contradicts it: place 25 does not reach place 15.
    """
    return target.comparison == Comparison.AT_MOST or target.indicator.direction == Indicator.Direction.LOWER


def get_upper(target: Target) -> Decimal:
    """The upper end of a range, in the indicator's unit."""
    return (target.upper or target.value) * (_get_factor(target) or 1)


def is_met(target: Target, value: Decimal) -> bool:
    goal = get_goal(target)
    if goal is None:
        return False
    if target.kind == Kind.RANGE:
        return goal <= value <= get_upper(target)
    if target.comparison == Comparison.EQUAL:
        return value == goal
    return value <= goal if is_lower_better(target) else value >= goal


# -- schedule ------------------------------------------------------------------------------------


def get_schedule(target: Target, span: Span) -> float:
    """序时进度 as a share at the end of a period; NaN where it is not known from when to count."""
    if span.ends_on >= target.period.ends_on:
        return 1.0
    start = get_start(target, span)
    nodes = {node.period.ends_on: float(node.share) for node in target.nodes.all()}
    if start is None:
        # A planned node says what is due, also where the baseline is unknown.
        start = min(nodes) if nodes else None
    if start is None or span.frequency not in FREQUENCIES:
        return _interpolate(span, start, target.period.ends_on) if start and not nodes else math.nan
    return _schedule(span, start, target.period.ends_on, tuple(sorted(nodes.items())))


def get_schedule_rule(target: Target, span: Span) -> str:
    """By which of its rules ``get_schedule`` counts: ``ended``, planned ``nodes``, or time since the ``period`` or the ``baseline`` began it."""
    if span.ends_on >= target.period.ends_on:
        return "ended"
    if target.nodes.all():
        return "nodes"
    return "period" if gathers(target, span) else "baseline"


@lru_cache(maxsize=4096)
def _schedule(span: Span, start: date, end: date, nodes: tuple[tuple[date, float], ...]) -> float:
    frequency = FREQUENCIES[span.frequency]
    plan: Mapping[pd.Period, float] = {pd.Period(day, freq=frequency): share for day, share in nodes}
    first, last, now = (pd.Period(day, freq=frequency) for day in (start, end, span.ends_on))
    return float(progress.schedule(now, first, last, plan or None))


def _interpolate(span: Span, start: date, end: date) -> float:
    """Months and half-years, which the numeric core does not know: the i-th of n months."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    passed = (span.ends_on.year - start.year) * 12 + span.ends_on.month - start.month + 1
    return min(1.0, max(0.0, passed / months))


def get_start(target: Target, span: Span) -> date | None:
    """The first day that counts: of the target's own period for an amount gathered in it, else the day after the baseline."""
    if gathers(target, span):
        return target.period.starts_on
    return target.baseline_period.ends_on + timedelta(days=1) if target.baseline_period else None


def gathers(target: Target, span: Span) -> bool:
    """Whether the target is an amount that is gathered within its own period, of which ``span`` is a part."""
    inside = target.period.starts_on <= span.starts_on and span.ends_on <= target.period.ends_on and span.label != target.period_id
    if not inside or target.indicator.unit_of_measure in LEVELS:
        return False
    is_total = target.period.frequency == Period.Frequency.RANGE and target.indicator.accumulation == Indicator.Accumulation.TOTAL
    return is_total or target.indicator.accumulation in _AMOUNTS


# -- the amount that is compared with a target ---------------------------------------------------


def get_amount(target: Target, span: Span, series: Series) -> tuple[Decimal | None, list[Figure]] | None:
    """What of ``series`` stands against the target at ``span``, and the figures it is made of. None: nothing comparable then.

    An amount within its target's period is the running total since that period began; a level is itself.
    """
    figure = series.get(span.label)
    accumulation = target.indicator.accumulation
    if figure is None:
        return None
    if not gathers(target, span):
        return _get_level(target, span, series, figure)
    if accumulation == Indicator.Accumulation.TOTAL:
        return figure.value, [figure]
    if accumulation == Indicator.Accumulation.FLOW:
        return _add(series, _list_spans(target.period.starts_on, span))
    # 本年累计: whole earlier years of a longer target, and this year's so far.
    ends = [s for s in _list_spans(target.period.starts_on, span) if s.ends_on.month == 12 and s.ends_on < span.starts_on]
    return _add(series, [*ends, span])


def _get_level(target: Target, span: Span, series: Series, figure: Figure) -> tuple[Decimal | None, list[Figure]] | None:
    """A value by itself. An amount of a part of another year is comparable at that year's end only."""
    accumulation = target.indicator.accumulation
    is_level = accumulation not in _AMOUNTS or target.indicator.unit_of_measure in LEVELS
    if is_level or span.frequency == "year" or span.label == target.period_id:
        return figure.value, [figure]
    is_on_a_path = target.baseline_period is not None and target.period.frequency == Period.Frequency.YEAR
    if not is_on_a_path or span.ends_on.month != 12:
        return None
    if accumulation == Indicator.Accumulation.YTD:
        return figure.value, [figure]
    return _add(series, _list_spans(date(span.ends_on.year, 1, 1), span))


def _list_spans(first_day: date, last: Span) -> list[Span]:
    """The periods of ``last``'s frequency from ``first_day`` to it."""
    spans = [last]
    while spans[-1].starts_on > first_day:
        spans.append(shift(spans[-1], -1))
    return spans[::-1]


def _add(series: Series, spans: list[Span]) -> tuple[Decimal | None, list[Figure]]:
    """Their sum; None when one is missing, because a part is not the whole."""
    figures = [series.get(span.label) for span in spans]
    known = [f for f in figures if f is not None]
    if len(known) < len(figures) or any(f.value is None for f in known):
        return None, known
    return sum((f.value for f in known if f.value is not None), Decimal(0)), known


def list_judged(target: Target, series: Series) -> list[Span]:
    """The periods of ``series`` that a target speaks of: after its baseline, up to its own end.

    Where it is not known from when it counts: those within its own period, and else the newest alone.
    """
    spans = [f.span for f in series.values() if f.span.frequency != "range" and f.span.ends_on <= target.period.ends_on]
    if target.baseline_period:
        return [s for s in spans if s.ends_on > target.baseline_period.ends_on]
    return [s for s in spans if s.starts_on >= target.period.starts_on] or spans[-1:]
