"""The pages of a return: who sees which, and that bad input is answered with a sentence and the right status."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from indicators.actions import rounds
from indicators.actions.reporting import save_line, submit_return
from indicators.models import Line, LineEntry, Return
from tests.builders import Quarter, assign, make_indicator, make_target, observe

pytestmark = pytest.mark.django_db

PAGE = "/reporting/2025-Q3/gxt/"


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def sign_in(client: Client, quarter: Quarter, name: str) -> Client:
    client.force_login(getattr(quarter.cast, name))
    return client


def save(client: Client, quarter: Quarter, **typed: str) -> Any:
    return client.post(f"{PAGE}lines/{quarter.line().pk}/", typed)


@pytest.mark.parametrize(("who", "status"), [("xie", 200), ("shen", 200), ("guo", 200), ("lin", 404), ("du", 404)])
def test_a_draft_is_its_units_and_the_offices(client: Client, quarter: Quarter, who: str, status: int) -> None:
    assert sign_in(client, quarter, who).get(PAGE).status_code == status


def test_signed_out_one_is_sent_to_sign_in(client: Client, quarter: Quarter) -> None:
    answer = client.get(PAGE)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={PAGE}")


@pytest.mark.parametrize("path", ["/reporting/2099-Q1/gxt/", "/reporting/2025-Q3/nobody/", "/reporting/%00/gxt/", "/reporting/2025-Q3/620100/"])
def test_what_is_not_there_is_a_404(client: Client, quarter: Quarter, path: str) -> None:
    assert sign_in(client, quarter, "xie").get(path).status_code == 404


@pytest.mark.parametrize("typed", ["约30", "≥5", "=1+1", "NaN", "9" * 40, "12,5", "１２万", "<script>"])
def test_what_cannot_be_stored_is_a_sentence(client: Client, quarter: Quarter, typed: str) -> None:
    answer = save(sign_in(client, quarter, "xie"), quarter, value=typed)
    assert answer.status_code == 422
    assert answer.json()["message"].endswith("。")
    assert quarter.line().value is None


@pytest.mark.parametrize("typed", ["约4亿", "2", "已完成"])
def test_a_milestone_asks_for_one_of_its_two_states(client: Client, quarter: Quarter, typed: str) -> None:
    answer = sign_in(client, quarter, "xie").post(f"{PAGE}lines/{quarter.line('milestone').pk}/", {"value": typed})
    assert (answer.status_code, answer.json()["message"]) == (422, "节点只有两种：1 为已完成，0 为未完成。")


def test_a_script_in_a_note_is_text(client: Client, quarter: Quarter) -> None:
    save(sign_in(client, quarter, "xie"), quarter, note="<script>alert(1)</script>")
    page = client.get(PAGE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_each_save_is_kept_with_who_and_when(client: Client, quarter: Quarter) -> None:
    sign_in(client, quarter, "xie")
    for value in ("1", "1", "2"):
        assert save(client, quarter, value=value).status_code == 200
    assert [entry.content["value"] for entry in LineEntry.objects.filter(line=quarter.line())] == ["1", "2"]


def test_a_conflict_shows_what_the_other_wrote(client: Client, quarter: Quarter) -> None:
    sign_in(client, quarter, "xie")
    save(client, quarter, value="5", seen="1")
    answer = save(client, quarter, value="6", seen="1")
    assert (answer.status_code, answer.json()["value"], answer.json()["stored"]) == (412, "5", "5")
    assert "您的账号" in answer.json()["message"]


def test_a_closed_round_takes_nothing(client: Client, quarter: Quarter) -> None:
    rounds.lock_round(quarter.round, by=quarter.cast.guo)
    answer = save(sign_in(client, quarter, "xie"), quarter, value="5")
    assert (answer.status_code, "锁定" in answer.json()["message"]) == (409, True)


def test_an_unfinished_return_is_not_submitted_and_each_line_is_named(client: Client, quarter: Quarter) -> None:
    answer = sign_in(client, quarter, "xie").post(f"{PAGE}submit/")
    assert answer.status_code == 422
    assert answer.content.decode().count("未填") >= 3


def test_before_handing_in_what_is_in_the_way_is_listed_in_the_grids_order(client: Client, quarter: Quarter) -> None:
    page = sign_in(client, quarter, "xie").get(f"{PAGE}submit/").content.decode()
    places = [page.index(f'href="#v{quarter.line(kind).pk}">任务 1 · ') for kind in ("indicator", "milestone", "narrative")]
    assert places == sorted(places)
    assert "确认提交" not in page


def test_before_handing_in_what_will_be_sent_is_said(client: Client, quarter: Quarter) -> None:
    quarter.fill()
    save(sign_in(client, quarter, "xie"), quarter, missing="withheld", note="涉及商业秘密")
    page = client.get(f"{PAGE}submit/").content.decode()
    assert "将提交 3 项：填报 2 项，缺报 1 项。" in page
    assert "不予公布（涉及商业秘密）" in page
    assert Return.objects.get(pk=quarter.report.pk).state == "draft"


def test_what_was_confirmed_is_what_is_handed_in(client: Client, quarter: Quarter) -> None:
    quarter.fill()
    seen = Return.objects.get(pk=quarter.report.pk).version
    save(sign_in(client, quarter, "xie"), quarter, value="13")
    assert client.post(f"{PAGE}submit/", {"seen": seen}).status_code == 412


@pytest.mark.parametrize(("who", "status"), [("shen", 302), ("lin", 404)])
def test_only_who_may_hand_in_is_asked_to_confirm(client: Client, quarter: Quarter, who: str, status: int) -> None:
    assert sign_in(client, quarter, who).get(f"{PAGE}submit/").status_code == status


def test_an_open_page_is_told_who_closed_it(client: Client, quarter: Quarter) -> None:
    sign_in(client, quarter, "xie")
    assert client.get(f"{PAGE}state/").json() == {"editable": True, "message": ""}
    quarter.fill()
    client.post(f"{PAGE}submit/")
    told = client.get(f"{PAGE}state/").json()
    assert (told["editable"], "gxt xie" in told["message"], "已提交" in told["message"]) == (False, True, True)


def test_everything_of_a_line_is_in_one_unit(client: Client, quarter: Quarter) -> None:
    quarter.indicator.unit_of_measure = "万元"
    quarter.indicator.save(update_fields=["unit_of_measure"])
    make_target(quarter.indicator, "4.5", unit_of_measure="亿元")
    observe(quarter.indicator, {"2024-Q3": "27485.92", "2025-Q2": "18152.46"})
    save(sign_in(client, quarter, "xie"), quarter, value="304274.6")
    page = client.get(PAGE).content.decode()
    row = page[page.index(f'id="line-{quarter.line().pk}"') :]
    cells = [cell.partition("</td>")[0].partition(">")[2] for cell in row.split("<td")[1:] if cell.startswith(' class="r"')]
    assert cells[:3] == ["18,152.46", "27,485.92", "≥ 45,000"]
    assert 'value="304274.6"' in row
    assert "合 30.43亿元" in row


def test_the_reviewer_reads_what_changed_since_the_return_first(client: Client, quarter: Quarter) -> None:
    observe(quarter.indicator, {"2025-Q1": "5", "2025-Q2": "8"})
    other = make_indicator("other")
    Line.objects.create(report=quarter.report, assignment=assign(quarter.cast.gxt, indicator=other, task=quarter.task))
    quarter.fill("12")
    for line in Line.objects.filter(assignment__indicator=other):
        save_line(line, {"value": "7.5", "note": "按折算数填报"}, by=quarter.cast.xie)
    client.force_login(quarter.cast.xie)
    client.post(f"{PAGE}submit/")
    sign_in(client, quarter, "shen").post(f"{PAGE}return/", {"reason": "请核对合同数"})
    save(sign_in(client, quarter, "xie"), quarter, value="13")
    client.post(f"{PAGE}submit/")
    page = sign_in(client, quarter, "shen").get(PAGE).content.decode()
    places = [page.index(words) for words in ("请核对合同数", "退回后改动 1 项", "退回后改动（1）", "+5（+62.5%）", "有提示或缺报（1）", "按折算数填报", "按变化大小（2）")]
    assert places == sorted(places)
    assert "退回时 <s>12</s>" in page


def test_sending_back_without_a_reason_is_answered_on_the_page(client: Client, quarter: Quarter) -> None:
    quarter.fill()
    sign_in(client, quarter, "xie").post(f"{PAGE}submit/")
    answer = sign_in(client, quarter, "shen").post(f"{PAGE}return/", {"reason": " "})
    assert (answer.status_code, "请写明理由" in answer.content.decode()) == (422, True)


def test_a_second_submit_says_where_the_first_brought_it(client: Client, quarter: Quarter) -> None:
    quarter.fill()
    sign_in(client, quarter, "xie")
    assert client.post(f"{PAGE}submit/").status_code == 302
    answer = client.post(f"{PAGE}submit/")
    assert (answer.status_code, "已提交" in answer.content.decode()) == (409, True)


def test_a_period_amount_is_added_to_the_running_total(client: Client, quarter: Quarter) -> None:
    quarter.indicator.entry_form = "period"
    quarter.indicator.save(update_fields=["entry_form"])
    observe(quarter.indicator, {"2025-Q1": "5", "2025-Q2": "8"})
    answer = save(sign_in(client, quarter, "xie"), quarter, value="4")
    assert (answer.json()["value"], quarter.line().value) == ("4", 12)
    assert "12" in answer.json()["other"]


def test_without_the_quarter_before_the_running_total_is_typed(client: Client, quarter: Quarter) -> None:
    quarter.indicator.entry_form = "period"
    quarter.indicator.save(update_fields=["entry_form"])
    save(sign_in(client, quarter, "xie"), quarter, value="4")
    assert quarter.line().value == 4


def test_todo_lists_what_waits_for_each(client: Client, quarter: Quarter) -> None:
    assert "去填报" in sign_in(client, quarter, "xie").get("/reporting/").content.decode()
    assert "没有等您处理" in sign_in(client, quarter, "shen").get("/reporting/").content.decode()
    quarter.fill()
    Return.objects.get(pk=quarter.report.pk)
    sign_in(client, quarter, "xie").post(f"{PAGE}submit/")
    assert "去审核" in sign_in(client, quarter, "shen").get("/reporting/").content.decode()
    client.post(f"{PAGE}approve/")
    assert "去接收" in sign_in(client, quarter, "guo").get("/reporting/").content.decode()
    assert "去接收" in sign_in(client, quarter, "jiang").get("/reporting/").content.decode()


def test_what_is_shown_only_is_not_typed(client: Client, quarter: Quarter) -> None:
    official = make_indicator("official", origin="official", name_zh="官方指标")
    quarter.task.indicators.add(official)
    observe(official, {"2025-Q2": "77"})
    page = sign_in(client, quarter, "xie").get(PAGE).content.decode()
    assert "官方指标" in page
    assert "77" in page


def test_a_save_asks_as_many_queries_however_many_lines_there_are(client: Client, quarter: Quarter) -> None:
    """One line is typed, so one line is read: a return of three hundred saves as fast as one of three."""
    sign_in(client, quarter, "xie")
    save(client, quarter, value="1")
    with CaptureQueriesContext(connection) as few:
        save(client, quarter, value="2")
    for number in range(10):
        assignment = assign(quarter.cast.gxt, indicator=make_indicator(f"more{number}"), task=quarter.task)
        Line.objects.create(report=quarter.report, assignment=assignment)
    with CaptureQueriesContext(connection) as many:
        answer = save(client, quarter, value="3")
    assert len(many) == len(few)
    assert answer.json()["filled"] == 1
    histories = [q["sql"] for q in many if "indicators_observation" in q["sql"] and "frequency" in q["sql"]]
    assert len(histories) == 2  # what is typed is turned into what is stored, then the row is shown as it became


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"value": "约4亿", "reason": "漏计两项"}, "value", "限定"),
        ({"value": "14", "reason": ""}, "reason", "请写明理由"),
        ({"value": "-1", "reason": "漏计两项"}, "value", "不可能"),
        ({"value": "12", "reason": "漏计两项"}, "value", "与现行数值相同"),
        ({"value": "14", "reason": "长" * 2001}, "reason", "最多 2000 字，已超出 1 字。"),
        ({"value": "1", "missing": "withheld", "qualifier": "over", "reason": "涉密"}, "value", "只能填一个"),
    ],
)
def test_a_refused_correction_comes_back_open_as_it_was_typed(
    client: Client, quarter: Quarter, typed: dict[str, str], field: str, sentence: str
) -> None:
    quarter.accept("12")
    pk = quarter.line().pk
    answer = sign_in(client, quarter, "xie").post(f"{PAGE}lines/{pk}/correct/", {"qualifier": "", **typed})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'<a href="#correct-{field}-{pk}">' in page
    [form] = re.findall(r'<details class="defn" open>.*?</details>', page, re.S)
    assert re.search(rf'id="correct-{field}-{pk}-wrong">[^<]*{sentence}', form)
    assert re.search(rf'<input id="correct-{field}-{pk}"[^>]* autofocus>', form)
    for text in typed.values():
        assert f'value="{text}"' in form
    for chosen in {typed.get("missing"), typed.get("qualifier")} - {None}:
        assert f'value="{chosen}" selected' in form


@pytest.mark.parametrize("reason", ["", "长" * 2001])
def test_a_return_sent_back_without_a_reason_is_asked_for_it_at_the_field(client: Client, quarter: Quarter, reason: str) -> None:
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    page = sign_in(client, quarter, "shen").post(f"{PAGE}return/", {"reason": reason}).content.decode()
    assert '<a href="#reason-return">' in page
    assert re.search(rf'<textarea id="reason-return"[^>]* autofocus>{reason}</textarea>\s*<p class="msg e" id="reason-return-wrong">', page)


def test_a_correction_sent_back_without_a_reason_is_asked_for_it_at_the_field(client: Client, quarter: Quarter) -> None:
    quarter.accept("12")
    pk = quarter.line().pk
    sign_in(client, quarter, "xie").post(f"{PAGE}lines/{pk}/correct/", {"value": "27900.5", "reason": "漏计两项"})
    page = sign_in(client, quarter, "guo").post(f"{PAGE}lines/{pk}/return/", {"reason": ""}).content.decode()
    assert f'<a href="#decide-{pk}">' in page
    assert f'id="decide-{pk}-wrong">请写明理由' in page
    assert "27,900.5</b>" in page  # as the table beside it says figures


@pytest.mark.parametrize(("kind", "name", "most"), [("indicator", "note", 2000), ("narrative", "value", 4000), ("narrative", "problems", 4000)])
def test_a_text_too_long_is_refused_whole(client: Client, quarter: Quarter, kind: str, name: str, most: int) -> None:
    sign_in(client, quarter, "xie")
    address = f"{PAGE}lines/{quarter.line(kind).pk}/"
    answer = client.post(address, {name: "字" * (most + 3000)})
    assert (answer.status_code, answer.json()["message"]) == (422, f"最多 {most} 字，已超出 3000 字。")
    assert not LineEntry.objects.exists()
    assert client.post(address, {name: "字" * most}).status_code == 200
    assert "maxlength" not in client.get(PAGE).content.decode()


def test_what_is_not_explained_yet_is_not_judged(client: Client, quarter: Quarter) -> None:
    observe(quarter.indicator, {"2025-Q1": "4", "2025-Q2": "8"})
    make_target(quarter.indicator, "20")
    sign_in(client, quarter, "xie")
    assert "核实后计算" in save(client, quarter, value="80000").json()["verdict"]
    assert "400,000.0%" in save(client, quarter, note="统计范围扩大到全部合同").json()["verdict"]
    assert "核实后计算" in save(client, quarter, value="3").json()["verdict"]
