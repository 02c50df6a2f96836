"""The office's rounds: the next one proposed, who is late, lock, open again, move the due date."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.reporting import submit_return
from indicators.models import Return, Round
from indicators.queries.rounds import get_progress, propose_next_round
from kejiting.accounts.models import AuditEvent, Role
from tests.builders import Quarter, assign, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


@pytest.fixture
def office(quarter: Quarter) -> Client:
    client = Client()
    client.force_login(quarter.cast.guo)
    return client


def text(client: Client, path: str, data: dict[str, str] | None = None, status: int = 200) -> str:
    response = client.get(path) if data is None else client.post(path, data, follow=True)
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


def test_rounds_are_the_offices_alone(quarter: Quarter, office: Client) -> None:
    pages = ["/reporting/rounds/", "/reporting/rounds/open/", "/reporting/rounds/2025-Q3/"]
    verbs = [f"/reporting/rounds/2025-Q3/{verb}/" for verb in ("lock", "unlock", "due")]
    for page in pages:
        assert office.get(page).status_code == 200
    assert office.get("/reporting/rounds/2031-Q1/").status_code == 404
    for person in (quarter.cast.xie, quarter.cast.shen, quarter.cast.du):
        office.force_login(person)
        for page in pages:
            assert office.get(page).status_code == 403
        for verb in verbs:
            assert office.post(verb).status_code == 403
    office.logout()
    for page in pages:
        assert office.get(page)["Location"].startswith("/accounts/login/")


def meant_in(page: str) -> str:
    """What a form carries to say that its doubts were read."""
    return page.partition('name="meant" value="')[2].partition('"')[0]


# -- the next round ----------------------------------------------------------------------------


def test_the_round_after_the_latest_is_proposed_with_its_dates(quarter: Quarter) -> None:
    latest = quarter.round
    Round.objects.filter(pk=latest.pk).update(
        opens_at=datetime(2025, 9, 30, 16, tzinfo=UTC), due_at=datetime(2025, 10, 15, 10, tzinfo=UTC), grace_until=datetime(2025, 10, 20, 10, tzinfo=UTC)
    )
    proposed = propose_next_round(quarter.plan, datetime(2025, 11, 1, tzinfo=UTC))
    assert (proposed.label, proposed.grace_days, proposed.has_ended) == ("2025-Q4", 5, False)
    # 1 January in Shanghai, and as long after the period's end as the third quarter's was.
    assert proposed.opens_at == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert proposed.due_at == datetime(2026, 1, 15, 10, tzinfo=UTC)


def test_a_period_that_is_over_is_proposed_to_open_now(quarter: Quarter) -> None:
    now = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)
    proposed = propose_next_round(quarter.plan, now)
    assert (proposed.label, proposed.opens_at, proposed.has_ended) == ("2025-Q4", now, True)
    assert proposed.due_at > now + timedelta(days=7)


def test_without_a_round_the_last_ended_quarter_is_proposed(quarter: Quarter) -> None:
    Return.objects.all().delete()
    Round.objects.all().delete()
    assert propose_next_round(quarter.plan, datetime(2025, 11, 1, tzinfo=UTC)).label == "2025-Q3"


def test_a_round_is_opened_on_the_screen(quarter: Quarter, office: Client) -> None:
    form = {"period": "2025年第四季度", "opens_at": "2026-01-01T08:00", "due_at": "2026-01-20T18:00", "grace_days": "３"}
    page = text(office, "/reporting/rounds/open/", form, 422)
    assert "截止时间已过：一开放就要催报" in page
    page = text(office, "/reporting/rounds/open/", form | {"meant": meant_in(page)})
    assert "已开放2025年第四季度的批次：1 个单位需要填报" in page
    opened = Round.objects.get(code="2025-Q4")
    assert (opened.due_at, opened.grace_until) == (datetime(2026, 1, 20, 10, tzinfo=UTC), datetime(2026, 1, 23, 10, tzinfo=UTC))
    assert "的批次已经开放过" in text(office, "/reporting/rounds/open/", form, 422)
    assert "截止时间须晚于开放时间" in text(office, "/reporting/rounds/open/", form | {"due_at": "2025-01-01T00:00"}, 422)
    assert "不是期间" in text(office, "/reporting/rounds/open/", form | {"period": "下一期"}, 422)
    assert "年、半年、季度或月" in text(office, "/reporting/rounds/open/", form | {"period": "2025-01/2025-06"}, 422)
    assert Round.objects.count() == 2


# -- one round ---------------------------------------------------------------------------------


def test_the_late_ones_stand_first(quarter: Quarter) -> None:
    from indicators.actions.rounds import add_due_lines

    assign(quarter.cast.city, indicator=quarter.indicator, area=quarter.cast.city.area)
    add_due_lines(quarter.round)
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    progress = get_progress(quarter.round, timezone.now())
    assert [(row.report.unit.code, row.filled, len(row.lines), row.is_late) for row in progress.rows] == [("620100", 0, 1, False), ("gxt", 3, 3, False)]
    in_grace = get_progress(quarter.round, quarter.round.due_at)
    assert in_grace.late == 0
    late = get_progress(quarter.round, quarter.round.grace_until + timedelta(seconds=1))
    assert [(row.report.unit.code, row.is_late) for row in late.rows] == [("620100", True), ("gxt", False)]


def test_a_missing_value_and_a_narrative_count_as_filled(quarter: Quarter) -> None:
    from indicators.actions.reporting import save_line

    save_line(quarter.line(), {"missing": "withheld"}, by=quarter.cast.xie)
    save_line(quarter.line("narrative"), {"value": "进展"}, by=quarter.cast.xie)
    assert get_progress(quarter.round, timezone.now()).rows[0].filled == 2


def test_a_round_is_locked_and_opened_again_with_a_reason(quarter: Quarter, office: Client) -> None:
    path = "/reporting/rounds/2025-Q3/"
    page = text(office, f"{path}lock/")
    assert "1 个单位中还有 1 个没有报出" in page
    assert '<a href="/reporting/2025-Q3/gxt/">gxt</a>' in page
    assert not Round.objects.get().is_locked
    assert "已锁定" in text(office, f"{path}lock/", {})
    assert office.get(f"{path}lock/")["Location"] == path
    assert "已经锁定" in text(office, f"{path}lock/", {})
    assert "请填写。" in text(office, f"{path}unlock/", {"reason": ""}, 422)
    assert "已重新开放" in text(office, f"{path}unlock/", {"reason": "补报"})
    page = text(office, path)
    for words in ("批次 · 开放", "批次 · 锁定", "批次 · 解锁", "kjt-ghc guo：补报"):
        assert words in page
    assert list(AuditEvent.objects.filter(verb__in=["round.lock", "round.unlock"]).order_by("pk").values_list("verb", "reason")) == [
        ("round.lock", ""),
        ("round.unlock", "补报"),
    ]


def test_the_due_date_is_moved_with_a_reason(quarter: Quarter, office: Client) -> None:
    path = "/reporting/rounds/2025-Q3/due/"
    assert "请填写。" in text(office, path, {"due_at": "2030-01-01T00:00", "reason": ""}, 422)
    assert "晚于开放时间" in text(office, path, {"due_at": "2020-01-01T00:00", "reason": "早"}, 422)
    assert office.get(path)["Location"] == "/reporting/rounds/2025-Q3/"
    page = text(office, path, {"due_at": "2030年1月1日 8:00", "reason": "假期"})
    assert "截止时间已调整" in page
    assert "→ 2030年1月1日 08:00" in page
    assert Round.objects.get().due_at == datetime(2030, 1, 1, 0, tzinfo=UTC)


def test_a_due_date_that_is_over_is_doubted(quarter: Quarter, office: Client) -> None:
    opened = quarter.round.opens_at + timedelta(days=1)
    form = {"due_at": f"{timezone.localtime(opened):%Y-%m-%d %H:%M}", "reason": "提前"}
    page = text(office, "/reporting/rounds/2025-Q3/due/", form, 422)
    assert "这个时间已过" in page
    assert "截止时间已调整" in text(office, "/reporting/rounds/2025-Q3/due/", form | {"meant": meant_in(page)})


def test_a_period_out_of_turn_and_a_far_due_date_are_doubted(quarter: Quarter, office: Client) -> None:
    form = {"period": "2026-Q1", "opens_at": "2026-04-01", "due_at": "2099-01-01", "grace_days": "3"}
    page = text(office, "/reporting/rounds/open/", form, 422)
    assert "按次序下一期是 2025年第四季度" in page
    assert "距开放超过 120 天" in page
    assert "2031年第一季度还没有开始" in text(office, "/reporting/rounds/open/", form | {"period": "2031-Q1"}, 422)
    assert Round.objects.count() == 1


def test_before_it_opens_one_sees_what_is_asked_of_whom_and_what_nobody_reports(quarter: Quarter, office: Client) -> None:
    from tests.builders import make_indicator

    page = text(office, "/reporting/rounds/open/")
    assert "2025年第四季度将请 1 个单位填报 3 项" in page
    assert "没有单位填报" not in page
    make_indicator("orphan", name_zh="无人的指标")
    page = text(office, "/reporting/rounds/open/")
    assert "1 项没有单位填报" in page
    assert 'href="/definitions/assignments/add/indicator/?indicator=orphan"' in page
    assert "无人的指标" in text(office, "/reporting/rounds/2025-Q3/")


def test_each_unit_says_what_it_owes(quarter: Quarter, office: Client) -> None:
    quarter.fill()
    page = text(office, "/reporting/rounds/2025-Q3/")
    for name in ("指标 contracts", "节点一", "任务1"):
        assert name in page


def test_pages_cost_the_same_with_more_units(quarter: Quarter, office: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from indicators.actions.rounds import add_due_lines
    from tests.builders import make_task, make_unit

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            office.get("/reporting/rounds/2025-Q3/")
        return len(seen)

    before = count()
    for number in range(2, 8):
        unit = make_unit(f"unit-{number}")
        assign(unit, task=make_task(quarter.plan, number, unit))
    add_due_lines(quarter.round)
    assert count() == before


def test_a_demonstration_account_does_not_touch_an_official_round(quarter: Quarter, office: Client) -> None:
    office.force_login(make_user("demo", quarter.cast.ghc, Role.OFFICE, is_demo=True))
    assert "正式批次，演示账号不能改动" in text(office, "/reporting/rounds/2025-Q3/lock/", {})
    assert "正式批次" in text(office, "/reporting/rounds/2025-Q3/due/", {"due_at": "2030-01-01T08:00", "reason": "假期"}, 403)
    assert not Round.objects.get().is_locked
