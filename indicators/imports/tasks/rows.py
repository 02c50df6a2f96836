"""What each row of the official task list would do to a plan's tasks. Reads only."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import Unit, UnitVersion, User

from ...changes import Changes, to_json
from ...dates import NotADate, read_due_date
from ...doubts import question_dates
from ...errors import Problem
from ...models import Aspect, Plan, Task
from .sheet import COLUMNS, REQUIRED, SheetRow, TaskSheet

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
# What somebody writes into a cell to say that nothing shall stand there; an empty cell says nothing at all.
_CLEARED = {"清除", "无", "-", "—", "——", "–", "－", "/"}
# As lists name all of them at once.
_ALL_PREFECTURES = {"各市州", "各市（州）", "各市(州)", "各市州人民政府"}
_OPTIONAL = tuple(column for column in COLUMNS if column not in REQUIRED)
_BLANK: dict[str, Any] = {"cooperating_units": [], "responsible_leader": "", "responsible_office": None}


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
    # Why it cannot be taken, each with where in the sheet; and what is more often a slip, which is taken.
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)

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
        return [self.row, self.number, self.outcome, self.becomes_official, self.changes, [problem.message for problem in self.problems]]


class RowReader:
    """Reads the rows of a sheet, in their order, against one plan: its aspects, its tasks, the units on record.

    Of a task on record an empty cell changes nothing, and a mark (清除) clears what may be empty. A new task,
    and one that becomes official, is what its row says and nothing else.
    """

    def __init__(self, plan: Plan, by: User | None, sheet: TaskSheet) -> None:
        self.plan, self.by, self.sheet = plan, by, sheet
        self.official = not plan.is_demo and not (by and by.is_demo)
        self.aspects = list(Aspect.objects.filter(plan=plan))
        tasks = Task.objects.filter(plan=plan).select_related("aspect", "lead_unit", "responsible_office", "document", "parent", "predecessor")
        self.tasks = {task.number: task for task in tasks.prefetch_related("cooperating_units")}
        self.units = _Units()
        self.today = timezone.localdate()
        # The aspect of the row above, for a row that leaves it out; None where that row has none that is valid.
        self.above: Aspect | None = None
        self.readers: dict[str, Callable[[str], Any]] = {
            "title_zh": self._title,
            "lead_unit": self._lead,
            "cooperating_units": self._cooperating,
            "due_on": self._due,
            "responsible_leader": self._leader,
            "responsible_office": self._office,
        }

    def read(self, row: SheetRow) -> RowPlan:
        item = RowPlan(row.row, title=row.cells.get("title_zh", ""))
        self._read_number(item, row)
        self._read_aspect(item, row)
        if item.task and not item.task.is_demo and self.by and self.by.is_demo:
            self.refuse(item, _("第 %(number)s 号任务是正式任务，演示账号不能修改。") % {"number": item.number})
            return item
        for column in self.readers:
            self._read_cell(item, row, column)
        self._settle_cooperating(item)
        self._check_due(item)
        if item.task and not item.problems:
            self._compare(item, item.task)
        elif not item.problems:
            self._show_new(item)
        return item

    def refuse(self, item: RowPlan, message: str, column: str = "") -> None:
        item.problems.append(Problem(self.sheet.locate(item.row, column), message))

    def _read_number(self, item: RowPlan, row: SheetRow) -> None:
        text = row.cells.get("number", "")
        match = re.fullmatch(r"(?:第|任务)?\s*0*(\d{1,4})\s*(?:项|号|[.、．])?", text)
        if "number" in row.unreadable:
            self.refuse(item, row.unreadable["number"], "number")
        elif not match or int(match[1]) < 1:
            self.refuse(item, _("任务编号“%(text)s”不是 1 以上的整数。") % {"text": text[:20]} if text else _("没有任务编号。"), "number")
        else:
            item.number = item.values["number"] = int(match[1])
            item.task = self.tasks.get(item.number)
            item.becomes_official = bool(item.task and item.task.is_demo and self.official)
            item.title = item.title or (item.task.title_zh if item.task else "")

    def _read_aspect(self, item: RowPlan, row: SheetRow) -> None:
        """An empty aspect is the one of the row above: lists write it once for the tasks under it."""
        text = row.cells.get("aspect", "")
        try:
            if "aspect" in row.unreadable:
                raise _Refused(row.unreadable["aspect"])
            if not text and self.above is None:
                raise _Refused(_("没有方面，上一行也没有可以沿用的。%(names)s") % {"names": self._name_aspects()})
            if text:
                self.above = None  # until this one stands: nothing is inherited past a row that is wrong
                self.above = self._aspect(text)
            item.values["aspect"] = self.above
        except _Refused as error:
            self.above = None
            self.refuse(item, str(error), "aspect")

    def _aspect(self, text: str) -> Aspect:
        plain = re.sub(r"^[（(]?[一二三四五六七八九十\d]+[)）]?[、.．]\s*", "", text).replace(" ", "")
        for aspect in self.aspects:
            if plain == aspect.name_zh or text == str(aspect.number):
                return aspect
        raise _Refused(_("没有“%(text)s”这个方面。%(names)s") % {"text": text[:40], "names": self._name_aspects()})

    def _name_aspects(self) -> str:
        return _("规划的方面有：%(names)s。") % {"names": "；".join(f"{a.number} {a.name_zh}" for a in self.aspects)}

    def _read_cell(self, item: RowPlan, row: SheetRow, column: str) -> None:
        text = row.cells.get(column, "")
        is_kept = item.task is not None and not item.becomes_official
        try:
            if column in row.unreadable:
                raise _Refused(row.unreadable[column])
            if text and text not in _CLEARED:
                item.values[column] = self.readers[column](text)
            elif column in _OPTIONAL and (text or not is_kept):
                item.values[column] = _BLANK[column]
            elif text:
                raise _Refused(_("这一列不能清除。"))
            elif not is_kept:
                raise _Refused(_("没有%(column)s。") % {"column": COLUMNS[column][0]})
        except _Refused as error:
            self.refuse(item, str(error), column)

    def _title(self, text: str) -> str:
        if len(text) > 200:
            raise _Refused(_("任务的文字太长：最多 200 字，现在 %(n)s 字。") % {"n": len(text)})
        return text

    def _lead(self, text: str) -> Unit:
        return self.units.find(text, _("牵头单位"))

    def _office(self, text: str) -> Unit:
        return self.units.find(text, _("责任处室"))

    def _due(self, text: str) -> date:
        try:
            return read_due_date(text)
        except NotADate:
            raise _Refused(_("完成时限“%(text)s”不是日期：请写成 2025-12-31 或 2025年12月。") % {"text": text[:20]}) from None

    def _leader(self, text: str) -> str:
        if len(text) > 40:
            raise _Refused(_("牵头省领导太长：最多 40 字。"))
        return text

    def _cooperating(self, text: str) -> list[Unit]:
        units: dict[int, Unit] = {}
        for name in re.split(r"[;；、,，]", text):
            if _plain(name) in _ALL_PREFECTURES:
                units |= {unit.pk: unit for unit in self.units.prefectures}
            elif name.strip():
                unit = self.units.find(name.strip(), _("配合单位"))
                units[unit.pk] = unit
        return list(units.values())

    def _settle_cooperating(self, item: RowPlan) -> None:
        """The lead named again among those that cooperate is a habit of such lists, and says nothing."""
        units = item.values.pop("cooperating_units", None)
        lead = item.values.get("lead_unit")
        if units is None and item.task and lead in (now := list(item.task.cooperating_units.all())):
            units = now  # it cooperated, and leads from now on
        item.cooperating = None if units is None else [unit for unit in units if unit != lead]

    def _check_due(self, item: RowPlan) -> None:
        due, begin = item.values.get("due_on"), item.task.starts_on if item.task else self.plan.starts_on
        if due and due < begin:
            said = {"due": due.isoformat(), "begin": begin.isoformat()}
            self.refuse(item, _("完成时限 %(due)s 早于任务的开始日期 %(begin)s。") % said, "due_on")
        elif due and not (item.task and item.task.due_on == due):
            doubts = question_dates(self.plan, begin, due, self.today)
            item.doubts = [Problem(self.sheet.locate(item.row, d.where), d.message) for d in doubts if d.where == "due_on"]

    def _compare(self, item: RowPlan, task: Task) -> None:
        for name, value in item.values.items():
            _note(item, name, getattr(task, name), value)
        if item.cooperating is not None:
            before, after = (sorted(units, key=lambda unit: unit.code) for units in (task.cooperating_units.all(), item.cooperating))
            _note(item, "cooperating_units", before, after)

    def _show_new(self, item: RowPlan) -> None:
        told = {name: value for name, value in item.values.items() if name not in ("number", "title_zh")} | {"cooperating_units": item.cooperating}
        item.shown = [(_name(name), "", _say(value)) for name, value in told.items() if value]


def _note(item: RowPlan, name: str, old: Any, new: Any) -> None:
    if old != new:
        item.changes[name] = [to_json(old), to_json(new)]
        item.shown.append((_name(name), _say(old), _say(new)))


def _name(field_name: str) -> str:
    return str(Task._meta.get_field(field_name).verbose_name)  # type: ignore[union-attr]  # a plain field


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
        self.prefectures = [unit for unit in units.values() if unit.kind == Unit.Kind.PREFECTURE and not unit.dissolved_on]
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

