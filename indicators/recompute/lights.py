"""Tasks and aspects: the worst of their parts, and how far they are on average."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from kejiting.accounts.classification import Classification

from ..compute.series import to_decimal
from ..compute.thresholds import Thresholds
from ..models import Aspect, Breakdown, Light, LightOverride, Line, Milestone, Result, Return, Target, Task
from ..queries.tasks import get_milestone_lines
from ..standing import JUDGING, Judgement, all_judgements, get_worst, group, is_reached, read_judgements, stand_against_next
from .book import Book
from .methods import ASPECT, TASK
from .rows import Row

Measure = Result.Measure
PLACES = 10


@dataclass(frozen=True)
class Part:
    """One thing a task is judged by: an indicator against its target, or a milestone."""

    name: str
    light: str
    completion: float | None = None
    schedule: float | None = None
    results: Sequence[Judgement] = ()
    period: str = ""
    ends_on: date = date.min
    is_demo: bool = False
    # The line of a return that said so of a milestone.
    line: int | None = None

    @property
    def gap(self) -> float | None:
        """Completion minus schedule; None where one is not known."""
        return None if self.completion is None or self.schedule is None else self.completion - self.schedule


@dataclass
class Standing:
    """A task with what it is judged by."""

    task: Task
    parts: list[Part] = field(default_factory=list)
    narrated: bool = False
    override: LightOverride | None = None


def judge_tasks(ids: set[int], book: Book) -> Iterator[Row]:
    """Completion, schedule and light of tasks, from the current results of their indicators and from their milestones."""
    for standing in _load(ids, book):
        yield from _judge(standing, book.yardstick.thresholds(book.today, standing.task.plan_id), book)


def _load(ids: set[int], book: Book) -> list[Standing]:
    narrated = Line.objects.filter(
        assignment__task=OuterRef("pk"), assignment__is_narrative=True, report__state=Return.State.ACCEPTED
    ).exclude(progress="")
    tasks = list(
        Task.objects.filter(pk__in=ids)
        .select_related("lead_unit")
        .annotate(narrated=Exists(narrated))
        .prefetch_related("milestones", "task_indicators__indicator", Prefetch("light_overrides", LightOverride.objects.order_by("pk")))
        .order_by("pk")
    )
    results, targets = _load_judgements(tasks)
    lines = get_milestone_lines([m for task in tasks for m in task.milestones.all()])
    standings = []
    for task in tasks:
        latest = next(reversed(task.light_overrides.all()), None)
        standing = Standing(task, narrated=task.narrated, override=latest if latest and latest.light else None)
        found = [(ti.indicator.name_zh, results.get((ti.indicator_id, task.area_code), [])) for ti in task.task_indicators.all()]
        standing.parts += [part for name, rows in found if (part := _judge_indicator(name, rows, targets))]
        thresholds = book.yardstick.thresholds(book.today, task.plan_id)
        standing.parts += [_judge_milestone(m, lines.get(m.pk), thresholds, book.today) for m in task.milestones.all()]
        standings.append(standing)
        book.read("task", [(task.pk, task.state, task.due_on, task.narrated, standing.override and standing.override.pk)])
        book.read("milestone", [(m.pk, m.due_on, m.pk in lines and lines[m.pk].pk) for m in task.milestones.all()])
    return standings


def _load_judgements(tasks: Sequence[Task]) -> tuple[dict[tuple[int, str], list[Judgement]], dict[int, Target]]:
    """How the tasks' indicators stand in the tasks' areas, by indicator and area; and the targets they were judged against."""
    rows = all_judgements().current().filter(
        indicator__in={ti.indicator_id for task in tasks for ti in task.task_indicators.all()},
        area__in={task.area_code for task in tasks},
        breakdown=Breakdown.TOTAL,
        target__isnull=False,
        measure__in=JUDGING,
    )
    judged = group(read_judgements(rows), "target")
    targets = Target.objects.select_related("document").in_bulk(judged)
    found: dict[tuple[int, str], list[Judgement]] = defaultdict(list)
    for pk, judgements in judged.items():
        found[targets[pk].indicator_id, targets[pk].area_id] += judgements
    return found, targets


# -- parts ---------------------------------------------------------------------------------------


def _judge_indicator(name: str, rows: Sequence[Judgement], targets: Mapping[int, Target]) -> Part | None:
    """Where an indicator stands against the target that comes next; None without a target, which then asks for nothing."""
    stands = stand_against_next(rows, targets)
    if stands is None or (light := stands[1].light) is None:
        return None
    judged = stands[1]
    return Part(
        name,
        light.text,
        None if judged.done is None else float(judged.done),
        None if judged.due is None else float(judged.due),
        judged.rows,
        light.period_id or "",
        light.ends_on,
        is_demo=any(row.is_demo for row in judged.rows),
    )


def _judge_milestone(milestone: Milestone, line: Line | None, thresholds: Thresholds, today: date) -> Part:
    period = line.report.round.period if line else None
    reached = is_reached(line)
    is_due = milestone.due_on < today
    return Part(
        milestone.title_zh,
        _get_milestone_light(milestone, reached, thresholds, today),
        float(reached),
        float(is_due),
        period=period.label if period else "",
        ends_on=period.ends_on if period else date.min,
        is_demo=milestone.is_demo,
        line=line.pk if line else None,
    )


def _get_milestone_light(milestone: Milestone, reached: bool, thresholds: Thresholds, today: date) -> str:
    if reached:
        return Light.GREEN
    if milestone.due_on < today:
        return Light.RED
    return Light.BLUE if milestone.due_on - today <= timedelta(days=thresholds.due_soon_days) else Light.GREEN


# -- a task --------------------------------------------------------------------------------------


def _judge(standing: Standing, thresholds: Thresholds, book: Book) -> Iterator[Row]:
    parts, detail = standing.parts, _describe(standing)
    computable = [p for p in parts if p.completion is not None and p.schedule is not None]
    if computable:
        # More than all of one part does not make up for another.
        completion = sum(min(p.completion or 0, 1) for p in computable) / len(computable)
        yield _make(standing, Measure.COMPLETION, completion, "", detail, book)
        yield _make(standing, Measure.SCHEDULE, sum(p.schedule or 0 for p in computable) / len(computable), "", detail, book)
    else:
        completion = None
    light, reason = get_light(standing, completion, thresholds, book.today)
    detail = {**detail, **({"reason": reason} if reason else {})}
    if worst := _get_worst(parts, light):
        detail["worst"] = worst
    if standing.override:
        detail["override"] = {"id": standing.override.pk, "reason": standing.override.reason, "computed": light}
        light = standing.override.light
    yield _make(standing, Measure.LIGHT, None, light, detail, book)


def _get_worst(parts: Sequence[Part], light: str) -> list[dict[str, Any]]:
    """The parts that make a light red or yellow, the farthest behind first: what a reader must know besides the mean."""
    if light not in (Light.RED, Light.YELLOW):
        return []
    behind = sorted((p for p in parts if p.light == light), key=lambda p: (p.gap or 0, p.name))
    # A milestone is reached or not: how far behind it is has no number.
    return [{"name": p.name, "gap": None if p.gap is None or not p.results else round(p.gap, 4)} for p in behind[:3]]


def get_light(standing: Standing, completion: float | None, thresholds: Thresholds, today: date) -> tuple[str, str]:
    """A task's light and, where it is not plain from its parts, why."""
    task = standing.task
    if task.state == Task.State.CLOSED:
        return Light.CLOSED, ""
    if task.due_on < today:
        return Light.RED, "overdue"
    worst = get_worst({p.light for p in standing.parts})
    if worst is None:
        return Light.GREY, "narrative_only" if standing.narrated else "not_reported"
    is_soon = task.due_on - today <= timedelta(days=thresholds.due_soon_days)
    if worst == Light.GREEN and is_soon and (completion is None or completion < 1):
        return Light.BLUE, "due_soon"
    return worst, ""


def _describe(standing: Standing) -> dict[str, Any]:
    results = sorted({r.pk for p in standing.parts for r in p.results})
    lines = sorted({p.line for p in standing.parts if p.line})
    return {
        "inputs": [{"kind": "result", "id": pk} for pk in results] + [{"kind": "line", "id": pk} for pk in lines],
        "parts": dict(sorted(Counter(p.light for p in standing.parts).items())),
    }


def _make(standing: Standing, measure: str, number: float | None, text: str, detail: dict[str, Any], book: Book) -> Row:
    task, results = standing.task, [r for p in standing.parts for r in p.results]
    latest = max(standing.parts, key=lambda p: p.ends_on, default=None)
    internal = Classification.INTERNAL in {task.classification, *(r.classification for r in results)}
    return Row(
        measure=measure,
        task_id=task.pk,
        period_id=latest.period or None if latest else None,
        value=None if number is None else to_decimal(number, PLACES),
        text=text,
        detail=detail,
        method=TASK.name,
        version=TASK.version,
        classification=Classification.INTERNAL if internal else Classification.PUBLIC,
        is_released=all(r.is_released for r in results),
        is_demo=task.is_demo or any(p.is_demo for p in standing.parts) or bool(standing.override and standing.override.is_demo),
    )


# -- an aspect -----------------------------------------------------------------------------------


def judge_aspects(ids: set[int]) -> Iterator[Row]:
    """Means of the tasks' completion and schedule, with how many show each light."""
    results: dict[int, list[Result]] = defaultdict(list)
    aspects = dict(Task.objects.filter(aspect__in=ids).values_list("pk", "aspect"))
    # By the tasks' ids and not through their table: that is what the index of current results serves.
    for row in Result.objects.current().filter(task__in=list(aspects)).order_by("pk"):
        if row.task_id:
            results[aspects[row.task_id]].append(row)
    for aspect in Aspect.objects.filter(pk__in=results).order_by("pk"):
        yield from _judge_aspect(aspect, results[aspect.pk])


def _judge_aspect(aspect: Aspect, results: list[Result]) -> Iterator[Row]:
    lights = dict(sorted(Counter(r.text for r in results if r.measure == Measure.LIGHT).items()))
    for measure in (Measure.COMPLETION, Measure.SCHEDULE):
        values = [r.value for r in results if r.measure == measure and r.value is not None]
        yield Row(
            measure=measure,
            aspect_id=aspect.pk,
            value=round(sum(values, Decimal(0)) / len(values), PLACES) if values else None,
            detail={"inputs": [{"kind": "result", "id": r.pk} for r in results if r.measure == measure], "lights": lights, "tasks": len(values)},
            method=ASPECT.name,
            version=ASPECT.version,
            classification=Classification.INTERNAL if any(r.classification == Classification.INTERNAL for r in results) else Classification.PUBLIC,
            is_released=all(r.is_released for r in results),
            is_demo=any(r.is_demo for r in results),
        )
