"""What depends on what changed, and nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from django.conf import settings
from django.db.models import Q

from ..compute.formula_values import ALL, Areas, get_formula
from ..formulas import split_reference
from ..models import Indicator, IndicatorDependency, StaleMark, Task


@dataclass
class Scope:
    """What a run recomputes: indicators in areas, and tasks."""

    indicators: dict[int, Areas] = field(default_factory=dict)
    tasks: set[int] = field(default_factory=set)

    def add(self, indicator: int, areas: Areas) -> bool:
        """Whether the scope grew."""
        known = self.indicators.get(indicator, frozenset())
        if known is ALL or (areas is not ALL and areas <= known):
            return False
        self.indicators[indicator] = ALL if areas is ALL else known | areas
        return True

    def holds(self, indicator: int, area: str) -> bool:
        areas = self.indicators.get(indicator, frozenset())
        return areas is ALL or area in areas

    def split(self, most: int) -> Iterator["Scope"]:
        """The same indicators, at most so many at a time; always in one order."""
        ids = sorted(self.indicators)
        for at in range(0, len(ids), most):
            yield Scope({pk: self.indicators[pk] for pk in ids[at : at + most]})

    def where(self, prefix: str = "") -> Q:
        """A filter for rows that have an indicator and an area; ``prefix`` is the path to them."""
        by_areas: dict[Areas, list[int]] = {}
        for indicator, areas in self.indicators.items():
            by_areas.setdefault(areas, []).append(indicator)
        found = Q(pk__in=[])
        for areas, ids in by_areas.items():
            found |= Q(**{f"{prefix}indicator__in": ids} | ({} if areas is ALL else {f"{prefix}area__in": areas}))
        return found


def expand(marks: Iterable[StaleMark]) -> Scope:
    """Marks, the indicators that read what they touch, and the tasks measured by any of them."""
    scope = Scope(tasks={m.task_id for m in marks if m.task_id})
    for mark in marks:
        if mark.indicator_id:
            scope.add(mark.indicator_id, frozenset([mark.area_id]) if mark.area_id else ALL)
    frontier = set(scope.indicators)
    while frontier:
        frontier = {pk for pk, areas in _get_dependents(scope, frontier) if scope.add(pk, areas)}
    scope.tasks |= _get_tasks(scope)
    return scope


def _get_dependents(scope: Scope, frontier: set[int]) -> list[tuple[int, Areas]]:
    edges = IndicatorDependency.objects.filter(reads__in=frontier).select_related("indicator__current_definition", "reads")
    found = [(e.indicator_id, get_touched_areas(e.indicator, e.reads.code, scope.indicators[e.reads_id])) for e in edges]
    # The difference between a publisher's total and the register's count hangs on the indicator that counts.
    counters = Indicator.objects.filter(stated_as__in=frontier)
    found += [(counter.pk, scope.indicators[counter.stated_as_id]) for counter in counters if counter.stated_as_id]
    return [(pk, areas) for pk, areas in found if areas is ALL or areas]


def get_touched_areas(derived: Indicator, code: str, areas: Areas) -> Areas:
    """Where a derived indicator changes when ``code`` changed in ``areas``.

    A rank changes everywhere when one area moves; so does what is set against one area's figure.
    """
    formula = get_formula(derived)
    if areas is ALL or formula is None:
        return areas
    references = {area for name, area in map(split_reference, formula.codes) if name == code}
    if formula.needs_all_areas or references & areas:
        return ALL
    # Where the formula does not name it the area itself is the careful answer.
    return areas if "" in references or not references else frozenset()


def _get_tasks(scope: Scope) -> set[int]:
    rows = Task.objects.filter(task_indicators__indicator__in=scope.indicators).values_list(
        "pk", "lead_unit__area", "task_indicators__indicator"
    )
    return {task for task, area, indicator in rows if scope.holds(indicator, area or settings.HOME_AREA)}


def get_derived(scope: Scope) -> list[Indicator]:
    """The derived indicators of a scope, each after all it reads. Raises ``graphlib.CycleError``."""
    rows = Indicator.objects.filter(pk__in=scope.indicators, origin=Indicator.Origin.DERIVED)
    derived = {row.pk: row for row in rows.select_related("current_definition").prefetch_related("dependencies__reads")}
    order = TopologicalSorter({pk: {d.reads_id for d in row.dependencies.all()} for pk, row in derived.items()}).static_order()
    return [derived[pk] for pk in order if pk in derived]
