"""From a file's rows to figures: whose, of what, of when, how much and in which unit; or why not."""

import re
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area, User

from ...dates import NotADate, read_day
from ...models import Indicator
from ...numbers import DECIMAL_DIGITS, INTEGER_DIGITS, NotANumber, parse_number, plain
from ...periods import Span, read_period
from ...units import get_factor, normalise
from .checks import check_rules, find_warnings
from .names import AreaNames, IndicatorNames
from .plan import CREATE, SKIP, Choices, ImportedFigure, Source, StatisticsPlan, UnknownArea, UnknownIndicator, compare, load_newest
from .propose import CODE, Sample, propose
from .sheet import COLUMNS, StatisticsRow, StatisticsSheet

# What tables put where there is no figure.
MISSING = {"", "-", "--", "—", "——", "－", "–", "…", "……", "...", "..", "/", "#", "na", "n/a", "n.a.", "nan", "null", "none", "缺", "缺失", "空缺", "暂缺", "不详"}
_STATUS = {"": "A", "正式": "A", "最终": "A", "初步": "P", "初步核算": "P", "估计": "E", "预计": "E", "修订": "R", "A": "A", "P": "P", "E": "E", "R": "R"}
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_DIGITS = re.compile(r"[+-]?[0-9,]+(\.[0-9]+)?")
_TITLE = re.compile(r"(《[^》]+》)\s*[（(](.+)[）)]")
_ORIGINS = {
    Indicator.Origin.REPORTED: gettext_lazy("由单位填报"),
    Indicator.Origin.REGISTER: gettext_lazy("由台账计数"),
    Indicator.Origin.DERIVED: gettext_lazy("由公式计算"),
}
T = TypeVar("T")


class Refused(Exception):
    """One cell cannot be taken: ``args`` are the field and the reason."""


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
        if indicator is None or area is None:
            return None  # a question is open, and is shown as one
        span = self.period(row.period)
        _check_frequency(indicator, span)
        value, unit = self._read_value(row, indicator)
        return ImportedFigure(
            row=row.row,
            indicator=indicator,
            area=area.code,
            period=span.label,
            value=value,
            stated=_state(row, unit),
            unit=unit,
            source=_read_source(row.source or self.choices.source),
            status=_read_status(row.status),
            published_on=self.published(row.published_on) or self.choices.published_on,
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
        return asked

    def _find_fault(self, proposal: Indicator) -> str:
        if not CODE.fullmatch(proposal.code):
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

    # -- values ------------------------------------------------------------------------------------

    def _read_value(self, row: StatisticsRow, indicator: Indicator) -> tuple[Decimal, str]:
        """The value in the indicator's unit, and the unit it is stated in."""
        text, unit = row.value, row.unit or _named_unit(row)
        if text[-1] in "%％":
            if normalise(unit) not in ("", "%"):
                raise Refused("value", _("%(value)s 带百分号，单位却是“%(unit)s”。") % {"value": text, "unit": unit})
            text, unit = text[:-1], "%"
        if not unit:
            raise Refused("unit", _("没有写计量单位；不能假定就是“%(unit)s”。") % {"unit": indicator.unit_of_measure})
        factor = get_factor(unit, indicator.unit_of_measure)
        if factor is None:
            said = {"stated": unit, "kept": indicator.unit_of_measure, "indicator": indicator}
            raise Refused("unit", _("单位“%(stated)s”不能换算为“%(indicator)s”的“%(kept)s”。") % said)
        value = _read_number(text, unit) * factor
        _check_bounds(indicator, value)
        return value, normalise(unit)

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


def _read_number(text: str, unit: str) -> Decimal:
    if _EXPONENT.fullmatch(text):
        # What Excel writes of a narrow column: 120000000 is no more what it says than 119876543.
        raise Refused("value", _("科学计数法可能丢了位数：请在 Excel 中把这一列设为数值格式，重新保存。"))
    try:
        return parse_number(text, unit=unit)
    except NotANumber as error:
        said = _("“%(text)s”不是数字：须是如 1234.5 的确数，不带“约”“以上”等字样、单位和公式。") % {"text": text[:30]}
        # A number of too many digits says itself what is wrong with it.
        raise Refused("value", str(error) if _DIGITS.fullmatch(text) else said) from error


def _check_bounds(indicator: Indicator, value: Decimal) -> None:
    if abs(value) >= Decimal(10) ** INTEGER_DIGITS:
        said = {"unit": indicator.unit_of_measure, "n": INTEGER_DIGITS}
        raise Refused("value", _("换算为%(unit)s后数字太大：整数部分最多 %(n)s 位。请检查计量单位。") % said)
    low, high = indicator.minimum, indicator.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        said = {"value": plain(value), "unit": indicator.unit_of_measure, "low": plain(low) or "—", "high": plain(high) or "—", "indicator": indicator}
        raise Refused("value", _("%(value)s %(unit)s 不可能：“%(indicator)s”的范围是 %(low)s 至 %(high)s。") % said)
    if -value.as_tuple().exponent > DECIMAL_DIGITS and value != round(value, DECIMAL_DIGITS):  # type: ignore[operator]  # a finite number
        raise Refused("value", _("换算为%(unit)s后小数位太多：最多 %(n)s 位。") % {"unit": indicator.unit_of_measure, "n": DECIMAL_DIGITS})


def _check_frequency(indicator: Indicator, span: Span) -> None:
    if indicator.frequency not in (Indicator.Frequency.IRREGULAR, span.frequency) and span.frequency != "range":
        said = {"indicator": indicator, "frequency": indicator.get_frequency_display(), "period": span.label}
        raise Refused("period", _("“%(indicator)s”按%(frequency)s发布，%(period)s 不是这样的期间。") % said)


def _named_unit(row: StatisticsRow) -> str:
    """Where the unit stands behind the indicator's name: R&D经费（万元）."""
    match = re.search(r"[（(]([^（()）]{1,8})[）)]$", row.name_zh or row.indicator)
    return match[1] if match else ""


def _state(row: StatisticsRow, unit: str) -> str:
    return (row.value if row.value[-1] in "%％" else f"{row.value}{unit}")[:60]


@lru_cache(maxsize=1_000)
def _read_source(text: str) -> Source:
    """《中国科技统计年鉴》（经…转录）: the publication, and the way it came."""
    if not text:
        raise Refused("source", _("没有写来源：每个数都要查得到是谁发布的。"))
    match = _TITLE.fullmatch(text)
    title, note = (match[1], match[2]) if match else (text, "")
    return Source(title[:300], note if match else text[300:])


def _read_status(text: str) -> str:
    status = _STATUS.get(text.upper())
    if status is None:
        raise Refused("status", _("没有“%(text)s”这种状态：可写正式、初步、估计、修订（或 A、P、E、R）。") % {"text": text[:20]})
    return status
