"""The past quarters: each opened, filled, submitted, approved and accepted when it would have been."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from indicators.actions.reporting import accept_return
from indicators.actions.rounds import open_round
from indicators.models import Line, LineEntry, Period, Plan, Return, ReturnStep, Round
from indicators.numbers import plain
from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from .calendar import Calendar, clock_at, get_random
from .content import Content
from .people import People

State = Return.State
GRACE_DAYS, LOCK_DAYS = 5, 60
FIELDS = ("value", "progress", "problems", "next_steps")


def open_quarter(plan: Plan, offset: int, people: People, calendar: Calendar) -> Round:
    period = Period.objects.from_span(calendar.quarter(offset))
    opens_at, due_at = calendar.opens_at(offset), calendar.due_at(offset)
    with clock_at(opens_at):
        return open_round(
            by=people.users["office"], plan=plan, period=period, opens_at=opens_at, due_at=due_at, grace_days=GRACE_DAYS, is_demo=True
        )


def make_past_quarter(plan: Plan, offset: int, people: People, content: Content) -> None:
    """Typing and reviewing go in bulk, since the actions check line by line; acceptance is the action itself.

    The database's own rules (no state skipped, nobody reviews their own) hold for both.
    """
    calendar = content.calendar
    opened = open_quarter(plan, offset, people, calendar)
    reports = list(opened.returns.select_related("unit").order_by("pk"))
    # Days after the quarter's end: typed, submitted, approved, accepted.
    days = {report.pk: get_days(report, offset) for report in reports}
    _fill(reports, offset, people, content, days)
    for at, (state, field) in enumerate(((State.SUBMITTED, "submitted"), (State.APPROVED, "approved")), 1):
        persons = people.staff if state == State.SUBMITTED else people.reviewers
        _step(reports, state, field, {r.pk: (persons[r.unit.code], calendar.past(offset, days[r.pk][at])) for r in reports})
    for report in reports:
        with clock_at(calendar.past(offset, days[report.pk][3])):
            accept_return(report, by=people.accepter(report.unit))
    opened.locks_at = calendar.past(offset, LOCK_DAYS)
    opened.save(update_fields=["locks_at"])


def get_days(report: Return, offset: int) -> tuple[float, float, float, float]:
    random = get_random("days", report.unit_id, offset)
    typed = random.uniform(3.4, 12.7)
    submitted = typed + random.uniform(0.1, 4)
    approved = submitted + random.uniform(0.1, 2)
    return typed, submitted, approved, max(approved, 20) + random.uniform(0.4, 9)


def _fill(reports: Iterable[Return], offset: int, people: People, content: Content, days: Mapping[int, tuple[float, ...]]) -> None:
    units = {report.pk: report.unit.code for report in reports}
    lines = list(Line.objects.filter(report__in=units).select_related("assignment__indicator", "assignment__task").order_by("pk"))
    entries = []
    for line in lines:
        said = content.get(line, offset)
        for name, value in said.items():
            setattr(line, name, value)
        line.entered_by, line.entered_at = people.staff[units[line.report_id]], content.calendar.past(offset, days[line.report_id][0])
        entries.append(LineEntry(line=line, content=as_json(said), by=line.entered_by, at=line.entered_at, is_demo=True))
    Line.objects.bulk_update(lines, [*FIELDS, "entered_by", "entered_at"], batch_size=100)
    LineEntry.objects.bulk_create(entries)


def as_json(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else plain(value) for name, value in said.items()}


def _step(reports: list[Return], state: str, field: str, stamps: dict[int, tuple[User, datetime]]) -> None:
    steps = []
    for report in reports:
        by, at = stamps[report.pk]
        steps.append(ReturnStep(report=report, from_state=report.state, to_state=state, by=by, at=at, is_demo=True))
        report.state, report.version = state, report.version + 1
        setattr(report, f"{field}_by", by)
        setattr(report, f"{field}_at", at)
    Return.objects.bulk_update(reports, ["state", "version", f"{field}_by", f"{field}_at"])
    ReturnStep.objects.bulk_create(steps)
    for report in reports:
        by, at = stamps[report.pk]
        with clock_at(at):
            record_event(f"return.{state}", report, by=by, round=report.round.code, unit=report.unit.code)
