"""The official task list as an Excel sheet: reading its rows as text, and making the template to fill in.

Only cached values are read, never formulas; a cell that is text stays text, whatever it begins with.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, range_boundaries

from ...uploads import UploadRefused, check_xlsx, refusing_damage
from ..cells import as_text

MAX_ROWS, MAX_COLUMNS, MAX_TASKS = 3_000, 60, 500
# Of XML, which is parsed while somebody waits: a list of 500 tasks is half a megabyte.
_MAX_UNPACKED = 20 * 1024 * 1024
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
    """A row as it stands in the file: its number there, and the text of each known column that the file has.

    ``unreadable`` says of a column why its cell has no text: it is not empty, and must not be taken as such.
    """

    row: int
    cells: dict[str, str]
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskSheet:
    """The sheet that was read: its name, its rows, and by known column where that stands, as ``["D", "牵头单位"]``."""

    name: str
    rows: list[SheetRow]
    columns: dict[str, list[str]]
    ignored: list[str] = field(default_factory=list)
    other_sheets: list[str] = field(default_factory=list)

    def locate(self, row: int, column: str = "") -> str:
        """Where somebody finds it: “任务清单”D5（牵头单位）."""
        if column not in self.columns:
            return _("“%(sheet)s”第 %(row)s 行") % {"sheet": self.name, "row": row}
        letter, header = self.columns[column]
        return _("“%(sheet)s”%(cell)s（%(column)s）") % {"sheet": self.name, "cell": f"{letter}{row}", "column": header}


def read_task_sheet(file: BinaryIO, name: str, size: int) -> TaskSheet:
    """The task rows of a workbook's first sheet that has the columns, hidden sheets last. Raises ``UploadRefused``."""
    check_xlsx(file, name, size, unpacked=_MAX_UNPACKED)
    with refusing_damage():
        return _read_book(file)


def _read_book(file: BinaryIO) -> TaskSheet:
    book = load_workbook(file, read_only=True, data_only=True)
    nearest = ""
    for sheet in sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible"):
        table = list(_read_rows(sheet))
        texts = [[cell.text for cell in row] for row in table]
        nearest = nearest or _say_nearest_header(sheet.title, texts)
        if found := _find_header(texts):
            others = [other.title for other in book.worksheets if other is not sheet]
            _fill_merged(table, _read_merged(book, sheet))
            return _take_rows(sheet.title, table, *found, formulas=_Formulas(file, sheet.title), others=others)
    needed = "、".join(COLUMNS[known][0] for known in REQUIRED)
    looked = "、".join(book.sheetnames)[:100]
    said = nearest or _("没有找到表头。表头须有这些列：%(columns)s。看过的工作表：%(sheets)s。") % {"columns": needed, "sheets": looked}
    raise UploadRefused(said + _("可先下载模板。"))


@dataclass
class _Cell:
    text: str
    is_error: bool = False
    is_merged: bool = False


def _read_rows(sheet: Any) -> Iterator[list[_Cell]]:
    # Some programs write a wrong dimension: rows are then counted as they come, up to one more than our own limit.
    sheet.reset_dimensions()
    for row in sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS):
        yield [_Cell(as_text(cell.value), cell.data_type == "e") for cell in row]


# Searched for, not parsed: a read-only sheet does not know its merged areas, and a tree of all its cells is what it avoids.
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')


def _read_merged(book: Any, sheet: Any) -> list[tuple[int, int, int, int]]:
    """The sheet's merged areas as (first column, first row, last column, last row)."""
    return [range_boundaries(ref.decode()) for ref in _MERGED.findall(book._archive.read(sheet._worksheet_path))]


def _fill_merged(table: list[list[_Cell]], areas: Iterable[tuple[int, int, int, int]]) -> None:
    """Only the first cell of a merged area holds its text, which a reader sees beside all of its rows."""
    filled = 0
    for column, first, _last_column, last in areas:
        if first > len(table) or column > len(table[first - 1]):
            continue
        rows = table[first:last]
        filled += len(rows)
        if filled > MAX_ROWS * MAX_COLUMNS:  # areas do not overlap, in a file that Excel wrote
            raise UploadRefused(_("文件的内部结构不正常，未予打开。"))
        for row in rows:
            row.extend(_Cell("") for _missing in range(column - len(row)))
            row[column - 1] = _Cell(table[first - 1][column - 1].text, is_merged=True)


class _Formulas:
    """Which cells hold a formula; read only when a cell without a result asks for it."""

    def __init__(self, file: BinaryIO, title: str) -> None:
        self.file, self.title = file, title

    def has(self, row: int, place: int) -> bool:
        return (row, place) in self._cells

    @cached_property
    def _cells(self) -> set[tuple[int, int]]:
        self.file.seek(0)
        sheet = load_workbook(self.file, read_only=True)[self.title]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
        return {(number, place) for number, row in enumerate(rows, start=1) for place, cell in enumerate(row) if cell.data_type == "f"}


def _as_header(text: str) -> str:
    return re.sub(r"[\s*（(].*$", "", text.replace(" ", "").lstrip("*"))


_FIELD_OF = {name: known for known, names in COLUMNS.items() for name in names}


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


def _say_nearest_header(title: str, table: Sequence[Sequence[str]]) -> str:
    """Which columns a row that looks like the header still lacks; nothing where no row does."""
    rows = [{_FIELD_OF[text] for cell in row if (text := _as_header(cell)) in _FIELD_OF} for row in table[:_HEADER_WITHIN]]
    best = max(rows, key=len, default=set())
    if len(best) < 2:
        return ""
    lacking = "、".join(COLUMNS[known][0] for known in REQUIRED if known not in best)
    return _("工作表“%(sheet)s”第 %(row)s 行的表头还缺：%(columns)s。") % {"sheet": title, "row": rows.index(best) + 1, "columns": lacking}


def _is_header(cells: Iterable[str]) -> bool:
    return set(REQUIRED) <= {_FIELD_OF[cell] for cell in cells if cell in _FIELD_OF}


def _names_columns(cells: Sequence[str]) -> bool:
    """A row of a header; one of the data has a number, and a date or a year."""
    return any(cell in _FIELD_OF for cell in cells) and not any(c.isdigit() for cell in cells for c in cell)


def _take_rows(
    name: str, table: Sequence[Sequence[_Cell]], begin: int, header: Sequence[str], *, formulas: _Formulas, others: list[str]
) -> TaskSheet:
    places: dict[str, int] = {}
    for place, text in enumerate(header):
        known = _FIELD_OF.get(text)
        if known in places:
            raise UploadRefused(_("表头有重复的列：%(column)s。") % {"column": text})
        if known:
            places[known] = place
    rows = [row for number, cells in enumerate(table[begin:], start=begin + 1) if (row := _take_row(number, cells, places, formulas))]
    if not rows:
        raise UploadRefused(_("表头下面没有任务。"))
    # Past the limit nothing is read: what stands there must not be lost without a word.
    if len(rows) > MAX_TASKS or rows[-1].row > MAX_ROWS:
        raise UploadRefused(_("任务太多：一次最多 %(n)s 行，且都在前 %(rows)s 行里。") % {"n": MAX_TASKS, "rows": MAX_ROWS})
    columns = {known: [get_column_letter(place + 1), header[place]] for known, place in places.items()}
    return TaskSheet(name, rows, columns, [text for text in header if text and text not in _FIELD_OF], others)


def _take_row(number: int, cells: Sequence[_Cell], places: dict[str, int], formulas: _Formulas) -> SheetRow | None:
    """The row's known cells; None for a row with nothing in them of its own."""
    found = {known: cells[place] if place < len(cells) else _Cell("") for known, place in places.items()}
    unreadable = {}
    for known, cell in found.items():
        if cell.is_error:
            unreadable[known] = _("单元格是错误值 %(text)s。") % {"text": cell.text}
        elif not cell.text and formulas.has(number, places[known]):
            unreadable[known] = _("单元格是公式而没有算出的结果：请用 Excel 打开并保存，或粘贴为数值。")
    if not unreadable and not any(cell.text and not cell.is_merged for cell in found.values()):
        return None
    return SheetRow(number, {known: cell.text for known, cell in found.items()}, unreadable)


# -- the template --------------------------------------------------------------------------------

_WIDTHS = {"number": 10, "aspect": 28, "title_zh": 44, "lead_unit": 18, "cooperating_units": 36, "due_on": 14, "responsible_leader": 14, "responsible_office": 18}


def make_template(*, aspects: Iterable[str], units: Iterable[str]) -> bytes:
    """An empty list to fill in, with a second sheet that says how, and names the aspects and units on record."""
    book = Workbook()
    sheet = book.active
    sheet.title = _("任务清单")
    for column, (known, names) in enumerate(COLUMNS.items(), start=1):
        cell = sheet.cell(1, column, names[0])
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center")
        cell.fill = PatternFill("solid", fgColor="E8F0F7")
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS[known]
    sheet.freeze_panes = "A2"
    _write_hints(book.create_sheet(_("填写说明")), aspects, units)
    answer = BytesIO()
    book.save(answer)
    return answer.getvalue()


def _write_hints(sheet: Any, aspects: Iterable[str], units: Iterable[str]) -> None:
    lines = [
        _("一行一项任务，填在“任务清单”表里；编号相同的任务将按本表更新，表中没有的任务不变。"),
        _("任务编号：1 以上的整数。方面：下列方面的名称或序号；留空或合并单元格，即与上一行相同。"),
        _("配合单位：多个用分号或顿号隔开。完成时限：日期，或 2025年12月、2025-12-31 这样的文字。"),
        _("配合单位可以写“各市州”。配合单位、牵头省领导、责任处室可以留空：已有的任务保持不变；要清除已有的内容，写“清除”。"),
        _("单位名称须与系统中的一致。"),
    ]
    columns = {_("说明"): lines, _("方面"): list(aspects), _("单位"): list(units)}
    for column, (title, texts) in enumerate(columns.items(), start=1):
        sheet.cell(1, column, title).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = 70 if column == 1 else 30
        for row, text in enumerate(texts, start=2):
            cell = sheet.cell(row, column, text)
            cell.data_type = "s"  # a name that begins with = is a name
