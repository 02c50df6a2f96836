"""The official task list by Excel: what is read, what each bad row is told, and all or nothing."""

import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from indicators.actions.task_import import TaskListPlan, import_tasks, plan_task_list
from indicators.dates import NotADate, read_due_date
from indicators.errors import NotAllowed, NotReady, Problem, RecordError, WrongState
from indicators.imports.tasks.sheet import TaskSheet, make_template, read_task_sheet
from indicators.models import Assignment, ImportBatch, LightOverride, Milestone, Plan, Task, TaskIndicator
from indicators.uploads import MAX_SIZE, UploadRefused, check_xlsx
from kejiting.accounts.models import AuditEvent, Role, Unit, UnitVersion, User
from tests.builders import FOREVER, Cast, assign, make_indicator, make_plan, make_task, make_user

HEADER = ["任务编号", "方面", "任务", "牵头单位", "配合单位", "完成时限", "牵头省领导", "责任处室"]
GOOD = [1, "方面一", "建设重点实验室", "省科技厅", "省工信厅；省财政厅", "2025年12月", "某副省长", "规划处"]


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    for code, name in {"st": "省科技厅", "it": "省工信厅", "fin": "省财政厅"}.items():
        Unit.objects.create(code=code, kind="department", name_zh=name)
    Unit.objects.create(code="st-gh", kind="office", parent=cast.kjt, name_zh="规划处")
    return make_plan()


def make_book(*rows: list[Any], header: list[str] | None = HEADER) -> BytesIO:
    book = Workbook()
    for row in [header, *rows] if header else rows:
        book.active.append(row)
    return save(book)


def save(book: Workbook) -> BytesIO:
    answer = BytesIO()
    book.save(answer)
    answer.seek(0)
    return answer


def read(file: BytesIO, name: str = "清单.xlsx") -> TaskSheet:
    return read_task_sheet(file, name, len(file.getvalue()))


def row(**changes: Any) -> list[Any]:
    names = ["number", "aspect", "title", "lead", "cooperating", "due", "leader", "office"]
    return [changes.get(name, value) for name, value in zip(names, GOOD, strict=True)]


def intend(plan: Plan, *rows: list[Any], by: User | None = None) -> TaskListPlan:
    return plan_task_list(read(make_book(*rows)), plan=plan, by=by)


def take(plan: Plan, *rows: list[Any], by: User | None = None, header: list[str] | None = None) -> TaskListPlan:
    return import_tasks(read(make_book(*rows, header=header or HEADER)), plan=plan, by=by, name="清单.xlsx")


# -- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-12-31", "2025-12-31"),
        ("2025/6/1", "2025-06-01"),
        ("2025年6月30日", "2025-06-30"),
        ("2025年12月", "2025-12-31"),
        ("２０２５年２月", "2025-02-28"),
        ("2025年12月底前", "2025-12-31"),
        ("2025-06", "2025-06-30"),
        ("2025.10", "2025-10-31"),
        ("2025年第三季度", "2025-09-30"),
        ("2025年四季度", "2025-12-31"),
        ("2025-Q1", "2025-03-31"),
        ("2024年底", "2024-12-31"),
        ("2024年年底", "2024-12-31"),
        ("2024", "2024-12-31"),
        ("2025年上半年", "2025-06-30"),
    ],
)
def test_dates_as_documents_write_them(text: str, day: str) -> None:
    assert read_due_date(text).isoformat() == day


@pytest.mark.parametrize("text", ["", "长期", "2025年13月", "2025-02-30", "45992", "2025.1", "1999年", "十二月", "持续推进"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotADate):
        read_due_date(text)


def test_the_sheet_may_have_titles_merged_headers_and_full_width_digits() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["重点任务清单"])
    sheet.merge_cells("A1:H1")
    sheet.append(["任务\n编号", "方面", "任务", "责任单位", None, "完成时限", "责任人", None])
    sheet.append([None, None, None, "牵头单位", "配合单位", None, "牵头省领导", "责任处室"])
    sheet.merge_cells("D2:E2")
    sheet.append(["１", "方面一", "  任务 甲 ", "省科技厅", None, datetime(2025, 12, 31), None, None])
    sheet.append([2.0, None, "任务乙", "省科技厅", "省工信厅", date(2025, 6, 30), None, None])
    sheet.append([None] * 8)
    sheet.merge_cells("B4:B5")
    rows = read(save(book)).rows
    assert [r.row for r in rows] == [4, 5]
    assert rows[0].cells["number"] == "1"
    assert rows[0].cells["due_on"] == "2025-12-31"
    assert rows[0].cells["title_zh"] == "任务 甲"
    assert (rows[1].cells["number"], rows[1].cells["aspect"], rows[1].cells["cooperating_units"]) == ("2", "方面一", "省工信厅")


def test_unknown_columns_are_named_and_optional_ones_may_be_missing() -> None:
    sheet = read(make_book([1, "方面一", "任务", "省科技厅", "2025年", "备"], header=["编号", "方面", "重点任务", "牵头单位", "完成时限", "备注"]))
    assert sheet.ignored == ["备注"]
    assert "cooperating_units" not in sheet.rows[0].cells


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([["甲", "乙"], [1, "方面一"]], "没有找到表头。表头须有这些列：任务编号、方面、任务、牵头单位、完成时限。看过的工作表：Sheet"),
        ([["清单"], ["编号", "方面", "任务", "说明"], [1, "方面一", "任务", ""]], "工作表“Sheet”第 2 行的表头还缺：牵头单位、完成时限。"),
        ([HEADER], "没有任务"),
        ([[*HEADER, "任务编号"], [*GOOD, 2]], "重复的列：任务编号"),
        ([HEADER, *[[n, *GOOD[1:]] for n in range(1, 502)]], "最多 500 行"),
    ],
)
def test_a_sheet_without_a_list_is_told_what_is_missing(rows: list[list[Any]], words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        read(make_book(*rows, header=None))


def test_text_that_begins_with_an_equals_sign_is_text_and_a_formula_is_its_cached_value() -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append(row(title="x"))
    sheet["C2"].value, sheet["C2"].data_type = "=HYPERLINK(1)", "s"
    sheet.append(row(number=2, title="=1+1"))  # a formula without a cached value
    rows = read(save(book)).rows
    assert [r.cells["title_zh"] for r in rows] == ["=HYPERLINK(1)", ""]


# -- the file ----------------------------------------------------------------------------------


def make_zip(members: dict[str, bytes]) -> BytesIO:
    answer = BytesIO()
    with zipfile.ZipFile(answer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    answer.seek(0)
    return answer


def with_members(**extra: bytes) -> BytesIO:
    """A good workbook with further members in it; `__` stands for a slash."""
    with zipfile.ZipFile(make_book(GOOD)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return make_zip(members | {name.replace("__", "/") + ".bin": content for name, content in extra.items()})


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        (lambda: make_book(GOOD), "清单.xls", "只接收 .xlsx"),
        (lambda: make_book(GOOD), "清单.xlsm", "只接收 .xlsx"),
        (lambda: BytesIO(b"\xd0\xcf\x11\xe0" + b"0" * 600), "清单.xlsx", "密码"),
        (lambda: BytesIO(b"not a zip"), "清单.xlsx", "完好"),
        (lambda: BytesIO(b""), "清单.xlsx", "完好"),
        (lambda: make_zip({"a.txt": b"a"}), "清单.xlsx", "完好"),
        (lambda: with_members(xl__vbaProject=b"x"), "清单.xlsx", "宏"),
        (lambda: with_members(xl__externalLinks__one=b"x"), "清单.xlsx", "外部链接"),
        (lambda: with_members(xl__embeddings__one=b"x"), "清单.xlsx", "嵌入文件"),
        (lambda: make_zip({f"{n}": b"" for n in range(2_001)}), "清单.xlsx", "过大"),
        (lambda: make_zip({"[Content_Types].xml": b"", "xl/workbook.xml": b"0" * (101 * 1024 * 1024)}), "清单.xlsx", "过大"),
        (lambda: make_zip({"../evil.xml": b"", "xl/workbook.xml": b""}), "清单.xlsx", "结构不正常"),
        (lambda: make_zip({"[Content_Types].xml": b"<x", "xl/workbook.xml": b"<x"}), "清单.xlsx", "读不出"),
    ],
)
def test_a_file_that_is_not_a_plain_workbook_is_not_opened(file: Any, name: str, words: str) -> None:
    with pytest.raises(UploadRefused, match=words):
        read(file(), name)


def test_an_entity_bomb_is_refused() -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(make_book(GOOD)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(UploadRefused, match="读不出"):
        read(make_zip(members | {"xl/worksheets/sheet1.xml": entities + members["xl/worksheets/sheet1.xml"]}))


def test_more_than_a_list_can_hold_is_not_unpacked() -> None:
    with zipfile.ZipFile(make_book(GOOD)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(UploadRefused, match="最多 20 MB"):
        read(make_zip(members | {"xl/worksheets/sheet1.xml": members["xl/worksheets/sheet1.xml"] + b" " * 21 * 1024 * 1024}))


def test_the_size_is_looked_at_first() -> None:
    with pytest.raises(UploadRefused, match="最大 5 MB"):
        check_xlsx(BytesIO(b""), "清单.xlsx", MAX_SIZE + 1)


# -- rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": None}, "没有任务编号"),
        ({"number": "甲"}, "不是 1 以上的整数"),
        ({"number": 0}, "不是 1 以上的整数"),
        ({"number": 1.5}, "不是 1 以上的整数"),
        ({"aspect": "方面九"}, "规划的方面有：1 方面一"),
        ({"title": None}, "没有任务。"),
        ({"title": "长" * 201}, "最多 200 字"),
        ({"lead": None}, "没有牵头单位"),
        ({"lead": "省科枝厅"}, "没有牵头单位“省科枝厅”。相近的有：省科技厅"),
        ({"lead": "省科技厅、省工信厅"}, "没有牵头单位"),
        ({"cooperating": "省工信厅；省外星厅"}, "没有配合单位“省外星厅”"),
        ({"due": None}, "没有完成时限"),
        ({"due": "长期"}, "完成时限“长期”不是日期"),
        ({"due": "2021年12月"}, "早于任务的开始日期 2022-01-01"),
        ({"leader": "长" * 41}, "最多 40 字"),
        ({"office": "无此处"}, "没有责任处室“无此处”"),
    ],
)
def test_each_bad_row_is_told_why_and_nothing_is_taken(plan: Plan, changes: dict[str, Any], words: str) -> None:
    rows = (row(number=7), row(**changes))
    problems = intend(plan, *rows).refused
    assert [p.row for p in problems] == [3]
    assert words in "".join(problem.message for problem in problems[0].problems)
    with pytest.raises(NotReady) as caught:
        take(plan, *rows)
    assert "3" in caught.value.problems[0].where
    assert not Task.objects.exists()
    assert not ImportBatch.objects.exists()


def test_an_aspect_left_out_is_the_one_above_and_none_at_all_is_refused(plan: Plan) -> None:
    assert not intend(plan, row(), row(number=2, aspect=None)).refused
    assert "没有方面" in intend(plan, row(aspect=None)).refused[0].problems[0].message


def test_an_aspect_is_not_inherited_from_a_row_that_is_wrong(plan: Plan) -> None:
    refused = intend(plan, row(), row(number=2, aspect="方面九"), row(number=3, aspect=None), row(number=4), row(number=5, aspect=None)).refused
    assert [(item.number, item.problems[0].message[:12]) for item in refused] == [(2, "没有“方面九”这个方面。"), (3, "没有方面，上一行也没有可")]


def test_where_a_cell_is_wrong_is_told_by_sheet_row_and_column(plan: Plan) -> None:
    (item,) = intend(plan, row(lead="省外星厅", due="长期")).refused
    assert [problem.where for problem in item.problems] == ["“Sheet”D2（牵头单位）", "“Sheet”F2（完成时限）"]


def test_an_empty_cell_leaves_what_is_on_record_and_a_mark_clears_it(plan: Plan) -> None:
    it, fin, office = (Unit.objects.get(code=code) for code in ("it", "fin", "st-gh"))
    task = make_task(plan, 1, Unit.objects.get(code="st"), title_zh="原文", responsible_leader="某省长", responsible_office=office)
    task.cooperating_units.set([it, fin])
    empty = row(title=None, lead=None, cooperating=None, due=None, leader=None, office=None)
    assert intend(plan, empty).rows[0].outcome == "unchanged"
    take(plan, row(title=None, lead=None, cooperating="清除", due=None, leader="—", office="无"))
    task.refresh_from_db()
    assert (task.title_zh, task.lead_unit.code, task.responsible_leader, task.responsible_office) == ("原文", "st", "", None)
    assert not task.cooperating_units.exists()
    for column in ("title", "lead", "due"):
        assert "不能清除" in intend(plan, row(**{column: "清除"})).refused[0].problems[0].message


def test_a_new_task_is_what_its_row_says(plan: Plan) -> None:
    take(plan, row(cooperating="无", leader=None, office="—"))
    task = Task.objects.get()
    assert (task.responsible_leader, task.responsible_office, task.cooperating_units.count()) == ("", None, 0)
    shown = intend(plan, row(number=2)).rows[0].shown
    assert ("牵头单位", "", "省科技厅") in shown
    assert ("完成时限", "", "2025-12-31") in shown


def test_all_prefectures_are_named_at_once(plan: Plan, cast: Cast) -> None:
    Unit.objects.create(code="620200", kind="prefecture", name_zh="嘉峪关市")
    Unit.objects.create(code="629999", kind="prefecture", name_zh="原某地区", dissolved_on=date(2023, 1, 1))
    take(plan, row(cooperating="省财政厅；各市州"))
    assert {unit.code for unit in Task.objects.get().cooperating_units.all()} == {"fin", "620100", "620200"}


def test_who_leads_from_now_on_cooperates_no_more(plan: Plan) -> None:
    it, fin = Unit.objects.get(code="it"), Unit.objects.get(code="fin")
    task = make_task(plan, 1, Unit.objects.get(code="st"))
    task.cooperating_units.set([it, fin])
    intended = take(plan, row(lead="省工信厅", cooperating=None))
    assert ("配合单位", "省财政厅、省工信厅", "省财政厅") in intended.rows[0].shown
    assert list(task.cooperating_units.all()) == [fin]


def test_a_date_that_looks_like_a_slip_is_shown_and_taken(plan: Plan) -> None:
    make_task(plan, 2, Unit.objects.get(code="st"), starts_on=date(2024, 1, 1), due_on=date(2024, 12, 31))
    first, second = intend(plan, row(due="2099年"), row(number=2, due="2024年")).rows
    assert [doubt.message for doubt in first.doubts] == ["2099-12-31 晚于规划期（2025-12-31 止）。"]
    assert not second.doubts  # as it is on record
    assert not first.problems


# -- cells that are not what they look like -----------------------------------------------------


def test_cells_merged_over_rows_count_for_each_row(plan: Plan) -> None:
    book = load_workbook(make_book(row(), row(number=2, lead=None, due=None), row(number=3, lead=None)))
    book.active.merge_cells("D2:D4")
    book.active.merge_cells("F2:F3")
    book.active["D3"].value  # noqa: B018 - a merged cell is empty
    rows = read(save(book)).rows
    assert [(r.cells["lead_unit"], r.cells["due_on"]) for r in rows] == [("省科技厅", "2025年12月")] * 3
    assert not plan_task_list(read(save(book)), plan=plan, by=None).refused


def test_a_row_that_only_a_merged_cell_reaches_into_is_none() -> None:
    book = load_workbook(make_book(row()))
    for column in "ABCDEFGH":
        book.active.merge_cells(f"{column}2:{column}3")
    assert [r.row for r in read(save(book)).rows] == [2]


def test_a_formula_without_a_result_and_an_error_are_not_taken_for_empty_cells(plan: Plan) -> None:
    make_task(plan, 1, Unit.objects.get(code="st"))
    book = load_workbook(make_book(row(leader="=A1", lead=None)))
    book.active["D2"].value, book.active["D2"].data_type = "#N/A", "e"
    (item,) = plan_task_list(read(save(book)), plan=plan, by=None).refused
    assert [(p.where, p.message[:9]) for p in item.problems] == [("“Sheet”D2（牵头单位）", "单元格是错误值 #"), ("“Sheet”G2（牵头省领导）", "单元格是公式而没有")]


def test_the_sheet_that_is_seen_is_read_and_the_others_are_named() -> None:
    book = Workbook()
    hidden, first, second = book.active, book.create_sheet("清单"), book.create_sheet("旧清单")
    hidden.title, hidden.sheet_state = "底稿", "hidden"
    for sheet in (hidden, first, second):
        sheet.append(HEADER)
        sheet.append(row(title=sheet.title))
    sheet = read(save(book))
    assert (sheet.name, sheet.rows[0].cells["title_zh"], sheet.other_sheets) == ("清单", "清单", ["底稿", "旧清单"])


def test_what_stands_below_the_rows_that_are_read_is_not_lost_without_a_word() -> None:
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(GOOD)
    for number in range(3_000):
        book.active.cell(3_001 + number, 1, number + 2)
    with pytest.raises(UploadRefused, match="前 3000 行"):
        read(save(book))


def test_a_number_twice_is_refused_at_its_second_row(plan: Plan) -> None:
    refused = intend(plan, row(), row(title="又一项")).refused
    assert [(p.row, p.problems) for p in refused] == [(3, [Problem("“Sheet”A3（任务编号）", "任务编号 1 与第 2 行重复。")])]


def test_a_unit_is_found_by_code_and_earlier_name_and_not_when_dissolved(plan: Plan) -> None:
    it = Unit.objects.get(code="it")
    UnitVersion.objects.create(unit=it, name_zh="省工业厅", valid=FOREVER)
    Unit.objects.create(code="old", kind="department", name_zh="省原某厅", dissolved_on=date(2023, 1, 1))
    assert not intend(plan, row(lead="it", cooperating=None), row(number=2, lead="省 工业厅", cooperating=None)).refused
    assert "2023-01-01 撤销" in intend(plan, row(lead="省原某厅")).refused[0].problems[0].message
    Unit.objects.create(code="two", kind="office", parent=it, name_zh="规划处")
    assert "请写代码：st-gh、two" in intend(plan, row()).refused[0].problems[0].message


# -- taking it ---------------------------------------------------------------------------------


def test_a_list_is_taken_and_taken_again_changes_nothing(plan: Plan, cast: Cast) -> None:
    done = take(plan, row(), row(number="第２项", aspect=1, lead="省财政厅", cooperating="省财政厅、省工信厅", leader=None, office=None), by=cast.guo)
    assert (done.count("new"), done.count("changed")) == (2, 0)
    first, second = Task.objects.order_by("number")
    assert (first.title_zh, first.due_on, first.lead_unit.code, first.responsible_leader) == ("建设重点实验室", date(2025, 12, 31), "st", "某副省长")
    assert first.responsible_office is not None
    assert (first.responsible_office.code, first.starts_on, first.is_demo) == ("st-gh", plan.starts_on, False)
    assert {u.code for u in first.cooperating_units.all()} == {"it", "fin"}
    # The lead among those that cooperate says nothing.
    assert {u.code for u in second.cooperating_units.all()} == {"it"}
    batch = ImportBatch.objects.get()
    assert (batch.imported_by, batch.is_demo) == (cast.guo, False)
    assert AuditEvent.objects.filter(verb="task.add").count() == 2
    again = take(plan, row(), row(number=2, lead="省财政厅", cooperating="省工信厅", leader=None, office=None))
    assert again.count("unchanged") == 2
    assert ImportBatch.objects.count() == 1


def test_a_changed_row_updates_what_its_columns_say_and_nothing_else(plan: Plan) -> None:
    task = make_task(plan, 1, Unit.objects.get(code="st"), responsible_leader="某省长", title_en="Labs")
    keep = make_task(plan, 9, Unit.objects.get(code="st"))
    rows = [[1, "方面一", "新的文字", "省科技厅", "2025年"]]
    header = ["任务编号", "方面", "任务", "牵头单位", "完成时限"]
    intended = plan_task_list(read(make_book(*rows, header=header)), plan=plan, by=None)
    assert intended.rows[0].shown == [("任务", "任务1", "新的文字")]
    assert intended.not_named == [keep]
    take(plan, *rows, header=header)
    task.refresh_from_db()
    assert (task.title_zh, task.responsible_leader, task.title_en) == ("新的文字", "某省长", "Labs")
    assert AuditEvent.objects.get(verb="task.edit").detail["changes"] == {"title_zh": ["任务1", "新的文字"]}


def test_the_record_must_be_as_the_preview_showed_it(plan: Plan, cast: Cast) -> None:
    sheet = read(make_book(row()))
    facts = plan_task_list(sheet, plan=plan, by=cast.guo).facts
    make_task(plan, 1, cast.gxt)
    with pytest.raises(WrongState, match="又有变动"):
        import_tasks(sheet, plan=plan, by=cast.guo, name="x", expected=facts)
    assert Task.objects.get().title_zh == "任务1"


def test_only_the_office_imports(plan: Plan, cast: Cast) -> None:
    for person in (cast.xie, cast.shen, cast.du):
        with pytest.raises(NotAllowed):
            take(plan, row(), by=person)


# -- the demonstration -------------------------------------------------------------------------


def test_a_demonstration_account_imports_demonstration(plan: Plan, cast: Cast) -> None:
    demo = make_user("demo", cast.ghc, Role.OFFICE, is_demo=True)
    make_task(plan, 2, cast.gxt, is_demo=True)
    official = make_task(plan, 3, cast.gxt)
    take(plan, row(), row(number=2), by=demo)
    assert list(Task.objects.order_by("number").values_list("number", "is_demo")) == [(1, True), (2, True), (3, False)]
    assert ImportBatch.objects.get().is_demo
    assert "演示账号不能修改" in intend(plan, row(number=3), by=demo).refused[0].problems[0].message
    official.refresh_from_db()
    assert official.title_zh == "任务3"


def test_the_official_list_takes_over_a_demonstration_task_and_leaves_the_marks(plan: Plan, cast: Cast) -> None:
    made_up = Unit.objects.create(code="made-up", kind="department", name_zh="省某局", is_demo=True)
    unit = Unit.objects.get(code="st")
    Unit.objects.filter(pk=unit.pk).update(is_demo=True)
    parent = make_task(plan, 8, cast.gxt, is_demo=True)
    task = make_task(plan, 1, made_up, is_demo=True, parent=parent, basis="summary", title_en="Demo", state="closing")
    milestone = Milestone.objects.create(task=task, number=1, title_zh="演示节点", due_on=date(2025, 6, 30))
    demo, real = make_indicator("demo_one", is_demo=True), make_indicator("real_one")
    for indicator in (demo, real):
        TaskIndicator.objects.create(task=task, indicator=indicator)
    assign(cast.gxt, task=task, is_demo=True)
    LightOverride.objects.create(task=task, light="red", reason="演示", by=cast.guo, is_demo=True)

    intended = intend(plan, row())
    assert (intended.rows[0].outcome, intended.rows[0].becomes_official) == ("changed", True)
    take(plan, row())

    task.refresh_from_db()
    assert (task.is_demo, task.title_zh, task.parent, task.basis, task.title_en, task.state) == (False, "建设重点实验室", None, "", "", "open")
    # What hangs on it is marked as what it was; the demonstration's word on a real indicator is taken back.
    milestone.refresh_from_db()
    assert milestone.is_demo
    assert [link.indicator for link in task.task_indicators.all()] == [demo]
    assert Assignment.objects.get().is_demo
    assert task.light_overrides.get().is_demo
    # A unit that the official list names is official too.
    unit.refresh_from_db()
    made_up.refresh_from_db()
    assert (unit.is_demo, made_up.is_demo) == (False, True)
    event = AuditEvent.objects.get(verb="task.edit")
    assert (event.detail["becomes_official"], event.detail["taken_back"]["indicators"], event.is_demo) == (True, ["real_one"], False)


def test_nothing_that_only_the_demonstration_said_stays_on_an_official_task(plan: Plan, cast: Cast) -> None:
    header = ["任务编号", "方面", "任务", "牵头单位", "完成时限"]
    task = make_task(plan, 1, cast.gxt, is_demo=True, responsible_leader="演示领导", responsible_office=Unit.objects.get(code="st-gh"))
    task.cooperating_units.set([Unit.objects.get(code="fin")])
    # What it must say, the list says itself: an empty cell would leave the demonstration's word.
    with pytest.raises(NotReady):
        take(plan, [1, "方面一", None, "省科技厅", "2025年"], header=header)
    take(plan, [1, "方面一", "正式的任务", "省科技厅", "2025年"], header=header)
    task.refresh_from_db()
    assert (task.is_demo, task.responsible_leader, task.responsible_office, task.cooperating_units.count()) == (False, "", None, 0)


def test_after_the_demonstration_is_gone_the_official_task_stands(plan: Plan, cast: Cast) -> None:
    """The rows a removal deletes by their mark leave nothing behind that would hold them."""
    task = make_task(plan, 1, cast.gxt, is_demo=True)
    milestone = Milestone.objects.create(task=task, number=1, title_zh="演示节点", due_on=date(2025, 6, 30))
    assign(cast.gxt, milestone=milestone, is_demo=True)
    take(plan, row())
    Assignment.objects.filter(is_demo=True).delete()
    Milestone.objects.filter(is_demo=True).delete()
    Task.objects.filter(is_demo=True).delete()
    assert Task.objects.get().title_zh == "建设重点实验室"


# -- the template and the command --------------------------------------------------------------


def test_the_template_can_be_filled_in_and_read(plan: Plan) -> None:
    book = load_workbook(BytesIO(make_template(aspects=["1 方面一"], units=["=省厅"])))
    assert [cell.value for cell in book.worksheets[0][1]] == HEADER
    assert book.worksheets[1]["C2"].data_type == "s"
    book.worksheets[0].append(GOOD)
    assert not plan_task_list(read(save(book)), plan=plan, by=None).refused


def test_the_command_takes_a_list(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tasks.xlsx"
    path.write_bytes(make_book(row()).getvalue())
    call_command("import_tasks", path, "--dry-run")
    assert not Task.objects.exists()
    call_command("import_tasks", path)
    assert Task.objects.get().number == 1
    assert "新增 1 项" in capsys.readouterr().out


def test_the_command_says_what_is_wrong(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tasks.xlsx"
    path.write_bytes(make_book(row(lead="省科枝厅")).getvalue())
    with pytest.raises(CommandError, match="一行也没有导入"):
        call_command("import_tasks", path)
    assert "“Sheet”D2（牵头单位）：没有牵头单位“省科枝厅”。相近的有：省科技厅" in capsys.readouterr().err
    with pytest.raises(CommandError, match="打不开文件"):
        call_command("import_tasks", tmp_path / "none.xlsx")
    with pytest.raises(CommandError, match="没有代码为 nine 的规划"):
        call_command("import_tasks", path, "--plan", "nine")
    (tmp_path / "broken.xlsx").write_bytes(b"no")
    with pytest.raises(CommandError, match="完好"):
        call_command("import_tasks", tmp_path / "broken.xlsx")
    assert issubclass(UploadRefused, RecordError)
