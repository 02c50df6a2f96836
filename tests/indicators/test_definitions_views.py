"""The office's screens: who may open them, what a form answers, what is said when it is done."""

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from indicators.models import Assignment, Document, Indicator, LightThreshold, Milestone, Target, Task
from kejiting.accounts.models import AuditEvent, Role
from tests.builders import Cast, assign, make_indicator, make_plan, make_target, make_task, make_user, observe

pytestmark = pytest.mark.django_db

PAGES = [
    "/definitions/rules/",
    "/definitions/rules/add/",
    "/definitions/",
    "/definitions/tasks/",
    "/definitions/tasks/add/",
    "/definitions/tasks/import/",
    "/definitions/tasks/import/template/",
    "/definitions/indicators/",
    "/definitions/indicators/add/",
    "/definitions/documents/",
    "/definitions/documents/add/",
    "/definitions/targets/",
    "/definitions/targets/add/",
    "/definitions/assignments/",
    "/definitions/assignments/add/indicator/",
    "/definitions/assignments/add/milestone/",
    "/definitions/assignments/add/narrative/",
    "/definitions/thresholds/",
]


class Office:
    """A small plan and somebody of the office signed in."""

    def __init__(self) -> None:
        self.cast = Cast()
        self.plan = make_plan()
        # Running, whenever the test runs: a date that is over is doubted.
        self.plan.ends_on = date(timezone.localdate().year + 1, 12, 31)
        self.plan.save()
        self.task = make_task(self.plan, 1, self.cast.gxt)
        self.milestone = Milestone.objects.create(task=self.task, number=1, title_zh="节点一", due_on=date(2025, 9, 30))
        self.indicator = make_indicator()
        self.target = make_target(self.indicator, "100", stated="100项以上")
        self.assignment = assign(self.cast.gxt, indicator=self.indicator, task=self.task)
        self.client = Client()
        self.client.force_login(self.cast.guo)

    @property
    def pages(self) -> list[str]:
        return [
            *PAGES,
            f"/definitions/tasks/{self.task.pk}/",
            f"/definitions/tasks/{self.task.pk}/milestones/add/",
            f"/definitions/milestones/{self.milestone.pk}/",
            f"/definitions/indicators/code/{self.indicator.code}/",
            f"/definitions/documents/{self.target.document_id}/",
            f"/definitions/targets/{self.target.pk}/",
            f"/definitions/assignments/{self.assignment.pk}/end/",
        ]

    def post(self, path: str, data: dict[str, Any], status: int = 200) -> str:
        """The page after a form was sent; a redirect is followed."""
        response = self.client.post(path, data, follow=True)
        assert response.status_code == status, response.content.decode()
        return response.content.decode()


@pytest.fixture
def office() -> Office:
    return Office()


def test_the_office_opens_every_page(office: Office) -> None:
    for page in office.pages:
        assert office.client.get(page).status_code == 200, page


def test_others_are_refused_and_strangers_sign_in(office: Office) -> None:
    office.client.logout()
    for page in office.pages:
        assert office.client.get(page)["Location"].startswith("/accounts/login/"), page
    sysadmin = make_user("sysadmin", office.cast.kjt, Role.SYSTEM_ADMIN)
    for person in (office.cast.xie, office.cast.shen, office.cast.du, sysadmin):
        office.client.force_login(person)
        for page in office.pages:
            assert office.client.get(page).status_code == 403, (person, page)
            assert office.client.post(page, {}).status_code in (403, 405)


@pytest.mark.parametrize("path", ["/definitions/tasks/9999/", "/definitions/indicators/code/none/", "/definitions/targets/9999/", "/definitions/assignments/add/other/"])
def test_what_is_not_there_is_404(office: Office, path: str) -> None:
    assert office.client.get(path).status_code == 404


def test_a_plan_must_be_there_first(office: Office) -> None:
    type(office.plan).objects.update(is_current=False)
    for page in ("/definitions/", "/definitions/tasks/add/", "/definitions/thresholds/", "/definitions/tasks/import/"):
        assert "还没有现行规划" in office.client.get(page).content.decode()


def test_lists_are_searched(office: Office) -> None:
    make_task(office.plan, 12, office.cast.city, title_zh="建设大装置")
    assert "建设大装置" in office.client.get("/definitions/tasks/?q=大装置").content.decode()
    assert "建设大装置" in office.client.get("/definitions/tasks/?q=12").content.decode()
    assert "没有找到" in office.client.get("/definitions/tasks/?q=nothing").content.decode()
    for path in ("indicators", "documents", "targets", "assignments"):
        assert "没有找到" in office.client.get(f"/definitions/{path}/?q=nothing&page=77").content.decode(), path
    assert "100项以上" in office.client.get("/definitions/targets/?q=contracts 2025").content.decode()


# -- tasks -------------------------------------------------------------------------------------


def task_form(office: Office, **changes: Any) -> dict[str, Any]:
    form = {
        "number": "2",
        "aspect": office.plan.aspects.get().pk,
        "title_zh": "建设平台",
        "title_en": "",
        "classification": "public",
        "lead_unit": office.cast.kjt.pk,
        "responsible_office": "",
        "responsible_leader": "",
        "cooperating_units": [office.cast.gxt.pk],
        "starts_on": "2022-01-01",
        "due_on": f"{office.plan.ends_on:%Y年%m月%d日}",
        "parent": "",
        "document": "",
        "basis": "",
    }
    return form | changes


def test_a_task_is_added_on_the_screen(office: Office) -> None:
    page = office.post("/definitions/tasks/add/", task_form(office, number="２"))
    assert "已添加任务 2 建设平台" in page
    task = Task.objects.get(number=2)
    assert (task.cooperating_units.get(), task.due_on) == (office.cast.gxt, office.plan.ends_on)


def test_a_new_task_begins_today_and_is_due_at_the_plans_end_unless_that_is_over(office: Office) -> None:
    page = office.client.get("/definitions/tasks/add/").content.decode()
    assert f'value="{timezone.localdate().isoformat()}"' in page
    assert f'value="{office.plan.ends_on.isoformat()}"' in page
    assert "规划期已于" not in page
    type(office.plan).objects.update(ends_on=date(2025, 12, 31))
    page = office.client.get("/definitions/tasks/add/").content.decode()
    assert not re.search(r'name="(?:starts|due)_on"[^>]* value=|value="[^"]*"[^>]* name="(?:starts|due)_on"', page)
    assert "规划期已于 2025-12-31 结束" in page


def test_a_date_that_looks_like_a_slip_is_doubted_once(office: Office) -> None:
    path, far = "/definitions/tasks/add/", f"{office.plan.ends_on.year + 70}-12-31"
    for changes, words in [
        ({"due_on": "2024年底"}, "2024-12-31 已过：保存后该任务即为到期未办结"),
        ({"starts_on": "1999-01-01"}, "早于规划期（2022-01-01 起）"),
        ({"due_on": far}, f"{far} 晚于规划期"),
    ]:
        page = office.post(path, task_form(office, **changes), status=422)
        assert words in page
        assert "还没有保存，请核对" in page
        assert Task.objects.count() == 1
    meant = page.partition('name="meant" value="')[2].partition('"')[0]
    # Another value, another doubt: what was read answers for nothing else.
    assert "已过" in office.post(path, task_form(office, due_on="2024年底", meant=meant), status=422)
    assert "已添加任务" in office.post(path, task_form(office, due_on=far, meant=meant))
    assert Task.objects.get(number=2).due_on.isoformat() == far


def test_a_date_on_record_is_not_doubted_again(office: Office) -> None:
    path = f"/definitions/tasks/{office.task.pk}/"
    form = task_form(office, number="1", starts_on="2025-01-01", due_on="2025-12-31", cooperating_units=[])
    assert "已保存任务" in office.post(path, form)
    assert "已过" in office.post(path, form | {"due_on": "2024-12-31"}, status=422)


def test_a_task_form_says_what_is_wrong_and_keeps_what_was_typed(office: Office) -> None:
    page = office.post("/definitions/tasks/add/", task_form(office, number="1", due_on="2021-01-01", title_zh="打好的字"), status=422)
    assert "已有同一编号的任务" in page
    assert "完成时限不能早于开始日期" in page
    assert '<a href="#id_number">' in page
    assert "打好的字" in page
    assert 'aria-invalid="true"' in page
    assert Task.objects.count() == 1


def test_a_task_is_changed_and_its_parts_are_on_its_page(office: Office) -> None:
    path = f"/definitions/tasks/{office.task.pk}/"
    assert "已保存任务 1 新的文字" in office.post(path, task_form(office, number="1", title_zh="新的文字", cooperating_units=[]))
    assert "已关联指标" in office.post(f"{path}indicators/add/", {"indicator": office.indicator.pk})
    assert "选项" in office.post(f"{path}indicators/add/", {"indicator": office.indicator.pk}, status=422)
    assert "已解除与" in office.post(f"{path}indicators/contracts/remove/", {})
    assert "没有关联" in office.post(f"{path}indicators/contracts/remove/", {})
    assert "人工调整" in office.post(f"{path}light/", {"light": "red", "reason": "资金未到位"})
    assert "请填写。" in office.post(f"{path}light/", {"light": "red", "reason": ""}, status=422)
    assert "已撤销调整" in office.post(f"{path}light/", {"light": "", "reason": "已到位"})


def test_a_milestone_is_added_and_changed_on_the_screen(office: Office) -> None:
    path = f"/definitions/tasks/{office.task.pk}/milestones/add/"
    assert "同一序号" in office.post(path, {"number": "1", "title_zh": "又", "due_on": "2025-06-30"}, status=422)
    assert "这项任务已有同名的节点" in office.post(path, {"number": "2", "title_zh": "节点一", "due_on": "2025-06-30"}, status=422)
    assert "晚于任务的完成时限（2025-12-31）" in office.post(path, {"number": "2", "title_zh": "晚", "due_on": "2026-06"}, status=422)
    assert "已添加节点“节点二”" in office.post(path, {"number": "2", "title_zh": "节点二", "due_on": "2025-06-30"})
    path = f"/definitions/milestones/{office.milestone.pk}/"
    assert "已保存节点" in office.post(path, {"number": "1", "title_zh": "节点一", "due_on": "2025-10-31"})


# -- indicators, documents, targets ------------------------------------------------------------


def indicator_form(**changes: Any) -> dict[str, Any]:
    form = {
        "code": "labs",
        "name_zh": "重点实验室",
        "unit_of_measure": "个",
        "decimals": "0",
        "direction": "higher",
        "accumulation": "stock",
        "entry_form": "as_stored",
        "origin": "reported",
        "frequency": "quarter",
        "classification": "public",
        "text_zh": "期末在册数",
        "valid_from": "2025-01-01",
    }
    return form | changes


def test_an_indicator_is_added_on_the_screen(office: Office) -> None:
    assert "已添加指标“重点实验室”（labs）" in office.post("/definitions/indicators/add/", indicator_form())
    page = office.post("/definitions/indicators/add/", indicator_form(entry_form="period", minimum="5", maximum="１"), status=422)
    for words in ("已有同一代码的指标", "时点数没有", "下限须小于上限"):
        assert words in page


def test_a_formula_is_answered_at_its_field(office: Office) -> None:
    page = office.post("/definitions/indicators/add/", indicator_form(origin="derived", formula="contracts +"), status=422)
    assert '<a href="#id_formula">' in page
    assert "公式第 12 个字符" in page
    # Together with what is wrong elsewhere, in the order of the page.
    page = office.post("/definitions/indicators/add/", indicator_form(origin="derived", formula="contracts +", name_zh="", minimum="x"), status=422)
    assert re.findall(r'<li><a href="#id_(\w+)"', page) == ["name_zh", "minimum", "formula"]
    office.post("/definitions/indicators/add/", indicator_form(origin="derived", formula="contracts * 2"))
    assert Indicator.objects.get(code="labs").dependencies.get().reads == office.indicator


def test_a_definition_gets_its_next_version_on_the_screen(office: Office) -> None:
    observe(office.indicator, {"2025-Q1": "3"})
    path = "/definitions/indicators/code/contracts/"
    assert "已有登记的数值" in office.client.get(path).content.decode()
    same = indicator_form(unit_of_measure="项", accumulation="ytd", minimum="0", name_zh="合同", text_zh="口径")
    assert "已保存指标“合同”" in office.post(path, same)
    assert "更新为第 2 版" in office.post(path, same | {"text_zh": "新的口径"})
    assert "不能再改计量单位" in office.post(path, same | {"text_zh": "新的口径", "unit_of_measure": "万元"}, status=422)


def test_a_document_is_added_and_changed_on_the_screen(office: Office) -> None:
    form = {"kind": "plan", "title": "规划", "number": "甘政发1号", "issued_on": "2022-01-01"}
    assert "已添加文件" in office.post("/definitions/documents/add/", form)
    assert "同一文号" in office.post("/definitions/documents/add/", form | {"title": "另"}, status=422)
    document = Document.objects.get(number="甘政发1号")
    assert "已保存文件" in office.post(f"/definitions/documents/{document.pk}/", form | {"issuer": "省政府"})


def target_form(office: Office, **changes: Any) -> dict[str, Any]:
    form = {
        "document": "",
        "new_kind": "plan",
        "new_title": "新的规划",
        "indicator": office.indicator.pk,
        "area": "620000",
        "period": "2026年",
        "kind": "absolute",
        "comparison": "at_least",
        "value": "１２０",
        "basis": "ratio",
    }
    return form | changes


def test_a_target_is_set_with_a_new_document_on_the_screen(office: Office) -> None:
    page = office.post("/definitions/targets/add/", target_form(office))
    assert "已设定目标" in page
    target = Target.objects.get(period="2026")
    assert (target.document.title, target.value, target.recorded_by) == ("新的规划", 120, office.cast.guo)
    path = f"/definitions/targets/{target.pk}/"
    assert "请填写。" in office.post(path, {"superseded": office.target.pk, "reason": ""}, status=422)
    assert "已注明" in office.post(path, {"superseded": office.target.pk, "reason": "规划调整"})
    assert "已被" in office.client.get("/definitions/targets/").content.decode()


def test_a_target_form_says_what_is_wrong(office: Office) -> None:
    for changes, words in [
        ({"new_title": ""}, "请选择设定目标的文件"),
        ({"document": office.target.document_id}, "请只用一种"),
        ({"period": "去年"}, "不是期间"),
        ({"value": "约30"}, "请填写一个数字"),
        ({"kind": "range"}, "区间目标须填上限"),
        ({"upper": "130"}, "只有区间目标才填上限"),
        ({"kind": "change"}, "须填基期值"),
        ({"period": "2025", "reason": ""}, "写明另设目标的原因"),
        ({"unit_of_measure": "万元"}, "计量单位须与指标一致"),
    ]:
        assert words in office.post("/definitions/targets/add/", target_form(office, **changes), status=422)
    assert Target.objects.count() == 1
    assert not Document.objects.filter(title="新的规划").exists()


def test_a_target_far_from_the_newest_figure_is_doubted(office: Office) -> None:
    observe(office.indicator, {"2025-Q1": "3", "2025-Q2": "12000"})
    page = office.post("/definitions/targets/add/", target_form(office, value="12"), status=422)
    assert "约为2025年第二季度的数值 12,000项" in page
    assert "的 1000 分之一，请核对计量单位" in page
    assert "的 100 倍" in office.post("/definitions/targets/add/", target_form(office, value="1200000"), status=422)
    assert Target.objects.count() == 1
    meant = page.partition('name="meant" value="')[2].partition('"')[0]
    assert "已设定目标" in office.post("/definitions/targets/add/", target_form(office, value="12", meant=meant))
    assert "已设定目标" in office.post("/definitions/targets/add/", target_form(office, value="15000", period="2027", new_title="又一份"))


# -- assignments and thresholds ----------------------------------------------------------------


def test_an_assignment_is_made_and_ended_on_the_screen(office: Office) -> None:
    form = {"indicator": office.indicator.pk, "area": "620000", "unit": office.cast.city.pk, "role": "reports", "starts_on": "2025-07-01"}
    path = "/definitions/assignments/add/indicator/"
    assert "现由 gxt 填报" in office.post(path, form, status=409)
    end = f"/definitions/assignments/{office.assignment.pk}/end/"
    assert "结束日期不能早于" in office.post(end, {"last_day": "2021-01-01"}, status=422)
    assert "2022-01-01 至 2025-06-30" in office.post(end, {"last_day": "2025-06-30"})
    assert "已分工：620100" in office.post(path, form)
    assert "结束日期不能早于" in office.post(path, form | {"ends_on": "2025-01-01"}, status=422)
    milestone = {"milestone": office.milestone.pk, "unit": office.cast.gxt.pk, "role": "reports", "starts_on": "2025-01-01"}
    assert "已分工" in office.post("/definitions/assignments/add/milestone/", milestone)
    assert "已分工" in office.post("/definitions/assignments/add/narrative/", milestone | {"task": office.task.pk})
    assert Assignment.objects.filter(is_narrative=True).get().task == office.task
    assert "2025-06-30" in office.client.get("/definitions/assignments/?all=1").content.decode()


def test_thresholds_are_set_on_the_screen(office: Office) -> None:
    form = {"green": "-3", "red": "-10", "due_soon_days": "45", "starts_on": "2025-06-01"}
    assert "红灯上限须低于" in office.post("/definitions/thresholds/", form | {"red": "-1"}, status=422)
    assert "自 2025-06-01 起用" in office.post("/definitions/thresholds/", form)
    assert LightThreshold.objects.count() == 2


def test_a_demonstration_account_is_told_why_it_may_not(office: Office) -> None:
    office.client.force_login(make_user("demo", office.cast.ghc, Role.OFFICE, is_demo=True))
    form = {"indicator": office.indicator.pk, "area": "620000", "unit": office.cast.city.pk, "role": "contributes", "starts_on": "2025-07-01"}
    assert "登记的是正式数据，演示账号不能为它分工" in office.post("/definitions/assignments/add/indicator/", form, status=403)
    assert "演示账号不能为它设定目标" in office.post("/definitions/targets/add/", target_form(office), status=403)


# -- the task list -----------------------------------------------------------------------------


def make_list(*rows: list[Any]) -> BytesIO:
    book = Workbook()
    for row in [["任务编号", "方面", "任务", "牵头单位", "完成时限"], *rows]:
        book.active.append(row)
    file = BytesIO()
    book.save(file)
    file.seek(0)
    file.name = "清单.xlsx"
    return file


def sha_of(page: str) -> str:
    return page.partition('name="sha256" value="')[2].partition('"')[0]


def test_a_list_is_previewed_then_taken(office: Office) -> None:
    page = office.post("/definitions/tasks/import/", {"file": make_list([1, 1, "新的文字", "gxt", "2025年12月"], [2, 1, "第二项", "kjt", "2025-12-31"])})
    assert "新增 1 · 更新 1" in page
    assert Task.objects.count() == 1
    page = office.post("/definitions/tasks/import/confirm/", {"sha256": sha_of(page)})
    assert "已导入：新增 1 项，更新 1 项" in page
    assert list(Task.objects.order_by("number").values_list("title_zh", flat=True)) == ["新的文字", "第二项"]
    assert "没有待确认的文件" in office.post("/definitions/tasks/import/confirm/", {"sha256": "x"})


def test_a_list_with_a_bad_row_cannot_be_confirmed(office: Office) -> None:
    page = office.post("/definitions/tasks/import/", {"file": make_list([2, 1, "<script>", "gxt", "2025年"], [3, 1, "第三项", "无此单位", "2025年"])})
    assert "没有牵头单位“无此单位”" in page
    assert "确认导入" not in page
    assert "<script>" not in page.partition("</nav>")[2].partition("<footer")[0]
    office.post("/definitions/tasks/import/confirm/", {"sha256": sha_of(page)}, status=422)
    assert Task.objects.count() == 1


def test_what_changed_since_the_preview_is_shown_again(office: Office) -> None:
    page = office.post("/definitions/tasks/import/", {"file": make_list([2, 1, "第二项", "gxt", "2025年"])})
    make_task(office.plan, 2, office.cast.gxt)
    page = office.post("/definitions/tasks/import/confirm/", {"sha256": sha_of(page)}, status=409)
    assert "又有变动" in page
    assert "已导入：新增 0 项，更新 1 项" in office.post("/definitions/tasks/import/confirm/", {"sha256": sha_of(page)})


def test_a_file_that_is_no_list_is_answered_at_the_field(office: Office) -> None:
    file = BytesIO(b"nothing")
    file.name = "清单.xls"
    assert "只接收 .xlsx" in office.post("/definitions/tasks/import/", {"file": file}, status=422)
    assert "请选择文件" in office.post("/definitions/tasks/import/", {}, status=422)


def test_the_template_is_a_workbook(office: Office) -> None:
    response = office.client.get("/definitions/tasks/import/template/")
    assert load_workbook(BytesIO(response.content)).worksheets[0]["A1"].value == "任务编号"


def test_every_change_on_a_screen_is_on_the_trail(office: Office) -> None:
    office.post("/definitions/tasks/add/", task_form(office))
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.is_demo) == ("task.add", office.cast.guo, False)
