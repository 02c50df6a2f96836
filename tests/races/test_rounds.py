"""Rounds and who owes what in them, under two hands."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from indicators.actions import reporting
from indicators.actions.definitions import assign, end_assignment
from indicators.actions.rounds import lock_round, open_round, unlock_round
from indicators.errors import WrongState
from indicators.models import Assignment, Line, Return, Round
from tests.builders import Quarter, make_indicator, make_period

from .racing import Racing


def open_next(quarter: Quarter, by: Any, code: str = "") -> Callable[[], Round]:
    now, period = timezone.now(), make_period("2025-Q4")
    return lambda: open_round(by=by, plan=quarter.plan, period=period, opens_at=now, due_at=now + timedelta(days=9), code=code)


def test_two_open_one_round(race: Racing, quarter: Quarter) -> None:
    first, second = race(open_next(quarter, quarter.cast.guo), open_next(quarter, quarter.cast.jiang))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已经开放过")
    assert Round.objects.filter(period="2025-Q4").count() == 1
    assert Return.objects.filter(round__period="2025-Q4").count() == 1


def test_two_open_one_period_under_two_codes(race: Racing, quarter: Quarter) -> None:
    first, second = race(open_next(quarter, quarter.cast.guo), open_next(quarter, quarter.cast.jiang, "another"))
    assert first.won
    assert second.lost_in_words(WrongState, "已经开放过")


def test_two_lock_and_two_unlock(race: Racing, quarter: Quarter) -> None:
    first, second = race(lambda: lock_round(quarter.round, by=quarter.cast.guo), lambda: lock_round(quarter.round, by=quarter.cast.jiang))
    assert first.won
    assert second.lost_in_words(WrongState, "已经锁定")
    first, second = race(*(lambda by=by: unlock_round(quarter.round, by=by, reason="补报") for by in (quarter.cast.guo, quarter.cast.jiang)))
    assert first.won
    assert second.lost_in_words(WrongState, "没有锁定")


def test_the_round_is_locked_while_a_unit_submits(race: Racing, quarter: Quarter) -> None:
    quarter.fill()
    first, second = race(
        lambda: lock_round(quarter.round, by=quarter.cast.guo), lambda: reporting.submit_return(quarter.report, by=quarter.cast.xie)
    )
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已锁定")


def test_a_unit_submits_while_the_round_is_locked(race: Racing, quarter: Quarter) -> None:
    quarter.fill()
    first, second = race(
        lambda: reporting.submit_return(quarter.report, by=quarter.cast.xie), lambda: lock_round(quarter.round, by=quarter.cast.guo)
    )
    assert first.won
    assert second.won
    assert second.waited
    assert Return.objects.get().state == "submitted"


# -- who owes what -------------------------------------------------------------------------------


def give(quarter: Quarter, unit: Any, indicator: Any, by: Any) -> Callable[[], Assignment]:
    return lambda: assign(by=by, unit=unit, indicator=indicator, area=quarter.cast.city.area, starts_on=date(2025, 1, 1))


def test_two_units_are_given_one_figure(race: Racing, quarter: Quarter) -> None:
    indicator = make_indicator("patents")
    first, second = race(
        give(quarter, quarter.cast.city, indicator, quarter.cast.guo), give(quarter, quarter.cast.gxt, indicator, quarter.cast.jiang)
    )
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "只能由一个单位填报")
    assert Assignment.objects.filter(indicator=indicator).get().unit == quarter.cast.city


def test_a_line_is_added_while_the_unit_submits(race: Racing, quarter: Quarter) -> None:
    """What was handed in is left as it is: the line is owed from the next round on."""
    quarter.fill()
    first, second = race(
        lambda: reporting.submit_return(quarter.report, by=quarter.cast.xie),
        give(quarter, quarter.cast.gxt, make_indicator("patents"), quarter.cast.guo),
    )
    assert first.won
    assert second.won
    assert not Line.objects.filter(assignment__indicator__code="patents").exists()


def test_the_unit_submits_while_a_line_is_added(race: Racing, quarter: Quarter) -> None:
    """Nothing is handed in with a line in it that nobody has seen."""
    quarter.fill()
    first, second = race(
        give(quarter, quarter.cast.gxt, make_indicator("patents"), quarter.cast.guo),
        lambda: reporting.submit_return(quarter.report, by=quarter.cast.xie),
    )
    assert first.won
    assert second.waited
    assert not second.won
    assert Return.objects.get().state == "draft"


def test_no_line_is_added_to_a_round_that_is_being_locked(race: Racing, quarter: Quarter) -> None:
    first, second = race(
        lambda: lock_round(quarter.round, by=quarter.cast.guo),
        give(quarter, quarter.cast.gxt, make_indicator("patents"), quarter.cast.jiang),
    )
    assert first.won
    assert second.won
    assert not Line.objects.filter(assignment__indicator__code="patents").exists()


def test_an_assignment_ends_while_its_line_is_typed(race: Racing, quarter: Quarter) -> None:
    """What was typed is kept, although the assignment has ended since."""
    row, line = Assignment.objects.get(indicator=quarter.indicator), quarter.line()
    first, second = race(
        lambda: reporting.save_line(line, {"value": "12"}, by=quarter.cast.xie),
        lambda: end_assignment(row, by=quarter.cast.guo, last_day=date(2025, 6, 30)),
    )
    assert first.won
    assert second.won
    assert Line.objects.get(pk=line.pk).value == 12


def test_a_line_is_typed_while_its_assignment_ends(race: Racing, quarter: Quarter) -> None:
    row, line = Assignment.objects.get(indicator=quarter.indicator), quarter.line()
    first, second = race(
        lambda: end_assignment(row, by=quarter.cast.guo, last_day=date(2025, 6, 30)),
        lambda: reporting.save_line(line, {"value": "12"}, by=quarter.cast.xie),
    )
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已不在报表里")
