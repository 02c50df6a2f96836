"""A return's way: entry, submit, approve, accept, send back. Corrections of accepted lines are in ``corrections``.

Each action locks the return first and freezes the time once; the change, its stamp and its trail are
one transaction. The same rules stand in the database as constraints and triggers: these here exist to
answer in words.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..errors import Conflict, NotAllowed, NotReady, Problem, ReasonRequired, RecordError, TextTooLong, WrongState
from ..findings import find_findings, is_blocking, say_what_blocks
from ..models import Line, LineEntry, MissingReason, Qualifier, Return, ReturnStep, Round
from ..numbers import NotANumber, parse_number, plain
from .marks import mark_tasks
from .observations import Statement, record_observations

NOTE_LENGTH, TEXT_LENGTH = 2_000, 4_000

State = Return.State


# -- entry ---------------------------------------------------------------------------------------


@transaction.atomic
def save_line(line: Line, changes: Mapping[str, Any], *, by: User, seen_version: int | None = None) -> Line:
    """Set a line to what was typed; every finding is allowed here, only what cannot be stored is refused.

    ``changes`` holds some of value, qualifier, missing, note, problems, next_steps. ``seen_version`` is the
    return's version the typist had seen: ``Conflict`` when this line changed since, unless it says already what
    the same account sends again (the first answer may have been lost).
    """
    report, line = lock_line(line)
    if not by.has_perm("return.edit", report):
        raise NotAllowed(_("只有本单位的填报员可以填写这张报表。"))
    require_open(report, _("填写"))
    content = clean_changes(line, changes)
    fields = [name for name, value in content.items() if getattr(line, name) != value]
    is_repeat = not fields and line.entered_by_id == by.pk
    if seen_version is not None and (seen_version > report.version or (seen_version < line.version and not is_repeat)):
        raise Conflict(_say_who_changed(line, by), version=report.version)
    if not fields:
        return line
    for name in fields:
        setattr(line, name, content[name])
    raise_version(report)
    line.version, line.entered_by, line.entered_at = report.version, by, timezone.now()
    line.save(update_fields=[*fields, "version", "entered_by", "entered_at"])
    LineEntry.objects.create(line=line, content=_as_json(content), by=by, at=line.entered_at, is_demo=report.is_demo)
    return line


def _say_who_changed(line: Line, by: User) -> str:
    """One account in two pages is not another person."""
    if line.entered_by is None:
        return _("这一行在您打开之后有变动，请核对后再保存。")
    if line.entered_by == by:
        return _("这一行在您打开本页之后，已用您的账号在别处改过，请核对后再保存。")
    return _("这一行在您打开本页之后，已由%(who)s改过，请核对后再保存。") % {"who": line.entered_by.stamp}


def clean_changes(line: Line, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The line's fields as they will be stored. Raises ``RecordError`` for what cannot be stored."""
    allowed = {"value", "qualifier", "missing", "note"} | ({"problems", "next_steps"} if line.kind == "narrative" else set())
    if unknown := sorted(set(changes) - allowed):
        raise RecordError(_("没有这样的字段：%(names)s") % {"names": "、".join(unknown)})
    if changes.get("value") not in (None, "") and changes.get("missing"):
        raise RecordError(_("有数值就不是缺报：数值和缺报原因只能填一个。"))
    content: dict[str, Any] = {}
    if "value" in changes:
        content |= _clean_value(line, changes["value"])
    if "missing" in changes:
        content |= _clean_missing(line, changes["missing"])
    if "qualifier" in changes:
        content["qualifier"] = _clean_qualifier(line, changes["qualifier"], missing=content.get("missing", line.missing))
    for name, length in (("note", NOTE_LENGTH), ("problems", TEXT_LENGTH), ("next_steps", TEXT_LENGTH)):
        if name in changes:
            content[name] = clean_text(changes[name], length, name)
    return content


def _clean_value(line: Line, typed: Any) -> dict[str, Any]:
    if line.kind == "narrative":
        text = clean_text(typed, TEXT_LENGTH, "value")
        return {"progress": text} | ({"missing": ""} if text else {})
    if typed is None or typed == "":
        return {"value": None}
    try:
        value = parse_number(typed, unit=line.assignment.indicator.unit_of_measure if line.assignment.indicator else "")
    except NotANumber as error:
        raise RecordError(_say_two_kinds() if line.kind == "milestone" else str(error)) from error
    if line.kind == "milestone" and value not in (0, 1):
        raise RecordError(_say_two_kinds())
    return {"value": value, "missing": ""}


def _say_two_kinds() -> str:
    return _("节点只有两种：1 为已完成，0 为未完成。")


def _clean_missing(line: Line, reason: Any) -> dict[str, Any]:
    reason = _choice(reason, MissingReason.values, _("缺报原因"))
    empty = {"progress": ""} if line.kind == "narrative" else {"value": None, "qualifier": ""}
    return {"missing": reason} | (empty if reason else {})


def _clean_qualifier(line: Line, typed: Any, *, missing: str) -> str:
    qualifier = _choice(typed, Qualifier.values, _("限定"))
    if qualifier and line.kind != "indicator":
        raise RecordError(_("只有指标的数值可以有限定；节点和进展情况没有。"))
    if qualifier and missing:
        raise RecordError(_("缺报的没有限定：“约”“超”“以上”等说的是数值。"))
    return qualifier


def _choice(value: Any, choices: list[str], name: str) -> str:
    value = "" if value is None else value
    if value != "" and value not in choices:
        raise RecordError(_("%(name)s只能是：%(choices)s") % {"name": name, "choices": "、".join(c for c in choices if c)})
    return str(value)


def clean_text(value: Any, length: int, field: str = "reason") -> str:
    """A text as it will be stored. Raises ``TextTooLong``, naming the field, for one of more than ``length`` characters."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RecordError(_("请填写文字。"))
    # PostgreSQL cannot hold a NUL in text, and nobody meant to type one.
    text = value.replace("\x00", "").strip()
    if len(text) > length:
        raise TextTooLong(field, most=length, length=len(text))
    return text


def _as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in content.items()}


# -- the return's steps --------------------------------------------------------------------------


@transaction.atomic
def submit_return(report: Return, *, by: User, reason: str = "", seen_version: int | None = None) -> Return:
    """Hand a return in for review. Raises ``NotReady`` naming each line that is empty or not explained."""
    reason = clean_text(reason, NOTE_LENGTH)
    report = lock_return(report.pk, seen_version)
    if not by.has_perm("return.submit", report):
        raise NotAllowed(_("只有本单位的填报员可以提交这张报表。"))
    _require_state(report, (State.DRAFT, State.RETURNED), _("提交"))
    require_open(report, _("提交"))
    if problems := find_problems(report):
        raise NotReady(_("还有 %(n)s 处需要处理，暂不能提交。") % {"n": len(problems)}, problems)
    now = timezone.now()
    return _step(report, State.SUBMITTED, by=by, now=now, reason=reason, submitted_by=by, submitted_at=now)


def find_problems(report: Return) -> list[Problem]:
    """What keeps a return from being submitted, line by line."""
    return [
        Problem(str(line.pk), say_what_blocks(line, finding))
        for line, findings in find_findings(report)
        for finding in findings
        if is_blocking(line, finding)
    ]


@transaction.atomic
def approve_return(report: Return, *, by: User, reason: str = "", seen_version: int | None = None) -> Return:
    """The unit's reviewer stands behind what was submitted. Nobody approves a return they wrote in."""
    reason = clean_text(reason, NOTE_LENGTH)
    report = lock_return(report.pk, seen_version)
    if not by.has_perm("return.approve", report):
        raise NotAllowed(_("只有本单位的审核人可以审核，且不能审核自己填报的内容。"))
    _require_state(report, (State.SUBMITTED,), _("审核"))
    now = timezone.now()
    return _step(report, State.APPROVED, by=by, now=now, reason=reason, approved_by=by, approved_at=now)


@transaction.atomic
def send_back_return(report: Return, *, by: User, reason: str, seen_version: int | None = None) -> Return:
    """Send a return back to its unit, saying why: the reviewer what was submitted, the office what was approved."""
    reason = clean_text(reason, NOTE_LENGTH)
    report = lock_return(report.pk, seen_version)
    permissions = {State.SUBMITTED: ["return.return_submitted"], State.APPROVED: ["return.return_approved"]}
    needed = permissions.get(State(report.state), ["return.return_submitted", "return.return_approved"])
    if not any(by.has_perm(permission, report) for permission in needed):
        raise NotAllowed(_("您不能退回这张报表。"))
    _require_state(report, (State.SUBMITTED, State.APPROVED), _("退回"))
    if report.round.is_locked:
        raise WrongState(_("批次已锁定，退回后单位无法修改；请先重新开放批次。"))
    if not reason:
        raise ReasonRequired
    return _step(report, State.RETURNED, by=by, now=timezone.now(), reason=reason)


@transaction.atomic
def accept_return(report: Return, *, by: User, reason: str = "", seen_version: int | None = None) -> Return:
    """Take a return's values into the record: observations and stale marks, in this one transaction."""
    reason = clean_text(reason, NOTE_LENGTH)
    report = lock_return(report.pk, seen_version)
    if not by.has_perm("return.accept", report):
        raise NotAllowed(_("接收由科技厅主管处室办理，且不能接收本处室或自己填报、审核的报表。"))
    _require_state(report, (State.APPROVED,), _("接收"))
    now = timezone.now()
    _step(report, State.ACCEPTED, by=by, now=now, reason=reason, accepted_by=by, accepted_at=now)
    lines = list(report.lines.select_related("assignment__indicator", "assignment__milestone"))
    record_observations([_state_line(line, report, now) for line in lines if line.kind == "indicator"], cause=f"return {report.pk}")
    # A milestone and a narrative are judged where they stand: with their task.
    tasks = {line.assignment.milestone.task_id for line in lines if line.assignment.milestone}
    tasks |= {line.assignment.task_id for line in lines if line.assignment.is_narrative and line.assignment.task_id}
    mark_tasks(tasks, cause=f"return {report.pk}")
    return report


def _state_line(line: Line, report: Return, now: datetime) -> Statement:
    indicator, area, breakdown = line.assignment.cell
    return Statement(
        indicator=indicator,
        area=area,
        breakdown=breakdown,
        period=report.round.period_id,
        value=line.value,
        qualifier=line.qualifier,
        missing=line.missing,
        note=line.note,
        published_on=timezone.localdate(now),
        origin={"line": line},
    )


# -- shared --------------------------------------------------------------------------------------


def lock_return(report_id: int, seen_version: int | None = None) -> Return:
    """The return, held for this transaction; its round is held against locking, and shared with the other units' writers.

    The order is return, then round, everywhere. ``Conflict`` when a page was made of an earlier version than this:
    nobody approves what they did not see.
    """
    report = Return.objects.select_for_update(of=("self",)).select_related("round__period", "unit").filter(pk=report_id).first()
    if report is None:
        raise WrongState(_("这张报表已撤销：这一批次不再要这个单位填报。"))
    held = Round.objects.hold(report.round_id)
    report.round.opens_at, report.round.locks_at = held.opens_at, held.locks_at
    if seen_version is not None and seen_version != report.version:
        raise Conflict(_("这张报表在您打开之后有变动，请核对后再办理。"), version=report.version)
    return report


def lock_line(line: Line) -> tuple[Return, Line]:
    """A line's return, locked, and the line as it is now. ``WrongState`` where it went since: its assignment ended before anything was typed."""
    report = lock_return(line.report_id)
    held = report.lines.select_related("assignment__indicator", "assignment__milestone", "entered_by__unit").filter(pk=line.pk).first()
    if held is None:
        raise WrongState(_("这一行已不在报表里：它的填报分工已经结束。请刷新页面。"))
    return report, held


def raise_version(report: Return) -> None:
    """Each change of a return or of anything in it is a new version."""
    report.version += 1
    report.save(update_fields=["version"])


def _step(report: Return, to: str, *, by: User, now: datetime, reason: str, **stamps: Any) -> Return:
    came_from, report.state = report.state, to
    report.version += 1
    if to == State.RETURNED:
        # Submitting again stamps anew; the earlier stamps stay in the steps.
        stamps = {"approved_by": None, "approved_at": None}
    for name, value in stamps.items():
        setattr(report, name, value)
    report.save(update_fields=["state", "version", *stamps])
    ReturnStep.objects.create(report=report, from_state=came_from, to_state=to, by=by, at=now, reason=reason, is_demo=report.is_demo)
    record_event(f"return.{to}", report, by=by, reason=reason, round=report.round.code, unit=report.unit.code)
    return report


def _require_state(report: Return, states: tuple[str, ...], verb: str) -> None:
    if report.state not in states:
        raise WrongState(_("报表现在是“%(state)s”，不能%(verb)s。") % {"state": report.get_state_display(), "verb": verb}, state=report.state)


def require_open(report: Return, verb: str) -> None:
    """A draft, or sent back, in a round that is open. Raises ``WrongState``."""
    _require_state(report, Return.EDITABLE, verb)
    if report.round.opens_at > timezone.now():
        raise WrongState(_("批次 %(code)s 尚未开放，不能%(verb)s。") % {"code": report.round.code, "verb": verb})
    if report.round.is_locked:
        raise WrongState(_("批次 %(code)s 已锁定，不能%(verb)s。") % {"code": report.round.code, "verb": verb})
