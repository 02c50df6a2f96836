"""The official task list as an Excel sheet: reading its rows as text, and making the template to fill in.

Only cached values are read, never formulas; a cell that is text stays text, whatever it begins with.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from .uploads import UploadRefused, check_xlsx

MAX_ROWS, MAX_COLUMNS, MAX_TASKS = 3_000, 60, 500
_HEADER_WITHIN = 30

# Field → the names its column may have, the template's first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("任务编号", "编号", "序号"),
    "aspect": ("方面", "所属方面"),
    "title_zh": ("任务", "重点任务", "任务名称", "任务内容"),
    "lead_unit": ("牵头单位", "牵头部门"),
    "cooperating_units": ("配合单位", "配合部门", "参与单位"),
    "due_on": ("完成时限", "时限", "完成时间"),
    "responsible_leader": ("牵头省领导", "省领导", "责任领导"),
    "responsible_office": ("责任处室", "牵头处室"),
}
REQUIRED = ("number", "aspect", "title_zh", "lead_unit", "due_on")


@dataclass(frozen=True)
class SheetRow:
    """A row as it stands in the file: its number there, and the text of each known column that the file has."""

    row: int
    cells: dict[str, str]


@dataclass(frozen=True)
class TaskSheet:
    rows: list[SheetRow]
    ignored: list[str]


def read_task_sheet(file: BinaryIO, name: str, size: int) -> TaskSheet:
    """The task rows of a workbook's first sheet that has the columns. Raises ``UploadRefused``."""
    check_xlsx(file, name, size)
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        tables = [list(_read_rows(sheet)) for sheet in book.worksheets]
        book.close()
    except Exception as error:  # a damaged or hostile file may raise anything; each is the same answer
        raise UploadRefused(_("读不出这个文件的内容：请用 Excel 打开并重新保存后再试。")) from error
    for table in tables:
        if found := _find_header(table):
            return _take_rows(table, *found)
    needed = "、".join(COLUMNS[field][0] for field in REQUIRED)
    raise UploadRefused(_("没有找到表头。表头须有这些列：%(columns)s。可先下载模板。") % {"columns": needed})


def _read_rows(sheet: Any) -> Iterator[list[str]]:
    # Some programs write a wrong dimension: rows are then counted as they come, up to our own limit.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=MAX_ROWS, max_col=MAX_COLUMNS, values_only=True):
        yield [as_text(value) for value in row]


def as_text(value: object) -> str:
    """A cell's value as somebody would have typed it: dates as 2025-12-31, whole numbers without a point."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def clean(text: str) -> str:
    """Full-width digits and letters as plain ones, line breaks and runs of blanks as one blank, no control characters.

    Chinese punctuation stays what it is: NFKC would turn ；and ，into ASCII.
    """
    text = "".join(unicodedata.normalize("NFKC", c) if c.isalnum() or c in "　－／．" else c for c in text)
    text = "".join(c if c.isprintable() else " " for c in text.replace("\u200b", "").replace("\ufeff", ""))
    return re.sub(r"\s+", " ", text).strip()


def _as_header(text: str) -> str:
    return re.sub(r"[\s*（(].*$", "", text.replace(" ", "").lstrip("*"))


_FIELD_OF = {name: field for field, names in COLUMNS.items() for name in names}


def _find_header(table: Sequence[Sequence[str]]) -> tuple[int, list[str]] | None:
    """Where the data begins, and the header's texts; a header may be merged over two rows."""
    for index, row in enumerate(table[:_HEADER_WITHIN]):
        one = [_as_header(cell) for cell in row]
        below = [_as_header(cell) for cell in table[index + 1]] if index + 1 < len(table) else []
        two = [lower if lower in _FIELD_OF else upper for upper, lower in zip(one, below, strict=False)] + one[len(below) :]
        if _is_header(one) and not _names_columns(below):
            return index + 1, one
        if _is_header(two) and _names_columns(one) and _names_columns(below):
            return index + 2, two
    return None


def _is_header(cells: Iterable[str]) -> bool:
    return set(REQUIRED) <= {_FIELD_OF[cell] for cell in cells if cell in _FIELD_OF}


def _names_columns(cells: Sequence[str]) -> bool:
    """A row of a header; one of the data has a number, and a date or a year."""
    return any(cell in _FIELD_OF for cell in cells) and not any(c.isdigit() for cell in cells for c in cell)


def _take_rows(table: Sequence[Sequence[str]], begin: int, header: Sequence[str]) -> TaskSheet:
    places: dict[str, int] = {}
    for place, text in enumerate(header):
        field = _FIELD_OF.get(text)
        if field in places:
            raise UploadRefused(_("表头有重复的列：%(column)s。") % {"column": text})
        if field:
            places[field] = place
    rows, aspect = [], ""
    for index, row in enumerate(table[begin:], start=begin + 1):
        cells = {field: row[place] if place < len(row) else "" for field, place in places.items()}
        if not any(cells.values()):
            continue
        # The aspect's cell is often merged over its tasks: only the first of them holds the text.
        aspect = cells["aspect"] = cells["aspect"] or aspect
        rows.append(SheetRow(index, cells))
    if not rows:
        raise UploadRefused(_("表头下面没有任务。"))
    if len(rows) > MAX_TASKS:
        raise UploadRefused(_("任务太多：一次最多 %(n)s 行。") % {"n": MAX_TASKS})
    return TaskSheet(rows, [text for text in header if text and text not in _FIELD_OF])


# -- the template --------------------------------------------------------------------------------

_WIDTHS = {"number": 10, "aspect": 28, "title_zh": 44, "lead_unit": 18, "cooperating_units": 36, "due_on": 14, "responsible_leader": 14, "responsible_office": 18}


def make_template(*, aspects: Iterable[str], units: Iterable[str]) -> bytes:
    """An empty list to fill in, with a second sheet that says how, and names the aspects and units on record."""
    book = Workbook()
    sheet = book.active
    sheet.title = _("任务清单")
    for column, (field, names) in enumerate(COLUMNS.items(), start=1):
        cell = sheet.cell(1, column, names[0])
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")
        cell.fill = PatternFill("solid", fgColor="E8F0F7")
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS[field]
    sheet.freeze_panes = "A2"
    _write_hints(book.create_sheet(_("填写说明")), aspects, units)
    answer = BytesIO()
    book.save(answer)
    return answer.getvalue()


def _write_hints(sheet: Any, aspects: Iterable[str], units: Iterable[str]) -> None:
    lines = [
        _("一行一项任务，填在“任务清单”表里；编号相同的任务将按本表更新，表中没有的任务不变。"),
        _("任务编号：1 以上的整数。方面：下列方面的名称或序号。"),
        _("配合单位：多个用分号或顿号隔开。完成时限：日期，或 2025年12月、2025-12-31 这样的文字。"),
        _("牵头省领导、责任处室可以不填。单位名称须与系统中的一致："),
    ]
    columns = {_("说明"): lines, _("方面"): list(aspects), _("单位"): list(units)}
    for column, (title, texts) in enumerate(columns.items(), start=1):
        sheet.cell(1, column, title).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = 70 if column == 1 else 30
        for row, text in enumerate(texts, start=2):
            cell = sheet.cell(row, column, text)
            cell.data_type = "s"  # a name that begins with = is a name
