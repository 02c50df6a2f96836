"""Opening rounds and what they ask: refusals in words, and a version that rises with every line that comes or goes."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from indicators.actions.definitions import assign, end_assignment
from indicators.actions.rounds import lock_round, open_round, unlock_round
from indicators.errors import RecordError, WrongState
from indicators.models import Assignment, Line, Return, Round
from tests.builders import Quarter, make_indicator, make_period, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def open_it(quarter: Quarter, label: str, **more: Any) -> Round:
    now = timezone.now()
    said = {"plan": quarter.plan, "period": make_period(label), "opens_at": now, "due_at": now + timedelta(days=9), "by": quarter.cast.guo}
    return open_round(**{**said, **more})


# -- opening -------------------------------------------------------------------------------------


def test_a_round_asks_about_no_range(quarter: Quarter) -> None:
    with pytest.raises(RecordError, match="不能是 2021-01/2023-08 这样的区间"):
        open_it(quarter, "2021-01/2023-08")
    now = timezone.now()
    with pytest.raises(IntegrityError, match="a round asks about"), transaction.atomic():
        Round.objects.create(
            plan=quarter.plan, code="x", period=make_period("2021-01/2023-08"), opens_at=now, due_at=now + timedelta(1), grace_until=now + timedelta(1)
        )


@pytest.mark.parametrize(
    ("label", "more", "said"),
    [
        ("2025-Q3", {"code": "another"}, "2025-Q3的批次已经开放过"),
        ("2025-Q4", {"code": "2025-Q3"}, "已有同一代码的批次"),
        ("2025-Q4", {"code": "第四季度"}, "批次代码只能含英文字母"),
        ("2025-Q4", {"grace_days": -5}, "日期次序不对"),
    ],
)
def test_what_stands_in_the_way_is_said(quarter: Quarter, label: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongState, match=said):
        open_it(quarter, label, **more)
    assert Round.objects.count() == 1


def test_another_plan_asks_about_the_same_period_under_another_code(quarter: Quarter) -> None:
    other = make_plan("later", is_current=False)
    with pytest.raises(WrongState, match="已有同一代码的批次"):
        open_it(quarter, "2025-Q3", plan=other)
    assert open_it(quarter, "2025-Q3", plan=other, code="later-2025-Q3").period_id == "2025-Q3"


def test_only_a_locked_round_is_opened_again(quarter: Quarter) -> None:
    with pytest.raises(WrongState, match="没有锁定"):
        unlock_round(quarter.round, by=quarter.cast.guo, reason="单位申请补报")
    lock_round(quarter.round, by=quarter.cast.guo)
    assert not unlock_round(quarter.round, by=quarter.cast.guo, reason="单位申请补报").is_locked


# -- the version of a return ---------------------------------------------------------------------


def give(quarter: Quarter, code: str = "patents") -> Assignment:
    return assign(by=quarter.cast.guo, unit=quarter.cast.gxt, indicator=make_indicator(code), area=quarter.cast.city.area, starts_on=date(2025, 1, 1))


def version(quarter: Quarter) -> int:
    return Return.objects.get(pk=quarter.report.pk).version


def test_a_new_return_begins_with_version_one(quarter: Quarter) -> None:
    assert version(quarter) == 1
    assert set(quarter.report.lines.values_list("version", flat=True)) == {1}


def test_a_line_that_comes_later_makes_a_new_version(quarter: Quarter) -> None:
    row = give(quarter)
    assert version(quarter) == 2
    assert {line.assignment_id == row.pk: line.version for line in quarter.report.lines.all()} == {True: 2, False: 1}


def test_a_line_that_goes_makes_a_new_version(quarter: Quarter) -> None:
    row = give(quarter)
    end_assignment(row, by=quarter.cast.guo, last_day=date(2025, 6, 30))
    assert version(quarter) == 3
    assert not Line.objects.filter(assignment=row).exists()


def test_what_is_there_already_makes_none(quarter: Quarter) -> None:
    give(quarter)
    other = assign(by=quarter.cast.guo, unit=quarter.cast.city, indicator=make_indicator("papers"), area=quarter.cast.city.area, starts_on=date(2025, 1, 1))
    assert version(quarter) == 2
    assert Line.objects.get(assignment=other).report.version == 1


def test_a_locked_round_gets_no_line(quarter: Quarter) -> None:
    lock_round(quarter.round, by=quarter.cast.guo)
    row = give(quarter)
    assert not Line.objects.filter(assignment=row).exists()
    assert version(quarter) == 1
