"""What was entered by mistake can be taken away, while nothing was said under it: with a reason, and the trail keeps what it was."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from indicators.actions import definitions as actions
from indicators.actions import reporting
from indicators.errors import NotAllowed, RecordError, WrongState
from indicators.models import (
    Assignment,
    Document,
    Indicator,
    IndicatorDefinition,
    IndicatorDependency,
    Line,
    Milestone,
    Result,
    Return,
    StaleMark,
    Target,
    TargetSupersession,
    Task,
    TaskVersion,
)
from indicators.queries.moments import Moment
from indicators.recompute import run
from kejiting.accounts.models import AuditEvent, Role
from projects.models import Programme, Project
from tests.builders import Quarter, assign, make_indicator, make_target, make_task, make_user, observe

pytestmark = pytest.mark.django_db

REASON = "重复录入"


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def refused(words: str, change: Callable[[], Any]) -> None:
    with pytest.raises(WrongState, match=words):
        change()


def trail(kind: str) -> AuditEvent:
    return AuditEvent.objects.get(object_kind=kind, verb__in=(f"{kind}.delete", f"{kind}.withdraw"))


# -- tasks and milestones ------------------------------------------------------------------------


def test_a_task_of_which_nothing_was_said_goes(quarter: Quarter) -> None:
    task = make_task(quarter.plan, 7, quarter.cast.city, title_zh="误录")
    task.cooperating_units.add(quarter.cast.gxt)
    actions.link_indicator(task, quarter.indicator, by=quarter.cast.guo)
    run(date(2025, 11, 20))
    assert Result.objects.filter(task=task).exists()
    actions.remove_task(task, by=quarter.cast.guo, reason=REASON)
    assert not Task.objects.filter(number=7).exists()
    event = trail("task")
    assert (event.reason, event.actor, event.detail["values"]["title_zh"]) == (REASON, quarter.cast.guo, "误录")
    assert event.detail["cooperating_units"] == ["gxt"]
    # What it said is kept, though it is gone; and the number is free.
    assert TaskVersion.objects.get(task_id=task.pk).title_zh == "误录"
    make_task(quarter.plan, 7, quarter.cast.city)


def test_the_aspect_is_judged_without_it(quarter: Quarter) -> None:
    task = make_task(quarter.plan, 7, quarter.cast.city)
    run(date(2025, 11, 20))
    StaleMark.objects.all().delete()
    actions.remove_task(task, by=quarter.cast.guo, reason=REASON)
    assert set(StaleMark.objects.values_list("task", flat=True)) == {quarter.task.pk}
    run(date(2025, 11, 20))


def test_an_aspect_without_tasks_is_not_judged(quarter: Quarter) -> None:
    other = quarter.plan.aspects.create(number=2, name_zh="方面二")
    task = make_task(quarter.plan, 7, quarter.cast.gxt, aspect=other)
    actions.link_indicator(task, quarter.indicator, by=quarter.cast.guo)
    make_target(quarter.indicator, "20")
    observe(quarter.indicator, {"2025-Q1": "10"})
    run(date(2025, 11, 20))
    assert Result.objects.filter(aspect=other).exists()
    actions.remove_task(task, by=quarter.cast.guo, reason=REASON)
    run(date(2025, 11, 20))
    assert not Result.objects.filter(aspect=other).exists()


def test_a_task_that_is_referred_to_stays_and_says_by_what(quarter: Quarter) -> None:
    make_task(quarter.plan, 2, quarter.cast.gxt, parent=quarter.task)
    programme = Programme.objects.create(code="p", level="national", name_zh="计划")
    Project.objects.create(code="x", name_zh="项目", programme=programme, task=quarter.task)
    with pytest.raises(WrongState) as caught:
        actions.remove_task(quarter.task, by=quarter.cast.guo, reason=REASON)
    for words in ("节点 1 条", "填报分工 2 条", "重点任务 1 条", "项目 1 条"):
        assert words in caught.value.message
    assert Task.objects.filter(pk=quarter.task.pk).exists()


def test_a_milestone_nobody_was_asked_about_goes(quarter: Quarter) -> None:
    milestone = Milestone.objects.create(task=quarter.task, number=9, title_zh="误录", due_on=date(2025, 12, 31))
    actions.remove_milestone(milestone, by=quarter.cast.guo, reason=REASON)
    assert trail("milestone").detail["values"]["title_zh"] == "误录"
    refused("填报分工 1 条", lambda: actions.remove_milestone(quarter.milestone, by=quarter.cast.guo, reason=REASON))


# -- assignments ---------------------------------------------------------------------------------


def test_an_assignment_goes_with_its_empty_line(quarter: Quarter) -> None:
    row, version = Assignment.objects.get(indicator=quarter.indicator), quarter.report.version
    actions.remove_assignment(row, by=quarter.cast.guo, reason=REASON)
    assert not Line.objects.filter(assignment__indicator=quarter.indicator).exists()
    assert Return.objects.get().version == version + 1
    assert trail("assignment").detail["values"]["indicator"] == "contracts"
    assign(quarter.cast.city, indicator=quarter.indicator)


def test_a_return_of_which_nothing_is_left_goes(quarter: Quarter) -> None:
    for row in Assignment.objects.all():
        actions.remove_assignment(row, by=quarter.cast.guo, reason=REASON)
    assert not Return.objects.exists()


def test_what_was_typed_into_only_ends(quarter: Quarter) -> None:
    row, line = Assignment.objects.get(indicator=quarter.indicator), quarter.line()
    reporting.save_line(line, {"value": "12"}, by=quarter.cast.xie)
    reporting.save_line(line, {"value": None}, by=quarter.cast.xie)
    refused("已有填报", lambda: actions.remove_assignment(row, by=quarter.cast.guo, reason=REASON))
    assert Line.objects.filter(pk=line.pk).exists()


# -- indicators and documents --------------------------------------------------------------------


def test_an_indicator_of_which_nothing_is_known_goes(quarter: Quarter) -> None:
    indicator = make_indicator("wrong", origin="derived", formula="contracts * 2")
    IndicatorDependency.objects.create(indicator=indicator, reads=quarter.indicator)
    actions.remove_indicator(indicator, by=quarter.cast.guo, reason=REASON)
    assert not Indicator.objects.filter(code="wrong").exists()
    event = trail("indicator")
    assert event.object_key == "wrong"
    assert event.detail["definitions"] == [{"version": 1, "text_zh": "口径", "formula": "contracts * 2"}]


@pytest.mark.parametrize(
    ("words", "refer"),
    [
        ("观测值 1 条", lambda q, i: observe(i, {"2025-Q1": "1"})),
        ("目标 1 条", lambda q, i: make_target(i, "10")),
        ("填报分工 1 条", lambda q, i: assign(q.cast.city, indicator=i)),
        ("任务指标 1 条", lambda q, i: actions.link_indicator(q.task, i, by=q.cast.guo)),
        ("指标依赖 1 条", lambda q, i: IndicatorDependency.objects.create(indicator=q.indicator, reads=i)),
        ("指标 1 条", lambda q, i: Indicator.objects.filter(pk=q.indicator.pk).update(stated_as=i)),
    ],
)
def test_an_indicator_that_is_referred_to_stays(quarter: Quarter, words: str, refer: Callable[[Quarter, Indicator], Any]) -> None:
    indicator = make_indicator("patents")
    refer(quarter, indicator)
    refused(words, lambda: actions.remove_indicator(indicator, by=quarter.cast.guo, reason=REASON))
    assert indicator.definitions.count() == 1


def test_a_definition_under_which_something_was_observed_is_kept_by_the_database(quarter: Quarter) -> None:
    observe(quarter.indicator, {"2025-Q1": "1"})
    Indicator.objects.update(current_definition=None)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        IndicatorDefinition.objects.all()._raw_delete("default")


def test_a_document_that_nothing_refers_to_goes(quarter: Quarter) -> None:
    document = Document.objects.create(title="误录的文件")
    actions.remove_document(document, by=quarter.cast.guo, reason=REASON)
    assert not Document.objects.filter(pk=document.pk).exists()
    target = make_target(quarter.indicator, "10")
    refused("目标 1 条", lambda: actions.remove_document(target.document, by=quarter.cast.guo, reason=REASON))


# -- targets -------------------------------------------------------------------------------------


@pytest.fixture
def target(quarter: Quarter) -> Target:
    return make_target(quarter.indicator, "65")


def test_a_withdrawn_target_judges_nothing_and_leaves_its_place(quarter: Quarter, target: Target) -> None:
    observe(quarter.indicator, {"2025-Q1": "10"})
    run(date(2025, 11, 20))
    assert Result.objects.current().filter(target=target).exists()
    actions.withdraw_target(target, by=quarter.cast.guo, reason="应为 56")
    run(date(2025, 11, 20))
    assert not Result.objects.current().filter(target=target).exists()
    assert not Target.objects.in_force().exists()
    again = actions.set_target(
        by=quarter.cast.guo, document=target.document, indicator=quarter.indicator, area=target.area, period=target.period, value=56
    )
    assert set(Target.objects.in_force()) == {again}
    event = trail("target")
    assert (event.actor, event.reason) == (quarter.cast.guo, "应为 56")


def test_a_page_of_its_time_shows_it(quarter: Quarter, target: Target) -> None:
    then = timezone.now()
    actions.withdraw_target(target, by=quarter.cast.guo, reason=REASON)
    assert Moment(as_of=then).targets(Target.objects.all()).exists()
    assert not Moment(as_of=timezone.now()).targets(Target.objects.all()).exists()
    assert not Moment(as_of=datetime(2024, 1, 1, tzinfo=UTC)).targets(Target.objects.all()).exists()


def test_a_target_is_withdrawn_once(quarter: Quarter, target: Target) -> None:
    actions.withdraw_target(target, by=quarter.cast.guo, reason=REASON)
    refused("已经撤回", lambda: actions.withdraw_target(target, by=quarter.cast.guo, reason=REASON))


@pytest.mark.parametrize("at", [0, 1])
def test_what_supersedes_or_was_superseded_stays(quarter: Quarter, target: Target, at: int) -> None:
    later = make_target(quarter.indicator, "62", document=Document.objects.create(title="后来的文件"))
    TargetSupersession.objects.create(superseded=target, target=later, reason="新文件")
    refused("不能撤回", lambda: actions.withdraw_target((target, later)[at], by=quarter.cast.guo, reason=REASON))


def test_a_withdrawn_target_supersedes_nothing(quarter: Quarter, target: Target) -> None:
    later = make_target(quarter.indicator, "62", document=Document.objects.create(title="后来的文件"))
    actions.withdraw_target(later, by=quarter.cast.guo, reason=REASON)
    with pytest.raises(IntegrityError, match="withdrawn target"), transaction.atomic():
        TargetSupersession.objects.create(superseded=target, target=later, reason="新文件")


@pytest.mark.parametrize("change", [{"value": 1}, {"stated": "x"}, {"withdrawn_at": None}])
def test_the_database_lets_a_target_only_be_withdrawn(target: Target, change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="withdrawn or superseded"), transaction.atomic():
        Target.objects.update(**change)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Target.objects.all()._raw_delete("default")


# -- who, and why --------------------------------------------------------------------------------

REMOVALS: list[tuple[str, Callable[[Quarter], Any]]] = [
    ("remove_task", lambda q: make_task(q.plan, 7, q.cast.gxt)),
    ("remove_milestone", lambda q: Milestone.objects.create(task=q.task, number=9, title_zh="误录", due_on=date(2025, 12, 31))),
    ("remove_assignment", lambda q: Assignment.objects.get(indicator=q.indicator)),
    ("remove_indicator", lambda q: make_indicator("wrong")),
    ("remove_document", lambda q: Document.objects.create(title="误录的文件")),
    ("withdraw_target", lambda q: make_target(q.indicator, "65")),
]


@pytest.mark.parametrize(("name", "make"), REMOVALS)
def test_it_takes_the_office_and_a_reason(quarter: Quarter, name: str, make: Callable[[Quarter], Any]) -> None:
    row, take_away = make(quarter), getattr(actions, name)
    for person in (quarter.cast.xie, quarter.cast.du, make_user("demo-guo", quarter.cast.ghc, Role.OFFICE, is_demo=True)):
        with pytest.raises(NotAllowed):
            take_away(row, by=person, reason=REASON)
    with pytest.raises(RecordError, match="请写明"):
        take_away(row, by=quarter.cast.guo, reason="  ")
    assert type(row).objects.filter(pk=row.pk).exists()
    take_away(row, by=quarter.cast.guo, reason=REASON)


@pytest.mark.parametrize(("name", "make"), [case for case in REMOVALS if case[0] != "withdraw_target"])
def test_what_is_gone_is_not_taken_away_again(quarter: Quarter, name: str, make: Callable[[Quarter], Any]) -> None:
    row, take_away = make(quarter), getattr(actions, name)
    again = type(row).objects.get(pk=row.pk)
    take_away(row, by=quarter.cast.guo, reason=REASON)
    refused("已经被删除", lambda: take_away(again, by=quarter.cast.guo, reason=REASON))
