"""Taking the official task list into the plan: first what would happen, row by row; then all of it or nothing.

A row with the number of a task on record updates that task. Where that task was demonstration and the list
is official (it comes by the command, or from an account that is not a demonstration one), the task becomes
official: its wording is replaced and what only the demonstration had said of it is taken back. What hangs on
it and cannot be official with it stays marked: its milestones get a mark of their own, its assignments,
returns and overrides have theirs. Links to demonstration indicators stay until these are removed; links
that the demonstration made to real indicators go, since the list says nothing of them.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..changes import set_fields
from ..constraints import explained
from ..errors import NotAllowed, NotReady, WrongState
from ..imports.tasks.rows import CHANGED, NEW, UNCHANGED, RowPlan, RowReader
from ..imports.tasks.sheet import TaskSheet
from ..models import ImportBatch, Plan, Task
from .marks import mark_tasks


@dataclass
class TaskListPlan:
    rows: list[RowPlan]
    # Tasks of the plan that the list does not name; they stay as they are.
    not_named: list[Task]

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def refused(self) -> list[RowPlan]:
        return [row for row in self.rows if row.problems]

    @property
    def has_changes(self) -> bool:
        return any(row.outcome in (NEW, CHANGED) for row in self.rows)

    @property
    def facts(self) -> list[Any]:
        return [row.facts for row in self.rows]


def plan_task_list(sheet: TaskSheet, *, plan: Plan, by: User | None) -> TaskListPlan:
    """What the list would do to the plan. Changes nothing."""
    reader = RowReader(plan, by, sheet)
    plans = [reader.read(row) for row in sheet.rows]
    first: dict[int, int] = {}
    for item in plans:
        if item.number is not None and item.number in first:
            reader.refuse(item, _("任务编号 %(number)s 与第 %(row)s 行重复。") % {"number": item.number, "row": first[item.number]}, "number")
        elif item.number is not None:
            first[item.number] = item.row
    named = set(first)
    return TaskListPlan(plans, [task for number, task in sorted(reader.tasks.items()) if number not in named])


@transaction.atomic
def import_tasks(sheet: TaskSheet, *, plan: Plan, by: User | None, name: str, sha256: str = "", expected: list[Any] | None = None) -> TaskListPlan:
    """Take the list into the plan; ``NotReady`` names the rows that cannot be, and nothing is taken.

    ``by`` is None for the command line. ``expected`` are the facts of the preview that was confirmed:
    ``WrongState`` when the record has changed since.
    """
    if by is not None and not by.has_perm("definition.manage"):
        raise NotAllowed
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    list(Task.objects.select_for_update(of=("self",)).filter(plan=plan).order_by("pk").values_list("pk"))
    intended = plan_task_list(sheet, plan=plan, by=by)
    if intended.refused:
        problems = [problem for row in intended.refused for problem in row.problems]
        raise NotReady(_("有 %(n)s 行不能导入，一行也没有导入。请改正文件后重新上传。") % {"n": len(intended.refused)}, problems)
    if expected is not None and expected != intended.facts:
        raise WrongState(_("预览之后任务或单位又有变动，请核对新的预览后再确认。"))
    if intended.has_changes:
        demo = bool(plan.is_demo or (by and by.is_demo))
        batch = ImportBatch.objects.create(kind="tasks", name=name[:200], sha256=sha256, imported_by=by, is_demo=demo)
        with explained():
            for item in intended.rows:
                if item.outcome in (NEW, CHANGED):
                    _take(item, plan, by=by, batch=batch)
        counts = {outcome: intended.count(outcome) for outcome in (NEW, CHANGED, UNCHANGED)}
        record_event("task.import", batch, by=by, name=name, sha256=sha256, counts=counts)
    return intended


def _take(item: RowPlan, plan: Plan, *, by: User | None, batch: ImportBatch) -> None:
    task = item.task or Task(plan=plan, starts_on=plan.starts_on)
    is_new = task.pk is None
    if is_new:
        for name, value in item.values.items():
            setattr(task, name, value)
    else:
        set_fields(task, item.values)
    task.is_demo = bool(plan.is_demo or (by and by.is_demo)) if is_new else task.is_demo and not item.becomes_official
    taken_back = _become_official(task, item, by=by) if item.becomes_official else {}
    if not task.is_demo:
        _make_units_official(task, item, by=by)
    task.save()
    if item.cooperating is not None:
        task.cooperating_units.set(item.cooperating)
    verb = "task.add" if is_new else "task.edit"
    record_event(verb, task, by=by, batch=batch.pk, row=item.row, becomes_official=item.becomes_official, changes=item.changes, taken_back=taken_back)
    mark_tasks([task.pk], cause=f"import {batch.pk}")


def _become_official(task: Task, item: RowPlan, *, by: User | None) -> dict[str, Any]:
    """Take back what only the demonstration said of a task, and mark what stays of it. Answers what was taken back."""
    task.milestones.update(is_demo=True)
    links = task.task_indicators.filter(indicator__is_demo=False)
    unlinked = list(links.values_list("indicator__code", flat=True))
    links.delete()
    blank = {"parent": None, "predecessor": None, "document": None, "basis": "", "title_en": "", "state": Task.State.OPEN}
    taken_back: dict[str, Any] = set_fields(task, blank)
    if unlinked:
        taken_back["indicators"] = unlinked
    return taken_back


def _make_units_official(task: Task, item: RowPlan, *, by: User | None) -> None:
    """A unit that the official list names is one, whoever entered it first."""
    named = {unit.pk: unit for unit in [task.lead_unit, task.responsible_office, *(item.cooperating or [])] if unit and unit.is_demo}
    for unit in named.values():
        unit.is_demo = False
        unit.save(update_fields=["is_demo"])
        record_event("unit.become_official", unit, by=by, task=task.number)
