"""Taking away what was entered by mistake: only where nothing was said under it, with a reason, and the trail keeps what it was."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...changes import to_json
from ...constraints import explained
from ...errors import WrongState
from ...models import (
    Assignment,
    Document,
    Indicator,
    Line,
    Milestone,
    MilestoneVersion,
    Result,
    StaleMark,
    Target,
    Task,
    TaskIndicator,
    TaskVersion,
)
from ..marks import mark_indicators, mark_tasks
from ..rounds import drop_untouched_lines
from .core import require, require_may_change, require_reason
from .documents import DOCUMENT_FIELDS
from .indicators import INDICATOR_FIELDS
from .tasks import MILESTONE_FIELDS, TASK_FIELDS

# What goes with a thing, or is only computed of it, and so is no reason to keep it.
_COMPUTED = {Result, StaleMark}


@transaction.atomic
def remove_task(task: Task, *, by: User, reason: str) -> None:
    """Take away a task of which nothing was said yet: no milestone, assignment, part, override or project refers to it."""
    task = _hold(Task.objects.select_related("plan", "aspect"), task, by=by)
    reason = require_reason(reason, _("请写明删除的原因。"))
    _refuse_referred(task, but={TaskIndicator, TaskVersion, Task.cooperating_units.through})
    _note(task, TASK_FIELDS, by=by, reason=reason, cooperating_units=to_json(list(task.cooperating_units.order_by("code"))))
    siblings = Task.objects.filter(aspect=task.aspect_id).exclude(pk=task.pk).values_list("pk", flat=True)
    # The aspect is judged over its tasks: over those that are left, and over none not at all.
    mark_tasks(siblings[:1], cause=f"task {task.pk} removed")
    if not siblings:
        Result.objects.filter(aspect=task.aspect_id).delete()
    _delete(task, Result.objects.filter(task=task))


@transaction.atomic
def remove_milestone(milestone: Milestone, *, by: User, reason: str) -> None:
    """Take away a milestone that nobody was asked about."""
    milestone = _hold(Milestone.objects.select_related("task"), milestone, by=by)
    reason = require_reason(reason, _("请写明删除的原因。"))
    _refuse_referred(milestone, but={MilestoneVersion})
    _note(milestone, MILESTONE_FIELDS, by=by, reason=reason, task=milestone.task_id)
    mark_tasks([milestone.task_id], cause=f"milestone {milestone.pk} removed")
    _delete(milestone)


@transaction.atomic
def remove_assignment(row: Assignment, *, by: User, reason: str) -> None:
    """Take away an assignment under which nothing was typed. Its empty lines go with it; what was typed once only ends.

    Raises ``WrongState`` where a line was typed into, or belongs to a return that was handed in or whose round is locked.
    """
    row = _hold(Assignment.objects.select_related("unit", "indicator", "milestone", "task"), row, by=by)
    reason = require_reason(reason, _("请写明删除的原因。"))
    drop_untouched_lines(row.lines.all())
    if Line.objects.filter(assignment=row).exists():
        raise WrongState(_("这项分工已有填报，或所在的批次已经锁定，不能删除；不再需要的，请填写结束日期。"))
    _note(row, ("unit", "role", "indicator", "area", "breakdown", "milestone", "task", "is_narrative"), by=by, reason=reason)
    _delete(row)


@transaction.atomic
def remove_indicator(indicator: Indicator, *, by: User, reason: str) -> None:
    """Take away an indicator under which nothing was observed, aimed at or asked, and which no other reads."""
    indicator = _hold(Indicator.objects.all(), indicator, by=by)
    reason = require_reason(reason, _("请写明删除的原因。"))
    own = {"definitions": indicator.definitions.all(), "dependencies": indicator.dependencies.all()}
    _refuse_referred(indicator, but={rows.model for rows in own.values()}, also=indicator.dependents.all())
    said = indicator.definitions.order_by("version").values("version", "text_zh", "formula")
    _note(indicator, ("code", *INDICATOR_FIELDS), by=by, reason=reason, definitions=list(said))
    Indicator.objects.filter(pk=indicator.pk).update(current_definition=None)
    _delete(indicator, *own.values(), Result.objects.filter(indicator=indicator))


@transaction.atomic
def remove_document(document: Document, *, by: User, reason: str) -> None:
    """Take away a document that nothing refers to."""
    document = _hold(Document.objects.all(), document, by=by)
    reason = require_reason(reason, _("请写明删除的原因。"))
    _refuse_referred(document)
    _note(document, DOCUMENT_FIELDS, by=by, reason=reason)
    _delete(document)


@transaction.atomic
def withdraw_target(target: Target, *, by: User, reason: str) -> Target:
    """Say that a target was entered by mistake. It is in force no more and may be set anew under the same document.

    Unlike what is removed it stays: lights were judged by it, and a page of that time goes on showing it. One that
    supersedes another or was superseded is not withdrawn: somebody built on it.
    """
    require(by)
    # The same rows as ``supersede_target`` holds: of the two at once the second finds what the first did.
    rows = Target.objects.select_for_update().filter(indicator=target.indicator_id, area=target.area_id).order_by("pk")
    target = next(row for row in rows if row.pk == target.pk)
    require_may_change(by, target, _("这是正式目标，演示账号不能撤回它。"))
    reason = require_reason(reason, _("请写明撤回的原因。"))
    if target.withdrawn_at:
        raise WrongState(_("这个目标已经撤回。"))
    target.withdrawn_at, target.withdrawn_by, target.withdrawal_reason = timezone.now(), by, reason
    with explained():
        target.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal_reason"])
    record_event("target.withdraw", target, by=by, reason=reason)
    mark_indicators([(target.indicator_id, target.area_id)], cause=f"target {target.pk} withdrawn")
    return target


# -- shared --------------------------------------------------------------------------------------


def _hold(rows: Any, row: Any, *, by: User) -> Any:
    """The row as it is now, held so that nobody refers to it meanwhile. ``WrongState`` where it is gone."""
    require(by)
    held = rows.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if held is None:
        raise WrongState(_("已经被删除，请刷新页面。"))
    require_may_change(by, held)
    return held


def _refuse_referred(row: models.Model, *, but: Collection[type[models.Model]] = (), also: Any = None) -> None:
    """Raises ``WrongState`` that names what refers to the row, how many of each."""
    found = [(str(model._meta.verbose_name), n) for model, n in _count_references(row) if model not in _COMPUTED and model not in but]
    if also is not None and (n := also.count()):
        found.append((str(also.model._meta.verbose_name), n))
    if found:
        names = "、".join(_("%(name)s %(n)s 条") % {"name": name, "n": n} for name, n in found)
        raise WrongState(_("“%(thing)s”已被引用（%(names)s），不能删除；请先处理这些引用。") % {"thing": row, "names": names})


def _count_references(row: models.Model) -> Iterator[tuple[type[models.Model], int]]:
    """Every model of every app that refers to the row, with how many rows of it do."""
    for relation in row._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ForeignObjectRel) or isinstance(relation, models.ManyToManyRel):
            continue
        n = relation.related_model._base_manager.filter(**{relation.field.name: row.pk}).count()
        if n:
            yield relation.related_model, n


def _note(row: models.Model, names: Collection[str], *, by: User, reason: str, **more: Any) -> None:
    """The trail holds what was taken away, whole."""
    values = {name: to_json(getattr(row, name)) for name in names}
    record_event(f"{row._meta.model_name}.delete", row, by=by, reason=reason, values=values, **more)


def _delete(row: models.Model, *with_it: Any) -> None:
    with explained():
        for rows in with_it:
            rows.delete()
        row.delete()
