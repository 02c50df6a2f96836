"""Take a file of published statistics into the record."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from indicators.actions.statistics_import import import_statistics
from indicators.dates import NotADate, read_day
from indicators.errors import RecordError
from indicators.imports.published.plan import CREATE, NEW, REVISED, SKIP, UNCHANGED, Choices, StatisticsPlan, name_rows
from indicators.imports.published.read import plan_statistics
from indicators.imports.published.sheet import StatisticsSheet, read_statistics


class Command(BaseCommand):
    help = "Import published statistics from a long .csv or .xlsx file: all of its figures, or none. 导入统计数据。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--source", default="", help="the publication of rows that name none")
        parser.add_argument("--published-on", metavar="DAY", help="the day of publication of rows that say none")
        parser.add_argument("--create", action="store_true", help="make the indicators that are not on record")
        parser.add_argument("--area", action="append", default=[], metavar="NAME=CODE", help="what a name in the file means; NAME=- leaves its rows out")
        parser.add_argument("--indicator", action="append", default=[], metavar="NAME=CODE", help="likewise for an indicator's code or name in the file")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sheet, sha256 = _read(options["file"])
            plan = plan_statistics(sheet, choices=_choose(sheet, options), by=None)
            self._say(plan)
            if not options["dry_run"]:
                batch, _plan = import_statistics(
                    sheet, choices=plan.choices, by=None, name=options["file"].name, sha256=sha256, expected=plan.fingerprint
                )
                self.stdout.write(_("已导入，批次 %(n)s。") % {"n": batch.pk} if batch else _("没有需要导入的改动。"))
        except RecordError as error:
            raise CommandError(error.message) from error
        if options["dry_run"]:
            self.stdout.write(_("试运行，没有保存。"))

    def _say(self, plan: StatisticsPlan) -> None:
        for (column, reason), rows in plan.refused.items():
            self.stderr.write(_("不能导入：%(column)s：%(reason)s（%(rows)s）") % {"column": column, "reason": reason, "rows": name_rows(rows)})
        for area in plan.areas:
            if not area.choice:
                near = "、".join(f"{a.short_zh}（--area {area.name}={a.code}）" for a in area.suggestions)
                self.stderr.write(_("地区“%(name)s”不在册，共 %(n)s 行。是否为：%(near)s") % {"name": area.name, "n": area.rows, "near": near or "—"})
        for asked in plan.indicators:
            if not asked.choice or asked.problem:
                said = {"key": asked.key, "n": asked.sample.rows, "problem": asked.problem or _("可用 --create 新建，或用 --indicator 指明。")}
                self.stderr.write(_("指标“%(key)s”不在册，共 %(n)s 行。%(problem)s") % said)
        for warning in plan.warnings:
            self.stdout.write(_("请核对：%(warning)s") % {"warning": warning})
        counts = {"new": plan.count(NEW), "revised": plan.count(REVISED), "unchanged": plan.count(UNCHANGED), "missing": plan.missing.total()}
        self.stdout.write(_("新增 %(new)s 个数，修订 %(revised)s，不变 %(unchanged)s，空缺 %(missing)s。") % counts)


def _choose(sheet: StatisticsSheet, options: dict[str, Any]) -> Choices:
    indicators = _pairs(options["indicator"])
    if options["create"]:
        asked = plan_statistics(sheet, choices=Choices(), by=None).indicators
        indicators = {one.key: CREATE for one in asked} | indicators
    try:
        published_on = read_day(options["published_on"]) if options["published_on"] else None
    except NotADate as error:
        raise CommandError(_("“%(text)s”不是日期。") % {"text": options["published_on"]}) from error
    return Choices(_pairs(options["area"]), indicators, may_create=options["create"], source=options["source"], published_on=published_on)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, code = text.rpartition("=")
        if not equals or not name or not code:
            raise CommandError(_("“%(text)s”应写成 名称=代码，或 名称=%(skip)s 表示不导入。") % {"text": text, "skip": SKIP})
        pairs[name] = code
    return pairs


def _read(path: Path) -> tuple[StatisticsSheet, str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(_("打不开文件 %(path)s：%(reason)s") % {"path": path, "reason": error.strerror}) from error
    return read_statistics(content, path.name), hashlib.sha256(content).hexdigest()
