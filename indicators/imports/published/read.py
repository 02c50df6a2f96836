"""From a file's rows to figures: whose, of what, of when, how much and in which unit; or why not."""

import re
from datetime import date
from functools import cache

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area, User

from ...dates import NotADate, read_day
from ...errors import TextTooLong
from ...models import Indicator
from ...periods import Span, read_period
from .checks import check_rules, find_warnings
from .names import AreaNames, IndicatorNames
from .plan import CREATE, SKIP, Choices, ImportedFigure, StatisticsPlan, UnknownArea, UnknownIndicator, compare, load_newest
from .propose import Sample, is_code, longest, propose
from .sheet import StatisticsSheet
from .table import COLUMNS, StatisticsRow
from .values import Refused, check_frequency, check_length, read_source, read_status, read_value, state

# What tables put where there is no figure.
MISSING = {"", "-", "--", "—", "——", "－", "–", "…", "……", "...", "..", "/", "#", "na", "n/a", "n.a.", "nan", "null", "none", "缺", "缺失", "空缺", "暂缺", "不详"}
_ORIGINS = {
    Indicator.Origin.REPORTED: gettext_lazy("由单位填报"),
    Indicator.Origin.REGISTER: gettext_lazy("由台账计数"),
    Indicator.Origin.DERIVED: gettext_lazy("由公式计算"),
}


class _LeftOut(Exception):
    """The row was chosen to be left out."""


def plan_statistics(sheet: StatisticsSheet, *, choices: Choices, by: User | None) -> StatisticsPlan:
    """What the file would do to the record, with these choices. Changes nothing."""
    plan = StatisticsPlan(sheet, choices)
    reader = _Reader(plan, by)
    for row in sheet.rows:
        reader.take(row)
    plan.areas, plan.indicators = list(reader.unknown_areas.values()), list(reader.unknown.values())
    known = load_newest({f.indicator.pk: f.indicator.code for f in plan.figures if f.indicator.pk})
    compare(plan, known)
    plan.warnings = check_rules(plan)
    plan.warnings += find_warnings(plan, known)
    return plan


class _Reader:
    """Reads each distinct text once, whatever the number of rows."""

    def __init__(self, plan: StatisticsPlan, by: User | None) -> None:
        self.plan, self.choices, self.by = plan, plan.choices, by
        self.today = timezone.localdate()
        self.area_names = AreaNames()
        self.indicator_names = IndicatorNames(Indicator.objects.visible_to(by) if by else Indicator.objects.all())
        self.unknown_areas: dict[str, UnknownArea] = {}
        self.seen: dict[tuple[str, str, str], ImportedFigure] = {}
        self.period = cache(self._read_period)
        self.area = cache(self._find_area)
        self.indicator = cache(self._find_indicator)
        self.published = cache(self._read_published)
        self.unknown = {sample.key: self._ask(sample) for sample in self._survey()}

    # -- rows --------------------------------------------------------------------------------------

    def take(self, row: StatisticsRow) -> None:
        try:
            figure = self._read(row)
        except Refused as refusal:
            name, reason = refusal.args
            self.plan.refused[_label(name), reason].append(row.row)
        except _LeftOut:
            self.plan.skipped += 1
        else:
            if figure is not None:
                self._add(figure)
        for text in {row.area_code, row.area} & self.unknown_areas.keys():
            self.unknown_areas[text].rows += 1

    def _read(self, row: StatisticsRow) -> ImportedFigure | None:
        if row.problem:
            raise Refused("value", row.problem)
        if row.value.lower() in MISSING:
            self.plan.missing[row.value or _("空白")] += 1
            return None
        indicator = self.indicator(row.indicator or row.name_zh)
        area = self._locate(row)
        span = self.period(row.period)
        source, status = read_source(row.source or self.choices.source), read_status(row.status)
        published_on = self.published(row.published_on) or self.choices.published_on
        if indicator is None or area is None:
            return None  # a question is open, and is shown as one; what else is wrong with the row is said with it
        if indicator.pk is None:
            check_length("name_en", row.name_en, longest("name_en"))
        check_frequency(indicator, span)
        value, unit = read_value(row, indicator)
        return ImportedFigure(
            row=row.row,
            indicator=indicator,
            area=area.code,
            period=span.label,
            value=value,
            stated=state(row, unit),
            unit=unit,
            source=source,
            status=status,
            published_on=published_on,
        )

    def _add(self, figure: ImportedFigure) -> None:
        first = self.seen.setdefault(figure.cell, figure)
        if first is figure:
            self.plan.figures.append(figure)
        elif (first.value, first.published_on, first.status) == (figure.value, figure.published_on, figure.status):
            self.plan.repeated += 1
        else:
            said = {"row": first.row, "first": first.stated, "second": figure.stated}
            self.plan.refused[_label("value"), _("与第 %(row)s 行说的是同一个数，却不一致：%(first)s 与 %(second)s。") % said].append(figure.row)

    # -- areas and periods -------------------------------------------------------------------------

    def _locate(self, row: StatisticsRow) -> Area | None:
        """By code and name where there are both, which must agree."""
        if not row.area_code and not row.area:
            raise Refused("area", _("没有写地区。"))
        by_code = self.area(row.area_code) if row.area_code else None
        by_name = self.area(row.area) if row.area else None
        if row.area_code and row.area and by_code and by_name and by_code != by_name:
            said = {"code": row.area_code, "one": by_code.short_zh, "name": row.area}
            raise Refused("area", _("代码 %(code)s 是%(one)s，名称却是“%(name)s”。") % said)
        if (row.area_code and by_code is None) or (row.area and by_name is None):
            return None
        return by_code or by_name

    def _find_area(self, text: str) -> Area | None:
        """None where it is asked which area is meant."""
        found = self.area_names.find(text)
        if len(found) > 1:
            said = {"name": text, "codes": "、".join(f"{a.name_zh} {a.code}" for a in found)}
            raise Refused("area", _("有几个地区都叫“%(name)s”，请写代码：%(codes)s。") % said)
        if found:
            return found[0]
        choice = self.choices.areas.get(text, "")
        chosen = self.area_names.by_code.get(choice)
        if text not in self.unknown_areas:
            self.unknown_areas[text] = UnknownArea(text, 0, self.area_names.suggest(text), choice if chosen or choice == SKIP else "")
        if choice == SKIP:
            raise _LeftOut
        return chosen

    def _read_period(self, text: str) -> Span:
        try:
            # 2023.0 is what a program makes of a year in a column with gaps.
            span = read_period(re.sub(r"^(\d{4})\.0+$", r"\1", text))
        except ValueError as error:
            raise Refused("period", _("“%(text)s”不是期间：请写成 2023、2023-Q3 或 2023-12。") % {"text": text[:20]}) from error
        if span.starts_on > self.today:
            raise Refused("period", _("%(text)s 还没有开始。") % {"text": span.label})
        return span

    # -- indicators --------------------------------------------------------------------------------

    def _survey(self) -> list[Sample]:
        """What the file says of the indicators that are not on record."""
        samples: dict[str, Sample] = {}
        for row in self.plan.sheet.rows:
            key = row.indicator or row.name_zh
            if key and not self.indicator_names.find(key):
                samples.setdefault(key, Sample(key)).add(row, self._frequency(row.period))
        return list(samples.values())

    def _frequency(self, text: str) -> str:
        try:
            return self.period(text).frequency
        except Refused:
            return ""

    def _ask(self, sample: Sample) -> UnknownIndicator:
        choice = self.choices.indicators.get(sample.key, "")
        asked = UnknownIndicator(sample, propose(sample, self.choices.edited.get(sample.key, {})), self.indicator_names.suggest(sample.key), choice)
        if choice not in ("", SKIP, CREATE) and choice not in self.indicator_names.by_code:
            asked.choice = ""
        if choice == CREATE:
            asked.problem = self._find_fault(asked.proposal)
        elif not asked.choice:
            asked.problem = _find_too_long(asked.proposal)
        return asked

    def _find_fault(self, proposal: Indicator) -> str:
        if too_long := _find_too_long(proposal):
            return too_long
        if not is_code(proposal.code):
            return _("请填写代码：以英文字母开头，只含英文字母、数字、下划线和点。")
        if proposal.code in self.indicator_names.by_code or Indicator.objects.filter(code=proposal.code).exists():
            return _("已有代码为 %(code)s 的指标，请换一个代码。") % {"code": proposal.code}
        if not proposal.unit_of_measure:
            return _("文件没有写计量单位，请填写。")
        return ""

    def _find_indicator(self, key: str) -> Indicator | None:
        """None where it is asked which indicator is meant."""
        if not key:
            raise Refused("indicator", _("没有写指标。"))
        found = self.indicator_names.find(key)
        if len(found) > 1:
            said = {"name": key, "codes": "、".join(i.code for i in found)}
            raise Refused("indicator", _("有几个指标都叫“%(name)s”，请写代码：%(codes)s。") % said)
        asked = self.unknown.get(key)
        if not found and asked:
            if asked.choice == SKIP:
                raise _LeftOut
            if asked.choice in ("", CREATE):
                return asked.proposal if asked.choice and not asked.problem else None
            found = [self.indicator_names.by_code[asked.choice]]
        return self._check_origin(found[0])

    def _check_origin(self, indicator: Indicator) -> Indicator:
        if indicator.origin != Indicator.Origin.OFFICIAL:
            said = {"indicator": indicator, "origin": _ORIGINS[Indicator.Origin(indicator.origin)]}
            raise Refused("indicator", _("“%(indicator)s”%(origin)s，不能导入。") % said)
        if indicator.is_demo and not (self.by and self.by.is_demo):
            raise Refused("indicator", _("“%(indicator)s”是演示指标，不能导入正式数据。") % {"indicator": indicator})
        return indicator

    # -- when it was published -----------------------------------------------------------------------

    def _read_published(self, text: str) -> date | None:
        if not text:
            return None
        try:
            day = read_day(text)
        except NotADate as error:
            raise Refused("published_on", _("“%(text)s”不是日期：请写成 2023-12-31。") % {"text": text[:20]}) from error
        if day > self.today:
            raise Refused("published_on", _("发布日期 %(day)s 还没有到。") % {"day": day.isoformat()})
        return day


def _label(name: str) -> str:
    return COLUMNS[name][0]


def _find_too_long(proposal: Indicator) -> str:
    """Said of what can be mended on the page; what only the file says is refused with its row."""
    for name in ("code", "name_zh", "unit_of_measure"):
        text, most = getattr(proposal, name), longest(name)
        if len(text) > most:
            label = Indicator._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # a plain field
            return f"{label}：{TextTooLong(name, most=most, length=len(text)).message}"
    return ""
