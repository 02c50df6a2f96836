"""A page of an earlier moment shows what the record held then: no definition that had not entered it, in the words of then."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.definitions import edit_indicator, edit_milestone, edit_task, supersede_target
from indicators.actions.rounds import lock_round, move_due_date, unlock_round
from indicators.models import Document, Indicator, Milestone, Result, Round, Target, Task, TaskIndicator
from indicators.queries.indicators import get_indicator, get_indicators
from indicators.queries.moments import Moment, NotRecordedYet
from indicators.queries.tasks import get_task, get_tasks
from indicators.recompute import run
from kejiting.dashboard.queries import get_overview
from kejiting.dashboard.queries.reports import get_reports
from tests.builders import Quarter, make_indicator, make_target, make_task, observe

pytestmark = pytest.mark.django_db

BEFORE = Moment(as_of=datetime(2024, 1, 1, tzinfo=UTC))


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def now() -> Moment:
    return Moment(as_of=timezone.now())


def names(rows: Any) -> list[str]:
    return [row.title_zh for row in rows]


# -- tasks ---------------------------------------------------------------------------------------


def test_a_task_is_listed_from_when_it_was_recorded(quarter: Quarter) -> None:
    then = now()
    make_task(quarter.plan, 2, quarter.cast.gxt)
    user = quarter.cast.du
    assert names(get_tasks(user, quarter.plan).rows) == ["任务1", "任务2"]
    assert names(get_tasks(user, quarter.plan, then).rows) == ["任务1"]
    assert names(get_tasks(user, quarter.plan, BEFORE).rows) == []
    assert names(get_overview(user, then).rows) == ["任务1"]
    with pytest.raises(NotRecordedYet):
        get_task(user, "plan", 2, then)


def test_a_task_says_what_it_said(quarter: Quarter) -> None:
    then, user = now(), quarter.cast.du
    edit_task(quarter.task, by=quarter.cast.guo, title_zh="新的任务", lead_unit=quarter.cast.city, due_on=date(2026, 6, 30), number=8)
    row = get_tasks(user, quarter.plan, then).rows[0]
    assert (row.title_zh, row.lead_unit, row.due_on) == ("任务1", "gxt", date(2025, 12, 31))
    # Addresses are those of now.
    assert row.number == 8
    page = get_task(user, "plan", 8, then)
    assert (page.task.title_zh, page.task.lead_unit, page.task.due_on) == ("任务1", quarter.cast.gxt, date(2025, 12, 31))
    assert get_task(user, "plan", 8, now()).task.title_zh == "新的任务"


def test_a_search_reads_the_words_of_then(quarter: Quarter) -> None:
    then, user = now(), quarter.cast.du
    edit_task(quarter.task, by=quarter.cast.guo, title_zh="改革评价")
    assert names(get_tasks(user, quarter.plan, then, search="任务").rows) == ["任务1"]
    assert names(get_tasks(user, quarter.plan, then, search="改革").rows) == []
    assert names(get_tasks(user, quarter.plan, search="改革").rows) == ["改革评价"]
    assert names(get_tasks(user, quarter.plan, then, search="1").rows) == ["任务1"]


def test_who_may_see_a_task_is_asked_of_now(quarter: Quarter) -> None:
    then, outside = now(), quarter.cast.lin
    outside.clearance = "public"
    edit_task(quarter.task, by=quarter.cast.guo, classification="internal")
    assert get_tasks(outside, quarter.plan, then).rows == []
    with pytest.raises(Task.DoesNotExist):
        get_task(outside, "plan", 1, then)


def test_a_task_is_measured_by_what_was_linked_then(quarter: Quarter) -> None:
    then, user = now(), quarter.cast.du
    TaskIndicator.objects.create(task=quarter.task, indicator=make_indicator("patents"))
    Milestone.objects.create(task=quarter.task, number=2, title_zh="节点二", due_on=date(2025, 12, 31))
    page = get_task(user, "plan", 1, then)
    assert [part.indicator.code for part in page.indicators] == ["contracts"]
    assert [part.milestone.number for part in page.milestones] == [1]
    assert len(get_task(user, "plan", 1).indicators) == len(get_task(user, "plan", 1).milestones) == 2


def test_a_milestone_says_what_it_said(quarter: Quarter) -> None:
    then, user = now(), quarter.cast.du
    Milestone.objects.create(task=quarter.task, number=2, title_zh="节点二", due_on=date(2025, 12, 31))
    both = now()
    edit_milestone(quarter.milestone, by=quarter.cast.guo, number=3, title_zh="改过的节点", due_on=date(2025, 12, 1))
    said = [(p.milestone.number, p.milestone.title_zh, p.milestone.due_on) for p in get_task(user, "plan", 1, both).milestones]
    assert said == [(1, "节点一", date(2025, 9, 30)), (2, "节点二", date(2025, 12, 31))]
    assert [p.milestone.title_zh for p in get_task(user, "plan", 1, then).milestones] == ["节点一"]
    assert [p.milestone.title_zh for p in get_task(user, "plan", 1, now()).milestones] == ["节点二", "改过的节点"]


def test_a_page_of_an_earlier_day_asks_no_more_for_more_tasks(quarter: Quarter, django_assert_num_queries: Any) -> None:
    user = quarter.cast.du
    get_tasks(user, quarter.plan, now())  # who the user is, is asked once
    for number in range(2, 9):
        make_task(quarter.plan, number, quarter.cast.gxt)
    with django_assert_num_queries(3):
        assert len(get_tasks(user, quarter.plan, now()).rows) == 8


# -- rounds, indicators, targets -----------------------------------------------------------------


def test_a_round_is_there_from_when_it_was_opened(quarter: Quarter) -> None:
    # It opens five days back, as one that is entered late may.
    before = Moment(as_of=timezone.now() - timedelta(days=1))
    user = quarter.cast.du
    assert get_reports(user, quarter.plan, before).rounds == []
    assert [each.round for each in get_reports(user, quarter.plan, now()).rounds] == [Round.objects.get()]


def test_a_round_is_late_and_locked_by_the_dates_it_had(quarter: Quarter) -> None:
    user, guo, opened = quarter.cast.du, quarter.cast.guo, Round.objects.get()
    due_at = opened.due_at
    lock_round(opened, by=guo)
    locked = now()
    unlock_round(opened, by=guo, reason="补报")
    before = now()
    move_due_date(opened, by=guo, due_at=due_at + timedelta(days=9), reason="顺延")

    def read(moment: Moment) -> Round:
        return get_reports(user, quarter.plan, moment).rounds[0].round

    assert read(locked).locks_at is not None
    assert (read(before).due_at, read(before).locks_at) == (due_at, None)
    assert read(now()).due_at == due_at + timedelta(days=9)


def test_an_indicator_means_what_it_meant(quarter: Quarter) -> None:
    then, user = now(), quarter.cast.du
    edit_indicator(quarter.indicator, by=quarter.cast.guo, text_zh="新的口径")
    make_indicator("patents")
    page = get_indicator(user, "contracts", moment=then)
    assert [definition.text_zh for definition in page.meaning.definitions] == ["口径"]
    assert [row.indicator.code for row in get_indicators(user, moment=then)] == ["contracts"]
    with pytest.raises(NotRecordedYet):
        get_indicator(user, "patents", moment=then)
    assert Indicator.objects.get(code="contracts").current_definition.text_zh == "新的口径"  # type: ignore[union-attr]


@pytest.fixture
def two_targets(quarter: Quarter) -> tuple[Target, Target]:
    later = Document.objects.create(title="后来的文件", issued_on=date(2025, 5, 1))
    return make_target(quarter.indicator, "65"), make_target(quarter.indicator, "62", document=later, reason="调整")


def test_a_target_is_in_force_until_it_was_superseded(quarter: Quarter, two_targets: tuple[Target, Target]) -> None:
    old, new = two_targets
    then = now()
    supersede_target(new, by=quarter.cast.guo, superseded=old, reason="以新文件为准")
    assert set(then.targets(Target.objects.all())) == {old, new}
    assert set(now().targets(Target.objects.all())) == {new}
    assert not BEFORE.targets(Target.objects.all()).exists()
    assert {row.target: row.supersession for row in get_indicator(quarter.cast.du, "contracts", moment=then).targets} == {old: None, new: None}


def test_a_document_not_yet_issued_neither_sets_nor_supersedes(quarter: Quarter, two_targets: tuple[Target, Target]) -> None:
    old, new = two_targets
    supersede_target(new, by=quarter.cast.guo, superseded=old, reason="以新文件为准")
    assert set(Moment(known_on=date(2025, 4, 30)).targets(Target.objects.all())) == {old}
    assert set(Moment(known_on=date(2025, 5, 1)).targets(Target.objects.all())) == {new}


# -- results -------------------------------------------------------------------------------------


def test_results_are_those_that_had_been_computed(quarter: Quarter) -> None:
    make_target(quarter.indicator, "100", baseline_period=None, baseline_value=None)
    observe(quarter.indicator, {"2025-Q1": "10", "2025-Q2": "20"}, published_on=date(2025, 8, 1))
    run(date(2025, 9, 1))
    then = now()
    observe(quarter.indicator, {"2025-Q2": "30"}, published_on=date(2025, 9, 1))
    run(date(2025, 9, 2))
    rows = Result.objects.filter(measure=Result.Measure.COMPLETION, indicator=quarter.indicator, period="2025-Q2")
    assert [str(row.value.normalize()) for row in then.results(rows)] == ["0.2"]
    assert [str(row.value.normalize()) for row in now().results(rows)] == ["0.3"]
    # Published by then, as a figure; judged only today, so not known to anybody then.
    assert not Moment(known_on=date(2025, 9, 1)).results(rows).exists()
    assert [str(row.value.normalize()) for row in Moment(known_on=timezone.localdate()).results(rows)] == ["0.3"]


# -- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "said"), [("/plans/plan/tasks/1/", "这项任务还没有登记"), ("/indicators/contracts/", "这个指标还没有登记")])
def test_a_page_of_what_was_not_there_yet_says_so(quarter: Quarter, client: Client, path: str, said: str) -> None:
    client.force_login(quarter.cast.du)
    answer = client.get(path, {"as_of": "2024-01-01"})
    assert answer.status_code == 404
    assert f"{said}。下面是现在的情况。" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/tasks/", "/indicators/", "/index/", "/plans/plan/"])
def test_a_list_of_a_day_before_everything_is_empty(quarter: Quarter, client: Client, path: str) -> None:
    client.force_login(quarter.cast.du)
    answer = client.get(path, {"as_of": "2024-01-01"})
    assert answer.status_code == 200
    assert "任务1" not in answer.content.decode()
