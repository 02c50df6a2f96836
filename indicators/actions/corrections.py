"""Corrections of accepted lines: asked for by one person, in force once another has accepted them; taken back by who asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..errors import NotAllowed, ReasonRequired, RecordError, WrongState
from ..findings import check_correction, get_history, get_rule_findings
from ..models import Correction, Line, Return
from ..numbers import plain
from .evidence import attach, kept
from .marks import mark_tasks
from .observations import Statement, record_observations
from .reporting import NOTE_LENGTH, clean_changes, clean_text, lock_line, lock_return, raise_version


def request_correction(
    line: Line, *, by: User, value: Any, reason: str, missing: str = "", qualifier: str = "", files: Sequence[UploadedFile] = ()
) -> Correction:
    """Ask that an accepted line say something else. The accepted value stays in force until another person agrees.

    Raises ``UploadRefused`` for a file that is not taken: nothing is asked then.
    """
    if not by.has_perm("correction.request", line.report):
        raise NotAllowed(_("只有本单位填报员或主管处室可以申请更正。"))
    with kept(files) as evidence, transaction.atomic():
        correction = _request(line, by=by, value=value, reason=reason, missing=missing, qualifier=qualifier)
        for file in evidence:
            attach(file, correction, by=by)
    return correction


def _request(line: Line, *, by: User, value: Any, reason: str, missing: str, qualifier: str) -> Correction:
    reason = clean_text(reason, NOTE_LENGTH)
    report, line = lock_line(line)
    if report.state != Return.State.ACCEPTED:
        raise WrongState(_("只有已接收的数值才需要更正；未接收的请直接修改或退回。"))
    if line.kind == "narrative":
        raise RecordError(_("文字进展不作更正，请在下一期如实说明。"))
    if line.corrections.filter(state=Correction.State.PENDING).exists():
        raise WrongState(_("这一行已有一项更正待处理。"))
    if not reason:
        raise ReasonRequired
    if missing and value not in (None, ""):
        raise RecordError(_("有数值就不是缺报：数值和缺报原因只能填一个。"))
    content = clean_changes(line, {"missing": missing, "qualifier": qualifier} if missing else {"value": value, "qualifier": qualifier})
    if content.get("value") is None and not content.get("missing"):
        raise RecordError(_("请填写更正后的数值，或选择缺报原因。"))
    in_force = line.in_force
    if (in_force.value, in_force.missing, in_force.qualifier) == (content.get("value"), content.get("missing", ""), content.get("qualifier", "")):
        raise RecordError(_("更正后的数值与现行数值相同。"))
    _require_possible(line, content, report)
    correction = Correction.objects.create(
        line=line,
        value=content.get("value"),
        missing=content.get("missing", ""),
        qualifier=content.get("qualifier", ""),
        previous=in_force.value,
        previous_missing=in_force.missing,
        reason=reason,
        requested_by=by,
        requested_at=timezone.now(),
        is_demo=report.is_demo,
    )
    raise_version(report)
    record_event("correction.request", correction, by=by, reason=reason, value=plain(correction.value))
    return correction


def _require_possible(line: Line, content: Mapping[str, Any], report: Return) -> None:
    """What cannot be true in the grid cannot be corrected to; what only looks odd has the reason beside it."""
    history = get_history([line], report.round.period).get(line.pk, [])
    corrected = Correction(line=line, value=content.get("value"), missing=content.get("missing", ""))
    findings = check_correction(corrected, report.round.period, history)
    findings += get_rule_findings(report, [line], {line.pk: corrected.value}).get(line.pk, [])
    errors = [f.message for f in findings if f.severity == "error"]
    if errors:
        raise RecordError(errors[0])


@transaction.atomic
def accept_correction(correction: Correction, *, by: User, reason: str = "") -> Correction:
    """Put a correction in force: a second vintage beside the first, which stays readable."""
    reason = clean_text(reason, NOTE_LENGTH)
    correction, report = _lock_correction(correction)
    _require_decider(correction, by)
    now = timezone.now()
    _decide(correction, Correction.State.ACCEPTED, by=by, now=now, reason=reason)
    line = correction.line
    if line.kind == "indicator":
        record_observations([_state_correction(correction, report, now)], cause=f"correction {correction.pk}")
    elif line.assignment.milestone:
        mark_tasks([line.assignment.milestone.task_id], cause=f"correction {correction.pk}")
    raise_version(report)
    record_event("correction.accept", correction, by=by, reason=reason, value=plain(correction.value), previous=plain(correction.previous))
    return correction


def _state_correction(correction: Correction, report: Return, now: datetime) -> Statement:
    indicator, area, breakdown = correction.line.assignment.cell
    return Statement(
        indicator=indicator,
        area=area,
        breakdown=breakdown,
        period=report.round.period_id,
        value=correction.value,
        qualifier=correction.qualifier,
        missing=correction.missing,
        note=correction.reason,
        published_on=timezone.localdate(now),
        origin={"line": correction.line, "correction": correction},
    )


@transaction.atomic
def send_back_correction(correction: Correction, *, by: User, reason: str) -> Correction:
    """Refuse a correction, saying why; the value in force stays."""
    reason = clean_text(reason, NOTE_LENGTH)
    correction, report = _lock_correction(correction)
    _require_decider(correction, by)
    if not reason:
        raise ReasonRequired
    _decide(correction, Correction.State.RETURNED, by=by, now=timezone.now(), reason=reason)
    raise_version(report)
    record_event("correction.return", correction, by=by, reason=reason)
    return correction


@transaction.atomic
def withdraw_correction(correction: Correction, *, by: User, reason: str = "") -> Correction:
    """Take back what one asked oneself, as long as nobody has decided on it; it stays readable that it was asked."""
    reason = clean_text(reason, NOTE_LENGTH)
    correction, report = _lock_correction(correction)
    if not by.has_perm("correction.withdraw", correction):
        raise NotAllowed(_("更正只能由申请人自己撤回。"))
    _require_pending(correction)
    _decide(correction, Correction.State.WITHDRAWN, by=by, now=timezone.now(), reason=reason)
    raise_version(report)
    record_event("correction.withdraw", correction, by=by, reason=reason)
    return correction


def _lock_correction(correction: Correction) -> tuple[Correction, Return]:
    report = lock_return(Line.objects.values_list("report_id", flat=True).get(pk=correction.line_id))
    correction = Correction.objects.select_related("line__report__unit", "line__assignment__indicator", "line__assignment__milestone").get(
        pk=correction.pk
    )
    return correction, report


def _require_decider(correction: Correction, by: User) -> None:
    if not by.has_perm("correction.decide", correction):
        raise NotAllowed(_("更正须由另一人（主管处室，且非本处室的数值）接收或退回。"))
    _require_pending(correction)


def _require_pending(correction: Correction) -> None:
    if correction.state != Correction.State.PENDING:
        raise WrongState(_("这项更正已经处理过。"))


def _decide(correction: Correction, state: str, *, by: User, now: datetime, reason: str) -> None:
    correction.state, correction.decided_by, correction.decided_at, correction.decision_reason = state, by, now, reason
    correction.save(update_fields=["state", "decided_by", "decided_at", "decision_reason"])
