"""What the office's lists of definitions show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet

from kejiting.accounts.models import Area, User

from ..models import (
    Assignment,
    Breakdown,
    Document,
    IndexFramework,
    IndexNode,
    Indicator,
    LightOverride,
    LightThreshold,
    Milestone,
    Observation,
    Plan,
    Rule,
    Target,
    TargetSupersession,
    Task,
    WeightVersion,
)


@dataclass(frozen=True)
class DefinitionCounts:
    """How much of each there is, for the hub."""

    tasks: int
    milestones: int
    indicators: int
    derived: int
    documents: int
    targets: int
    superseded: int
    assignments: int
    units: int
    rules: int


def get_definition_counts(user: User, plan: Plan | None, today: date) -> DefinitionCounts:
    tasks = Task.objects.visible_to(user).filter(plan=plan)
    indicators = Indicator.objects.visible_to(user)
    targets = Target.objects.visible_to(user).standing()
    assignments = Assignment.objects.valid_on(today)
    return DefinitionCounts(
        tasks=tasks.count(),
        milestones=Milestone.objects.filter(task__in=tasks).count(),
        indicators=indicators.count(),
        derived=indicators.filter(origin=Indicator.Origin.DERIVED).count(),
        documents=Document.objects.count(),
        targets=targets.count(),
        superseded=TargetSupersession.objects.filter(superseded__in=targets).count(),
        assignments=assignments.count(),
        units=assignments.values("unit").distinct().count(),
        rules=Rule.objects.in_force().count(),
    )


def find_tasks(user: User, plan: Plan | None, search: str) -> QuerySet[Task]:
    """A plan's tasks, by number, wording, unit or aspect."""
    rows = Task.objects.visible_to(user).filter(plan=plan).select_related("plan", "aspect", "lead_unit")
    rows = rows.annotate(n_milestones=Count("milestones", distinct=True), n_indicators=Count("task_indicators", distinct=True))
    for word in search.split():
        found = Q(title_zh__icontains=word) | Q(lead_unit__name_zh__icontains=word) | Q(aspect__name_zh__icontains=word)
        rows = rows.filter(found | Q(number=int(word)) if word.isdecimal() and len(word) < 5 else found)
    return rows.order_by("number")


def get_task_for_edit(user: User, pk: int) -> Task:
    """A task with all that hangs on it. Raises ``Task.DoesNotExist``."""
    return (
        Task.objects.visible_to(user)
        .select_related("plan", "aspect", "lead_unit", "responsible_office", "parent", "predecessor", "document")
        .prefetch_related(
            "milestones",
            "task_indicators__indicator",
            Prefetch("light_overrides", LightOverride.objects.select_related("by__unit").order_by("-pk")),
        )
        .get(pk=pk)
    )


def find_indicators(user: User, search: str) -> QuerySet[Indicator]:
    """Indicators by name, code, unit or publisher."""
    rows = Indicator.objects.visible_to(user).select_related("current_definition")
    rows = rows.annotate(n_targets=Count("targets", distinct=True))
    for word in search.split():
        rows = rows.filter(
            Q(name_zh__icontains=word) | Q(code__icontains=word) | Q(short_zh__icontains=word) | Q(publisher__icontains=word) | Q(unit_of_measure=word)
        )
    return rows.order_by("code")


def find_documents(search: str) -> QuerySet[Document]:
    rows = Document.objects.annotate(n_targets=Count("targets", distinct=True))
    for word in search.split():
        rows = rows.filter(Q(title__icontains=word) | Q(number__icontains=word) | Q(issuer__icontains=word))
    return rows.order_by(F("issued_on").desc(nulls_last=True), "pk")


def find_targets(user: User, search: str) -> QuerySet[Target]:
    """Targets by indicator, document, area or period, withdrawn ones too; each with what took its place, if anything did."""
    rows = Target.objects.visible_to(user).select_related("indicator", "area", "document", "superseded_by__target__document")
    for word in search.split():
        rows = rows.filter(
            Q(indicator__name_zh__icontains=word)
            | Q(indicator__code__icontains=word)
            | Q(document__title__icontains=word)
            | Q(document__number__icontains=word)
            | Q(area__short_zh=word)
            | Q(period=word)
        )
    return rows.order_by("indicator__name_zh", "area", "period", "pk")


def get_target(user: User, pk: int) -> Target:
    """One target with its document, links and who set it. Raises ``Target.DoesNotExist``."""
    rows = Target.objects.visible_to(user).select_related(
        "indicator", "area", "document", "recorded_by__unit", "withdrawn_by__unit", "superseded_by__target__document", "superseded_by__by__unit"
    )
    return rows.prefetch_related("supersedes__superseded__document", "supersedes__by__unit", "nodes").get(pk=pk)


def get_newest_value(indicator: Indicator, area: Area) -> Observation | None:
    """The newest period's figure of an indicator in an area, for a look at its scale."""
    rows = Observation.objects.filter(indicator=indicator, area=area, breakdown=Breakdown.TOTAL).exclude(value=None)
    return rows.order_by("-period__ends_on", "-vintage").first()


def find_assignments(user: User, search: str, *, on: date | None) -> QuerySet[Assignment]:
    """Assignments in force on a day (all of them without one), by unit, indicator, milestone or task."""
    rows = Assignment.objects.select_related("unit", "indicator", "area", "milestone__task", "task")
    rows = rows.filter(Q(indicator=None) | Q(indicator__in=Indicator.objects.visible_to(user)))
    if on:
        rows = rows.valid_on(on)
    for word in search.split():
        rows = rows.filter(
            Q(unit__name_zh__icontains=word)
            | Q(unit__code=word)
            | Q(indicator__name_zh__icontains=word)
            | Q(indicator__code__icontains=word)
            | Q(milestone__title_zh__icontains=word)
            | Q(task__title_zh__icontains=word)
            | Q(milestone__task__title_zh__icontains=word)
        )
    return rows.order_by("unit__code", "pk")


def get_assignments_of(subject: Task | Indicator) -> QuerySet[Assignment]:
    """Who reports an indicator, or anything of a task: the latest to begin first, ended ones included."""
    rows = Assignment.objects.select_related("unit", "indicator", "area", "milestone__task", "task")
    of_task = Q(task=subject) | Q(milestone__task=subject) if isinstance(subject, Task) else Q(indicator=subject)
    return rows.filter(of_task).order_by("-valid", "unit__code", "pk")


def get_next_milestone_number(task: Task) -> int:
    """A suggestion for the form; the constraint decides."""
    return (task.milestones.aggregate(last=Max("number"))["last"] or 0) + 1


def get_next_task_number(plan: Plan) -> int:
    return (plan.tasks.aggregate(last=Max("number"))["last"] or 0) + 1


def get_threshold_in_force(plan: Plan, day: date) -> LightThreshold | None:
    return plan.light_thresholds.filter(valid__contains=day).first()


def get_frameworks() -> QuerySet[IndexFramework]:
    """Index frameworks with how many indicators they have, how many the record can supply, and how many weight versions."""
    leaves = Q(nodes__is_leaf=True)
    return IndexFramework.objects.select_related("document").annotate(
        n_leaves=Count("nodes", filter=leaves, distinct=True),
        n_supplied=Count("nodes", filter=leaves & Q(nodes__indicator__isnull=False), distinct=True),
        n_versions=Count("weight_versions", distinct=True),
    )


@dataclass(frozen=True)
class Weights:
    """What the nodes of a framework count for: each version the office entered, the newest first, and what is in force by node id."""

    nodes: Sequence[IndexNode]
    versions: Sequence[WeightVersion]

    @property
    def number(self) -> int:
        """Of the newest version; 0 where there is none."""
        return self.versions[0].number if self.versions else 0

    @property
    def in_force(self) -> dict[int, Decimal]:
        if self.versions:
            return {row.node_id: row.weight for row in self.versions[0].weights.all()}
        return {node.pk: node.weight for node in self.nodes if node.weight is not None}

    @property
    def is_published(self) -> bool:
        """Whether the framework's publisher says any weight."""
        return any(node.weight is not None for node in self.nodes)


def get_weights(framework: IndexFramework) -> Weights:
    versions = framework.weight_versions.select_related("by__unit").prefetch_related("weights")
    return Weights(list(framework.nodes.select_related("parent")), list(versions))
