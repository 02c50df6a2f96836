"""A return's way by the actions: what each refuses, what each leaves behind, and what the database refuses by itself."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from indicators.actions import corrections, reporting, rounds
from indicators.errors import Conflict, NotAllowed, NotReady, ReasonRequired, RecordError, WrongState
from indicators.models import Line, Observation, Return, ReturnStep, StaleMark
from tests.builders import Quarter, assign, make_indicator, observe

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def refused_by(name: str, change: Any) -> None:
    """The named constraint of the database refuses the change."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        change()
    found = caught.value.__cause__.diag.constraint_name  # type: ignore[union-attr]
    assert found == name


# -- entry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("12.5", "12.5"), ("１２．５", "12.5"), ("1,234", "1234"), ("-3", "-3"), ("0", "0"), (12, "12"), ("+7", "7"), ("123456789012345678", "123456789012345678")],
)
def test_a_number_is_stored_as_typed(quarter: Quarter, typed: object, stored: str) -> None:
    line = reporting.save_line(quarter.line(), {"value": typed}, by=quarter.cast.xie)
    assert Line.objects.get(pk=line.pk).value == Decimal(stored)


@pytest.mark.parametrize(
    "typed", ["约30", "≥5", "=1+1", "NaN", "Infinity", "1e5", "12,5", "abc", "9" * 40, "0.1234567", "12.5%", True, [1], {"a": 1}, "１２万", "10²", "2⁴", "㊿", "①⑤", "٣"]
)
def test_what_is_no_plain_number_is_refused_in_words(quarter: Quarter, typed: object) -> None:
    with pytest.raises(RecordError) as caught:
        reporting.save_line(quarter.line(), {"value": typed}, by=quarter.cast.xie)
    assert len(caught.value.message) > 5
    assert quarter.line().value is None


def test_empty_is_not_zero(quarter: Quarter) -> None:
    reporting.save_line(quarter.line(), {"value": "0"}, by=quarter.cast.xie)
    assert quarter.line().value == 0
    reporting.save_line(quarter.line(), {"value": None}, by=quarter.cast.xie)
    assert quarter.line().value is None
    reporting.save_line(quarter.line(), {"missing": "withheld"}, by=quarter.cast.xie)
    assert (quarter.line().value, quarter.line().missing) == (None, "withheld")
    reporting.save_line(quarter.line(), {"value": "3"}, by=quarter.cast.xie)
    assert quarter.line().missing == ""


def test_a_line_changed_since_is_a_conflict(quarter: Quarter) -> None:
    seen = quarter.report.version
    other = reporting.save_line(quarter.line("narrative"), {"value": "甲"}, by=quarter.cast.xie)
    mine = reporting.save_line(quarter.line(), {"value": "1"}, by=quarter.cast.xie, seen_version=seen)
    assert mine.version > other.version
    with pytest.raises(Conflict):
        reporting.save_line(quarter.line(), {"value": "2"}, by=quarter.cast.xie, seen_version=seen)
    with pytest.raises(Conflict):
        reporting.save_line(quarter.line(), {"value": "2"}, by=quarter.cast.xie, seen_version=mine.version + 99)
    assert quarter.line().value == 1


def test_a_conflict_says_who_it_is_with(quarter: Quarter) -> None:
    from tests.builders import make_user

    colleague, seen = make_user("colleague", quarter.cast.gxt, "reporter"), quarter.report.version
    reporting.save_line(quarter.line(), {"value": "1"}, by=quarter.cast.xie)
    with pytest.raises(Conflict, match="您的账号在别处"):
        reporting.save_line(quarter.line(), {"value": "2"}, by=quarter.cast.xie, seen_version=seen)
    with pytest.raises(Conflict, match="gxt xie"):
        reporting.save_line(quarter.line(), {"value": "2"}, by=colleague, seen_version=seen)


@pytest.mark.parametrize("who", ["shen", "guo", "lin", "du"])
def test_only_the_units_reporter_types(quarter: Quarter, who: str) -> None:
    with pytest.raises(NotAllowed):
        reporting.save_line(quarter.line(), {"value": "1"}, by=getattr(quarter.cast, who))


def test_a_locked_round_takes_no_entry_and_no_submission(quarter: Quarter) -> None:
    quarter.fill()
    rounds.lock_round(quarter.round, by=quarter.cast.guo)
    with pytest.raises(WrongState):
        reporting.save_line(quarter.line(), {"value": "1"}, by=quarter.cast.xie)
    with pytest.raises(WrongState):
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    rounds.unlock_round(quarter.round, by=quarter.cast.guo, reason="单位申请补报")
    reporting.submit_return(quarter.report, by=quarter.cast.xie)


# -- submission --------------------------------------------------------------------------------


def test_what_is_empty_stops_submission_and_is_named(quarter: Quarter) -> None:
    with pytest.raises(NotReady) as caught:
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    assert {p.where for p in caught.value.problems} == {str(line.pk) for line in quarter.report.lines.all()}


def test_an_error_stops_submission_even_with_a_note(quarter: Quarter) -> None:
    quarter.fill()
    reporting.save_line(quarter.line(), {"value": "-1", "note": "说明"}, by=quarter.cast.xie)
    with pytest.raises(NotReady):
        reporting.submit_return(quarter.report, by=quarter.cast.xie)


def test_a_warning_passes_with_a_note(quarter: Quarter) -> None:
    quarter.fill("12.5")  # 项 are whole
    with pytest.raises(NotReady):
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    reporting.save_line(quarter.line(), {"note": "含一项按折半计"}, by=quarter.cast.xie)
    assert reporting.submit_return(quarter.report, by=quarter.cast.xie).state == "submitted"


@pytest.mark.parametrize("note", ["x", "属实", "……！！", "1234", "哈哈哈哈", "abab", "2025.9.30"])
def test_a_warning_is_not_explained_by_a_letter(quarter: Quarter, note: str) -> None:
    quarter.fill("12.5")
    reporting.save_line(quarter.line(), {"note": note}, by=quarter.cast.xie)
    with pytest.raises(NotReady) as caught:
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    assert "至少 4 个字" in caught.value.problems[0].message


def test_a_falling_cumulative_is_an_error(quarter: Quarter) -> None:
    observe(quarter.indicator, {"2025-Q1": "10", "2025-Q2": "20"})
    quarter.fill("19")
    with pytest.raises(NotReady) as caught:
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    assert "20" in caught.value.problems[0].message


def test_a_second_submit_finds_the_first(quarter: Quarter) -> None:
    quarter.fill()
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(WrongState):
        reporting.submit_return(quarter.report, by=quarter.cast.xie)
    assert ReturnStep.objects.filter(report=quarter.report).count() == 1


# -- review and acceptance ---------------------------------------------------------------------


def test_acceptance_writes_observations_and_marks(quarter: Quarter) -> None:
    StaleMark.objects.all().delete()
    report = quarter.accept("12")
    observation = Observation.objects.get(indicator=quarter.indicator)
    assert (observation.value, observation.period_id, observation.area_id, observation.vintage) == (12, "2025-Q3", "620000", 1)
    assert observation.line == quarter.line()
    assert StaleMark.objects.filter(indicator=quarter.indicator, area="620000").exists()
    assert StaleMark.objects.filter(task=quarter.task).exists()
    assert [(s.from_state, s.to_state) for s in report.steps.all()] == [("draft", "submitted"), ("submitted", "approved"), ("approved", "accepted")]


def test_nobody_reviews_their_own_entry(quarter: Quarter) -> None:
    from kejiting.accounts.models import Role, RoleAssignment, User

    RoleAssignment.objects.create(user=quarter.cast.xie, role=Role.REVIEWER)
    xie = User.objects.get(pk=quarter.cast.xie.pk)
    quarter.fill()
    reporting.submit_return(quarter.report, by=xie)
    with pytest.raises(NotAllowed):
        reporting.approve_return(quarter.report, by=xie)
    refused_by(
        "return_reviewer_is_not_author",
        lambda: Return.objects.filter(pk=quarter.report.pk).update(
            state="approved", version=99, submitted_by=quarter.cast.shen, approved_by=xie, approved_at=timezone.now()
        ),
    )


def test_who_typed_first_and_not_last_is_an_author_too(quarter: Quarter) -> None:
    from tests.builders import make_user

    both = make_user("both", quarter.cast.gxt, "reporter", "reviewer")
    reporting.save_line(quarter.line(), {"value": "99"}, by=both)
    quarter.fill("99")
    reporting.save_line(quarter.line(), {"note": "已核"}, by=quarter.cast.xie)
    report = reporting.submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(NotAllowed):
        reporting.approve_return(report, by=both)
    refused_by(
        "return_reviewer_is_not_author",
        lambda: Return.objects.filter(pk=report.pk).update(state="approved", version=99, approved_by=both, approved_at=timezone.now()),
    )


def test_nobody_approves_what_they_did_not_see(quarter: Quarter) -> None:
    quarter.fill()
    seen = reporting.submit_return(quarter.report, by=quarter.cast.xie).version
    reporting.send_back_return(quarter.report, by=quarter.cast.shen, reason="再核")
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(Conflict):
        reporting.approve_return(quarter.report, by=quarter.cast.shen, seen_version=seen)


def test_an_office_does_not_accept_its_own_return(quarter: Quarter) -> None:
    cast = quarter.cast
    report = Return.objects.create(round=quarter.round, unit=cast.ghc)
    Line.objects.create(report=report, assignment=assign(cast.ghc, indicator=make_indicator("own")))
    from tests.builders import make_user

    writer, reviewer = make_user("writer", cast.ghc, "reporter"), make_user("reviewer", cast.ghc, "reviewer")
    reporting.save_line(report.lines.get(), {"value": "1"}, by=writer)
    reporting.submit_return(report, by=writer)
    reporting.approve_return(report, by=reviewer)
    with pytest.raises(NotAllowed):
        reporting.accept_return(report, by=cast.guo)
    refused_by(
        "return_accepted_by_another_unit",
        lambda: Return.objects.filter(pk=report.pk).update(state="accepted", version=99, accepted_by=cast.guo, accepted_at=timezone.now()),
    )
    assert reporting.accept_return(report, by=cast.jiang).state == "accepted"


def test_sending_back_needs_a_reason(quarter: Quarter) -> None:
    quarter.fill()
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    with pytest.raises(ReasonRequired):
        reporting.send_back_return(quarter.report, by=quarter.cast.shen, reason="  ")
    report = reporting.send_back_return(quarter.report, by=quarter.cast.shen, reason="请核对单位")
    assert (report.state, report.steps.last().reason) == ("returned", "请核对单位")
    reporting.save_line(quarter.line(), {"value": "13"}, by=quarter.cast.xie)
    reporting.submit_return(quarter.report, by=quarter.cast.xie)


def test_the_database_lets_no_return_skip_a_state(quarter: Quarter) -> None:
    for state in ("approved", "accepted", "returned"):
        stamps = {f"{s}_by": quarter.cast.shen if s == "approved" else quarter.cast.xie for s in ("submitted", "approved")}
        moments = {f"{s}_at": timezone.now() for s in ("submitted", "approved")}
        extra = {"accepted_by": quarter.cast.guo, "accepted_at": timezone.now()} if state == "accepted" else {}
        refused_by(
            "return_skips_no_state",
            lambda state=state, stamps=stamps, moments=moments, extra=extra: Return.objects.filter(pk=quarter.report.pk).update(
                state=state, version=50, **stamps, **moments, **extra
            ),
        )


def test_the_database_lets_no_accepted_line_change(quarter: Quarter) -> None:
    quarter.accept()
    refused_by("line_changes_only_while_open", lambda: Line.objects.filter(pk=quarter.line().pk).update(value=99))


def test_the_database_lets_no_line_in_or_out_once_handed_in(quarter: Quarter) -> None:
    quarter.fill()
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    other = assign(quarter.cast.gxt, indicator=make_indicator("late"))
    refused_by("line_changes_only_while_open", lambda: Line.objects.create(report=quarter.report, assignment=other))
    with connection.cursor() as cursor:
        refused_by("line_changes_only_while_open", lambda: cursor.execute("DELETE FROM indicators_line WHERE report_id = %s", [quarter.report.pk]))


def test_the_database_lets_no_stamp_be_rewritten(quarter: Quarter) -> None:
    report = quarter.accept()
    for name in ("submitted_by", "approved_by", "accepted_by"):
        refused_by(
            "return_stamps_stay", lambda name=name: Return.objects.filter(pk=report.pk).update(version=report.version + 1, **{name: quarter.cast.du})
        )


def test_the_database_lets_a_correction_only_begin_as_asked(quarter: Quarter) -> None:
    from indicators.models import Correction

    quarter.accept()
    asked = {"line": quarter.line(), "value": 13, "reason": "x", "requested_by": quarter.cast.xie, "requested_at": timezone.now()}
    decided = {"state": "accepted", "decided_by": quarter.cast.guo, "decided_at": timezone.now()}
    refused_by("correction_begins_pending", lambda: Correction.objects.create(**asked, **decided))
    pending = Correction.objects.create(**asked)
    refused_by("indicators_correction_append_only", pending.delete)
    refused_by("correction_state_is_known", lambda: Correction.objects.filter(pk=pending.pk).update(state="foo", decided_by=quarter.cast.guo, decided_at=timezone.now()))


def test_a_corrected_milestone_is_asked_for_again(quarter: Quarter) -> None:
    from tests.builders import open_quarter

    quarter.accept()
    correction = corrections.request_correction(quarter.line("milestone"), by=quarter.cast.xie, value="0", reason="验收未通过")
    corrections.accept_correction(correction, by=quarter.cast.guo)
    fourth = open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    assert "milestone" in {line.kind for line in Line.objects.filter(report__round=fourth).select_related("assignment")}


def test_the_database_lets_no_vintage_change(quarter: Quarter) -> None:
    quarter.accept()
    refused_by("indicators_observation_append_only", lambda: Observation.objects.update(value=99))
    refused_by("indicators_observation_append_only", lambda: Observation.objects.all().delete())


# -- corrections -------------------------------------------------------------------------------


def test_a_correction_is_in_force_only_when_another_person_accepts_it(quarter: Quarter) -> None:
    quarter.accept("12")
    before = timezone.now()
    correction = corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="13", reason="漏计一项")
    assert quarter.line().in_force.value == 12
    with pytest.raises(NotAllowed):
        corrections.accept_correction(correction, by=quarter.cast.xie)
    corrections.accept_correction(correction, by=quarter.cast.guo)
    rows = Observation.objects.filter(indicator=quarter.indicator)
    assert [(o.vintage, o.value, o.status) for o in rows] == [(1, 12, "A"), (2, 13, "R")]
    assert rows.latest().get().value == 13
    assert rows.as_of(before).latest().get().value == 12
    assert quarter.line().in_force.value == 13
    assert quarter.line().value == 12
    with pytest.raises(WrongState):
        corrections.accept_correction(correction, by=quarter.cast.guo)


def test_who_asked_for_a_correction_does_not_decide_it(quarter: Quarter) -> None:
    quarter.accept("12")
    correction = corrections.request_correction(quarter.line(), by=quarter.cast.guo, value="13", reason="核对统计公报")
    with pytest.raises(NotAllowed):
        corrections.accept_correction(correction, by=quarter.cast.guo)
    with pytest.raises(WrongState):
        corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="14", reason="再改")
    corrections.send_back_correction(correction, by=quarter.cast.jiang, reason="依据不足")
    assert quarter.line().in_force.value == 12


def test_who_asked_for_a_correction_takes_it_back_before_it_is_decided(quarter: Quarter) -> None:
    quarter.accept("12")
    mistaken = corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="130", reason="漏计一项")
    with pytest.raises(NotAllowed, match="申请人自己"):
        corrections.withdraw_correction(mistaken, by=quarter.cast.guo)
    corrections.withdraw_correction(mistaken, by=quarter.cast.xie)
    with pytest.raises(WrongState, match="已经处理过"):
        corrections.accept_correction(mistaken, by=quarter.cast.guo)
    assert quarter.line().in_force.value == 12
    assert Observation.objects.count() == 1
    corrections.accept_correction(corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="13", reason="漏计一项"), by=quarter.cast.guo)
    assert quarter.line().in_force.value == 13


@pytest.mark.parametrize(("value", "reason"), [("12", "同值"), ("abc", "非数"), ("13", ""), (None, "空")])
def test_a_correction_that_says_nothing_is_refused(quarter: Quarter, value: str | None, reason: str) -> None:
    quarter.accept("12")
    with pytest.raises(RecordError):
        corrections.request_correction(quarter.line(), by=quarter.cast.xie, value=value, reason=reason)


def test_a_draft_is_changed_not_corrected(quarter: Quarter) -> None:
    with pytest.raises(WrongState):
        corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="1", reason="x")


# -- rounds ------------------------------------------------------------------------------------


def test_opening_a_round_twice_creates_nothing_twice(quarter: Quarter) -> None:
    from tests.builders import open_quarter

    with pytest.raises(WrongState):
        open_quarter(quarter.cast, quarter.plan)
    rounds.add_due_lines(quarter.round)
    assert Return.objects.count() == 1
    assert Line.objects.count() == 3


def test_an_annual_figure_is_asked_for_only_when_its_year_ends(quarter: Quarter) -> None:
    from tests.builders import open_quarter

    annual = make_indicator("annual", frequency="year")
    assign(quarter.cast.lin.unit, indicator=annual)
    assert not Return.objects.filter(unit=quarter.cast.city).exists()
    fourth = open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    assert Line.objects.filter(report__round=fourth, assignment__indicator=annual).exists()


def test_a_reached_milestone_is_not_asked_for_again(quarter: Quarter) -> None:
    from tests.builders import open_quarter

    quarter.accept()
    fourth = open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    assert {line.kind for line in Line.objects.filter(report__round=fourth).select_related("assignment")} == {"indicator", "narrative"}
