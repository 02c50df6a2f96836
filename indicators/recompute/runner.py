"""A run: marks in, results out."""

import hashlib
import logging
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..models import Indicator, Plan, RecomputeRun, StaleMark, Target, Task
from . import claim
from .derive import derive
from .graph import Scope, expand
from .lights import judge_aspects, judge_tasks
from .measures import measure_differences, measure_series
from .methods import CODE_VERSION
from .series import Cell, Series, load, load_home
from .targets import Book, get_targets, get_thresholds, judge_targets
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
    plan = Plan.objects.filter(is_current=True).first()
    book = Book(record.today, timezone.now(), get_thresholds(plan))
    written = derive(scope, record)
    written += _write_indicators(scope, record, book)
    written += write(judge_tasks(scope.tasks, book), among=Q(task__in=scope.tasks), run=record, now=book.now)
    aspects = set(Task.objects.filter(pk__in=scope.tasks).values_list("aspect", flat=True))
    written += write(judge_aspects(aspects), among=Q(aspect__in=aspects), run=record, now=book.now)
    claim.finish(record, marks, fingerprint=record.fingerprint, written=written)


def _write_indicators(scope: Scope, record: RecomputeRun, book: Book) -> int:
    cells = load(scope.where()) if scope.indicators else {}
    indicators = Indicator.objects.in_bulk(scope.indicators)
    targets = get_targets(scope)
    stated = _load_stated(cells, indicators)
    record.fingerprint = get_fingerprint(record.today, {**stated, **cells}, targets, scope.tasks)
    results = [
        *measure_series(cells, indicators, book.now),
        *measure_differences(cells, indicators, stated, book.now),
        *judge_targets(targets, cells, book),
    ]
    return write(results, among=scope.where(), run=record, now=book.now)


def _load_stated(cells: dict[Cell, Series], indicators: dict[int, Indicator]) -> dict[Cell, Series]:
    """The totals that publishers state of what registers count."""
    pairs = [(i.stated_as_id, cell.area) for cell in cells if (i := indicators[cell.indicator]).stated_as_id]
    return load_home({pk for pk, _area in pairs}, {area for _pk, area in pairs}) if pairs else {}


def get_fingerprint(today: date, cells: dict[Cell, Series], targets: Iterable[Target], tasks: Iterable[int]) -> str:
    """One number for what a run read: the same inputs and the same code give the same results."""
    vintages = sorted(f.id for series in cells.values() for f in series.values())
    text = repr((CODE_VERSION, today.isoformat(), vintages, sorted(t.pk for t in targets), sorted(tasks)))
    return hashlib.sha256(text.encode()).hexdigest()


def mark_everything(*, cause: str) -> int:
    """Mark every indicator and every task; how many marks. For a change of a method, and after results were deleted."""
    indicators = Indicator.objects.values_list("pk", flat=True)
    marks = [StaleMark(indicator_id=pk, cause=cause) for pk in indicators]
    marks += [StaleMark(task_id=pk, cause=cause) for pk in Task.objects.values_list("pk", flat=True)]
    StaleMark.objects.bulk_create(marks)
    return len(marks)
