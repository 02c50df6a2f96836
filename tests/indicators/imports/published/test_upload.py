"""From the file in a browser to the figures on record: shown, chosen, confirmed; twice the same does nothing twice."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from indicators.actions import statistics_upload as actions
from indicators.imports.published.plan import CREATE
from indicators.models import ImportBatch, Indicator, Observation, Rule, StatisticsUpload
from tests.builders import Cast, make_area, make_indicator, make_user, observe

from .files import HEADER, SOURCE, make_csv, make_workbook

ROW = ("甘肃", "2023", "rd_exp", "1.5", "亿元", SOURCE)
HOME = "/definitions/statistics/"


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def money(db: None) -> Indicator:
    area = make_area()
    area.short_zh = "甘肃"
    area.save()
    return make_indicator("rd_exp", name_zh="研发经费", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year", decimals=2)


@pytest.fixture
def office(client: Client, cast: Cast, money: Indicator) -> Client:
    client.force_login(cast.guo)
    return client


def send(client: Client, *rows: tuple[str, ...], name: str = "a.csv", content: bytes = b"", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content or make_csv(rows))
    return client.post(HOME, {"file": file, **fields}, follow=True)


def confirm(client: Client, **fields: str) -> Any:
    upload = StatisticsUpload.objects.latest("pk")
    return client.post(f"{HOME}{upload.pk}/", {"verb": "confirm", "fingerprint": upload.fingerprint, **fields}, follow=True)


def test_a_file_is_shown_and_taken_in_once_confirmed(office: Client) -> None:
    page = send(office, ROW)
    assert "新增 1 · 修订 0 · 不变 0 · 不能导入 0" in page.text
    assert "亿元 换算为 万元（×10,000）" in page.text
    assert not Observation.objects.exists()
    assert "批次" in confirm(office).text
    assert Observation.objects.get().value == 15000
    upload = StatisticsUpload.objects.get()
    assert (upload.state, bytes(upload.content), upload.batch) == ("done", b"", ImportBatch.objects.get())
    # A second click, and a reload.
    assert confirm(office).status_code == 200
    assert Observation.objects.count() == 1
    assert "不变 1" in send(office, ROW).text
    assert "没有需要导入的改动" in office.get(f"{HOME}{StatisticsUpload.objects.latest('pk').pk}/").text


def test_what_is_refused_names_row_column_and_reason_and_cannot_be_confirmed(office: Client) -> None:
    page = send(office, ROW, ("甘肃", "2022", "rd_exp", "约2", "亿元", SOURCE))
    assert "有 1 行不能导入" in page.text
    assert "“约2”不是数字" in page.text
    assert "第 3 行" in page.text
    assert "确认导入" not in page.text
    assert "一行也没有导入" in confirm(office).text
    assert not Observation.objects.exists()


def test_a_page_has_one_primary_way_out(office: Client) -> None:
    def primary(page: Any) -> list[str]:
        return re.findall(r'class="btn primary"[^>]*>([^<]*)<', page.text)

    unknown = ("甘素", *ROW[1:])
    assert primary(send(office, unknown)) == ["按选择更新预览"]
    # Nothing that is chosen here mends the file.
    assert primary(send(office, unknown, ("甘肃", "2022", "rd_exp", "约2", "亿元", SOURCE))) == ["上传改正后的文件"]
    assert primary(send(office, ROW)) == ["确认导入：新增 1，修订 0"]


@pytest.mark.parametrize(("severity", "heading"), [("error", "有 1 行不能导入"), ("warning", "不妨碍导入")])
def test_what_a_rule_says_leads_to_the_rule(office: Client, severity: str, heading: str) -> None:
    rule = Rule.objects.create(code="some", version=1, severity=severity, formula="rd_exp <= 1", sentence_zh="不能这么多。")
    page = send(office, ROW)
    assert heading in page.text
    assert f'href="/provenance/rule/{rule.pk}/"' in page.text


def test_a_revision_shows_both_values_and_their_difference(office: Client, money: Indicator) -> None:
    observe(money, {"2023": "10000"})
    page = send(office, ROW)
    assert "修订 1" in page.text
    for said in ("1亿元", "1.5亿元", "+50.0%"):
        assert said in page.text


def test_a_near_miss_is_asked_and_taken_only_when_chosen(office: Client) -> None:
    page = send(office, ("甘素", *ROW[1:]))
    assert "“甘素”：是否为“甘肃省”？" in page.text
    assert "确认导入" not in page.text
    upload = StatisticsUpload.objects.get()
    page = office.post(f"{HOME}{upload.pk}/", {"verb": "choose", "area-0-name": "甘素", "area-0": "620000"}, follow=True)
    assert "新增 1" in page.text
    fields = {"area-0-name": "甘素", "area-0": "620000"}
    confirm(office, **fields)
    assert Observation.objects.get().area_id == "620000"


def test_confirming_with_another_choice_shows_the_preview_again(office: Client) -> None:
    send(office, ("甘素", *ROW[1:]), (*ROW[:1], "2022", *ROW[2:]))
    upload = StatisticsUpload.objects.get()
    office.post(f"{HOME}{upload.pk}/", {"verb": "choose", "area-0-name": "甘素", "area-0": "-"})
    page = confirm(office, **{"area-0-name": "甘素", "area-0": "620000"})
    assert "请核对新的预览" in page.text
    assert not Observation.objects.exists()


def test_an_unknown_indicator_is_made_when_confirmed(office: Client) -> None:
    page = send(office, ("甘肃", "2023", "v4_new", "1.5", "亿元", SOURCE))
    assert "不在册的指标" in page.text
    upload = StatisticsUpload.objects.get()
    fields = {"indicator-0-name": "v4_new", "indicator-0": CREATE, "indicator-0-name_zh": "新的指标", "indicator-0-accumulation": "stock"}
    page = office.post(f"{HOME}{upload.pk}/", {"verb": "choose", **fields}, follow=True)
    assert "将新建 1 个指标" in page.text
    assert "确认导入" not in page.text
    fields["may_create"] = "1"
    office.post(f"{HOME}{upload.pk}/", {"verb": "choose", **fields})
    confirm(office, **fields)
    made = Indicator.objects.get(code="v4_new")
    assert (made.name_zh, made.accumulation, made.observations.count()) == ("新的指标", "stock", 1)


def test_the_record_changed_between_preview_and_confirmation(office: Client, money: Indicator) -> None:
    send(office, ROW)
    observe(money, {"2023": "7"})
    page = confirm(office)
    assert "又有变动" in page.text
    assert "修订 1" in page.text
    assert Observation.objects.count() == 1
    confirm(office)
    assert Observation.objects.count() == 2


def test_two_people_with_the_same_file_each_have_their_own(office: Client, cast: Cast, money: Indicator) -> None:
    send(office, ROW)
    mine = StatisticsUpload.objects.get()
    other = Client()
    other.force_login(make_user("zhao", cast.ghc, "office"))
    assert other.get(f"{HOME}{mine.pk}/").status_code == 404
    send(other, ROW)
    confirm(other)
    page = office.post(f"{HOME}{mine.pk}/", {"verb": "confirm", "fingerprint": mine.fingerprint}, follow=True)
    assert "又有变动" in page.text
    assert "不变 1" in page.text
    assert Observation.objects.count() == 1


def test_source_and_day_of_the_form_are_of_rows_that_state_none(office: Client) -> None:
    send(office, content=make_csv([ROW[:5]], HEADER[:5]), source="《统计公报》", published_on="2024-09-30")
    confirm(office)
    row = Observation.objects.get()
    assert (row.document and row.document.title, str(row.published_on)) == ("《统计公报》", "2024-09-30")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.csv", b"1,2\n3,4", "没有找到表头"), ("a.xls", b"\xd0\xcf\x11\xe0 and more", "只接收 .xlsx"), ("a.pdf", b"%PDF", "只接收 .csv"), ("a.csv", b"", "文件是空的"), ("a" * 197 + ".csv", make_csv([ROW]), "文件名最多 200 字，已超出 1 字")],
)
def test_what_is_no_table_is_answered_at_the_form(office: Client, name: str, content: bytes, said: str) -> None:
    page = office.post(HOME, {"file": SimpleUploadedFile(name, content)})
    assert page.status_code == 422
    assert said in page.text
    assert not StatisticsUpload.objects.exists()


def test_a_file_that_is_left_leaves_nothing(office: Client) -> None:
    send(office, ROW)
    upload = StatisticsUpload.objects.get()
    office.post(f"{HOME}{upload.pk}/", {"verb": "forget"})
    assert not StatisticsUpload.objects.exists()


def test_files_that_nobody_confirmed_go_with_time(office: Client) -> None:
    send(office, ROW)
    StatisticsUpload.objects.update(changed_at=timezone.now() - timedelta(days=3))
    send(office, ROW)
    assert StatisticsUpload.objects.count() == 1


@pytest.mark.parametrize("person", ["xie", "shen", "du"])
def test_only_the_office_opens_the_screen(client: Client, cast: Cast, person: str) -> None:
    client.force_login(getattr(cast, person))
    assert client.get(HOME).status_code == 403
    assert client.get(f"{HOME}template/").status_code == 403


def test_the_template_is_read_by_its_own_reader(office: Client) -> None:
    header = office.get(f"{HOME}template/").content
    row = header + "620000,甘肃,2023,rd_exp,,,1.5,亿元,年鉴,,\r\n".encode()
    assert "新增 1" in send(office, content=row).text


# -- long files ----------------------------------------------------------------------------------


@pytest.fixture
def long_files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every file is a long one; the keys that a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr(actions, "SHORT_TEXT", 0)
    monkeypatch.setattr(actions, "SHORT_WORKBOOK", 0)
    monkeypatch.setattr(actions, "_nudge", told.append)
    return told


def test_a_long_file_is_read_and_taken_in_by_a_worker(office: Client, long_files: list[int], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = send(office, ROW)
    assert "正在后台读取" in page.text
    upload = StatisticsUpload.objects.get()
    assert long_files == [upload.pk]
    actions.work(upload.pk)
    assert "新增 1" in office.get(f"{HOME}{upload.pk}/").text
    with django_capture_on_commit_callbacks(execute=True):
        assert "正在后台导入" in confirm(office).text
    assert not Observation.objects.exists()
    # The message may come twice.
    actions.work(upload.pk)
    actions.work(upload.pk)
    assert Observation.objects.count() == 1
    assert StatisticsUpload.objects.get().state == "done"


def test_a_long_file_that_is_no_table_says_so_on_its_page(office: Client, long_files: list[int]) -> None:
    send(office, content=b"1,2\n3,4")
    upload = StatisticsUpload.objects.get()
    actions.work(upload.pk)
    assert "没有找到表头" in office.get(f"{HOME}{upload.pk}/").text


def test_a_lost_message_is_found_by_the_sweep(office: Client, long_files: list[int]) -> None:
    send(office, ROW)
    actions.sweep()
    assert StatisticsUpload.objects.get().state == "reading"
    StatisticsUpload.objects.update(changed_at=timezone.now() - actions.LOST_AFTER)
    actions.sweep()
    assert StatisticsUpload.objects.get().state == "ready"


def test_what_kills_a_worker_each_time_is_given_up(office: Client, long_files: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    send(office, ROW)
    upload = StatisticsUpload.objects.get()

    def die(*_args: object) -> None:
        raise MemoryError

    monkeypatch.setattr(actions, "read_statistics", die)
    for _attempt in range(actions.MOST_ATTEMPTS):
        with pytest.raises(MemoryError):
            actions.work(upload.pk)
    actions.work(upload.pk)
    upload.refresh_from_db()
    assert upload.state == "ready"
    assert "没有完成" in office.get(f"{HOME}{upload.pk}/").text


def test_a_workbook_goes_the_same_way(office: Client) -> None:
    assert "新增 1" in send(office, name="表.xlsx", content=make_workbook([ROW])).text
