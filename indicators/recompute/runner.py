"""A run: marks in, results out."""

import logging
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import Indicator, RecomputeRun, StaleMark, Task
from . import claim
from .book import Book, open_book
from .derive import derive
from .graph import Scope, expand
from .lights import judge_aspects, judge_tasks
from .measures import measure_differences, measure_series
from .series import Cell, Series, load, load_home
from .targets import get_targets, judge_targets
from .write import write

log = logging.getLogger(__name__)


def run(today: date | None = None) -> RecomputeRun | None:
    """Recompute what is marked until nothing is. The last run, or None where nothing was marked.

    ``today`` is the day results are judged at. A run that fails leaves its marks; each is tried three times.
    """
    today = today or timezone.localdate()
    last, failed = None, set[int]()
    with claim.only_run():
        while begun := claim.begin(today, without=failed):
            last, marks = begun
            try:
                recompute(last, marks)
            except Exception as error:
                log.exception("run %s failed", last.pk)
                claim.fail(last, error)
                # Of several marks one is to blame: each is tried again alone, and what failed alone waits for the next sweep.
                failed |= {m.pk for m in marks} if len(marks) == 1 else set()
    return last


@transaction.atomic
def recompute(record: RecomputeRun, marks: list[StaleMark]) -> None:
    """One batch of marks: everything of it is seen at once, or nothing."""
    scope = expand(marks)
    book = open_book(record.today, timezone.now())
    written = derive(scope, record)
    written += _write_indicators(scope, record, book)
    written += write(judge_tasks(scope.tasks, book), among=Q(task__in=scope.tasks), run=record, now=book.now)
    aspects = set(Task.objects.filter(pk__in=scope.tasks).values_list("aspect", flat=True))
    written += write(judge_aspects(aspects), among=Q(aspect__in=aspects), run=record, now=book.now)
    claim.finish(record, marks, fingerprint=book.fingerprint, written=written)


def _write_indicators(scope: Scope, record: RecomputeRun, book: Book) -> int:
    cells = load(scope.where()) if scope.indicators else {}
    indicators = Indicator.objects.in_bulk(scope.indicators)
    stated = _load_stated(cells, indicators)
    for series in (*cells.values(), *stated.values()):
        book.read("observation", [f.id for f in series.values()])
    results = [
        *measure_series(cells, indicators, book.now),
        *measure_differences(cells, indicators, stated, book.now),
        *judge_targets(get_targets(scope), cells, book),
    ]
    return write(results, among=scope.where(), run=record, now=book.now)


def _load_stated(cells: dict[Cell, Series], indicators: dict[int, Indicator]) -> dict[Cell, Series]:
    """The totals that publishers state of what registers count."""
    pairs = [(i.stated_as_id, cell.area) for cell in cells if (i := indicators[cell.indicator]).stated_as_id]
    return load_home({pk for pk, _area in pairs}, {area for _pk, area in pairs}) if pairs else {}


def mark_everything(*, cause: str) -> int:
    """Mark every indicator and every task; how many marks. For a change of a method, and after results were deleted."""
    indicators = Indicator.objects.values_list("pk", flat=True)
    marks = [StaleMark(indicator_id=pk, cause=cause) for pk in indicators]
    marks += [StaleMark(task_id=pk, cause=cause) for pk in Task.objects.values_list("pk", flat=True)]
    StaleMark.objects.bulk_create(marks)
    return len(marks)
