"""Every target in force against every period it speaks of."""

from collections.abc import Iterator, Sequence
from typing import Any

from ..compute.judge import Verdict, get_amount, judge_value, list_judged
from ..compute.newest import Judged, is_pending, judge_newest
from ..compute.series import Cell, Figure, Series, to_decimal
from ..models import Breakdown, Light, Result, Target
from .book import Book
from .graph import Scope
from .methods import PACE, TARGET, ResultMethod
from .pace import get_pace
from .rows import Row, inherit, list_inputs

Measure = Result.Measure
PLACES = 10


def get_targets(scope: Scope) -> list[Target]:
    return list(
        Target.objects.in_force()
        .filter(scope.where())
        .select_related("indicator", "period", "baseline_period", "document")
        .prefetch_related("nodes__period", "document__plans")
        .order_by("pk")
    )


def judge_targets(targets: Sequence[Target], cells: dict[Cell, Series], book: Book) -> Iterator[Row]:
    book.read("target", [t.pk for t in targets])
    for target in targets:
        yield from _judge(target, cells.get(Cell(target.indicator_id, target.area_id, Breakdown.TOTAL), {}), book)


def _judge(target: Target, series: Series, book: Book) -> Iterator[Row]:
    spans = list_judged(target, series)
    amounts = [(span, amount) for span in spans if (amount := get_amount(target, span, series)) is not None]
    judged = [Judged(target, span, *amount) for span, amount in amounts]
    for row in judged[:-1]:
        thresholds = book.yardstick.thresholds(row.span.ends_on)
        yield from _write_verdict(row, judge_value(target, row.value, row.span, thresholds=thresholds), book)
    latest = judged[-1] if judged else None
    if latest:
        yield from _write_verdict(latest, judge_newest(latest, book.yardstick), book)
        if pace := get_pace(latest.target, latest.span, latest.value, series):
            yield _make_at(latest, Measure.REQUIRED_PACE, book, number=pace.needed, detail=pace.detail, method=PACE)
    if is_pending(target, latest, book.today):
        # A later figure is there already: this one will not come any more, and nothing waits for it.
        passed = any(f.span.ends_on > target.period.ends_on for f in series.values())
        light = Light.GREY if passed else Light.PENDING
        yield _make(target, target.period_id, [], Measure.LIGHT, book, text=light, detail={"reason": "not_published"})
    elif latest is None:
        yield _make(target, None, [], Measure.LIGHT, book, text=Light.GREY, detail={"reason": "no_observation"})


# -- results -------------------------------------------------------------------------------------


def _write_verdict(row: Judged, verdict: Verdict, book: Book) -> Iterator[Row]:
    detail = {"reason": verdict.reason} if verdict.reason else {}
    if verdict.completion is not None:
        yield _make_at(row, Measure.COMPLETION, book, number=verdict.completion)
    if verdict.schedule is not None:
        yield _make_at(row, Measure.SCHEDULE, book, number=verdict.schedule, detail={"rule": verdict.rule})
    yield _make_at(row, Measure.LIGHT, book, text=verdict.light, detail=detail)


def _make_at(row: Judged, measure: str, book: Book, **content: Any) -> Row:
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
    method: ResultMethod = TARGET,
) -> Row:
    inherited = inherit(figures, indicator=target.indicator, now=book.now)
    # A bound ("30 or more") is judged by its number, and the verdict says so.
    qualifiers = sorted({f.qualifier for f in figures if f.qualifier})
    return Row(
        measure=measure,
        indicator_id=target.indicator_id,
        area_id=target.area_id,
        breakdown_id=Breakdown.TOTAL,
        target_id=target.pk,
        period_id=period,
        value=None if number is None else to_decimal(number, PLACES),
        text=text,
        detail={"inputs": list_inputs(figures), **({"qualifier": qualifiers[0]} if qualifiers else {}), **(detail or {})},
        method=method.name,
        version=method.version,
        **inherited._replace(is_demo=inherited.is_demo or target.is_demo)._asdict(),
    )
