"""The open quarter: every state a return can be in, and corrections of earlier figures; all by the actions."""

from itertools import count

from indicators.actions.corrections import accept_correction, request_correction
from indicators.actions.reporting import accept_return, approve_return, find_problems, save_line, send_back_return, submit_return
from indicators.models import Correction, Line, Plan, Return
from indicators.numbers import plain
from kejiting.accounts.models import User

from .calendar import clock_at, get_random
from .content import Content
from .evidence import attach_sheet, make_sheet
from .history import open_quarter
from .people import People
from .tables import Row, read

CHECKED = "演示说明：已与原始记录核对，数值属实。"
# Of the way from the round's opening to today: typed, submitted, approved, accepted or sent back.
SUBMITTED_AT, APPROVED_AT, DECIDED_AT = 0.55, 0.7, 0.85
# unit, indicator, round (by offset), factor; the first is accepted, the second still open
CORRECTED = ("rst", "demo.talent_funds_paid", -3, "0.985")
PENDING = ("wjw", "demo.tcm_trial_cases", -1, "1.004")


def make_present_quarter(plan: Plan, people: People, content: Content) -> None:
    opened = open_quarter(plan, 0, people, content.calendar)
    reports = {report.unit.code: report for report in opened.returns.select_related("unit")}
    for row in read("open_round"):
        if row["state"] != "untouched" and row["unit"] in reports:
            bring_to(reports[row["unit"]], row, people, content)


def bring_to(report: Return, row: Row, people: People, content: Content) -> None:
    """Take a return through the actions to the state its row says."""
    staff, reviewer = people.staff[row["unit"]], people.reviewers[row["unit"]]
    wanted, later = row["state"], get_random("later", row["unit"]).uniform(0, 0.12)
    _type(report, content, by=staff, is_partial=wanted == "draft")
    if wanted == "draft":
        return
    with clock_at(content.calendar.lately(SUBMITTED_AT + later)):
        _explain(report, by=staff)
        attach_sheet(report, by=staff)
        submit_return(report, by=staff)
    with clock_at(content.calendar.lately(APPROVED_AT + later)):
        if wanted == "returned":
            send_back_return(report, by=reviewer, reason=row["reason"])
        elif wanted != "submitted":
            approve_return(report, by=reviewer)
    with clock_at(content.calendar.lately(DECIDED_AT + later)):
        if wanted == "accepted":
            accept_return(report, by=people.accepter(report.unit))
        elif wanted == "returned_by_office":
            send_back_return(report, by=people.accepter(report.unit), reason=row["reason"])


def _type(report: Return, content: Content, *, by: User, is_partial: bool) -> None:
    lines = list(report.lines.select_related("assignment__task").order_by("pk"))
    lines = lines[: len(lines) // 2] if is_partial else lines
    start = get_random("typed", report.unit_id).uniform(0.15, 0.4)
    for line, step in zip(lines, count()):
        said = content.get(line, 0)
        changes = {"value": said["progress"], **{k: said[k] for k in ("problems", "next_steps")}} if line.kind == "narrative" else {"value": plain(said["value"])}
        with clock_at(content.calendar.lately(start + step / 1000)):
            save_line(line, changes, by=by)


def _explain(report: Return, *, by: User) -> None:
    """What the checks ask about gets a word."""
    for problem in find_problems(report):
        save_line(Line.objects.get(pk=problem.where), {"note": CHECKED}, by=by)


def make_corrections(people: People, content: Content) -> None:
    calendar = content.calendar
    unit, _indicator, offset, _factor = CORRECTED
    line = _get_line(*CORRECTED[:3], content)
    if line and line.value:
        with clock_at(calendar.past(offset + 1, 9.4)):
            correction = _request(line, CORRECTED[3], by=people.staff[unit], reason="演示更正：一笔资金重复计入，核减后更正。")
        with clock_at(calendar.past(offset + 1, 11.6)):
            accept_correction(correction, by=people.users["office"], reason="演示：已核对凭证。")
    line = _get_line(*PENDING[:3], content)
    if line and line.value:
        with clock_at(calendar.lately(0.8)):
            _request(line, PENDING[3], by=people.staff[PENDING[0]], reason="演示更正：补录一家协作单位的病例。")


def _request(line: Line, factor: str, *, by: User, reason: str) -> Correction:
    value = _times(line, factor)
    return request_correction(line, by=by, value=value, reason=reason, files=[make_sheet(line, value)])


def _get_line(unit: str, indicator: str, offset: int, content: Content) -> Line | None:
    return Line.objects.filter(
        report__unit__code=unit, assignment__indicator__code=indicator, report__round__code=content.calendar.quarter(offset).label
    ).first()


def _times(line: Line, factor: str) -> str | None:
    indicator = line.assignment.indicator
    if line.value is None or indicator is None:
        return None
    return plain(round(line.value * type(line.value)(factor), indicator.decimals))
