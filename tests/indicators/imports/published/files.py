"""Files as people make them: a long table as text or as a workbook."""

import csv
import io
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

# Other people's data files: beside the checkout, or where SHARED_CASES says; where it is set, none may be skipped.
CASES = Path(os.environ.get("SHARED_CASES") or Path(__file__).resolve().parents[5] / "shared" / "cases")
YEARBOOK = CASES.parent / "data" / "provinces_indicators.csv"
DIRT = CASES / "china_provinces_rd"

_MAY_SKIP = not os.environ.get("SHARED_CASES")
needs_yearbook = pytest.mark.skipif(_MAY_SKIP and not YEARBOOK.exists(), reason=f"{YEARBOOK} is not there: other people's data file, read in place")
needs_dirt = pytest.mark.skipif(_MAY_SKIP and not DIRT.exists(), reason=f"{DIRT} is not there: other people's data files, read in place")

HEADER = ("地区", "年份", "指标", "数值", "单位", "来源")
SOURCE = "统计年鉴"


def make_text(rows: Iterable[Sequence[Any]], header: Sequence[str] = HEADER, *, delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def make_csv(rows: Iterable[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    return make_text(rows, header).encode()


def make_workbook(rows: Iterable[Sequence[Any]], header: Sequence[str] = HEADER, *, formats: dict[str, str] | None = None) -> bytes:
    """``formats``: a cell's place → its number format."""
    book = Workbook()
    sheet = book.active
    for row in [header, *rows]:
        sheet.append(list(row))
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    answer = io.BytesIO()
    book.save(answer)
    return answer.getvalue()


def repack(content: bytes, **members: bytes) -> bytes:
    """A workbook with members added or replaced; ``a__b`` is a/b."""
    names = {name.replace("__", "/"): data for name, data in members.items()}
    answer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(answer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename not in names:
                new.writestr(item.filename, old.read(item.filename))
        for name, data in names.items():
            new.writestr(name, data)
    return answer.getvalue()
