"""Reading key tasks: the list with its lights, and one task with everything it is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ..models import (
    Breakdown,
    Indicator,
    Light,
    LightOverride,
    Line,
    Milestone,
    MilestoneVersion,
    Plan,
    Result,
    Return,
    Target,
    Task,
    TaskVersion,
)
from ..standing import JUDGING, Judged, Judgement, all_judgements, group, is_reached, judge, read_judgements, stand_against_next
from .moments import NOW, Moment, NotRecordedYet
from .vintages import Vintage, get_newest

SEVERITY = {light.value: position for position, light in enumerate(Light)}


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task in a list, with how it stands."""

    pk: int
    number: int
    title_zh: str
    aspect_id: int
    aspect: str
    lead_unit: str
    due_on: date
    is_demo: bool
    judged: Judged

    @property
    def rank(self) -> tuple[int, Decimal]:
        """The worst first; among equals the farthest behind."""
        return SEVERITY[self.judged.colour], self.judged.gap or Decimal(0)


class TaskLink(NamedTuple):
    """As much of a task as a link to it says."""

    pk: int
    plan: str
    number: int
    title_zh: str

    def __str__(self) -> str:
        return f"{self.number} {self.title_zh}"


def read_links(tasks: QuerySet[Task]) -> list[TaskLink]:
    return [TaskLink._make(row) for row in tasks.values_list("pk", "plan__code", "number", "title_zh")]


_TASK = ("task_pk", "task_number", "title_zh", "aspect_id", "aspect__name_zh", "lead_unit__name_zh", "due_on", "is_demo")


@dataclass(frozen=True, slots=True)
class AspectRow:
    """An aspect of the plan with its tasks."""

    pk: int
    number: int
    name_zh: str
    judged: Judged
    rows: list[TaskRow]


@dataclass(frozen=True)
class PlanTasks:
    """The tasks of a plan in its order, and its aspects, with how they stand."""

    rows: list[TaskRow]
    aspects: list[tuple[int, int, str, Judged]]

    def count_lights(self) -> list[tuple[str, int]]:
        """How many tasks show each light, in the lights' order."""
        return [(name, sum(row.judged.colour == name for row in self.rows)) for name in Light]

    def pick(self, light: str, *, worst_first: bool = False) -> list[TaskRow]:
        """The tasks of one light, or all; in the plan's order or the worst first."""
        rows = [row for row in self.rows if not light or row.judged.colour == light]
        return sorted(rows, key=lambda row: row.rank) if worst_first else rows

    def group(self, rows: Sequence[TaskRow]) -> list[AspectRow]:
        """The aspects, each with those of ``rows`` that belong to it."""
        return [AspectRow(*aspect, [row for row in rows if row.aspect_id == aspect[0]]) for aspect in self.aspects]


def get_tasks(user: User, plan: Plan, moment: Moment = NOW, *, search: str = "") -> PlanTasks:
    """Three queries: the tasks, the aspects, and what was judged of either."""
    tasks = _get_rows(Task.objects.visible_to(user).filter(plan=plan), moment)
    for word in search.replace("时序进度", "序时进度").split():
        tasks = tasks.filter(_matches(word))
    rows: list[tuple[int, int, str, int, str, str, date, bool]] = list(tasks.values_list(*_TASK))
    aspects = list(plan.aspects.order_by("number").values_list("pk", "number", "name_zh"))
    # By ids and not through their tables: that is what the indexes of results serve.
    of_either = Q(task__in=[row[0] for row in rows]) | Q(aspect__in=[aspect[0] for aspect in aspects])
    judgements = read_judgements(moment.results(all_judgements().visible_to(user).filter(of_either)))
    by_task, by_aspect = group(judgements, "task"), group(judgements, "aspect")
    return PlanTasks(
        [TaskRow(*row, judge(by_task.get(row[0], ()))) for row in rows],
        [(*aspect, judge(by_aspect.get(aspect[0], ()))) for aspect in aspects],
    )


def _get_rows(tasks: QuerySet[Task], moment: Moment) -> QuerySet[Any]:
    """What the tasks say, or said at an earlier moment, each with the ``task_number`` it has now."""
    if not moment.as_of:
        return tasks.annotate(task_pk=F("pk"), task_number=F("number")).order_by("number")
    said = TaskVersion.objects.as_of(moment.as_of).filter(task__in=tasks.order_by())
    return said.annotate(task_pk=F("task_id"), task_number=F("task__number")).order_by("task__number")


def _matches(word: str) -> Q:
    found = Q(title_zh__icontains=word) | Q(title_en__icontains=word) | Q(lead_unit__name_zh__icontains=word) | Q(aspect__name_zh__icontains=word)
    return found | Q(task_number=int(word)) if word.isdecimal() and len(word) < 5 else found


# -- one task ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IndicatorPart:
    """An indicator a task is measured by, where it stands against the target that comes next.

    ``total`` is what the year's amounts come to so far, where the newest alone is not what is compared with the target.
    """

    indicator: Indicator
    observation: Vintage | None
    target: Target | None
    judged: Judged
    total: Judgement | None


@dataclass(frozen=True)
class MilestonePart:
    """A milestone and whether the newest accepted return says that it was reached; ``is_open``: the user may open that return."""

    milestone: Milestone
    line: Line | None
    is_reached: bool
    is_open: bool


class Narrative(NamedTuple):
    """What a unit wrote about a task in a quarter, with who wrote and who accepted it."""

    period_id: str
    unit: str
    progress: str
    problems: str
    next_steps: str
    missing: str
    note: str
    writer_unit: str | None
    writer: str | None
    accepter_unit: str | None
    accepter: str | None
    accepted_at: datetime | None


_NARRATIVE = (
    *("report__round__period_id", "report__unit__name_zh", "progress", "problems", "next_steps", "missing", "note"),
    *("entered_by__unit__name_zh", "entered_by__name"),
    *("report__accepted_by__unit__name_zh", "report__accepted_by__name", "report__accepted_at"),
)


@dataclass
class TaskPage:
    """One task with what it is judged by and what was said about it."""

    task: Task
    judged: Judged
    cooperating: list[str]
    indicators: list[IndicatorPart]
    milestones: list[MilestonePart]
    narratives: list[Narrative]
    predecessor: TaskLink | None = None
    children: list[TaskLink] = field(default_factory=list)
    override: LightOverride | None = None


def get_task(user: User, plan: str, number: int, moment: Moment = NOW) -> TaskPage:
    """One task. Raises ``Task.DoesNotExist`` for none and for one the user may not see."""
    task = (
        Task.objects.visible_to(user)
        .select_related("plan", "aspect", "lead_unit", "responsible_office", "document")
        .get(plan__code=plan, number=number)
    )
    _set_back(task, moment)
    judged = judge(read_judgements(moment.results(all_judgements().visible_to(user).filter(task=task))))
    page = TaskPage(
        task,
        judged,
        list(task.cooperating_units.values_list("name_zh", flat=True)),
        _get_indicator_parts(user, task, moment),
        _get_milestone_parts(user, task, moment),
        _get_narratives(user, task, moment),
    )
    _add_kin(user, page, moment)
    if judged.light and (override := judged.light.detail.get("override")):
        page.override = LightOverride.objects.select_related("by__unit").filter(pk=override["id"]).first()
    return page


def _set_back(task: Task, moment: Moment) -> None:
    """What the task said at the moment; nothing of this is saved. Raises ``NotRecordedYet``."""
    if not moment.as_of:
        return
    parts = ("aspect", "parent", "predecessor", "lead_unit", "responsible_office", "document")
    said = TaskVersion.objects.as_of(moment.as_of).select_related(*parts).filter(task=task).first()
    if said is None:
        raise NotRecordedYet(_("%(day)s 时这项任务还没有登记。") % {"day": timezone.localdate(moment.as_of).isoformat()})
    said.set_back(task)


def _add_kin(user: User, page: TaskPage, moment: Moment) -> None:
    """The task it continues and those that are part of it, as far as the user may see them."""
    kin = moment.recorded(Task.objects.visible_to(user)).filter(Q(pk=page.task.predecessor_id) | Q(parent=page.task))
    for task in read_links(kin.order_by("number")):
        if task.pk == page.task.predecessor_id:
            page.predecessor = task
        else:
            page.children.append(task)


def _get_indicator_parts(user: User, task: Task, moment: Moment) -> list[IndicatorPart]:
    link = {"task_indicators__task": task} | ({"task_indicators__recorded_at__lte": moment.as_of} if moment.as_of else {})
    indicators = list(Indicator.objects.visible_to(user).filter(**link).order_by("task_indicators__pk"))
    newest = get_newest(user, indicators, task.area_code, moment)
    rows = all_judgements().visible_to(user).filter(
        Q(target__isnull=False, measure__in=JUDGING) | Q(indicator__accumulation=Indicator.Accumulation.FLOW, measure=Result.Measure.YEAR_TO_DATE),
        indicator__in=indicators,
        area=task.area_code,
        breakdown=Breakdown.TOTAL,
    )
    judgements = group(read_judgements(moment.results(rows)), "indicator")
    targets = Target.objects.select_related("document").order_by().in_bulk({row.target_id for found in judgements.values() for row in found if row.target_id})
    return [_make_part(indicator, newest.get(indicator.pk), judgements.get(indicator.pk, []), targets) for indicator in indicators]


def _make_part(indicator: Indicator, observation: Vintage | None, rows: Sequence[Judgement], targets: dict[int, Target]) -> IndicatorPart:
    target, judged = stand_against_next([row for row in rows if row.target_id], targets) or (None, Judged())
    totals = {row.period_id: row for row in rows if row.measure == Result.Measure.YEAR_TO_DATE}
    return IndicatorPart(indicator, observation, target, judged, totals.get(judged.completion.period_id) if judged.completion else None)


def get_milestone_lines(milestones: Sequence[Milestone], moment: Moment = NOW) -> dict[int, Line]:
    """By milestone: the line of the newest accepted return that speaks of it."""
    if not milestones:
        return {}
    rows = Line.objects.filter(assignment__milestone__in=milestones, report__state=Return.State.ACCEPTED)
    if moment.as_of:
        rows = rows.filter(report__accepted_at__lte=moment.as_of)
    rows = (
        rows.select_related("assignment", "report__round__period", "report__unit")
        .prefetch_related("corrections")
        .order_by("assignment__milestone_id", "-report__round__period__ends_on")
        .distinct("assignment__milestone_id")
    )
    return {row.assignment.milestone_id: row for row in rows if row.assignment.milestone_id}


def _get_milestone_parts(user: User, task: Task, moment: Moment) -> list[MilestonePart]:
    milestones = list(moment.recorded(task.milestones.all()))
    moment.set_back(milestones, MilestoneVersion.objects.all())
    milestones.sort(key=lambda milestone: milestone.number)
    lines = get_milestone_lines(milestones, moment)
    reports = {line.report_id for line in lines.values()}
    may_open = set(Return.objects.visible_to(user).filter(pk__in=reports).values_list("pk", flat=True)) if reports else set()
    return [_make_milestone(milestone, lines.get(milestone.pk), may_open, moment) for milestone in milestones]


def _make_milestone(milestone: Milestone, line: Line | None, may_open: set[int], moment: Moment) -> MilestonePart:
    return MilestonePart(milestone, line, is_reached(line, moment.as_of), line is not None and line.report_id in may_open)


def _get_narratives(user: User, task: Task, moment: Moment) -> list[Narrative]:
    """The accepted narratives of a task, the newest first: what a unit says of its troubles is for those who see its return."""
    rows = Line.objects.filter(assignment__task=task, assignment__is_narrative=True, report__state=Return.State.ACCEPTED)
    rows = rows.filter(report__in=Return.objects.visible_to(user))
    if moment.as_of:
        rows = rows.filter(report__accepted_at__lte=moment.as_of)
    return [Narrative._make(row) for row in rows.order_by("-report__round__period__starts_on").values_list(*_NARRATIVE)]
