"""Key tasks, their milestones, what they are measured by, and a light set by hand."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import Unit, User

from ...changes import Changes, set_fields, to_json, values_of
from ...constraints import explained
from ...errors import RecordError, WrongState
from ...models import Indicator, Light, LightOverride, Milestone, Plan, Task, TaskIndicator
from ..marks import mark_tasks
from .core import is_demo, refuse_demo_parts, require, require_known, require_may_change, require_reason

TASK_FIELDS = (
    "number",
    "aspect",
    "parent",
    "predecessor",
    "lead_unit",
    "responsible_office",
    "document",
    "title_zh",
    "title_en",
    "responsible_leader",
    "starts_on",
    "due_on",
    "basis",
    "classification",
)
MILESTONE_FIELDS = ("number", "title_zh", "title_en", "due_on")

# What an official may say by hand; whether a task is closed, or its figure not yet published, is not an opinion.
OVERRIDE_LIGHTS = (Light.GREEN, Light.BLUE, Light.YELLOW, Light.RED, Light.GREY)


@transaction.atomic
def add_task(*, by: User, plan: Plan, cooperating_units: Sequence[Unit] = (), **values: Any) -> Task:
    """Add a key task to a plan."""
    require(by)
    require_known(values, TASK_FIELDS)
    task = Task(plan=plan, **values)
    task.is_demo = is_demo(by, plan, task.parent, task.document)
    check_task(task, cooperating_units)
    with explained():
        task.save(force_insert=True)
    task.cooperating_units.set(cooperating_units)
    record_event("task.add", task, by=by, values=values_of(task, TASK_FIELDS), cooperating_units=to_json(list(cooperating_units)))
    mark_tasks([task.pk], cause=f"task {task.pk}")
    return task


@transaction.atomic
def edit_task(task: Task, *, by: User, cooperating_units: Sequence[Unit] | None = None, **values: Any) -> Task:
    """Change what a task says. Its ending has steps of its own; its plan does not change."""
    require(by)
    require_known(values, TASK_FIELDS)
    task = Task.objects.select_for_update(of=("self",), no_key=True).select_related("plan").get(pk=task.pk)
    require_may_change(by, task)
    changes = set_fields(task, values)
    units = list(task.cooperating_units.all()) if cooperating_units is None else list(cooperating_units)
    check_task(task, units)
    if cooperating_units is not None:
        changes |= _set_cooperating(task, units)
    if not changes:
        return task
    with explained():
        task.save(update_fields=_columns(changes))
    record_event("task.edit", task, by=by, changes=changes)
    mark_tasks([task.pk], cause=f"task {task.pk}")
    return task


def _columns(changes: Changes) -> list[str]:
    return [name for name in changes if name != "cooperating_units"]


def _set_cooperating(task: Task, units: Sequence[Unit]) -> Changes:
    before = list(task.cooperating_units.order_by("code"))
    after = sorted(units, key=lambda unit: unit.code)
    if before == after:
        return {}
    task.cooperating_units.set(after)
    return {"cooperating_units": [to_json(before), to_json(after)]}


def check_task(task: Task, cooperating_units: Sequence[Unit]) -> None:
    """What a task must keep to. Raises ``RecordError``."""
    if not task.title_zh.strip():
        raise RecordError(_("请填写任务。"))
    if task.aspect.plan_id != task.plan_id:
        raise RecordError(_("“%(aspect)s”不是这个规划的方面。") % {"aspect": task.aspect})
    if task.parent and task.parent.plan_id != task.plan_id:
        raise RecordError(_("上级任务须在同一规划里。"))
    if task.predecessor and task.predecessor.plan.starts_on >= task.plan.starts_on:
        raise RecordError(_("前一规划中的任务须在更早的规划里。"))
    if task.lead_unit in cooperating_units:
        raise RecordError(_("%(unit)s 是牵头单位，不必再列为配合单位。") % {"unit": task.lead_unit})
    _check_no_circle(task)
    refuse_demo_parts(task.is_demo, task.parent, task.document, task.lead_unit, task.responsible_office, *cooperating_units)


def _check_no_circle(task: Task) -> None:
    above, seen = task.parent, set()
    while above is not None and above.pk not in seen:
        if above.pk == task.pk:
            raise RecordError(_("上级任务不能是这项任务自己或它的下级任务。"))
        seen.add(above.pk)
        above = above.parent


# -- milestones ----------------------------------------------------------------------------------


@transaction.atomic
def add_milestone(task: Task, *, by: User, number: int, title_zh: str, due_on: date, title_en: str = "") -> Milestone:
    """Add a node to a task. Whether it is reached is reported, by an assignment of its own."""
    require(by)
    require_may_change(by, task)
    milestone = Milestone(task=task, number=number, title_zh=title_zh, title_en=title_en, due_on=due_on, is_demo=is_demo(by, task))
    _check_milestone(milestone)
    with explained():
        milestone.save(force_insert=True)
    record_event("milestone.add", milestone, by=by, task=task.pk, values=values_of(milestone, MILESTONE_FIELDS))
    mark_tasks([task.pk], cause=f"milestone {milestone.pk}")
    return milestone


@transaction.atomic
def edit_milestone(milestone: Milestone, *, by: User, **values: Any) -> Milestone:
    """Change a node's words, number or date."""
    require(by)
    require_known(values, MILESTONE_FIELDS)
    milestone = Milestone.objects.select_for_update(of=("self",), no_key=True).select_related("task").get(pk=milestone.pk)
    require_may_change(by, milestone if milestone.is_demo else milestone.task)
    changes = set_fields(milestone, values)
    _check_milestone(milestone)
    if not changes:
        return milestone
    with explained():
        milestone.save(update_fields=list(changes))
    record_event("milestone.edit", milestone, by=by, is_demo=is_demo(by, milestone, milestone.task), changes=changes)
    mark_tasks([milestone.task_id], cause=f"milestone {milestone.pk}")
    return milestone


def _check_milestone(milestone: Milestone) -> None:
    if not milestone.title_zh.strip():
        raise RecordError(_("请填写节点。"))
    if milestone.due_on < milestone.task.starts_on:
        raise RecordError(_("节点的时限不能早于任务的开始日期（%(day)s）。") % {"day": milestone.task.starts_on.isoformat()})


# -- what a task is measured by ------------------------------------------------------------------


@transaction.atomic
def link_indicator(task: Task, indicator: Indicator, *, by: User) -> TaskIndicator:
    """Say that a task is measured by an indicator."""
    require(by)
    require_may_change(by, task)
    refuse_demo_parts(task.is_demo, indicator)
    with explained():
        link = TaskIndicator.objects.create(task=task, indicator=indicator)
    _note_link("task.link_indicator", task, indicator, by=by)
    return link


@transaction.atomic
def unlink_indicator(task: Task, indicator: Indicator, *, by: User) -> None:
    """Say that a task is no longer measured by an indicator. The indicator and its figures stay."""
    require(by)
    require_may_change(by, task)
    removed, _details = TaskIndicator.objects.filter(task=task, indicator=indicator).delete()
    if not removed:
        raise WrongState(_("这个指标没有关联到这项任务。"))
    _note_link("task.unlink_indicator", task, indicator, by=by)


def _note_link(verb: str, task: Model, indicator: Indicator, *, by: User) -> None:
    record_event(verb, task, by=by, indicator=indicator.code)
    mark_tasks([task.pk], cause=f"task {task.pk} {indicator.code}"[:120])


# -- a light set by hand -------------------------------------------------------------------------


@transaction.atomic
def override_light(task: Task, *, by: User, light: str, reason: str) -> LightOverride:
    """Say another light than the computed one, or with an empty ``light`` take that back; with a reason either way.

    A demonstration account may do so to an official task: the override is a row of its own, and goes.
    """
    require(by, "task.override_light")
    reason = require_reason(reason, _("调整灯色须写明原因。"))
    if light and light not in OVERRIDE_LIGHTS:
        raise RecordError(_("没有这种灯色。"))
    task = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    before = task.light_overrides.order_by("pk").last()
    if not light and not (before and before.light):
        raise WrongState(_("这项任务的灯色没有调整过，不必撤销。"))
    override = LightOverride.objects.create(task=task, light=light, reason=reason, by=by, is_demo=is_demo(by, task))
    record_event("task.override_light", task, by=by, reason=reason, changes={"light": [before.light if before else "", light]})
    mark_tasks([task.pk], cause=f"override {override.pk}")
    return override
