"""A return and its lines under two hands: one wins, the other is told so, and nothing is half done."""

from collections.abc import Callable
from typing import Any

import pytest

from indicators.actions import corrections, reporting
from indicators.errors import Conflict, NotAllowed, RecordError, WrongState
from indicators.models import Correction, Line, LineEntry, Observation, Return, ReturnStep, StaleMark
from kejiting.accounts.models import Role, User
from tests.builders import Quarter, make_user

from .racing import Racing


def step_of(quarter: Quarter, name: str, by: User, **more: Any) -> Callable[[], Return]:
    """A step as a page takes it: the return as it was read before either began."""
    report = Return.objects.get(pk=quarter.report.pk)
    return lambda: getattr(reporting, name)(report, by=by, **more)


@pytest.fixture
def submitted(quarter: Quarter) -> Quarter:
    quarter.fill()
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    return quarter


@pytest.fixture
def approved(submitted: Quarter) -> Quarter:
    reporting.approve_return(submitted.report, by=submitted.cast.shen)
    return submitted


@pytest.fixture
def accepted(quarter: Quarter) -> Quarter:
    quarter.accept()
    return quarter


# -- steps ---------------------------------------------------------------------------------------


def test_two_submit(race: Racing, quarter: Quarter) -> None:
    quarter.fill()
    colleague = make_user("xie2", quarter.cast.gxt, Role.REPORTER)
    first, second = race(step_of(quarter, "submit_return", quarter.cast.xie), step_of(quarter, "submit_return", colleague))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "不能提交")
    assert ReturnStep.objects.count() == 1
    assert Return.objects.get().submitted_by == quarter.cast.xie


def test_two_approve(race: Racing, submitted: Quarter) -> None:
    other = make_user("shen2", submitted.cast.gxt, Role.REVIEWER)
    first, second = race(step_of(submitted, "approve_return", submitted.cast.shen), step_of(submitted, "approve_return", other))
    assert first.won
    assert second.lost_in_words(WrongState, "不能审核")
    assert ReturnStep.objects.filter(to_state="approved").get().by == submitted.cast.shen


def test_one_approves_and_one_sends_back(race: Racing, submitted: Quarter) -> None:
    other = make_user("shen2", submitted.cast.gxt, Role.REVIEWER)
    first, second = race(
        step_of(submitted, "approve_return", submitted.cast.shen), step_of(submitted, "send_back_return", other, reason="请核对")
    )
    assert first.won
    # Approved by now, it is the office's to send back.
    assert second.lost_in_words(NotAllowed, "不能退回")
    assert Return.objects.get().state == "approved"


def test_one_sends_back_and_one_approves(race: Racing, submitted: Quarter) -> None:
    other = make_user("shen2", submitted.cast.gxt, Role.REVIEWER)
    first, second = race(
        step_of(submitted, "send_back_return", other, reason="请核对"), step_of(submitted, "approve_return", submitted.cast.shen)
    )
    assert first.won
    assert second.lost_in_words(WrongState, "不能审核")
    assert Return.objects.get().state == "returned"


def test_two_offices_accept(race: Racing, approved: Quarter) -> None:
    StaleMark.objects.all().delete()
    cast = approved.cast
    first, second = race(step_of(approved, "accept_return", cast.guo), step_of(approved, "accept_return", cast.jiang))
    assert first.won
    assert second.lost_in_words(WrongState, "不能接收")
    assert Observation.objects.filter(indicator=approved.indicator).count() == 1
    assert StaleMark.objects.filter(indicator=approved.indicator).count() == 1


@pytest.mark.parametrize("turn", [("accept_return", "send_back_return"), ("send_back_return", "accept_return")])
def test_one_office_accepts_and_one_sends_back(race: Racing, approved: Quarter, turn: tuple[str, str]) -> None:
    more: dict[str, dict[str, str]] = {"accept_return": {}, "send_back_return": {"reason": "请核对"}}
    people = (approved.cast.guo, approved.cast.jiang)
    first, second = race(*(step_of(approved, name, by, **more[name]) for name, by in zip(turn, people, strict=True)))
    assert first.won
    assert second.lost_in_words(WrongState, "不能")
    assert Observation.objects.count() == (1 if turn[0] == "accept_return" else 0)


def test_who_read_an_earlier_version_does_not_approve(race: Racing, quarter: Quarter) -> None:
    """The page of a reviewer shows what was handed in; sent back, changed and handed in again is another thing."""
    quarter.fill()
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    seen = Return.objects.get().version
    first, second = race(
        step_of(quarter, "send_back_return", make_user("shen2", quarter.cast.gxt, Role.REVIEWER), reason="请核对"),
        step_of(quarter, "approve_return", quarter.cast.shen, seen_version=seen),
    )
    assert first.won
    assert second.lost_in_words(Conflict, "有变动")


# -- lines ---------------------------------------------------------------------------------------


def save(line: Line, value: str, by: User, **more: Any) -> Callable[[], Line]:
    return lambda: reporting.save_line(line, {"value": value}, by=by, **more)


def test_two_save_one_line(race: Racing, quarter: Quarter) -> None:
    colleague, seen = make_user("xie2", quarter.cast.gxt, Role.REPORTER), quarter.report.version
    line = quarter.line()
    first, second = race(save(line, "12", quarter.cast.xie, seen_version=seen), save(line, "13", colleague, seen_version=seen))
    assert first.won
    assert second.waited
    assert second.lost_in_words(Conflict, "改过")
    assert quarter.line().value == 12
    assert LineEntry.objects.count() == 1


def test_two_save_two_lines(race: Racing, quarter: Quarter) -> None:
    colleague, seen = make_user("xie2", quarter.cast.gxt, Role.REPORTER), quarter.report.version
    first, second = race(
        save(quarter.line(), "12", quarter.cast.xie, seen_version=seen), save(quarter.line("milestone"), "1", colleague, seen_version=seen)
    )
    assert first.won
    assert second.won
    versions = set(Line.objects.filter(entries__isnull=False).values_list("version", flat=True))
    assert versions == {seen + 1, seen + 2}
    assert Return.objects.get().version == seen + 2


def test_one_saves_while_one_submits(race: Racing, quarter: Quarter) -> None:
    quarter.fill("12")
    colleague = make_user("xie2", quarter.cast.gxt, Role.REPORTER)
    first, second = race(step_of(quarter, "submit_return", quarter.cast.xie), save(quarter.line(), "13", colleague))
    assert first.won
    assert second.lost_in_words(WrongState, "不能填写")
    assert quarter.line().value == 12


def test_one_submits_while_one_saves(race: Racing, quarter: Quarter) -> None:
    """What is handed in is what was saved last, and it is checked as that."""
    quarter.fill("12")
    colleague = make_user("xie2", quarter.cast.gxt, Role.REPORTER)
    first, second = race(save(quarter.line(), "-1", colleague), step_of(quarter, "submit_return", quarter.cast.xie))
    assert first.won
    assert isinstance(second.error, RecordError)
    assert Return.objects.get().state == "draft"


# -- corrections ---------------------------------------------------------------------------------


def ask(quarter: Quarter, value: str, by: User) -> Callable[[], Correction]:
    line = quarter.line()
    return lambda: corrections.request_correction(line, by=by, value=value, reason="漏报")


def test_two_ask_for_a_correction_of_one_line(race: Racing, accepted: Quarter) -> None:
    first, second = race(ask(accepted, "13", accepted.cast.xie), ask(accepted, "14", accepted.cast.guo))
    assert first.won
    assert second.waited
    assert second.lost_in_words(WrongState, "已有一项更正待处理")
    assert Correction.objects.get().value == 13


def decide(name: str, correction: Correction, by: User) -> Callable[[], Correction]:
    return lambda: getattr(corrections, name)(correction, by=by, reason="核对无误")


@pytest.mark.parametrize("turn", [("accept_correction", "accept_correction"), ("accept_correction", "send_back_correction"), ("send_back_correction", "accept_correction")])
def test_two_decide_on_a_correction(race: Racing, accepted: Quarter, turn: tuple[str, str]) -> None:
    correction = ask(accepted, "13", accepted.cast.xie)()
    people = (accepted.cast.guo, accepted.cast.jiang)
    first, second = race(*(decide(name, correction, by) for name, by in zip(turn, people, strict=True)))
    assert first.won
    assert second.lost_in_words(WrongState, "已经处理过")
    assert Observation.objects.filter(indicator=accepted.indicator).count() == (2 if turn[0] == "accept_correction" else 1)


def test_a_correction_is_taken_back_while_it_is_decided(race: Racing, accepted: Quarter) -> None:
    correction = ask(accepted, "13", accepted.cast.xie)()
    first, second = race(decide("accept_correction", correction, accepted.cast.guo), decide("withdraw_correction", correction, accepted.cast.xie))
    assert first.won
    assert second.lost_in_words(WrongState, "已经处理过")
    assert Observation.objects.filter(indicator=accepted.indicator).count() == 2


def test_a_correction_is_asked_for_while_the_return_is_accepted(race: Racing, approved: Quarter) -> None:
    """It waits for the acceptance, and corrects what was accepted."""
    first, second = race(step_of(approved, "accept_return", approved.cast.guo), ask(approved, "13", approved.cast.xie))
    assert first.won
    assert second.won
    assert second.waited
    assert second.value.previous == 12


def test_a_return_is_accepted_while_a_correction_is_asked_for(race: Racing, approved: Quarter) -> None:
    def ask_too_early() -> None:
        with pytest.raises(WrongState, match="只有已接收的数值才需要更正"):
            ask(approved, "13", approved.cast.xie)()

    first, second = race(ask_too_early, step_of(approved, "accept_return", approved.cast.guo))
    assert first.won
    assert second.won
    assert not Correction.objects.exists()


def test_two_corrections_of_two_lines_of_one_figures_series(race: Racing, accepted: Quarter) -> None:
    """Two vintages of one cell never get one number: the second is counted after the first."""
    correction = ask(accepted, "13", accepted.cast.xie)()

    def state_anew() -> list[Observation]:
        from tests.builders import observe

        return observe(accepted.indicator, {"2025-Q3": "14"})

    first, second = race(decide("accept_correction", correction, accepted.cast.guo), state_anew)
    assert first.won
    assert second.won
    assert second.waited
    assert list(Observation.objects.order_by("vintage").values_list("vintage", "value")) == [(1, 12), (2, 13), (3, 14)]
