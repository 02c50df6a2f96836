"""A page asks no more queries of a larger record."""

import pytest
from django.test import Client

from indicators.actions.rounds import add_due_lines
from indicators.models import Milestone, Return, TaskIndicator
from indicators.recompute import run
from tests.builders import Quarter, assign, make_indicator, make_target, make_task, observe
from tests.demo.test_query_counts import count


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/tasks/", "/plans/plan/tasks/1/", "/indicators/", "/targets/", "/reporting/2025-Q3/gxt/", "/reporting/", "/reporting/rounds/2025-Q3/"])
def test_a_page_asks_no_more_of_a_larger_record(client: Client, path: str) -> None:
    quarter = Quarter()
    grow(quarter, 2)
    run()
    client.force_login(quarter.cast.guo)
    small = count(client, path)
    grow(quarter, 12)
    run()
    assert count(client, path) == small


def grow(quarter: Quarter, count: int) -> None:
    """More tasks, each with an indicator, a milestone, a target and lines in the open return; the first task grows as well."""
    start = quarter.plan.tasks.count()
    for number in range(start + 1, start + 1 + count):
        task = make_task(quarter.plan, number, quarter.cast.gxt)
        indicator = make_indicator(f"more_{number}")
        for measured in (task, quarter.task):
            TaskIndicator.objects.create(task=measured, indicator=indicator)
        milestone = Milestone.objects.create(task=quarter.task, number=number, title_zh=f"节点{number}", due_on="2025-09-30")
        observe(indicator, {"2024-Q3": "3", "2025-Q1": "1", "2025-Q2": "2"})
        make_target(indicator, "9")
        assign(quarter.cast.gxt, indicator=indicator, task=task)
        assign(quarter.cast.gxt, milestone=milestone)
        assign(quarter.cast.gxt, task=task)
    add_due_lines(quarter.round)
    assert Return.objects.count() == 1
