"""No sequence of calls by any of the people reaches a forbidden state (hypothesis)."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from indicators.actions import corrections, reporting, rounds
from indicators.errors import RecordError
from indicators.models import Correction, LineEntry, Observation, Return
from kejiting.accounts.models import User
from tests.builders import Quarter

PEOPLE = st.sampled_from(["xie", "shen", "guo", "jiang", "lin", "du", "both"])
VALUES = st.sampled_from(["0", "5", "12", "-1", "12.5", "abc", None])
REASONS = st.sampled_from(["", "理由"])

# What each state may follow, and who must have taken the step: the rules once more, told differently.
ALLOWED = {
    ("draft", "submitted"): "reporter",
    ("returned", "submitted"): "reporter",
    ("submitted", "approved"): "reviewer",
    ("submitted", "returned"): "reviewer",
    ("approved", "accepted"): "office",
    ("approved", "returned"): "office",
}


class ReturnMachine(RuleBasedStateMachine):
    """Everybody tries everything; the invariants are read from the database."""

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.quarter = Quarter()
        cast = self.quarter.cast
        # One person with two parts: types and reviews. What they typed, they may not approve.
        from tests.builders import make_user

        cast.both = make_user("both", cast.gxt, "reporter", "reviewer")  # type: ignore[attr-defined]

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def person(self, name: str) -> User:
        return User.objects.get(username=name)

    def attempt(self, action: object, *args: object, **kwargs: object) -> None:
        try:
            with transaction.atomic():
                action(*args, **kwargs)  # type: ignore[operator]
        except RecordError:
            pass

    @rule(who=PEOPLE, value=VALUES, kind=st.sampled_from(["indicator", "milestone", "narrative"]))
    def type_something(self, who: str, value: str | None, kind: str) -> None:
        typed = {"milestone": "1", "narrative": "进展"}.get(kind, value)
        self.attempt(reporting.save_line, self.quarter.line(kind), {"value": typed, "note": "已与台账核对"}, by=self.person(who))

    @rule()
    def fill_everything(self) -> None:
        self.attempt(self.quarter.fill)

    @rule(who=PEOPLE)
    def submit(self, who: str) -> None:
        self.attempt(reporting.submit_return, self.quarter.report, by=self.person(who))

    @rule(who=PEOPLE)
    def approve(self, who: str) -> None:
        self.attempt(reporting.approve_return, self.quarter.report, by=self.person(who))

    @rule(who=PEOPLE, reason=REASONS)
    def send_back(self, who: str, reason: str) -> None:
        self.attempt(reporting.send_back_return, self.quarter.report, by=self.person(who), reason=reason)

    @rule(who=PEOPLE)
    def accept(self, who: str) -> None:
        self.attempt(reporting.accept_return, self.quarter.report, by=self.person(who))

    @rule(who=PEOPLE, value=VALUES, reason=REASONS)
    def ask_for_correction(self, who: str, value: str | None, reason: str) -> None:
        self.attempt(corrections.request_correction, self.quarter.line(), by=self.person(who), value=value, reason=reason)

    @rule(who=PEOPLE, yes=st.booleans(), reason=REASONS)
    def decide_correction(self, who: str, yes: bool, reason: str) -> None:
        correction = Correction.objects.order_by("-pk").first()
        if correction:
            action = corrections.accept_correction if yes else corrections.send_back_correction
            self.attempt(action, correction, by=self.person(who), reason=reason)

    @rule(who=PEOPLE)
    def withdraw_correction(self, who: str) -> None:
        correction = Correction.objects.order_by("-pk").first()
        if correction:
            self.attempt(corrections.withdraw_correction, correction, by=self.person(who))

    @rule(who=PEOPLE)
    def lock(self, who: str) -> None:
        self.attempt(rounds.lock_round, self.quarter.round, by=self.person(who))

    @rule(who=PEOPLE)
    def unlock(self, who: str) -> None:
        self.attempt(rounds.unlock_round, self.quarter.round, by=self.person(who), reason="补报")

    @invariant()
    def every_step_was_allowed_and_taken_by_the_right_person(self) -> None:
        if not hasattr(self, "quarter"):
            return
        state = "draft"
        for step in self.quarter.report.steps.select_related("by"):
            assert step.from_state == state
            role = ALLOWED[(step.from_state, step.to_state)]
            assert step.by.has_role(role)
            assert step.by.unit == self.quarter.report.unit or role == "office"
            assert step.to_state != "returned" or step.reason
            state = step.to_state
        assert Return.objects.get(pk=self.quarter.report.pk).state == state

    @invariant()
    def nobody_reviewed_what_they_wrote(self) -> None:
        if not hasattr(self, "quarter"):
            return
        report = Return.objects.get(pk=self.quarter.report.pk)
        people = [p for p in (report.submitted_by_id, report.approved_by_id, report.accepted_by_id) if p]
        if report.state == "accepted":
            assert len(set(people)) == 3
        if report.state in ("approved", "accepted"):
            authors = set(LineEntry.objects.filter(line__report=report).values_list("by", flat=True))
            assert report.approved_by_id not in authors
            assert report.accepted_by_id not in authors

    @invariant()
    def observations_are_there_exactly_when_accepted(self) -> None:
        if not hasattr(self, "quarter"):
            return
        report = Return.objects.get(pk=self.quarter.report.pk)
        accepted = Correction.objects.filter(state="accepted").count()
        expected = 1 + accepted if report.state == "accepted" else 0
        vintages = list(Observation.objects.filter(indicator=self.quarter.indicator).values_list("vintage", flat=True))
        assert vintages == list(range(1, expected + 1))
        for correction in Correction.objects.exclude(state="pending"):
            assert correction.decided_by_id is not None
            assert (correction.decided_by_id == correction.requested_by_id) == (correction.state == "withdrawn")


@pytest.mark.slow
@pytest.mark.django_db
def test_no_sequence_of_calls_reaches_a_forbidden_state() -> None:
    run_state_machine_as_test(
        ReturnMachine,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)),
    )
