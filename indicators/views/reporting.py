"""A return: the page to fill, to review, to accept and to correct."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kejiting.accounts.http import SignedInRequest, takes_file
from kejiting.accounts.models import User

from ..actions import corrections
from ..actions import reporting as actions
from ..actions.evidence import add_evidence, remove_evidence
from ..errors import NotReady, ReasonRequired, RecordError, TextTooLong
from ..evidence_files import TYPES
from ..models import Correction, Evidence, Line, MissingReason, Qualifier, Return
from ..numbers import NotANumber, parse_number, plain
from ..queries.returns import get_return
from ..queries.review import make_review
from ..queries.sheets import Sheet, SheetLine, count_filled, get_row, get_rows_beside, get_sheet
from ..uploads import UploadRefused

# A form takes several files, and one too large among them is still answered at its field.
FILES_AT_ONCE = 5


@login_required
@require_GET
def return_page(request: SignedInRequest, round: str, unit: str) -> HttpResponse:
    """One return: a grid for who fills it, a comparison for who reviews it."""
    report = _get_report(request, round, unit)
    return render(request, "indicators/reporting/return.html", _make_context(request, report, get_sheet(report, request.user)))


def _make_context(request: SignedInRequest, report: Return, sheet: Sheet, **more: Any) -> dict[str, Any]:
    user = request.user
    return {
        "report": report,
        "sheet": sheet,
        "may_edit": _may_edit(user, report),
        "may_approve": report.state == Return.State.SUBMITTED and user.has_perm("return.approve", report),
        "may_accept": report.state == Return.State.APPROVED and user.has_perm("return.accept", report),
        "may_send_back": (report.state == Return.State.SUBMITTED and user.has_perm("return.return_submitted", report))
        or (report.state == Return.State.APPROVED and user.has_perm("return.return_approved", report)),
        "may_correct": report.state == Return.State.ACCEPTED and user.has_perm("correction.request", report),
        "decidable": {row.line.pk for row in sheet.lines if row.pending and user.has_perm("correction.decide", row.pending)},
        "withdrawable": {row.line.pk for row in sheet.lines if row.pending and user.has_perm("correction.withdraw", row.pending)},
        "attachable": {row.line.pk for row in sheet.lines if row.pending and user.has_perm("correction.attach", row.pending)},
        "last_step": sheet.steps[-1] if sheet.steps else None,
        "review": make_review(sheet),
        "missing_choices": MissingReason.choices,
        "qualifier_choices": Qualifier.choices,
        "note_length": actions.NOTE_LENGTH,
        "text_length": actions.TEXT_LENGTH,
        "evidence_types": ",".join(TYPES),
        "evidence_limit": settings.EVIDENCE_MAX_SIZE // 1024 // 1024,
        "evidence_limit_at_once": FILES_AT_ONCE * settings.EVIDENCE_MAX_SIZE // 1024 // 1024,
        **more,
    }


def _may_edit(user: User, report: Return) -> bool:
    return report.is_editable and user.has_perm("return.edit", report)


def _get_report(request: SignedInRequest, round: str, unit: str) -> Return:
    try:
        return get_return(request.user, round, unit)
    except Return.DoesNotExist:
        raise Http404(_("没有这张报表，或者您无权查看。")) from None


@login_required
@require_POST
def save_line(request: SignedInRequest, round: str, unit: str, line: int) -> JsonResponse:
    """Save one cell of the grid as it was typed; answers with what to show in its row."""
    report = _get_report(request, round, unit)
    try:
        row = get_row(report, line)
    except Line.DoesNotExist:
        return JsonResponse({"message": _("没有这一行。")}, status=404)
    seen = request.POST.get("seen", "")
    try:
        changes = _read_changes(request, row)
        actions.save_line(row.line, changes, by=request.user, seen_version=_read_version(seen))
    except (RecordError, NotANumber) as error:
        return _refuse(request, error, report, line)
    return JsonResponse(_show_row(request, report, line))


def _read_version(text: str) -> int | None:
    """The return's version a page was made with. Raises ``RecordError`` for what is none: guessing would hide a conflict."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise RecordError(_("页面版本无法识别，请刷新页面后重试。"))
    return int(text)


def _read_changes(request: SignedInRequest, row: SheetLine) -> dict[str, Any]:
    """What was posted, with a typed amount turned into the stored form."""
    names = {"value", "qualifier", "missing", "note", "problems", "next_steps"} & set(request.POST)
    changes: dict[str, Any] = {name: request.POST[name] for name in names}
    if changes.get("value") and row.entry.is_converted:
        changes["value"] = row.entry.to_stored(parse_number(changes["value"], unit=row.unit))
    return changes


def _refuse(request: SignedInRequest, error: RecordError | NotANumber, report: Return, line: int) -> JsonResponse:
    answer: dict[str, Any] = {"message": str(error)}
    status = getattr(error, "status", 422)
    if status == 412:
        # The loser of a conflict sees what the other person wrote, and chooses.
        answer |= _show_row(request, report, line)
    return JsonResponse(answer, status=status)


def _show_row(request: SignedInRequest, report: Return, line: int) -> dict[str, Any]:
    """A line as it stands now, with the version it was read at."""
    report.refresh_from_db(fields=["version"])
    row = get_row(report, line)
    context = {"row": row, "report": report}
    return {
        "version": report.version,
        "value": row.line.progress or row.set_aside.progress if row.line.kind == "narrative" else plain(row.typed_or_set_aside) or "",
        "missing": row.line.missing,
        "qualifier": row.line.qualifier or row.set_aside.qualifier,
        "note": row.line.note,
        "problems": row.line.problems,
        "next_steps": row.line.next_steps,
        "stored": _say_stored(row),
        "filled": count_filled(report),
        "verdict": render_to_string("indicators/reporting/_verdict.html", context, request) if row.line.kind == "indicator" else "—",
        "findings": render_to_string("indicators/reporting/_findings.html", context, request),
        "other": render_to_string("indicators/reporting/_other.html", context, request),
        "beside": [
            {"line": beside.line.pk, "findings": render_to_string("indicators/reporting/_findings.html", {"row": beside, "report": report}, request)}
            for beside in get_rows_beside(report, row.line)
        ],
    }


def _say_stored(row: SheetLine) -> str:
    """What is stored of a line, in a few words."""
    if row.line.missing:
        return row.line.get_missing_display()
    if row.line.kind == "narrative":
        return Truncator(row.line.progress).chars(40)
    if row.line.kind == "milestone" and row.line.value is not None:
        return _("已完成") if row.line.value == 1 else _("未完成")
    return plain(row.typed) or ""


@login_required
@require_GET
def return_state(request: SignedInRequest, round: str, unit: str) -> JsonResponse:
    """Whether an open page of a return may still save; asked now and then by the page itself."""
    report = _get_report(request, round, unit)
    return JsonResponse({"editable": _may_edit(request.user, report), "message": _say_why_closed(report)})


def _say_why_closed(report: Return) -> str:
    last = report.steps.select_related("by__unit").last()
    if report.is_editable or last is None:
        return ""
    if report.state in Return.EDITABLE:
        return _("批次已锁定，本页不能再保存。")
    return _("这张报表已由%(who)s于%(when)s办理，现在是“%(state)s”，本页不能再保存。") % {
        "who": last.by.stamp,
        "when": date_format(timezone.localtime(last.at), "n月j日 H:i"),
        "state": report.get_state_display(),
    }


Step = Callable[..., Return]
STEPS: dict[str, tuple[Step, Promise]] = {
    "submit": (actions.submit_return, gettext_lazy("已提交，等待本单位审核人审核。")),
    "approve": (actions.approve_return, gettext_lazy("已审核通过，等待科技厅接收。")),
    "return": (actions.send_back_return, gettext_lazy("已退回，填报员会看到您写的理由。")),
    "accept": (actions.accept_return, gettext_lazy("已接收，数值已入库，相关结果正在重算。")),
}


@login_required
@require_http_methods(["GET", "POST"])
def take_step(request: SignedInRequest, round: str, unit: str, verb: str) -> HttpResponse:
    """Submit, approve, send back or accept; a refusal is shown on the page with the right status.

    Asked by GET, submitting shows what would be handed in, or what is in the way.
    """
    report = _get_report(request, round, unit)
    if request.method == "GET":
        if verb != "submit" or not _may_edit(request.user, report):  # the address that a refusal left in the browser
            return redirect("return", round=round, unit=unit)
        return render(request, "indicators/reporting/return.html", _make_context(request, report, get_sheet(report, request.user), check=True))
    step, done = STEPS[verb]
    try:
        step(report, by=request.user, reason=request.POST.get("reason", ""), seen_version=_read_version(request.POST.get("seen", "")))
    except RecordError as error:
        report = _get_report(request, round, unit)
        tried = _say_tried(request, verb, error)
        # What was written to the reviewer stands in the panel that confirms, not in the button before it.
        context = _make_context(request, report, get_sheet(report, request.user), not_ready=isinstance(error, NotReady), check=verb == "submit", **tried)
        return render(request, "indicators/reporting/return.html", context, status=error.status)
    messages.success(request, str(done))
    return redirect("return", round=round, unit=unit)


def _say_tried(request: SignedInRequest, verb: str, error: RecordError, line: Line | None = None) -> dict[str, Any]:
    """What a refused form comes back with: the sentence, which form it was, all that was typed, and the field at fault.

    A browser does not keep the files that were chosen: they are named, to be chosen again.
    """
    of_reason, of_files = isinstance(error, ReasonRequired | TextTooLong), isinstance(error, UploadRefused)
    field = "reason" if of_reason else "files" if of_files else "value" if line and verb == "correct" and error.status == 422 else ""
    name = f"correct-{field}" if verb == "correct" else "attach" if verb == "attach" else "decide" if line else f"reason-{verb}"
    return {
        "error": error.message,
        "error_field": field,
        "error_at": (f"{name}-{line.pk}" if line else name) if field else "",
        "tried": verb,
        "tried_line": line.pk if line else 0,
        "typed": request.POST,
        "dropped": [file.name for file in request.FILES.getlist("files")],
    }


@takes_file(lambda: FILES_AT_ONCE * settings.EVIDENCE_MAX_SIZE)
@login_required
@require_http_methods(["GET", "POST"])
def correct_line(request: SignedInRequest, round: str, unit: str, line: str, verb: str) -> HttpResponse:
    """Ask for a correction of an accepted line, change its files, take it back, or decide one."""
    report = _get_report(request, round, unit)
    if request.method == "GET":
        return redirect("return", round=round, unit=unit)
    row = get_object_or_404(Line, pk=line, report=report)
    try:
        message = _correct(row, verb, request)
    except RecordError as error:
        context = _make_context(request, report, get_sheet(report, request.user), **_say_tried(request, verb, error, row))
        return render(request, "indicators/reporting/return.html", context, status=error.status)
    messages.success(request, message)
    return redirect("return", round=round, unit=unit)


def _correct(line: Line, verb: str, request: SignedInRequest) -> str:
    reason = request.POST.get("reason", "")
    if verb == "correct":
        # The form shows the qualifier of the value in force; with a reason for having none there is nothing it could be of.
        names = ("missing", "value") if request.POST.get("missing") else ("value", "qualifier")
        typed = {name: request.POST.get(name, "") for name in names}
        corrections.request_correction(line, by=request.user, reason=reason, files=request.FILES.getlist("files"), **typed)
        return _("已申请更正；在另一人接收之前，原值继续有效。")
    pending = get_object_or_404(Correction, line=line, state=Correction.State.PENDING)
    if verb == "accept":
        corrections.accept_correction(pending, by=request.user, reason=reason)
        return _("更正已接收，新值已生效，原值仍可查看。")
    if verb == "attach":
        files = request.FILES.getlist("files")
        if not files:
            raise UploadRefused(_("请选择一个文件。"))
        add_evidence(pending, files[0], by=request.user)
        return _("佐证材料已附上。")
    if verb == "detach":
        remove_evidence(_get_file(pending, request.POST.get("evidence", "")), by=request.user)
        return _("佐证材料已移除。")
    if verb == "withdraw":
        corrections.withdraw_correction(pending, by=request.user)
        return _("更正已撤回，原值继续有效。")
    corrections.send_back_correction(pending, by=request.user, reason=reason)
    return _("更正已退回，原值继续有效。")


def _get_file(correction: Correction, key: str) -> Evidence:
    try:
        return correction.evidence.get(pk=key)
    except (Evidence.DoesNotExist, ValidationError):
        raise RecordError(_("这个文件已经移除。")) from None
