"""A sheet of evidence on what was handed in and what is to be corrected, so that a figure can be followed to the end of its chain."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from indicators.actions.evidence import add_evidence
from indicators.formatting import format_period
from indicators.models import Line, Return
from indicators.numbers import plain
from kejiting.accounts.models import User


def attach_sheet(report: Return, *, by: User) -> None:
    """One workbook on the first figure of a return."""
    figures = report.lines.exclude(assignment__indicator=None).exclude(value=None)
    for line in figures.select_related("assignment__indicator").order_by("pk")[:1]:
        add_evidence(line, make_sheet(line, plain(line.value)), by=by, title="演示：单位台账汇总表")


def make_sheet(line: Line, value: str | None) -> SimpleUploadedFile:
    """A workbook that states a figure, marked as demonstration in its name and in itself."""
    indicator, period = line.assignment.cell[0], line.report.round.period_id
    row = [indicator.name_zh, format_period(period), indicator.unit_of_measure, value, "演示数据"]
    return SimpleUploadedFile(f"演示佐证 {indicator.name_zh} {period}.xlsx", _make_workbook(row))


def _make_workbook(row: list[str | None]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["指标", "期间", "计量单位", "台账合计", "备注"])
    sheet.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()
