"""A run: marks in, results out."""

from datetime import date
from itertools import chain

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ..actions.counts import count_register
from ..actions.marks import mark_frameworks, mark_frameworks_of
from ..compute.series import Cell, Series, load, load_home
from ..models import IndexFramework, Indicator, RecomputeRun, StaleMark, Task
from . import claim
from .appraise import appraise
from .book import Book, open_book
from .derive import derive
from .graph import Scope, expand
from .lights import judge_aspects, judge_tasks
from .measures import measure_differences, measure_series
from .projections import project_cells
from .targets import get_targets, judge_targets
from .write import write

# Indicators computed at once: enough for whole arrays to pay, few enough for all provinces and years to fit.
TOGETHER = 20


def run(today: date | None = None) -> RecomputeRun | None:
    """Recompute what is marked until nothing is. The last run, or None where nothing was marked.

    ``today`` is the day results are judged at. A run that fails leaves its marks: see ``claim.work_off``.
    """
    return claim.work_off(claim.VALUES, recompute, today=today or timezone.localdate())


@transaction.atomic
def recompute(record: RecomputeRun, marks: list[StaleMark]) -> None:
    """One batch of marks: everything of it is seen at once, or nothing."""
    scope = expand(marks)
    book = open_book(record.today, timezone.now())
    written = _count(scope, record) + derive(scope, record)
    written += _write_indicators(scope, record, book)
    written += write(judge_tasks(scope.tasks, book), among=Q(task__in=scope.tasks), run=record, now=book.now)
    aspects = set(Task.objects.filter(pk__in=scope.tasks).values_list("aspect", flat=True))
    written += write(judge_aspects(aspects), among=Q(aspect__in=aspects), run=record, now=book.now)
    # With the figures that an index reads, and before the marks of what touched them are gone.
    mark_frameworks_of(scope.indicators, cause=f"run {record.pk}")
    claim.finish(record, marks, fingerprint=book.fingerprint, written=written)


def _count(scope: Scope, record: RecomputeRun) -> int:
    """Count the registers that changed. How many counts say something else."""
    rows = Indicator.objects.filter(pk__in=scope.indicators, origin=Indicator.Origin.REGISTER).select_related("current_definition")
    return sum(count_register(indicator, record.today, mark=False) is not None for indicator in rows.order_by("pk"))


def _write_indicators(scope: Scope, record: RecomputeRun, book: Book) -> int:
    """Some indicators after the others, so that memory does not grow with the record."""
    return sum(_write_part(part, record, book) for part in scope.split(TOGETHER))


def _write_part(scope: Scope, record: RecomputeRun, book: Book) -> int:
    cells = load(scope.where())
    indicators = Indicator.objects.in_bulk(scope.indicators)
    stated = _load_stated(cells, indicators)
    book.read("observation", [f.id for series in (*cells.values(), *stated.values()) for f in series.values()])
    targets = get_targets(scope)
    results = chain(
        measure_series(cells, indicators, book.now),
        measure_differences(cells, indicators, stated, book.now),
        judge_targets(targets, cells, book),
        appraise(cells, indicators, targets, book),
        project_cells(cells, indicators, targets, book),
    )
    return write(results, among=scope.where(), run=record, now=book.now)


def _load_stated(cells: dict[Cell, Series], indicators: dict[int, Indicator]) -> dict[Cell, Series]:
    """The totals that publishers state of what registers count."""
    pairs = [(i.stated_as_id, cell.area) for cell in cells if (i := indicators[cell.indicator]).stated_as_id]
    return load_home({pk for pk, _area in pairs}, {area for _pk, area in pairs}) if pairs else {}


def mark_everything(*, cause: str) -> int:
    """Mark every indicator, task and framework; how many marks. For a change of a method, and after results were deleted."""
    indicators = Indicator.objects.values_list("pk", flat=True)
    marks = [StaleMark(indicator_id=pk, cause=cause) for pk in indicators]
    marks += [StaleMark(task_id=pk, cause=cause) for pk in Task.objects.values_list("pk", flat=True)]
    StaleMark.objects.bulk_create(marks)
    mark_frameworks(IndexFramework.objects.values_list("pk", flat=True), cause=cause, is_full=True)
    return len(marks)
