"""A long table: where its header stands, what its columns are, and its rows as text. Nothing is judged."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from sys import intern

from django.utils.translation import gettext as _

from ...uploads import UploadRefused

MAX_ROWS, MAX_COLUMNS = 100_000, 60
HEADER_WITHIN = 30

# Field → what its column may be called, without blanks, dashes and brackets; the template's name first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "area_code": ("地区代码", "行政区划代码", "区划代码", "省份代码", "areacode", "regioncode"),
    "area": ("地区", "地区名称", "省份", "省", "省市", "省区市", "省自治区直辖市", "行政区划", "area", "areazh", "region", "province", "provincezh"),
    "period": ("期间", "年份", "年度", "年", "时期", "时间", "period", "year", "time"),
    "indicator": ("指标", "指标代码", "指标编码", "indicator", "indicatorcode", "code", "variable", "variables"),
    "name_zh": ("指标名称", "指标名", "name", "namezh", "indicatorname", "indicatorzh"),
    "name_en": ("英文名称", "指标英文名称", "nameen"),
    "value": ("数值", "指标值", "值", "数据", "value", "obsvalue"),
    "unit": ("单位", "计量单位", "unit", "units", "unitofmeasure"),
    "source": ("来源", "数据来源", "资料来源", "出处", "source"),
    "published_on": ("发布日期", "公布日期", "发布时间", "published", "publishedon"),
    "status": ("状态", "数据状态", "status", "obsstatus"),
}
_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}
# Texts that recur in thousands of rows are kept once.
_FEW = ("area_code", "area", "period", "indicator", "name_zh", "name_en", "unit", "source", "published_on", "status")


@dataclass(frozen=True, slots=True)
class StatisticsRow:
    """A row as it stands in the file. ``problem``: why its cells cannot be told apart, or its value cannot be read."""

    row: int
    area_code: str = ""
    area: str = ""
    period: str = ""
    indicator: str = ""
    name_zh: str = ""
    name_en: str = ""
    value: str = ""
    unit: str = ""
    source: str = ""
    published_on: str = ""
    status: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Header:
    """Where the data begins, what stands in which column, and a unit that the value's own header names: 数值（万元）."""

    begin: int
    places: dict[str, int]
    width: int
    ignored: list[str]
    unit: str = ""


def _as_header(text: str) -> str:
    return re.sub(r"[\s_*、/-]", "", re.sub(r"[（(].*$", "", text)).lower()


def find_header(table: Sequence[Sequence[str]]) -> Header | None:
    """Among a table's first rows; titles may stand above it, and it may be merged over two rows."""
    for index, row in enumerate(table[:HEADER_WITHIN]):
        one = [_FIELD_OF.get(_as_header(cell), "") for cell in row]
        below = table[index + 1] if index + 1 < len(table) else []
        two = [_FIELD_OF.get(_as_header(cell), "") for cell in below]
        # A row of the data has a year or a figure; one of the header has neither.
        if any(one) and any(two) and not any(c.isdigit() for cell in below for c in cell):
            texts = [low if known else high for high, low, known in zip_longest(row, below, two, fillvalue="")]
            fields = [low or high for high, low in zip_longest(one, two, fillvalue="")]
            if _is_enough(fields):
                return _make_header(index + 2, texts, fields)
        if _is_enough(one):
            return _make_header(index + 1, row, one)
    return None


def _is_enough(fields: Iterable[str]) -> bool:
    found = set(fields)
    return {"period", "value"} <= found and bool(found & {"area", "area_code"}) and bool(found & {"indicator", "name_zh"})


def _make_header(begin: int, texts: Sequence[str], fields: Sequence[str]) -> Header:
    places: dict[str, int] = {}
    for place, name in enumerate(fields):
        if name in places:
            first, second = texts[places[name]], texts[place]
            raise UploadRefused(_("表头的“%(first)s”和“%(second)s”是同一项，请只留一列。") % {"first": first, "second": second})
        if name:
            places[name] = place
    unit = re.search(r"[（(]([^）)]+)[）)]\s*$", texts[places["value"]])
    ignored = [text for text, name in zip(texts, fields, strict=False) if text and not name]
    width = max(place for place, text in enumerate(texts) if text) + 1
    return Header(begin, places, width, ignored, unit[1] if unit else "")


def say_no_header(table: Iterable[Sequence[str]]) -> str:
    known = {_FIELD_OF.get(_as_header(cell), "") for row in table for cell in row}
    years = sum(bool(re.fullmatch(r"(19|20)\d\d年?", cell)) for row in table for cell in row)
    needed = _("没有找到表头。表头须有这些列：地区（或地区代码）、期间、指标（代码或名称）、数值，另有单位、来源。")
    if "value" not in known and ("area" in known or "area_code" in known) and ("period" in known or years > 2):
        return needed + _("这像是一张宽表（一列一个指标或一列一年），请先转换为一行一个数值的长表。")
    return needed


def take_rows(records: Iterable[tuple[int, Sequence[str], str]], header: Header) -> Iterator[StatisticsRow]:
    """Each record with a text in it; a row that has more cells than the header was split in the wrong places."""
    taken = 0
    for number, record, problem in records:
        if not any(record) and not problem:
            continue
        taken += 1
        if taken > MAX_ROWS:
            raise UploadRefused(_("行数太多：一次最多 %(n)s 行，请分成几个文件。") % {"n": f"{MAX_ROWS:,}"})
        cells = {name: record[place] if place < len(record) else "" for name, place in header.places.items()}
        for name in _FEW:
            if name in cells:
                cells[name] = intern(cells[name])
        if any(record[header.width :]):
            problem = problem or _("这一行的列数比表头多，各列可能错位（数值里有没加引号的分隔符？）。")
        yield StatisticsRow(number, **{"unit": header.unit, **{k: v for k, v in cells.items() if v or k != "unit"}}, problem=problem)
