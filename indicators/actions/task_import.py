"""Taking the official task list into the plan: first what would happen, row by row; then all of it or nothing.

A row with the number of a task on record updates that task. Where that task was demonstration and the list
is official (it comes by the command, or from an account that is not a demonstration one), the task becomes
official: its wording is replaced and what only the demonstration had said of it is taken back. What hangs on
it and cannot be official with it stays marked: its milestones get a mark of their own, its assignments,
returns and overrides have theirs. Links to demonstration indicators stay until these are removed; links
that the demonstration made to real indicators go, since the list says nothing of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import Unit, UnitVersion, User

from ..constraints import explained
from ..dates import NotADate, read_due_date
from ..errors import NotAllowed, NotReady, Problem, WrongState
from ..models import Aspect, ImportBatch, Plan, Task
from ..task_sheet import SheetRow
from .definitions.core import Changes, set_fields, to_json
from .marks import mark_tasks

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"


@dataclass
class RowPlan:
    """What one row of the list would do: ``new``, ``changed``, ``unchanged``, or ``refused`` with the reasons."""

    row: int
    number: int | None = None
    title: str = ""
    task: Task | None = None
    values: dict[str, Any] = field(default_factory=dict)
    cooperating: list[Unit] | None = None
    changes: Changes = field(default_factory=dict)
    # The same in words: what, before, after.
    shown: list[tuple[str, str, str]] = field(default_factory=list)
    becomes_official: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if self.problems:
            return REFUSED
        if self.task is None:
            return NEW
        return CHANGED if self.changes or self.becomes_official else UNCHANGED

    @property
    def facts(self) -> list[Any]:
        """What the outcome was judged by: other facts at the confirmation mean another look."""
        return [self.row, self.number, self.outcome, self.becomes_official, self.changes, self.problems]


@dataclass
class ImportPlan:
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


def plan_import(rows: Sequence[SheetRow], *, plan: Plan, by: User | None) -> ImportPlan:
    """What the list would do to the plan. Changes nothing."""
    reader = _Reader(plan, by)
    plans = [reader.read(row) for row in rows]
    first: dict[int, int] = {}
    for item in plans:
        if item.number is not None and item.number in first:
            item.problems.append(_("任务编号 %(number)s 与第 %(row)s 行重复。") % {"number": item.number, "row": first[item.number]})
        elif item.number is not None:
            first[item.number] = item.row
    named = set(first)
    return ImportPlan(plans, [task for number, task in sorted(reader.tasks.items()) if number not in named])


@transaction.atomic
def import_tasks(rows: Sequence[SheetRow], *, plan: Plan, by: User | None, name: str, sha256: str = "", expected: list[Any] | None = None) -> ImportPlan:
    """Take the list into the plan; ``NotReady`` names the rows that cannot be, and nothing is taken.

    ``by`` is None for the command line. ``expected`` are the facts of the preview that was confirmed:
    ``WrongState`` when the record has changed since.
    """
    if by is not None and not by.has_perm("definition.manage"):
        raise NotAllowed
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    list(Task.objects.select_for_update(of=("self",)).filter(plan=plan).order_by("pk").values_list("pk"))
    intended = plan_import(rows, plan=plan, by=by)
    if intended.refused:
        problems = [Problem(str(row.row), problem) for row in intended.refused for problem in row.problems]
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
    if task.responsible_office and task.responsible_office.is_demo and "responsible_office" not in item.values:
        blank["responsible_office"] = None
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


class _Reader:
    """Reads rows against one plan: its aspects, its tasks, the units on record."""

    def __init__(self, plan: Plan, by: User | None) -> None:
        self.plan, self.by = plan, by
        self.official = not plan.is_demo and not (by and by.is_demo)
        self.aspects = list(Aspect.objects.filter(plan=plan))
        tasks = Task.objects.filter(plan=plan).select_related("aspect", "lead_unit", "responsible_office", "document", "parent", "predecessor")
        self.tasks = {task.number: task for task in tasks.prefetch_related("cooperating_units")}
        self.units = _Units()

    def read(self, row: SheetRow) -> RowPlan:
        item = RowPlan(row.row, title=row.cells.get("title_zh", ""))
        readers = {
            "number": self._number,
            "aspect": self._aspect,
            "title_zh": self._title,
            "lead_unit": self._lead,
            "due_on": self._due,
            "responsible_leader": self._leader,
            "responsible_office": self._office,
        }
        for name, read in readers.items():
            if name in row.cells:
                self._try(item, name, read, row.cells[name])
        if "cooperating_units" in row.cells:
            item.cooperating = self._cooperating(item, row.cells["cooperating_units"])
        self._compare(item)
        return item

    def _try(self, item: RowPlan, name: str, read: Any, text: str) -> None:
        try:
            item.values[name] = read(text)
        except _Refused as error:
            item.problems.append(str(error))

    def _number(self, text: str) -> int:
        match = re.fullmatch(r"(?:第|任务)?\s*0*(\d{1,4})\s*(?:项|号|[.、．])?", text)
        if not match or int(match[1]) < 1:
            raise _Refused(_("任务编号“%(text)s”不是 1 以上的整数。") % {"text": text[:20]} if text else _("没有任务编号。"))
        return int(match[1])

    def _aspect(self, text: str) -> Aspect:
        plain = re.sub(r"^[（(]?[一二三四五六七八九十\d]+[)）]?[、.．]\s*", "", text).replace(" ", "")
        for aspect in self.aspects:
            if plain == aspect.name_zh or text == str(aspect.number):
                return aspect
        names = "；".join(f"{a.number} {a.name_zh}" for a in self.aspects)
        if not text:
            raise _Refused(_("没有方面。规划的方面有：%(names)s。") % {"names": names})
        raise _Refused(_("没有“%(text)s”这个方面。规划的方面有：%(names)s。") % {"text": text[:40], "names": names})

    def _title(self, text: str) -> str:
        if not text:
            raise _Refused(_("没有任务的文字。"))
        if len(text) > 200:
            raise _Refused(_("任务的文字太长：最多 200 字，现在 %(n)s 字。") % {"n": len(text)})
        return text

    def _lead(self, text: str) -> Unit:
        if not text:
            raise _Refused(_("没有牵头单位。"))
        return self.units.find(text, _("牵头单位"))

    def _office(self, text: str) -> Unit | None:
        return self.units.find(text, _("责任处室")) if text else None

    def _due(self, text: str) -> date:
        try:
            return read_due_date(text)
        except NotADate:
            message = _("完成时限“%(text)s”不是日期：请写成 2025-12-31 或 2025年12月。") % {"text": text[:20]}
            raise _Refused(message if text else _("没有完成时限。")) from None

    def _leader(self, text: str) -> str:
        if len(text) > 40:
            raise _Refused(_("牵头省领导太长：最多 40 字。"))
        return text

    def _cooperating(self, item: RowPlan, text: str) -> list[Unit]:
        units: dict[int, Unit] = {}
        for name in re.split(r"[;；、,，]", text):
            try:
                if name.strip():
                    unit = self.units.find(name.strip(), _("配合单位"))
                    units[unit.pk] = unit
            except _Refused as error:
                item.problems.append(str(error))
        lead = item.values.get("lead_unit")
        # The lead named again among those that cooperate is a habit of such lists, and says nothing.
        return [unit for unit in units.values() if unit != lead]

    def _compare(self, item: RowPlan) -> None:
        item.number = item.values.get("number")
        item.task = self.tasks.get(item.number) if item.number else None
        due, begin = item.values.get("due_on"), item.task.starts_on if item.task else self.plan.starts_on
        if due and due < begin:
            item.problems.append(_("完成时限 %(due)s 早于任务的开始日期 %(begin)s。") % {"due": due.isoformat(), "begin": begin.isoformat()})
        if item.task is None or item.problems:
            return
        task = item.task
        if not task.is_demo and self.by and self.by.is_demo:
            item.problems.append(_("第 %(number)s 号任务是正式任务，演示账号不能修改。") % {"number": item.number})
            return
        item.becomes_official = task.is_demo and self.official
        for name, value in item.values.items():
            _note(item, name, getattr(task, name), value)
        if item.cooperating is not None:
            before, after = (sorted(units, key=lambda unit: unit.code) for units in (task.cooperating_units.all(), item.cooperating))
            _note(item, "cooperating_units", before, after)


def _note(item: RowPlan, name: str, old: Any, new: Any) -> None:
    if old != new:
        item.changes[name] = [to_json(old), to_json(new)]
        item.shown.append((str(Task._meta.get_field(name).verbose_name), _say(old), _say(new)))  # type: ignore[union-attr]  # a plain field


def _say(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value)) or "—"
    return str(value) if value not in (None, "") else "—"


class _Refused(Exception):
    """One cell cannot be taken; ``str()`` is the sentence."""


class _Units:
    """Finds units by the name a list gives them: the present one, an earlier one, or the code."""

    def __init__(self) -> None:
        self.by_name: dict[str, set[Unit]] = {}
        units = {unit.pk: unit for unit in Unit.objects.all()}
        for unit in units.values():
            self._add(unit.code, unit)
            self._add(unit.name_zh, unit)
        self.names = sorted({unit.name_zh for unit in units.values() if not unit.dissolved_on})
        present = set(self.by_name)
        for version in UnitVersion.objects.all():
            # An earlier name counts only where no unit bears it now.
            if _plain(version.name_zh) not in present:
                self._add(version.name_zh, units[version.unit_id])

    def _add(self, name: str, unit: Unit) -> None:
        self.by_name.setdefault(_plain(name), set()).add(unit)

    def find(self, name: str, role: str) -> Unit:
        found = self.by_name.get(_plain(name), set())
        if len(found) == 1:
            unit = next(iter(found))
            if unit.dissolved_on:
                raise _Refused(_("%(role)s“%(name)s”已于 %(day)s 撤销。") % {"role": role, "name": name, "day": unit.dissolved_on.isoformat()})
            return unit
        if found:
            codes = "、".join(sorted(unit.code for unit in found))
            raise _Refused(_("有几个单位都叫“%(name)s”，请写代码：%(codes)s。") % {"name": name, "codes": codes})
        message = _("没有%(role)s“%(name)s”。") % {"role": role, "name": name[:40]}
        near = self._nearest(name)
        raise _Refused(message + (_("相近的有：%(names)s。") % {"names": "、".join(near)} if near else ""))

    def _nearest(self, name: str) -> list[str]:
        plain = _plain(name)
        inside = [known for known in self.names if known in plain or plain in known]
        return list(dict.fromkeys([*inside, *get_close_matches(plain, self.names, n=3, cutoff=0.5)]))[:4]


def _plain(name: str) -> str:
    return re.sub(r"\s", "", name)

