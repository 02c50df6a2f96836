"""A file as it comes from a yearbook's copyist: CSV in whatever encoding, or Excel. Its rows as text, nothing judged."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from ...models import ImportBatch
from ...numbers import plain
from ...uploads import UploadRefused, check_xlsx, refusing_damage
from ..cells import as_text, clean
from .table import COLUMNS, HEADER_WITHIN, MAX_COLUMNS, MAX_ROWS, Header, StatisticsRow, find_header, say_no_header, take_rows

# 100,000 rows with a long source each are 30 MB as text and 6 MB as a workbook.
LARGEST_TEXT, LARGEST_WORKBOOK = 60 * 1024 * 1024, 10 * 1024 * 1024
LONGEST_NAME = ImportBatch._meta.get_field("name").max_length or 0


@dataclass
class StatisticsSheet:
    """``form`` says how the file was read, in words; ``ignored`` are the columns without a use here."""

    rows: list[StatisticsRow]
    form: str
    ignored: list[str] = field(default_factory=list)


def check_file(name: str, size: int) -> None:
    """Refuse what is too large, or too long of name, before it is read. Raises ``UploadRefused``."""
    if len(name) > LONGEST_NAME:
        raise UploadRefused(_("文件名最多 %(most)s 字，已超出 %(over)s 字，请改短。") % {"most": LONGEST_NAME, "over": len(name) - LONGEST_NAME})
    largest = LARGEST_WORKBOOK if _suffix(name) == "xlsx" else LARGEST_TEXT
    if size > largest:
        raise UploadRefused(_("文件太大：最大 %(n)s MB。") % {"n": largest // 1024 // 1024})


def _suffix(name: str) -> str:
    return name.lower().rpartition(".")[2]


def read_statistics(content: bytes, name: str) -> StatisticsSheet:
    """The rows of a long table, one figure a row. Raises ``UploadRefused`` for what is none."""
    check_file(name, len(content))
    if _suffix(name) == "xlsx" or content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        sheet = _read_workbook(content, name)
    elif _suffix(name) in ("csv", "txt", "tsv"):
        sheet = _read_text(content)
    else:
        raise UploadRefused(_("只接收 .csv、.txt、.tsv 和 .xlsx 文件；.xls、.et 等请另存为其中一种。"))
    if not sheet.rows:
        raise UploadRefused(_("表头下面没有数据。"))
    return sheet


# -- text files ----------------------------------------------------------------------------------

_DELIMITERS = {",": "逗号", "\t": "制表符", ";": "分号", "|": "竖线", "，": "全角逗号"}


def _read_text(content: bytes) -> StatisticsSheet:
    text, encoding = decode(content)
    if "\0" in text:
        raise UploadRefused(_("这不是文本文件：里面有二进制内容。"))
    # Excel writes which delimiter it used in a line of its own.
    skipped = re.match(r"sep=.\r?\n", text)
    for delimiter, called in _DELIMITERS.items():
        header = find_header([record for _n, record, _p in islice(_split(text, delimiter, bool(skipped)), HEADER_WITHIN + 1)])
        if header is not None:
            records = islice(_split(text, delimiter, bool(skipped)), header.begin, None)
            form = _("文本文件，%(encoding)s 编码，以%(delimiter)s分隔") % {"encoding": encoding, "delimiter": called}
            return StatisticsSheet(list(take_rows(records, header)), form, header.ignored)
    raise UploadRefused(say_no_header([record for _n, record, _p in islice(_split(text, ",", bool(skipped)), HEADER_WITHIN)]))


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
        table = [_as_texts(row) for row in islice(_iterate(sheet), HEADER_WITHIN + 1)]
        header = find_header(table)
        if header is not None:
            others = [other.title for other in book.worksheets if other is not sheet]
            records = islice(_iterate(sheet), header.begin, None)
            rows = list(take_rows(_read_cells(records, header), header))
            if any(not row.value for row in rows):
                rows = _tell_formulas(content, sheet.title, header, rows)
            form = _("Excel 工作簿，工作表“%(sheet)s”") % {"sheet": sheet.title}
            if others:
                form += _("（没有读：%(others)s）") % {"others": "、".join(others)}
            return StatisticsSheet(rows, form, header.ignored)
        first = first or table
    raise UploadRefused(say_no_header(first))


def _iterate(sheet: Any) -> Iterator[Sequence[Any]]:
    # Some programs write a wrong dimension: rows are then counted as they come, up to our own limit.
    sheet.reset_dimensions()
    yield from sheet.iter_rows(max_row=MAX_ROWS + HEADER_WITHIN + 2, max_col=MAX_COLUMNS)


def _as_texts(row: Iterable[Any]) -> list[str]:
    return [_clean(cell.value) if isinstance(cell.value, str) else as_text(cell.value) for cell in row]


def _read_cells(records: Iterable[Sequence[Any]], header: Header) -> Iterator[tuple[int, list[str], str]]:
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


def _tell_formulas(content: bytes, title: str, header: Header, rows: list[StatisticsRow]) -> list[StatisticsRow]:
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
