"""What a round asks, and what it would ask and nobody is there to say."""

from datetime import date

import pytest

from indicators.models import Assignment, Milestone, Task
from indicators.periods import falls_due, parse_label
from indicators.queries.owed import get_due_assignments, get_unassigned
from kejiting.accounts.classification import Classification
from kejiting.accounts.models import Role
from tests.builders import Quarter, assign, make_indicator, make_task, make_user

Q3, Q4 = parse_label("2025-Q3"), parse_label("2025-Q4")


@pytest.fixture
def quarter(db: None) -> Quarter:
    return Quarter()


@pytest.mark.parametrize(
    ("frequency", "label", "due"),
    [
        ("quarter", "2025-Q3", True),
        ("month", "2025-Q3", False),
        ("half", "2025-Q2", True),
        ("half", "2025-Q3", False),
        ("year", "2025-Q4", True),
        ("year", "2025-Q3", False),
        ("year", "2025-S2", True),
        ("year", "2025-12", True),
        ("quarter", "2025-08", False),
        ("quarter", "2025", False),
        ("other", "2025-Q3", False),
    ],
)
def test_what_is_told_less_often_is_due_when_its_own_period_ends(frequency: str, label: str, due: bool) -> None:
    assert falls_due(frequency, parse_label(label)) is due


def test_a_milestone_that_was_reached_is_not_asked_again(quarter: Quarter) -> None:
    assert {row.kind for row in get_due_assignments(Q3, is_demo=False)} == {"indicator", "milestone", "narrative"}
    quarter.accept()
    assert {row.kind for row in get_due_assignments(Q4, is_demo=False)} == {"indicator", "narrative"}


def test_how_many_milestones_there_are_costs_no_more(quarter: Quarter, django_assert_num_queries: object) -> None:
    for number in range(2, 9):
        milestone = Milestone.objects.create(task=quarter.task, number=number, title_zh=f"节点{number}", due_on=date(2025, 9, 30))
        assign(quarter.cast.gxt, milestone=milestone)
    with django_assert_num_queries(2):  # type: ignore[operator]  # a fixture's function
        assert len(get_due_assignments(Q3, is_demo=False)) == 10


def test_what_is_due_and_nobody_reports_is_named(quarter: Quarter) -> None:
    guo, plan = quarter.cast.guo, quarter.plan
    assert len(get_unassigned(guo, plan, Q3, is_demo=False)) == 0
    orphan, yearly, official = make_indicator("orphan"), make_indicator("yearly", frequency="year"), make_indicator("official", origin="official")
    second = make_task(plan, 2, quarter.cast.gxt)
    late = Milestone.objects.create(task=second, number=1, title_zh="到期的节点", due_on=date(2025, 8, 31))
    Milestone.objects.create(task=second, number=2, title_zh="以后的节点", due_on=date(2025, 12, 31))
    make_task(plan, 3, quarter.cast.gxt, state=Task.State.CLOSED)
    make_task(plan, 4, quarter.cast.gxt, is_demo=True)
    found = get_unassigned(guo, plan, Q3, is_demo=False)
    assert (found.indicators, found.milestones, found.tasks) == ([orphan], [late], [second])
    assert get_unassigned(guo, plan, Q4, is_demo=False).indicators == [orphan, yearly]
    assert official not in found.indicators
    assert [task.number for task in get_unassigned(guo, plan, Q3, is_demo=True).tasks] == [4]
    # Who contributes does not report.
    assign(quarter.cast.gxt, indicator=orphan, role=Assignment.Role.CONTRIBUTES)
    assert get_unassigned(guo, plan, Q3, is_demo=False).indicators == [orphan]
    assign(quarter.cast.gxt, indicator=orphan)
    assert get_unassigned(guo, plan, Q3, is_demo=False).indicators == []


def test_an_internal_indicator_is_named_only_to_who_may_see_it(quarter: Quarter) -> None:
    inner = make_indicator("inner", classification="internal")
    assert get_unassigned(quarter.cast.guo, quarter.plan, Q3, is_demo=False).indicators == [inner]
    outsider = make_user("outsider", quarter.cast.ghc, Role.OFFICE, clearance=Classification.PUBLIC)
    assert get_unassigned(outsider, quarter.plan, Q3, is_demo=False).indicators == []
