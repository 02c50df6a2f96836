"""Definitions under two hands: no circle, no number twice, no two of what there is one of."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from indicators.actions.counts import count_register
from indicators.actions.definitions import (
    add_indicator,
    add_milestone,
    add_task,
    edit_indicator,
    edit_task,
    link_indicator,
    set_target,
    supersede_target,
)
from indicators.errors import RecordError, WrongState
from indicators.models import Indicator, IndicatorDependency, Observation, Target, TargetSupersession, Task, TaskVersion
from indicators.recompute import run
from kejiting.accounts.actions import create_administrator
from kejiting.accounts.models import RoleAssignment
from tests.builders import Quarter, make_indicator, make_period, make_target, make_task, observe

from .racing import Racing


def test_two_tasks_are_added_under_one_number(race: Racing, quarter: Quarter) -> None:
    def add(by: Any) -> Callable[[], Task]:
        said = {"title_zh": "新任务", "starts_on": date(2025, 1, 1), "due_on": date(2025, 12, 31), "lead_unit": quarter.cast.gxt}
        aspect = quarter.plan.aspects.get()
        return lambda: add_task(by=by, plan=quarter.plan, number=7, aspect=aspect, **said)

    first, second = race(add(quarter.cast.guo), add(quarter.cast.jiang))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已有同一编号的任务")


def test_two_tasks_are_put_under_each_other(race: Racing, quarter: Quarter) -> None:
    one, two = quarter.task, make_task(quarter.plan, 2, quarter.cast.gxt)
    first, second = race(lambda: edit_task(one, by=quarter.cast.guo, parent=two), lambda: edit_task(two, by=quarter.cast.jiang, parent=one))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "它的下级任务")
    assert Task.objects.get(pk=two.pk).parent is None


def test_two_edit_one_task(race: Racing, quarter: Quarter) -> None:
    """Each says something else of it, and neither undoes the other's."""
    first, second = race(
        lambda: edit_task(quarter.task, by=quarter.cast.guo, title_zh="甲"), lambda: edit_task(quarter.task, by=quarter.cast.jiang, basis="乙")
    )
    assert first.won
    assert second.won
    assert second.waited
    task = Task.objects.get()
    assert (task.title_zh, task.basis) == ("甲", "乙")
    assert list(TaskVersion.objects.order_by("pk").values_list("title_zh", "basis")) == [("任务1", ""), ("甲", ""), ("甲", "乙")]


def test_two_milestones_are_added_under_one_number(race: Racing, quarter: Quarter) -> None:
    first, second = race(
        *(lambda by=by: add_milestone(quarter.task, by=by, number=2, title_zh="节点二", due_on=date(2025, 12, 1)) for by in (quarter.cast.guo, quarter.cast.jiang))
    )
    assert first.won
    assert second.lost_in_words(WrongState, "已有同一序号的节点")


def test_one_indicator_is_linked_twice(race: Racing, quarter: Quarter) -> None:
    indicator = make_indicator("patents")
    first, second = race(*(lambda by=by: link_indicator(quarter.task, indicator, by=by) for by in (quarter.cast.guo, quarter.cast.jiang)))
    assert first.won
    assert second.lost_in_words(WrongState, "已经关联")


# -- indicators ----------------------------------------------------------------------------------


def test_two_indicators_are_added_under_one_code(race: Racing, quarter: Quarter) -> None:
    said = {"name_zh": "专利", "unit_of_measure": "件", "accumulation": "ytd", "origin": "reported", "frequency": "quarter", "text_zh": "口径"}
    first, second = race(*(lambda by=by: add_indicator(by=by, code="patents", **said) for by in (quarter.cast.guo, quarter.cast.jiang)))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已有同一代码的指标")
    assert Indicator.objects.get(code="patents").definitions.count() == 1


def derived(code: str, reads: str) -> Indicator:
    indicator = make_indicator(code, origin="derived", frequency="quarter", formula=f"{reads} * 2")
    IndicatorDependency.objects.create(indicator=indicator, reads=Indicator.objects.get(code=reads))
    return indicator


def test_two_formulas_are_made_to_read_each_other(race: Racing, quarter: Quarter) -> None:
    one, two = derived("one", "contracts"), derived("two", "contracts")
    first, second = race(
        lambda: edit_indicator(one, by=quarter.cast.guo, formula="two + 1"), lambda: edit_indicator(two, by=quarter.cast.jiang, formula="one + 1")
    )
    assert first.won
    assert second.waited
    assert isinstance(second.error, RecordError)
    assert IndicatorDependency.objects.filter(indicator=two).get().reads.code == "contracts"
    run(date(2025, 11, 20))


def test_two_reword_one_definition(race: Racing, quarter: Quarter) -> None:
    first, second = race(
        *(lambda by=by, text=text: edit_indicator(quarter.indicator, by=by, text_zh=text) for by, text in ((quarter.cast.guo, "甲"), (quarter.cast.jiang, "乙")))
    )
    assert first.won
    assert second.won
    assert second.waited
    assert list(quarter.indicator.definitions.values_list("version", "text_zh")) == [(1, "口径"), (2, "甲"), (3, "乙")]
    assert Indicator.objects.get().current_definition.text_zh == "乙"  # type: ignore[union-attr]


# -- targets -------------------------------------------------------------------------------------


def test_one_target_is_set_twice(race: Racing, quarter: Quarter) -> None:
    document = make_target(quarter.indicator, "1", "2024").document
    cell = {"document": document, "indicator": quarter.indicator, "area": quarter.cast.city.area, "period": make_period("2025"), "value": 10, "reason": "文件"}
    first, second = race(*(lambda by=by: set_target(by=by, **cell) for by in (quarter.cast.guo, quarter.cast.jiang)))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已为该指标")
    assert Target.objects.filter(period="2025").count() == 1


def test_two_targets_supersede_each_other(race: Racing, quarter: Quarter) -> None:
    one, two = make_target(quarter.indicator, "1", "2024"), make_target(quarter.indicator, "2", "2025")
    first, second = race(
        lambda: supersede_target(one, by=quarter.cast.guo, superseded=two, reason="新文件"),
        lambda: supersede_target(two, by=quarter.cast.jiang, superseded=one, reason="新文件"),
    )
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "不能互相替代")
    assert TargetSupersession.objects.count() == 1


# -- what programs do ----------------------------------------------------------------------------


def test_one_register_is_counted_twice(race: Racing, quarter: Quarter) -> None:
    indicator = make_indicator("projects.count", origin="register", frequency="year", accumulation="stock")
    first, second = race(lambda: count_register(indicator), lambda: count_register(indicator))
    assert first.value is not None
    assert second.won
    assert second.value is None
    assert Observation.objects.filter(indicator=indicator).count() == 1


def test_figures_come_in_while_a_recomputation_runs(race: Racing, quarter: Quarter) -> None:
    """Neither waits for the other: an acceptance is not held up by what is computed of earlier figures."""
    make_target(quarter.indicator, "100")
    observe(quarter.indicator, {"2025-Q1": "10"})
    first, second = race(lambda: run(date(2025, 11, 20)), lambda: observe(quarter.indicator, {"2025-Q2": "20"}))
    assert first.won
    assert second.won
    assert not second.waited


def test_one_kind_of_administrator_is_set_up_twice(race: Racing, quarter: Quarter) -> None:
    def create(username: str) -> Callable[[], Any]:
        return lambda: create_administrator(username, role="sysadmin", unit_code="kjt", name=username, password="a-long-passphrase-7")

    first, second = race(create("one"), create("two"))
    assert first.won
    assert second.waited
    assert isinstance(second.error, ValidationError)
    assert RoleAssignment.objects.filter(role="sysadmin").count() == 1
