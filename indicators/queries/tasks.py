"""Reading key tasks: the list with its lights, and one task with everything it is judged by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from kejiting.accounts.models import User

from ..models import Aspect, Breakdown, Indicator, Light, Line, Milestone, Observation, Plan, Result, Return, Target, Task
from ..periods import parse_label
from .moments import NOW, Moment

Measure = Result.Measure
WORST_FIRST = [Light.RED, Light.YELLOW, Light.GREY, Light.BLUE, Light.PENDING, Light.GREEN, Light.CLOSED]


@dataclass
class Judged:
    """What was computed of a thing: its light, how far it is, how far it should be."""

    light: Result | None = None
    completion: Result | None = None
    schedule: Result | None = None

    @property
    def colour(self) -> str:
        return self.light.text if self.light else Light.GREY

    @property
    def done(self) -> Decimal | None:
        return self.completion.value if self.completion else None

    @property
    def due(self) -> Decimal | None:
        return self.schedule.value if self.schedule else None

    @property
    def gap(self) -> Decimal | None:
        """Completion minus schedule, as a share."""
        return None if self.done is None or self.due is None else self.done - self.due

    @property
    def is_demo(self) -> bool:
        return bool(self.light and self.light.is_demo)


def judge(results: Sequence[Result]) -> Judged:
    """The three measures of one subject; of several periods the newest."""
    newest = sorted(results, key=lambda r: parse_label(r.period_id).ends_on if r.period_id else date.min)
    by_measure = {r.measure: r for r in newest}
    return Judged(by_measure.get(Measure.LIGHT), by_measure.get(Measure.COMPLETION), by_measure.get(Measure.SCHEDULE))


@dataclass
class TaskRow:
    """A task in a list."""

    task: Task
    judged: Judged

    @property
    def rank(self) -> tuple[int, Decimal]:
        """The worst first; among equals the farthest behind."""
        return WORST_FIRST.index(Light(self.judged.colour)), self.judged.gap or Decimal(0)


def get_current_plan() -> Plan | None:
    return Plan.objects.select_related("document").filter(is_current=True).first()


def get_tasks(user: User, plan: Plan, moment: Moment = NOW, *, search: str = "") -> list[TaskRow]:
    """The tasks of a plan with their lights, in the plan's order; four queries."""
    tasks = Task.objects.visible_to(user).filter(plan=plan).select_related("aspect", "lead_unit", "plan")
    for word in search.replace("时序进度", "序时进度").split():
        tasks = tasks.filter(_matches(word))
    results = group_results(moment.results(Result.objects.visible_to(user).filter(task__plan=plan)).newest("task"), "task")
    return [TaskRow(task, judge(results.get(task.pk, []))) for task in tasks]


def _matches(word: str) -> Q:
    found = Q(title_zh__icontains=word) | Q(title_en__icontains=word) | Q(lead_unit__name_zh__icontains=word) | Q(aspect__name_zh__icontains=word)
    return found | Q(number=int(word)) if word.isdecimal() and len(word) < 5 else found


def group_results(rows: Iterable[Result], subject: str) -> dict[int, list[Result]]:
    """Results by the id of what they judge: a ``task``, an ``aspect``, an ``indicator``, a ``target``."""
    groups: dict[int, list[Result]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, f"{subject}_id")].append(row)
    return groups


@dataclass
class AspectRow:
    """An aspect of the plan with its tasks and how many of them show each light."""

    aspect: Aspect
    rows: list[TaskRow]
    judged: Judged

    @property
    def counts(self) -> dict[str, int]:
        return {light: sum(row.judged.colour == light for row in self.rows) for light in WORST_FIRST}


def get_aspects(user: User, plan: Plan, rows: Sequence[TaskRow], moment: Moment = NOW) -> list[AspectRow]:
    """The plan's aspects over tasks already read."""
    results = group_results(moment.results(Result.objects.visible_to(user).filter(aspect__plan=plan)).newest("aspect"), "aspect")
    return [
        AspectRow(aspect, [row for row in rows if row.task.aspect_id == aspect.pk], judge(results.get(aspect.pk, [])))
        for aspect in plan.aspects.all()
    ]


@dataclass
class IndicatorPart:
    """An indicator a task is measured by, where it stands against its newest target in force."""

    observation: Observation | None
    target: Target | None
    judged: Judged
    indicator: Indicator | None = None


@dataclass
class MilestonePart:
    """A milestone and whether the newest accepted return says that it was reached."""

    milestone: Milestone
    line: Line | None
    as_of: datetime | None = None

    @property
    def is_reached(self) -> bool:
        return self.line is not None and self.line.in_force_at(self.as_of).value == 1


@dataclass
class TaskPage:
    """One task with what it is judged by and what was said about it."""

    task: Task
    judged: Judged
    indicators: list[IndicatorPart] = field(default_factory=list)
    milestones: list[MilestonePart] = field(default_factory=list)
    narratives: list[Line] = field(default_factory=list)


def get_task(user: User, plan: str, number: int, moment: Moment = NOW) -> TaskPage:
    """One task. Raises ``Task.DoesNotExist`` for none and for one the user may not see."""
    task = (
        Task.objects.visible_to(user)
        .select_related("plan", "aspect", "lead_unit", "responsible_office", "document", "parent", "predecessor__plan")
        .prefetch_related("cooperating_units", "light_overrides__by__unit", "steps__by__unit", "children")
        .get(plan__code=plan, number=number)
    )
    judged = judge(list(moment.results(Result.objects.visible_to(user).filter(task=task)).select_related("run")))
    return TaskPage(task, judged, _get_indicator_parts(user, task, moment), _get_milestone_parts(task, moment), _get_narratives(task, moment))


def _get_indicator_parts(user: User, task: Task, moment: Moment) -> list[IndicatorPart]:
    indicators = list(Indicator.objects.visible_to(user).filter(task_indicators__task=task).order_by("task_indicators__pk"))
    home = Observation.objects.visible_to(user).filter(indicator__in=indicators, area=task.area_code, breakdown=Breakdown.TOTAL)
    newest: dict[int, Observation] = {}
    for row in sorted(moment.observations(home).select_related("period", "indicator").latest(), key=lambda o: o.period.ends_on):
        newest[row.indicator_id] = row
    judging = Result.objects.visible_to(user).filter(indicator__in=indicators, area=task.area_code, target__isnull=False)
    results = group_results(moment.results(judging).select_related("target__document", "target__period"), "indicator")
    return [_make_part(indicator, newest.get(indicator.pk), results.get(indicator.pk, [])) for indicator in indicators]


def _make_part(indicator: Indicator, observation: Observation | None, results: list[Result]) -> IndicatorPart:
    """Against the target whose period comes soonest after what was observed; of several documents the latest."""
    judged = [(r.target, r) for r in results if r.target]
    if not judged:
        return IndicatorPart(observation, None, Judged(), indicator)
    newest = observation.period.ends_on if observation else max((r.period or t.period).ends_on for t, r in judged)
    targets = {t for t, _r in judged}
    ahead = [t for t in targets if t.period.ends_on >= newest] or list(targets)
    target = min(ahead, key=lambda t: (t.period.ends_on, -(t.document.issued_on.toordinal() if t.document.issued_on else 0)))
    return IndicatorPart(observation, target, judge([r for t, r in judged if t == target]), indicator)


def get_milestone_lines(milestones: Sequence[Milestone], moment: Moment = NOW) -> dict[int, Line]:
    """By milestone: the line of the newest accepted return that speaks of it."""
    rows = Line.objects.filter(assignment__milestone__in=milestones, report__state=Return.State.ACCEPTED)
    if moment.as_of:
        rows = rows.filter(report__accepted_at__lte=moment.as_of)
    rows = (
        rows.select_related("assignment", "report__round__period", "report__unit", "entered_by__unit")
        .prefetch_related("corrections")
        .order_by("assignment__milestone_id", "-report__round__period__ends_on")
        .distinct("assignment__milestone_id")
    )
    return {row.assignment.milestone_id: row for row in rows if row.assignment.milestone_id}


def _get_milestone_parts(task: Task, moment: Moment) -> list[MilestonePart]:
    milestones = list(task.milestones.all())
    lines = get_milestone_lines(milestones, moment)
    return [MilestonePart(milestone, lines.get(milestone.pk), moment.as_of) for milestone in milestones]


def _get_narratives(task: Task, moment: Moment) -> list[Line]:
    """The accepted narratives of a task, the newest first."""
    rows = Line.objects.filter(assignment__task=task, assignment__is_narrative=True, report__state=Return.State.ACCEPTED)
    if moment.as_of:
        rows = rows.filter(report__accepted_at__lte=moment.as_of)
    return list(
        rows.select_related("report__round__period", "report__unit", "report__accepted_by__unit", "entered_by__unit").order_by(
            "-report__round__period__starts_on"
        )
    )
