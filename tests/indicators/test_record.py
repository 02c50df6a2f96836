"""Rows that belong together, as the database keeps them: each rule broken by plain SQL's means, past every action."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from indicators.actions import reporting
from indicators.actions.definitions import edit_task
from indicators.constraints import say
from indicators.errors import RecordError
from indicators.models import (
    Aspect,
    Assignment,
    Correction,
    IndicatorDependency,
    Line,
    Milestone,
    Observation,
    Plan,
    Round,
    TargetSupersession,
    Task,
)
from tests.builders import Quarter, assign, make_area, make_indicator, make_period, make_plan, make_target, make_task, observe

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


@pytest.fixture
def accepted(quarter: Quarter) -> Quarter:
    quarter.accept()
    return quarter


def refused_by(name: str, change: Callable[[], Any]) -> None:
    """The named rule of the database refuses the change, and there is a sentence for whoever meets it."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]
    assert say(name)


def test_every_rule_of_a_trigger_has_words() -> None:
    """Those of what only programs write apart: observations, and what is computed of them."""
    triggers = [trigger for model, trigger in pgtrigger.registered() if model is not Observation]
    named = {name for trigger in triggers for name in re.findall(r"CONSTRAINT = '(\w+)'", trigger.func) if not name.endswith("_only_superseded")}
    assert len(named) > 20
    assert [name for name in sorted(named) if say(name) is None] == []
    assert say("indicators_correction_append_only")


# -- tasks in their plan -------------------------------------------------------------------------


@pytest.fixture
def earlier() -> Plan:
    plan = make_plan("earlier", is_current=False)
    Plan.objects.filter(pk=plan.pk).update(starts_on=date(2016, 1, 1), ends_on=date(2020, 12, 31))
    return plan


def test_a_tasks_aspect_and_parent_are_of_its_plan(quarter: Quarter, earlier: Plan) -> None:
    old = make_task(earlier, 1, quarter.cast.gxt)
    refused_by("task_aspect_is_of_its_plan", lambda: make_task(quarter.plan, 9, quarter.cast.gxt, aspect=earlier.aspects.get()))
    refused_by("task_aspect_is_of_its_plan", lambda: Task.objects.filter(pk=quarter.task.pk).update(aspect=earlier.aspects.get()))
    refused_by("task_parent_is_of_its_plan", lambda: Task.objects.filter(pk=quarter.task.pk).update(parent=old))
    refused_by("task_keeps_its_plan", lambda: Task.objects.filter(pk=quarter.task.pk).update(plan=earlier, aspect=earlier.aspects.get()))


def test_a_tasks_predecessor_is_of_an_earlier_plan(quarter: Quarter, earlier: Plan) -> None:
    old, other = make_task(earlier, 1, quarter.cast.gxt), make_task(quarter.plan, 2, quarter.cast.gxt)
    refused_by("task_predecessor_is_of_an_earlier_plan", lambda: Task.objects.filter(pk=quarter.task.pk).update(predecessor=other))
    refused_by("task_predecessor_is_of_an_earlier_plan", lambda: Task.objects.filter(pk=old.pk).update(predecessor=quarter.task))
    Task.objects.filter(pk=quarter.task.pk).update(predecessor=old)


def test_the_action_says_so_in_words(quarter: Quarter, earlier: Plan) -> None:
    later = make_plan("later", is_current=False)
    Plan.objects.filter(pk=later.pk).update(starts_on=date(2026, 1, 1), ends_on=date(2030, 12, 31))
    coming = make_task(later, 1, quarter.cast.gxt)
    with pytest.raises(RecordError, match="更早的规划"):
        edit_task(quarter.task, by=quarter.cast.guo, predecessor=coming)


def test_no_task_stands_under_itself(quarter: Quarter) -> None:
    top = quarter.task
    middle = make_task(quarter.plan, 2, quarter.cast.gxt, parent=top)
    low = make_task(quarter.plan, 3, quarter.cast.gxt, parent=middle)
    refused_by("task_parents_make_no_circle", lambda: Task.objects.filter(pk=top.pk).update(parent=low))
    Task.objects.filter(pk=low.pk).update(parent=top)


def test_milestones_of_a_task_are_told_apart_by_their_words(quarter: Quarter) -> None:
    other = make_task(quarter.plan, 2, quarter.cast.gxt)
    named: dict[str, Any] = {"title_zh": quarter.milestone.title_zh, "due_on": date(2025, 12, 31)}
    Milestone.objects.create(task=other, number=1, **named)
    refused_by("milestone_title_once_in_task", lambda: Milestone.objects.create(task=quarter.task, number=2, **named))


def test_what_was_reported_on_stays_where_it_is(quarter: Quarter, earlier: Plan) -> None:
    other = make_task(quarter.plan, 2, quarter.cast.gxt)
    refused_by("milestone_keeps_its_task", lambda: Milestone.objects.update(task=other))
    refused_by("aspect_keeps_its_plan", lambda: Aspect.objects.filter(plan=earlier).update(plan=quarter.plan, number=7))
    refused_by("round_keeps_its_period", lambda: Round.objects.update(period=make_period("2025-Q4")))
    figure = Assignment.objects.filter(indicator=quarter.indicator)
    refused_by("assignment_keeps_its_subject", lambda: figure.update(unit=quarter.cast.city))
    refused_by("assignment_keeps_its_subject", lambda: figure.update(area=make_area("620100", "prefecture", make_area(), "兰州市")))


# -- targets and definitions ---------------------------------------------------------------------


def test_a_target_supersedes_only_one_of_its_indicator_and_area(quarter: Quarter) -> None:
    here = make_target(quarter.indicator, "10")
    there = make_target(quarter.indicator, "10", area=quarter.cast.city.area)
    of_another = make_target(make_indicator("patents"), "10")
    for other in (there, of_another):
        refused_by("target_supersedes_its_like", lambda other=other: TargetSupersession.objects.create(superseded=other, target=here, reason="新文件"))


def test_supersessions_make_no_circle(quarter: Quarter) -> None:
    first, second, third = (make_target(quarter.indicator, "10", period) for period in ("2023", "2024", "2025"))
    TargetSupersession.objects.create(superseded=first, target=second, reason="新文件")
    TargetSupersession.objects.create(superseded=second, target=third, reason="新文件")
    refused_by("target_supersessions_make_no_circle", lambda: TargetSupersession.objects.create(superseded=third, target=first, reason="新文件"))


def test_no_indicator_is_computed_of_itself(quarter: Quarter) -> None:
    first, second, third = (make_indicator(f"i{n}", origin="derived") for n in range(3))
    IndicatorDependency.objects.create(indicator=first, reads=second)
    IndicatorDependency.objects.create(indicator=second, reads=third)
    refused_by("dependencies_make_no_circle", lambda: IndicatorDependency.objects.create(indicator=third, reads=first))


def test_an_indicators_definition_is_its_own(quarter: Quarter) -> None:
    other = make_indicator("patents")

    def borrow() -> None:
        other.current_definition = quarter.indicator.current_definition
        other.save()

    refused_by("indicator_current_definition_is_its_own", borrow)


# -- lines and corrections -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("milestone", {"value": Decimal(2)}),
        ("milestone", {"value": Decimal("0.5")}),
        ("milestone", {"value": Decimal(1), "qualifier": "about"}),
        ("milestone", {"progress": "快了"}),
        ("narrative", {"value": Decimal(1)}),
        ("indicator", {"progress": "按计划推进"}),
        ("indicator", {"problems": "资金不足"}),
    ],
)
def test_a_line_holds_what_its_kind_can_say(quarter: Quarter, kind: str, content: dict[str, Any]) -> None:
    line = quarter.line(kind)
    refused_by("line_fits_its_kind", lambda: Line.objects.filter(pk=line.pk).update(**content))


def ask(quarter: Quarter, kind: str = "indicator", **fields: Any) -> Correction:
    said = {"value": Decimal(13), "reason": "漏报一项", "requested_by": quarter.cast.xie, "requested_at": timezone.now()}
    return Correction.objects.create(line=quarter.line(kind), **{**said, **fields})


@pytest.mark.parametrize("value", ["2", "-1", "0.5"])
def test_a_milestone_is_corrected_to_yes_or_no_only(accepted: Quarter, value: str) -> None:
    refused_by("correction_fits_its_kind", lambda: ask(accepted, "milestone", value=Decimal(value)))
    ask(accepted, "milestone", value=Decimal(0))


def test_a_narrative_is_not_corrected(accepted: Quarter) -> None:
    refused_by("correction_fits_its_kind", lambda: ask(accepted, "narrative", value=None, missing="withheld"))


def test_only_what_was_accepted_is_corrected(quarter: Quarter) -> None:
    refused_by("correction_is_of_an_accepted_line", lambda: ask(quarter))


def test_a_correction_is_decided_and_not_changed(accepted: Quarter) -> None:
    correction = ask(accepted)
    rows = Correction.objects.filter(pk=correction.pk)
    refused_by("correction_keeps_what_was_asked", lambda: rows.update(value=Decimal(99)))
    colleague = accepted.cast.shen  # of the unit whose figure it is
    decided = {"state": "accepted", "decided_at": timezone.now()}
    refused_by("correction_decided_by_another_unit", lambda: rows.update(**decided, decided_by=colleague))
    rows.update(**decided, decided_by=accepted.cast.guo)
    refused_by("correction_decided_is_final", lambda: rows.update(state="returned", decision_reason="不再需要"))


def test_a_correction_is_withdrawn_by_who_asked_and_decided_by_nobody_else(accepted: Quarter) -> None:
    correction = ask(accepted)
    rows = Correction.objects.filter(pk=correction.pk)
    now = timezone.now()
    refused_by("correction_decided_by_another", lambda: rows.update(state="withdrawn", decided_at=now, decided_by=accepted.cast.guo))
    refused_by("correction_decided_by_another_unit", lambda: rows.update(state="accepted", decided_at=now, decided_by=correction.requested_by))
    rows.update(state="withdrawn", decided_at=now, decided_by=correction.requested_by)
    refused_by("correction_decided_is_final", lambda: rows.update(state="accepted", decided_by=accepted.cast.guo))


# -- a vintage says what its source says ---------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("observation_is_of_its_line", {"period_id": "2025-Q2"}),
        ("observation_is_of_its_line", {"area_id": "620100"}),
        ("observation_says_what_was_accepted", {"value": Decimal(99)}),
        ("observation_says_what_was_accepted", {"qualifier": "about"}),
    ],
)
def test_a_figure_of_a_line_is_the_one_that_was_accepted(accepted: Quarter, name: str, change: dict[str, Any]) -> None:
    make_period("2025-Q2")
    copy = Observation.objects.get(line=accepted.line())
    copy.pk, copy.vintage = None, 2
    for field, value in change.items():
        setattr(copy, field, value)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        copy.save(force_insert=True)
    assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_no_figure_comes_of_a_line_that_was_not_accepted_or_of_another_lines_correction(quarter: Quarter) -> None:
    def observe(**fields: Any) -> None:
        cell = {"indicator": quarter.indicator, "area_id": "620000", "period_id": "2025-Q3", "unit_of_measure": "项"}
        Observation.objects.create(**{**cell, "vintage": 7, "line": quarter.line(), "value": Decimal(12), **fields})

    def refused(name: str, **fields: Any) -> None:
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            observe(**fields)
        assert caught.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]

    quarter.fill()
    refused("observation_is_of_its_line")
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    reporting.approve_return(quarter.report, by=quarter.cast.shen)
    reporting.accept_return(quarter.report, by=quarter.cast.guo)
    refused("observation_is_of_its_correction", correction=ask(quarter, "milestone", value=Decimal(0)))
    refused("observation_is_of_its_correction", correction=ask(quarter, value=Decimal(12)))
    refused("observation_definition_is_its_indicators", definition=make_indicator("patents").current_definition)


def test_an_assignment_of_another_unit_is_another_assignment(quarter: Quarter) -> None:
    rows = Assignment.objects.filter(unit=quarter.cast.gxt)
    refused_by("assignment_keeps_its_subject", lambda: rows.filter(is_narrative=True).update(task=make_task(quarter.plan, 5, quarter.cast.gxt)))
    assign(quarter.cast.city, task=make_task(quarter.plan, 6, quarter.cast.city))


def test_a_qualifier_is_of_a_value(quarter: Quarter) -> None:
    change: dict[str, Any] = {"missing": "withheld", "qualifier": "about", "value": None}
    refused_by("line_qualifier_is_of_a_value", lambda: Line.objects.filter(pk=quarter.line().pk).update(**change))
    quarter.accept()
    refused_by("correction_qualifier_is_of_a_value", lambda: ask(quarter, **change))
    with pytest.raises(IntegrityError, match="observation_qualifier_is_of_a_value"), transaction.atomic():
        observe(quarter.indicator, {"2025-Q1": None}, qualifier="about")
