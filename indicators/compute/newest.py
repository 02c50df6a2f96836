"""A target's newest value, which is judged by today's calendar too: a due date may have passed, or the next report be missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ..models import Indicator, Light, Observation, Period, Target
from ..periods import Span, last_ended, shift
from .judge import PAST, Moment, Verdict, get_amount, get_goal, is_met, judge_value
from .series import Figure
from .thresholds import Yardstick

# Figures that others publish once a year: nobody here is late with them.
_PUBLISHED = (Indicator.Origin.OFFICIAL, Indicator.Origin.DERIVED)
_YEARLY = (Indicator.Frequency.YEAR, Indicator.Frequency.IRREGULAR)


@dataclass(frozen=True)
class Judged:
    """One target at one period."""

    target: Target
    span: Span
    value: Decimal | None
    figures: list[Figure]


def judge_newest(row: Judged, by: Yardstick) -> Verdict:
    """The newest value is judged at today: a due date may have passed, or the next report may be missing."""
    verdict = judge_value(row.target, row.value, row.span, thresholds=by.thresholds(by.today), moment=get_moment(row, by))
    if verdict.light != Light.RED and is_stale(row, by.today):
        return replace(verdict, light=Light.GREY, reason="stale")
    return verdict


def judge_typed(target: Target, value: Decimal | None, period: Period, history: Sequence[Observation], by: Yardstick) -> Verdict:
    """The verdict on a value that is being typed, with the accepted ones before it: what it will be once it is accepted."""
    series = {o.period_id: _as_figure(o.period.span, o.value) for o in history}
    series[period.label] = _as_figure(period.span, value)
    amount = get_amount(target, period.span, series)
    row = Judged(target, period.span, *(amount or (None, [])))
    if is_stale(row, by.today):
        # Of a return of long ago, which later ones have followed: as it was then.
        return judge_value(target, row.value, row.span, thresholds=by.thresholds(row.span.ends_on))
    return judge_newest(row, by)


def _as_figure(span: Span, value: Decimal | None) -> Figure:
    return Figure(0, span, value, "", "", "", "", None, None, False)


def get_moment(row: Judged, by: Yardstick) -> Moment:
    ends_on = row.target.period.ends_on
    if ends_on >= by.today:
        return Moment(due_soon=(ends_on - by.today).days <= by.thresholds(by.today).due_soon_days)
    missed = row.value is not None and get_goal(row.target) is not None and not is_met(row.target, row.value)
    # Until the round after the target's end is over, the last figure is still to come.
    settled = row.span.ends_on >= ends_on or last_ended("quarter", by.today).ends_on > ends_on
    return Moment(overdue=True) if missed and settled and not is_pending(row.target, row, by.today) else PAST


def is_pending(target: Target, latest: Judged | None, today: date) -> bool:
    """本年尚未发布: the target's period is over, and who publishes the figure has not."""
    is_published = target.indicator.origin in _PUBLISHED and target.indicator.frequency in _YEARLY
    return is_published and target.period.ends_on < today and (latest is None or latest.span.ends_on < target.period.ends_on)


def is_stale(row: Judged, today: date) -> bool:
    """Two whole periods without a figure: one is the time it takes to report."""
    if row.span.frequency == "year" or row.span.ends_on >= row.target.period.ends_on:
        return False
    return row.span.ends_on < shift(last_ended(row.span.frequency, today), -1).ends_on
