"""Every target in force against every period it speaks of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..models import Breakdown, Indicator, Light, Observation, Period, Result, Target
from ..periods import Span, last_ended, shift
from .book import Book
from .graph import Scope
from .judge import PAST, Moment, Verdict, get_amount, get_goal, is_met, judge_value, list_judged
from .methods import PACE, TARGET, Method
from .pace import get_pace
from .series import Cell, Figure, Series, inherit, list_inputs, to_decimal

Measure = Result.Measure
# Figures that others publish once a year: nobody here is late with them.
_PUBLISHED = (Indicator.Origin.OFFICIAL, Indicator.Origin.DERIVED)
_YEARLY = (Indicator.Frequency.YEAR, Indicator.Frequency.IRREGULAR)
PLACES = 10


def get_targets(scope: Scope) -> list[Target]:
    return list(
        Target.objects.in_force()
        .filter(scope.where())
        .select_related("indicator", "period", "baseline_period", "document")
        .prefetch_related("nodes__period", "document__plans")
        .order_by("pk")
    )


def judge_targets(targets: Sequence[Target], cells: dict[Cell, Series], book: Book) -> Iterator[Result]:
    book.read("target", [t.pk for t in targets])
    for target in targets:
        yield from _judge(target, cells.get(Cell(target.indicator_id, target.area_id, Breakdown.TOTAL), {}), book)


@dataclass(frozen=True)
class Judged:
    """One target at one period."""

    target: Target
    span: Span
    value: Decimal | None
    figures: list[Figure]


def _judge(target: Target, series: Series, book: Book) -> Iterator[Result]:
    spans = list_judged(target, series)
    amounts = [(span, amount) for span in spans if (amount := get_amount(target, span, series)) is not None]
    judged = [Judged(target, span, *amount) for span, amount in amounts]
    for row in judged[:-1]:
        yield from _write_verdict(row, judge_value(target, row.value, row.span, thresholds=book.thresholds(row.span.ends_on)), book)
    latest = judged[-1] if judged else None
    if latest:
        yield from _write_verdict(latest, judge_latest(latest, book), book)
        if pace := get_pace(latest.target, latest.span, latest.value, series):
            yield _make_at(latest, Measure.REQUIRED_PACE, book, number=pace.needed, detail=pace.detail, method=PACE)
    if is_pending(target, latest, book.today):
        # A later figure is there already: this one will not come any more, and nothing waits for it.
        passed = any(f.span.ends_on > target.period.ends_on for f in series.values())
        light = Light.GREY if passed else Light.PENDING
        yield _make(target, target.period_id, [], Measure.LIGHT, book, text=light, detail={"reason": "not_published"})
    elif latest is None:
        yield _make(target, None, [], Measure.LIGHT, book, text=Light.GREY, detail={"reason": "no_observation"})


def judge_latest(row: Judged, book: Book) -> Verdict:
    """The newest value is judged at today: a due date may have passed, or the next report may be missing."""
    verdict = judge_value(row.target, row.value, row.span, thresholds=book.thresholds(book.today), moment=get_moment(row, book))
    if verdict.light != Light.RED and is_stale(row, book.today):
        return Verdict(verdict.completion, verdict.schedule, Light.GREY, "stale")
    return verdict


def judge_typed(target: Target, value: Decimal | None, period: Period, history: Sequence[Observation], book: Book) -> Verdict:
    """The verdict on a value that is being typed, with the accepted ones before it: what it will be once it is accepted."""
    series = {o.period_id: _as_figure(o.period.span, o.value) for o in history}
    series[period.label] = _as_figure(period.span, value)
    amount = get_amount(target, period.span, series)
    row = Judged(target, period.span, *(amount or (None, [])))
    if is_stale(row, book.today):
        # Of a return of long ago, which later ones have followed: as it was then.
        return judge_value(target, row.value, row.span, thresholds=book.thresholds(row.span.ends_on))
    return judge_latest(row, book)


def _as_figure(span: Span, value: Decimal | None) -> Figure:
    return Figure(0, span, value, "", "", "", "", None, None, False)


def get_moment(row: Judged, book: Book) -> Moment:
    ends_on = row.target.period.ends_on
    if ends_on >= book.today:
        return Moment(due_soon=(ends_on - book.today).days <= book.thresholds(book.today).due_soon_days)
    missed = row.value is not None and get_goal(row.target) is not None and not is_met(row.target, row.value)
    # Until the round after the target's end is over, the last figure is still to come.
    settled = row.span.ends_on >= ends_on or last_ended("quarter", book.today).ends_on > ends_on
    return Moment(overdue=True) if missed and settled and not is_pending(row.target, row, book.today) else PAST


def is_pending(target: Target, latest: Judged | None, today: date) -> bool:
    """本年尚未发布: the target's period is over, and who publishes the figure has not."""
    is_published = target.indicator.origin in _PUBLISHED and target.indicator.frequency in _YEARLY
    return is_published and target.period.ends_on < today and (latest is None or latest.span.ends_on < target.period.ends_on)


def is_stale(row: Judged, today: date) -> bool:
    """Two whole periods without a figure: one is the time it takes to report."""
    if row.span.frequency == "year" or row.span.ends_on >= row.target.period.ends_on:
        return False
    return row.span.ends_on < shift(last_ended(row.span.frequency, today), -1).ends_on


# -- results -------------------------------------------------------------------------------------


def _write_verdict(row: Judged, verdict: Verdict, book: Book) -> Iterator[Result]:
    detail = {"reason": verdict.reason} if verdict.reason else {}
    if verdict.completion is not None:
        yield _make_at(row, Measure.COMPLETION, book, number=verdict.completion)
    if verdict.schedule is not None:
        yield _make_at(row, Measure.SCHEDULE, book, number=verdict.schedule)
    yield _make_at(row, Measure.LIGHT, book, text=verdict.light, detail=detail)


def _make_at(row: Judged, measure: str, book: Book, **content: Any) -> Result:
    return _make(row.target, row.span.label, row.figures, measure, book, **content)


def _make(
    target: Target,
    period: str | None,
    figures: list[Figure],
    measure: str,
    book: Book,
    *,
    number: float | None = None,
    text: str = "",
    detail: dict[str, Any] | None = None,
    method: Method = TARGET,
) -> Result:
    inherited = inherit(figures, indicator=target.indicator, now=book.now)
    # A bound ("30 or more") is judged by its number, and the verdict says so.
    qualifiers = sorted({f.qualifier for f in figures if f.qualifier})
    return Result(
        measure=measure,
        indicator_id=target.indicator_id,
        area_id=target.area_id,
        breakdown_id=Breakdown.TOTAL,
        target=target,
        period_id=period,
        value=None if number is None else to_decimal(number, PLACES),
        text=text,
        detail={"inputs": list_inputs(figures), **({"qualifier": qualifiers[0]} if qualifiers else {}), **(detail or {})},
        method=method.name,
        version=method.version,
        **{**inherited, "is_demo": inherited["is_demo"] or target.is_demo},
    )
