"""A file is read whatever it was saved by; what cannot be read is refused with a reason, never guessed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.imports.published import table
from indicators.imports.published.sheet import decode, read_statistics
from indicators.imports.published.table import StatisticsRow
from indicators.uploads import UploadRefused

from .files import HEADER, SOURCE, make_csv, make_text, make_workbook, repack

ROW = ("甘肃", "2023", "rd_basic", "1234.5", "万元", SOURCE)


def only_row(content: bytes, name: str = "a.csv") -> StatisticsRow:
    [row] = read_statistics(content, name).rows
    return row


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encodings_and_delimiters_are_found(encoding: str, delimiter: str) -> None:
    row = only_row(make_text([ROW], delimiter=delimiter).encode(encoding))
    assert (row.row, row.area, row.period, row.indicator, row.value, row.unit, row.source) == (2, *ROW)


def test_how_it_was_read_is_said() -> None:
    read = read_statistics(make_text([(*ROW, "x")], (*HEADER, "备注"), delimiter=";").encode("gbk"), "a.txt")
    assert (read.form, read.ignored) == ("文本文件，GB18030 编码，以分号分隔", ["备注"])


def test_titles_above_and_a_header_over_two_rows() -> None:
    titles = "表1-1 各地区R&D经费,,,,,\n,,,,,\n"
    assert only_row((titles + make_text([ROW])).encode()).row == 4
    two = "地区,年份,指标,数据,,来源\n,,,数值,单位,\n" + ",".join(ROW) + "\n"
    row = only_row(two.encode())
    assert (row.row, row.value, row.unit) == (3, "1234.5", "万元")


@pytest.mark.parametrize(
    "header",
    [
        ("region_code", "year", "indicator", "value", "unit", "source"),
        ("Province", "Year", "Variables", "Value", "Units", "Source"),
        ("省（区、市）", "年 份", "指标代码", "数值（保留两位）", "计量单位", "数据来源"),
    ],
)
def test_columns_by_other_names(header: tuple[str, ...]) -> None:
    row = only_row(make_csv([ROW], header))
    assert (row.area or row.area_code, row.period, row.indicator, row.value, row.source) == ("甘肃", "2023", "rd_basic", "1234.5", SOURCE)


def test_the_values_own_header_may_name_the_unit() -> None:
    row = only_row(make_csv([("甘肃", "2023", "rd_basic", "1", SOURCE)], ("地区", "年份", "指标", "数值（亿元）", "来源")))
    assert row.unit == "亿元"


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(UploadRefused, match="“地区”和“省份”是同一项"):
        read_statistics(make_csv([("a", *ROW)], ("地区", "省份", *HEADER[1:])), "a.csv")


def test_a_wide_table_is_told_how_it_should_be() -> None:
    with pytest.raises(UploadRefused, match="宽表"):
        read_statistics(make_csv([("甘肃", 2023, 1, 2)], ("地区", "年份", "rd_basic", "rd_applied")), "a.csv")


def test_an_unquoted_separator_is_no_smaller_figure() -> None:
    """1,234.5 without quotation marks is two cells: a 1, and a unit of 234.5."""
    row = only_row(",".join(HEADER).encode() + "\n甘肃,2023,rd_basic,1,234.5,万元,年鉴\n".encode())
    assert "错位" in row.problem


def test_a_quotation_that_does_not_end_is_said_where_it_begins() -> None:
    content = make_text([ROW]) + '甘肃,2022,rd_basic,"12,万元,年鉴\n甘肃,2021,rd_basic,13,万元,年鉴\n'
    rows = read_statistics(content.encode(), "a.csv").rows
    assert [(row.row, row.problem) for row in rows] == [(2, ""), (3, "从这一行起引号不配对，以下各行读不出来。")]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.csv", "没有找到表头"),
        (",".join(HEADER).encode(), "a.csv", "没有数据"),
        (b"\x00\x01\x02,\x00", "a.csv", "二进制"),
        (b"\xff\xfe\x00", "a.csv", "认不出文件的文字编码"),
        (b"\x81" * 9, "a.csv", "认不出文件的文字编码"),
        (b"1,2", "a.xls", "只接收 .csv"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 99, "a.xls", "只接收 .xlsx"),
        (b"\xd0\xcf\x11\xe0" + b"0" * 99, "a.csv", "只接收 .xlsx"),
        (b"PK\x03\x04" + b"0" * 99, "a.xlsx", "不是一个完好的"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, name: str, said: str) -> None:
    with pytest.raises(UploadRefused, match=said):
        read_statistics(content, name)


def test_a_damaged_utf8_file_is_not_read_as_another_encoding() -> None:
    content = bytearray(make_csv([ROW] * 20))
    content[-40] = 0xFF
    with pytest.raises(UploadRefused, match=r"第 2\d 行附近有损坏的字符"):
        decode(bytes(content))


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    assert len(read_statistics(make_csv([ROW] * 3), "a.csv").rows) == 3
    with pytest.raises(UploadRefused, match="一次最多 3 行"):
        read_statistics(make_csv([ROW] * 4), "a.csv")


# -- workbooks -----------------------------------------------------------------------------------


def test_a_workbook_says_what_excel_shows() -> None:
    """Numbers as numbers, a binary fraction without its noise, 0.025 shown as 2.5 % as 2.5 %."""
    rows = [("甘肃", 2023, "a", 1234567.25, "万元", "y"), ("甘肃", 2023, "a", 0.1 + 0.2, "万元", "y"), ("甘肃", 2023, "a", 0.025, "%", "y"), ("甘肃", 2023, "a", "１２", "万元", "y")]
    read = read_statistics(make_workbook(rows, formats={"D4": "0.0%"}), "a.xlsx")
    assert [row.value for row in read.rows] == ["1234567.25", "0.3", "2.5%", "12"]
    assert {row.period for row in read.rows} == {"2023"}
    assert "Excel" in read.form


def test_a_formula_without_its_result_is_no_missing_figure() -> None:
    rows = [("甘肃", 2023, "a", "=1+1", "万元", "y"), ("甘肃", 2022, "a", None, "万元", "y"), ("甘肃", 2021, "a", 3, "万元", "y")]
    read = read_statistics(make_workbook(rows), "a.xlsx")
    assert [bool(row.problem) for row in read.rows] == [True, False, False]
    assert "公式" in read.rows[0].problem


def test_an_error_in_a_cell_is_said() -> None:
    content = make_workbook([("甘肃", 2023, "a", "#DIV/0!", "万元", "y")])
    assert "#DIV/0!" in only_row(content, "a.xlsx").problem


def test_a_text_that_looks_like_a_formula_stays_text_in_a_csv() -> None:
    assert only_row(make_csv([("甘肃", "2023", "a", "=1+1", "万元", "y")])).value == "=1+1"


def test_hostile_workbooks_are_refused() -> None:
    good = make_workbook([ROW])
    with pytest.raises(UploadRefused, match="宏"):
        read_statistics(repack(good, **{"xl__vbaProject.bin": b"x"}), "a.xlsx")
    with pytest.raises(UploadRefused, match="展开后过大"):
        read_statistics(repack(good, **{"xl__worksheets__sheet2.xml": b"0" * (120 * 1024 * 1024)}), "a.xlsx")
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with pytest.raises(UploadRefused, match="读不出这个文件的内容"):
        read_statistics(repack(good, **{"xl__worksheets__sheet1.xml": bomb}), "a.xlsx")


@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx", "a.doc"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    with contextlib.suppress(UploadRefused):
        assert read_statistics(content, name).rows
