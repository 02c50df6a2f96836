"""A run of the index: marked frameworks in, estimates of every year out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from kejiting.accounts.classification import Classification
from kejiting.accounts.models import Area

from ...analysis import AnalysisError
from ...models import IndexEstimate, IndexFramework, IndexMark, IndexScore, RecomputeRun, WeightVersion
from .. import claim
from ..methods import INDEX
from ..write import ESTIMATES, SCORES, write
from .estimate import DRAWS, SEED, Year, compute_year, draw_ranks, explain, make_scores
from .figures import Figures, load_figures
from .selection import Frame, Selection, load_frame, select


def run(today: date | None = None) -> RecomputeRun | None:
    """Estimate what is marked until nothing is. The last run, or None where nothing was marked."""
    return claim.work_off(claim.INDEX, recompute, today=today or timezone.localdate())


@transaction.atomic
def recompute(record: RecomputeRun, marks: list[IndexMark]) -> None:
    """One batch of marks, each framework once: everything of it is seen at once, or nothing."""
    full = {mark.framework_id for mark in marks if mark.is_full}
    seen = hashlib.sha256()
    written = 0
    for framework in IndexFramework.objects.filter(pk__in={mark.framework_id for mark in marks}):
        job = _Job.open(framework, record, timezone.now())
        written += job.estimate(is_full=framework.pk in full)
        seen.update(repr(sorted(job.fingerprints.items())).encode())
    record.seed = SEED
    record.save(update_fields=["seed"])
    claim.finish(record, marks, fingerprint=seen.hexdigest(), written=written)


@dataclass
class _Job:
    """One framework in one run."""

    record: RecomputeRun
    now: datetime
    frame: Frame
    figures: Figures
    known: Mapping[str, str]
    fingerprints: dict[str, str]

    @classmethod
    def open(cls, framework: IndexFramework, record: RecomputeRun, now: datetime) -> "_Job":
        frame = load_frame(framework)
        areas = list(Area.objects.filter(is_ranked=True, level=Area.Level.PROVINCE).order_by("code").values_list("pk", flat=True))
        known = dict(IndexEstimate.objects.current().filter(framework=framework).values_list("period", "fingerprint"))
        return cls(record, now, frame, load_figures(frame.nodes.values(), areas), known, {})

    def estimate(self, *, is_full: bool) -> int:
        """Every year that has figures; one whose inputs are what they were is left as it is."""
        years = self.figures.years
        before: Year | None = None
        written = self._remove_other_years(years)
        for label in years:
            plan = self._plan(label)
            earlier = before if before and int(before.label) == int(label) - 1 else None
            self.fingerprints[label] = fingerprint = self._fingerprint(plan, earlier)
            year, problem = self._compute(plan)
            if is_full or self.known.get(label) != fingerprint:
                written += self._write(plan, year, earlier, problem)
            before = year
        return written

    def _plan(self, label: str) -> "_Plan":
        version = self.frame.get_version(int(label))
        weights = self.frame.get_weights(version)
        return _Plan(label, version, select(self.frame, weights, self.figures, label), self.frame.get_rules())

    def _compute(self, plan: "_Plan") -> tuple[Year | None, str]:
        """The year, or in the core's words what it refused."""
        if plan.selection.problem:
            return None, ""
        try:
            return compute_year(plan.selection, plan.rules, self.figures, plan.label), ""
        except AnalysisError as error:
            return None, str(error)

    def _fingerprint(self, plan: "_Plan", earlier: Year | None) -> str:
        """The same inputs and the same code give the same estimate, and the same number here."""
        codes = {*plan.selection.used, *(earlier.selection.used if earlier else ())}
        read = sorted(
            (code, area, *self._say(figure)) for code in codes for area, figure in self.figures.newest(code, plan.label).items()
        )
        past: list[Any] = []
        if earlier:
            label = earlier.label
            past = [earlier.selection.rows, earlier.rules]
            for code in sorted(codes):
                then, now = self.figures.known_before(code, label, plan.label), self.figures.newest(code, label)
                past.append(sorted((area, *self._say(f)) for known in (then, now) for area, f in known.items()))
        parts = (
            (INDEX.name, INDEX.version),
            DRAWS,
            SEED,
            plan.label,
            plan.selection.rows,
            plan.selection.coverage,
            plan.rules,
            self.figures.areas,
            read,
            past,
        )
        return hashlib.sha256(repr((plan.version and plan.version.pk, *parts)).encode()).hexdigest()

    def _say(self, figure: Any) -> tuple[int, bool, bool]:
        return figure.id, figure.is_internal, self._is_released(figure)

    def _is_released(self, figure: Any) -> bool:
        return figure.released_at is not None and figure.released_at <= self.now

    # -- writing -----------------------------------------------------------------------------------

    def _write(self, plan: "_Plan", year: Year | None, earlier: Year | None, problem: str) -> int:
        rows: list[IndexScore] = []
        if year:
            moves = explain(year, earlier, self.figures) if earlier else {}
            nodes = {code: node.pk for code, node in self.frame.nodes.items()}
            rows = list(make_scores(year, draw_ranks(year), moves, nodes))
        header = self._make_header(plan, problem)
        made: list[IndexEstimate | IndexScore] = [header, *rows]
        for row in made:
            self._stamp(row, plan, year, earlier)
        among = Q(framework=self.frame.framework, period=plan.label)
        written = write([header], among=among, run=self.record, now=self.now, table=ESTIMATES)
        return written + write(rows, among=among, run=self.record, now=self.now, table=SCORES)

    def _make_header(self, plan: "_Plan", problem: str) -> IndexEstimate:
        refused = IndexEstimate.Problem.REFUSED if problem else ""
        whole = plan.selection.coverage[self.frame.root.code]
        return IndexEstimate(
            period_id=plan.label,
            weights=plan.version,
            problem=plan.selection.problem or refused,
            problem_detail=problem[:300],
            leaves_used=whole["used"],
            leaves_all=whole["all"],
            coverage=plan.selection.coverage,
            structure=list(plan.selection.rows),
            rules=plan.rules,
            draws=DRAWS,
            seed=SEED,
            fingerprint=self.fingerprints[plan.label],
        )

    def _stamp(self, row: IndexEstimate | IndexScore, plan: "_Plan", year: Year | None, earlier: Year | None) -> None:
        """What every row has; it is as closely held as the closest of what it was made of."""
        figures = [figure for part in (year, earlier) if part for figure in part.get_figures()]
        row.framework = self.frame.framework
        row.method, row.version = INDEX.name, INDEX.version
        row.classification = Classification.INTERNAL if any(f.is_internal for f in figures) else Classification.PUBLIC
        row.is_released = all(self._is_released(figure) for figure in figures)
        row.is_demo = bool(plan.version and plan.version.is_demo)

    def _remove_other_years(self, years: Sequence[str]) -> int:
        gone = Q(framework=self.frame.framework) & ~Q(period__in=years)
        return sum(write([], among=gone, run=self.record, now=self.now, table=table) for table in (ESTIMATES, SCORES))


@dataclass(frozen=True)
class _Plan:
    """What a year's estimate is to be computed with."""

    label: str
    version: WeightVersion | None
    selection: Selection
    rules: Mapping[str, Any]
