"""What a row says of one figure: how much, in which unit, and where it was published; or which cell cannot be taken, and why."""

import re
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import gettext as _

from ...errors import TextTooLong
from ...models import Document, Indicator, Observation
from ...numbers import DECIMAL_DIGITS, INTEGER_DIGITS, NotANumber, parse_number, plain
from ...periods import Span
from ...units import get_factor, normalise
from .plan import Source
from .propose import longest
from .table import StatisticsRow

_STATUS = {"": "A", "正式": "A", "最终": "A", "初步": "P", "初步核算": "P", "估计": "E", "预计": "E", "修订": "R", "A": "A", "P": "P", "E": "E", "R": "R"}
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+")
_DIGITS = re.compile(r"[+-]?[0-9,]+(\.[0-9]+)?")
_TITLE = re.compile(r"(《[^》]+》)\s*[（(](.+)[）)]")
_LONGEST_STATED = Observation._meta.get_field("stated").max_length or 0
_LONGEST_TITLE = Document._meta.get_field("title").max_length or 0


class Refused(Exception):
    """One cell cannot be taken: ``args`` are the field and the reason."""


def read_value(row: StatisticsRow, indicator: Indicator) -> tuple[Decimal, str]:
    """The value in the indicator's unit, and the unit it is stated in."""
    text, unit = row.value, row.unit or _named_unit(row)
    if text[-1] in "%％":
        if normalise(unit) not in ("", "%"):
            raise Refused("value", _("%(value)s 带百分号，单位却是“%(unit)s”。") % {"value": text, "unit": unit})
        text, unit = text[:-1], "%"
    if not unit:
        raise Refused("unit", _("没有写计量单位；不能假定就是“%(unit)s”。") % {"unit": indicator.unit_of_measure})
    check_length("unit", normalise(unit), longest("unit_of_measure"))
    factor = get_factor(unit, indicator.unit_of_measure)
    if factor is None:
        said = {"stated": unit, "kept": indicator.unit_of_measure, "indicator": indicator}
        raise Refused("unit", _("单位“%(stated)s”不能换算为“%(indicator)s”的“%(kept)s”。") % said)
    value = _read_number(text, unit) * factor
    _check_bounds(indicator, value)
    return value, normalise(unit)


def check_length(name: str, text: str, most: int) -> None:
    """Nothing is cut: half a name is another name."""
    if len(text) > most:
        raise Refused(name, TextTooLong(name, most=most, length=len(text)).message)


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


def check_frequency(indicator: Indicator, span: Span) -> None:
    if indicator.frequency not in (Indicator.Frequency.IRREGULAR, span.frequency) and span.frequency != "range":
        said = {"indicator": indicator, "frequency": indicator.get_frequency_display(), "period": span.label}
        raise Refused("period", _("“%(indicator)s”按%(frequency)s发布，%(period)s 不是这样的期间。") % said)


def _named_unit(row: StatisticsRow) -> str:
    """Where the unit stands behind the indicator's name: R&D经费（万元）."""
    match = re.search(r"[（(]([^（()）]{1,8})[）)]$", row.name_zh or row.indicator)
    return match[1] if match else ""


def state(row: StatisticsRow, unit: str) -> str:
    """The figure as the file has it."""
    stated = row.value if row.value[-1] in "%％" else f"{row.value}{unit}"
    check_length("value", stated, _LONGEST_STATED)
    return stated


@lru_cache(maxsize=1_000)
def read_source(text: str) -> Source:
    """《中国科技统计年鉴》（经…转录）: the publication, and the way it came."""
    if not text:
        raise Refused("source", _("没有写来源：每个数都要查得到是谁发布的。请写在文件里，或在上传时的“数据来源”中写明。"))
    match = _TITLE.fullmatch(text)
    source = Source(match[1], match[2]) if match else Source(text, "")
    check_length("source", source.title, _LONGEST_TITLE)
    return source


def read_status(text: str) -> str:
    status = _STATUS.get(text.upper())
    if status is None:
        raise Refused("status", _("没有“%(text)s”这种状态：可写正式、初步、估计、修订（或 A、P、E、R）。") % {"text": text[:20]})
    return status
