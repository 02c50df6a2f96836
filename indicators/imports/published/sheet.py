"""A file as it comes from a yearbook's copyist: CSV in whatever encoding, or Excel. Its rows as text, nothing judged."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import islice, zip_longest
from sys import intern
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from ...numbers import plain
from ...uploads import UploadRefused, check_xlsx, refusing_damage
from ..cells import as_text, clean

MAX_ROWS, MAX_COLUMNS = 100_000, 60
# 100,000 rows with a long source each are 30 MB as text and 6 MB as a workbook.
LARGEST_TEXT, LARGEST_WORKBOOK = 60 * 1024 * 1024, 10 * 1024 * 1024
_HEADER_WITHIN = 30

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


@dataclass
class StatisticsSheet:
    """``form`` says how the file was read, in words; ``ignored`` are the columns without a use here."""

    rows: list[StatisticsRow]
    form: str
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Header:
    """Where the data begins, what stands in which column, and a unit that the value's own header names: 数值（万元）."""

    begin: int
    places: dict[str, int]
    width: int
    ignored: list[str]
    unit: str = ""


def check_size(name: str, size: int) -> None:
    """Refuse what is too large, before it is read. Raises ``UploadRefused``."""
    largest = LARGEST_WORKBOOK if _suffix(name) == "xlsx" else LARGEST_TEXT
    if size > largest:
        raise UploadRefused(_("文件太大：最大 %(n)s MB。") % {"n": largest // 1024 // 1024})


def _suffix(name: str) -> str:
    return name.lower().rpartition(".")[2]


def read_statistics(content: bytes, name: str) -> StatisticsSheet:
    """The rows of a long table, one figure a row. Raises ``UploadRefused`` for what is none."""
    check_size(name, len(content))
    if _suffix(name) == "xlsx" or content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        sheet = _read_workbook(content, name)
    elif _suffix(name) in ("csv", "txt", "tsv"):
        sheet = _read_text(content)
    else:
        raise UploadRefused(_("只接收 .csv、.txt、.tsv 和 .xlsx 文件；.xls、.et 等请另存为其中一种。"))
    if not sheet.rows:
        raise UploadRefused(_("表头下面没有数据。"))
    return sheet


# -- the header ----------------------------------------------------------------------------------


def _as_header(text: str) -> str:
    return re.sub(r"[\s_*、/-]", "", re.sub(r"[（(].*$", "", text)).lower()


def _find_header(table: Sequence[Sequence[str]]) -> _Header | None:
    """Among a table's first rows; titles may stand above it, and it may be merged over two rows."""
    for index, row in enumerate(table[:_HEADER_WITHIN]):
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


def _make_header(begin: int, texts: Sequence[str], fields: Sequence[str]) -> _Header:
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
    return _Header(begin, places, width, ignored, unit[1] if unit else "")


def _say_no_header(table: Iterable[Sequence[str]]) -> str:
    known = {_FIELD_OF.get(_as_header(cell), "") for row in table for cell in row}
    years = sum(bool(re.fullmatch(r"(19|20)\d\d年?", cell)) for row in table for cell in row)
    needed = _("没有找到表头。表头须有这些列：地区（或地区代码）、期间、指标（代码或名称）、数值，另有单位、来源。")
    if "value" not in known and ("area" in known or "area_code" in known) and ("period" in known or years > 2):
        return needed + _("这像是一张宽表（一列一个指标或一列一年），请先转换为一行一个数值的长表。")
    return needed


# -- rows ----------------------------------------------------------------------------------------


def _take_rows(records: Iterable[tuple[int, Sequence[str], str]], header: _Header) -> Iterator[StatisticsRow]:
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


# -- text files ----------------------------------------------------------------------------------

_DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线", "，": "全角逗号"}


def _read_text(content: bytes) -> StatisticsSheet:
    text, encoding = decode(content)
    if "\0" in text:
        raise UploadRefused(_("这不是文本文件：里面有二进制内容。"))
    # Excel writes which delimiter it used in a line of its own.
    skipped = re.match(r"sep=.\r?\n", text)
    for delimiter, called in _DELIMITERS.items():
        header = _find_header([record for _n, record, _p in islice(_split(text, delimiter, bool(skipped)), _HEADER_WITHIN + 1)])
        if header is not None:
            records = islice(_split(text, delimiter, bool(skipped)), header.begin, None)
            form = _("文本文件，%(encoding)s 编码，以%(delimiter)s分隔") % {"encoding": encoding, "delimiter": called}
            return StatisticsSheet(list(_take_rows(records, header)), form, header.ignored)
    raise UploadRefused(_say_no_header([record for _n, record, _p in islice(_split(text, ",", bool(skipped)), _HEADER_WITHIN)]))


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding. Raises ``UploadRefused`` where it has none of the usual ones."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if content.startswith(mark):
            return _decode(content[len(mark) :], name), name.upper()
    try:
        return content.decode(), "UTF-8"
    except UnicodeDecodeError as error:
        # Text of another encoding fails within its first words; what is right for long and then fails is a damaged file.
        read = content[: error.start].decode()
        if sum(not c.isascii() for c in read) >= 10:
            line = read.count("\n") + 1
            raise UploadRefused(_("文件第 %(line)s 行附近有损坏的字符，请重新保存为 UTF-8 后再试。") % {"line": line}) from error
    return _decode(content, "gb18030"), "GB18030"


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UploadRefused(_("认不出文件的文字编码，请另存为 UTF-8（“CSV UTF-8”）后再试。")) from error


def _split(text: str, delimiter: str, has_mark: bool) -> Iterator[tuple[int, list[str], str]]:
    """Records with the line each begins at. A broken quotation ends the file: everything after it would be one cell."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    begin = 1
    try:
        for record in reader:
            if not (has_mark and begin == 1):
                yield begin, [_clean(cell) for cell in record[:MAX_COLUMNS]], ""
            begin = reader.line_num + 1
    except csv.Error:
        yield begin, [], _("从这一行起引号不配对，以下各行读不出来。")


def _clean(text: str) -> str:
    """``clean``, which looks at each character, only where a character may need it."""
    return text.strip() if text.isascii() and text.isprintable() else _clean_once(text)


_clean_once = lru_cache(maxsize=10_000)(clean)


# -- workbooks -----------------------------------------------------------------------------------


def _read_workbook(content: bytes, name: str) -> StatisticsSheet:
    check_xlsx(io.BytesIO(content), name, len(content), largest=LARGEST_WORKBOOK)
    with refusing_damage():
        return _read_sheets(content)


def _read_sheets(content: bytes) -> StatisticsSheet:
    """The first sheet that has the header; the others are named as not used."""
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    first: list[list[str]] = []
    for sheet in book.worksheets:
        table = [_as_texts(row) for row in islice(_iterate(sheet), _HEADER_WITHIN + 1)]
        header = _find_header(table)
        if header is not None:
            others = [other.title for other in book.worksheets if other is not sheet]
            records = islice(_iterate(sheet), header.begin, None)
            rows = list(_take_rows(_read_cells(records, header), header))
            if any(not row.value for row in rows):
                rows = _tell_formulas(content, sheet.title, header, rows)
            form = _("Excel 工作簿，工作表“%(sheet)s”") % {"sheet": sheet.title}
            if others:
                form += _("（没有读：%(others)s）") % {"others": "、".join(others)}
            return StatisticsSheet(rows, form, header.ignored)
        first = first or table
    raise UploadRefused(_say_no_header(first))


def _iterate(sheet: Any) -> Iterator[Sequence[Any]]:
    # Some programs write a wrong dimension: rows are then counted as they come, up to our own limit.
    sheet.reset_dimensions()
    yield from sheet.iter_rows(max_row=MAX_ROWS + _HEADER_WITHIN + 2, max_col=MAX_COLUMNS)


def _as_texts(row: Iterable[Any]) -> list[str]:
    return [_clean(cell.value) if isinstance(cell.value, str) else as_text(cell.value) for cell in row]


def _read_cells(records: Iterable[Sequence[Any]], header: _Header) -> Iterator[tuple[int, list[str], str]]:
    place = header.places["value"]
    for number, row in enumerate(records, start=header.begin + 1):
        texts, problem = _as_texts(row), ""
        if place < len(row):
            texts[place], problem = _read_value(row[place])
        yield number, texts, problem


def _read_value(cell: Any) -> tuple[str, str]:
    """A figure as Excel shows it: a binary fraction's noise is not the source's, and 0.025 shown as 2.5% is 2.5%."""
    value = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = as_text(value)
        return text, _("单元格是错误值 %(text)s。") % {"text": text} if getattr(cell, "data_type", "") == "e" else ""
    number = Decimal(f"{value:.15g}")
    if "%" in str(cell.number_format):
        return f"{plain(number * 100)}%", ""
    return plain(number) or "", ""


def _tell_formulas(content: bytes, title: str, header: _Header, rows: list[StatisticsRow]) -> list[StatisticsRow]:
    """An empty value may be a formula that no program has computed yet: that is no missing figure."""
    place = header.places["value"]
    sheet = load_workbook(io.BytesIO(content), read_only=True)[title]
    formulas = {
        number
        for number, row in enumerate(_iterate(sheet), start=1)
        if place < len(row) and row[place].data_type == "f" and number > header.begin
    }
    said = _("单元格是公式而没有算出的结果：请用 Excel 打开并保存，或粘贴为数值。")
    return [replace(row, problem=said) if row.row in formulas and not row.value else row for row in rows]


def make_template() -> bytes:
    """A header to fill in under, which Excel opens as UTF-8."""
    return b"\xef\xbb\xbf" + (",".join(names[0] for names in COLUMNS.values()) + "\r\n").encode()
