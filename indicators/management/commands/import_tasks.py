"""Take the official task list, an Excel workbook, into the plan."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from indicators.actions.task_import import TaskListPlan, import_tasks, plan_task_list
from indicators.errors import RecordError
from indicators.imports.tasks.sheet import TaskSheet, read_task_sheet
from indicators.models import Plan


class Command(BaseCommand):
    help = "Import the official task list from an .xlsx file: all of its rows, or none. 导入正式任务清单。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.xlsx")
        parser.add_argument("--plan", help="the plan's code; the current plan unless given")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        plan = _get_plan(options["plan"])
        try:
            sheet, sha256 = _read(path)
            intended = plan_task_list(sheet, plan=plan, by=None)
            self._say(intended)
            if intended.refused:
                raise CommandError(_("有 %(n)s 行不能导入，一行也没有导入。") % {"n": len(intended.refused)})
            if not options["dry_run"]:
                import_tasks(sheet, plan=plan, by=None, name=path.name, sha256=sha256, expected=intended.facts)
        except RecordError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_("试运行，没有保存。") if options["dry_run"] else _("已导入规划“%(plan)s”。") % {"plan": plan})

    def _say(self, intended: TaskListPlan) -> None:
        for row in intended.refused:
            for problem in row.problems:
                self.stderr.write(_("%(where)s：%(problem)s") % {"where": problem.where, "problem": problem.message})
        for row in intended.rows:
            for doubt in row.doubts:
                self.stderr.write(_("请核对 %(where)s：%(doubt)s") % {"where": doubt.where, "doubt": doubt.message})
        counts = {name: intended.count(name) for name in ("new", "changed", "unchanged", "refused")}
        self.stdout.write(_("新增 %(new)s 项，更新 %(changed)s 项，不变 %(unchanged)s 项，不能导入 %(refused)s 行。") % counts)
        if official := sum(row.becomes_official for row in intended.rows):
            self.stdout.write(_("其中 %(n)s 项由演示转为正式。") % {"n": official})


def _get_plan(code: str | None) -> Plan:
    plan = Plan.objects.filter(code=code).first() if code else Plan.objects.filter(is_current=True).first()
    if plan is None:
        raise CommandError(_("没有代码为 %(code)s 的规划。") % {"code": code} if code else _("还没有现行规划。"))
    return plan


def _read(path: Path) -> tuple[TaskSheet, str]:
    try:
        with path.open("rb") as file:
            sheet = read_task_sheet(file, path.name, path.stat().st_size)
            file.seek(0)
            return sheet, hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise CommandError(_("打不开文件 %(path)s：%(reason)s") % {"path": path, "reason": error.strerror}) from error
