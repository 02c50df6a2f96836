"""待办: what waits for whom, and the list of returns by round, unit and state."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.corrections import request_correction
from indicators.actions.reporting import approve_return, submit_return
from indicators.actions.rounds import add_due_lines
from indicators.models import Return, Round
from indicators.queries.returns import LATE, ReturnFilter, count_states, find_returns
from indicators.queries.rounds import get_open_rounds
from indicators.queries.todos import count_todos, get_todos
from tests.builders import Quarter, assign, make_task, make_unit, open_quarter

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def page_of(client: Client, person: object, query: str = "") -> str:
    client.force_login(person)  # type: ignore[arg-type]  # a user
    response = client.get(f"/reporting/{query}")
    assert response.status_code == 200
    return response.content.decode()


def make_late(code: str) -> None:
    past = timezone.now() - timedelta(days=3)
    Round.objects.filter(code=code).update(opens_at=past - timedelta(days=9), due_at=past, grace_until=past)


# -- what waits --------------------------------------------------------------------------------


def test_a_later_round_does_not_hide_what_is_still_owed(quarter: Quarter, client: Client) -> None:
    open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    make_late("2025-Q3")
    todos = get_todos(quarter.cast.xie)
    assert [(todo.report.round.code, todo.action, todo.empty, todo.lines) for todo in todos] == [("2025-Q3", "fill", 3, 3), ("2025-Q4", "fill", 3, 3)]
    page = page_of(client, quarter.cast.xie)
    assert page.index("2025年第三季度") < page.index("2025年第四季度")
    assert "已逾期" in page
    assert "2 张报表，截止最早的在前" in page


def test_each_is_told_what_waits_for_them_and_nobody_else(quarter: Quarter) -> None:
    cast = quarter.cast
    people = (cast.xie, cast.shen, cast.guo, cast.jiang, cast.lin, cast.du)

    def waiting() -> list[str]:
        return [person.username for person in people if count_todos(person)]

    assert waiting() == ["xie"]
    quarter.fill()
    submit_return(quarter.report, by=cast.xie)
    assert waiting() == ["shen"]
    approve_return(quarter.report, by=cast.shen)
    assert waiting() == ["guo", "jiang"]


def test_the_number_counts_corrections_too(quarter: Quarter, client: Client) -> None:
    quarter.accept()
    assert count_todos(quarter.cast.jiang) == 0
    request_correction(quarter.line(), value="14", reason="漏计", by=quarter.cast.guo)
    # Nobody decides what they asked for themselves.
    assert (count_todos(quarter.cast.jiang), count_todos(quarter.cast.guo)) == (1, 0)
    assert '<span class="badge">1<span' in page_of(client, quarter.cast.jiang)


# -- the list ----------------------------------------------------------------------------------


@pytest.fixture
def many(quarter: Quarter) -> Quarter:
    """Two rounds of 31 units; in the earlier one, the industry department has submitted and the others are late."""
    for number in range(2, 32):
        unit = make_unit(f"unit-{number:02d}")
        assign(unit, task=make_task(quarter.plan, number, unit))
    add_due_lines(quarter.round)
    open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    make_late("2025-Q3")
    return quarter


def test_returns_are_found_by_round_unit_and_state(many: Quarter) -> None:
    now, guo = timezone.now(), many.cast.guo

    def count(**wanted: str) -> int:
        return find_returns(guo, ReturnFilter(**wanted), now).count()

    assert (count(), count(round="2025-Q3"), count(unit="gxt"), count(round="2025-Q3", unit="gxt", state="submitted")) == (62, 31, 2, 1)
    assert (count(state="draft"), count(state=LATE), count(round="2025-Q4", state=LATE)) == (61, 30, 0)
    assert (count(round="2031-Q1"), count(unit="nobody"), count(state="nonsense")) == (0, 0, 0)


def test_the_counts_are_of_what_the_list_would_show(many: Quarter) -> None:
    now = timezone.now()
    for wanted in (ReturnFilter(), ReturnFilter(round="2025-Q3"), ReturnFilter(unit="gxt")):
        for state, n in count_states(many.cast.guo, wanted, now).items():
            assert find_returns(many.cast.guo, ReturnFilter(wanted.round, wanted.unit, state), now).count() == n, (wanted, state)


def test_one_sees_only_what_one_may(many: Quarter) -> None:
    now = timezone.now()
    assert count_states(many.cast.xie, ReturnFilter(), now)[""] == 2
    assert find_returns(many.cast.xie, ReturnFilter(unit="unit-02"), now).count() == 0
    assert count_states(many.cast.lin, ReturnFilter(), now)[""] == 0


def test_the_list_is_paged_and_keeps_its_filter(many: Quarter, client: Client) -> None:
    page = page_of(client, many.cast.guo, "?round=2025-Q3&state=late")
    assert page.count("<tr>") == 26  # the head's and 25
    assert "第 1 / 2 页，共 30 条" in page
    assert "?round=2025-Q3&amp;state=late&amp;page=2" in page
    assert page_of(client, many.cast.guo, "?round=2025-Q3&state=late&page=2").count("<tr>") == 6
    assert page_of(client, many.cast.guo, "?page=x").count("<tr>") == 26


def test_a_filter_that_finds_nothing_says_so_and_leads_back(many: Quarter, client: Client) -> None:
    page = page_of(client, many.cast.guo, "?round=<script>&state=%27&unit=9")
    assert "没有符合条件的报表" in page
    assert "<script>&" not in page


def test_the_office_sees_each_open_round_the_earliest_first(many: Quarter, client: Client) -> None:
    rows = list(get_open_rounds(timezone.now()))
    assert [(row.code, row.n_returns, row.n_with_unit, row.n_late) for row in rows] == [("2025-Q3", 31, 31, 30), ("2025-Q4", 31, 31, 0)]
    page = page_of(client, many.cast.guo)
    assert "开放的批次" in page
    assert "逾期 30" in page
    assert "开放的批次" not in page_of(client, many.cast.xie)
    Round.objects.filter(code="2025-Q3").update(locks_at=timezone.now())
    Return.objects.filter(round__code="2025-Q4").delete()
    assert not get_open_rounds(timezone.now())


def test_who_handed_in_in_time_is_not_late_while_it_is_reviewed(quarter: Quarter, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    quarter.fill()
    submit_return(quarter.report, by=quarter.cast.xie)
    later = timezone.now() + timedelta(days=20)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert Round.objects.get().is_overdue
    page = page_of(client, quarter.cast.shen)
    assert "按时提交" in page
    assert "已逾期" not in page


def test_who_handed_in_late_is_said_to_have_been_once(quarter: Quarter, client: Client) -> None:
    quarter.fill()
    make_late("2025-Q3")
    submit_return(quarter.report, by=quarter.cast.xie)
    assert "逾期提交" in page_of(client, quarter.cast.shen)
