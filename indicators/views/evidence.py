"""The files of a return: attach one to a line, open one, take one of a line away."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kejiting.accounts.http import SignedInRequest, takes_file

from ..actions import evidence as actions
from ..errors import RecordError
from ..evidence_files import FileDamaged, open_whole
from ..models import Evidence, Line, Return
from ..queries.returns import get_return


@takes_file(lambda: settings.EVIDENCE_MAX_SIZE)
@login_required
@require_POST
def attach(request: SignedInRequest, round: str, unit: str, line: int) -> JsonResponse:
    row = get_object_or_404(Line.objects.select_related("report__unit", "report__round"), pk=line, report=_get_report(request, round, unit))
    file = request.FILES.get("file")
    try:
        if file is None:
            raise RecordError(_("请选择一个文件。"))
        actions.add_evidence(row, file, by=request.user, title=request.POST.get("title", ""))
    except RecordError as error:
        return JsonResponse({"message": error.message}, status=error.status)
    return _show(request, row)


@login_required
@require_POST
def remove(request: SignedInRequest, round: str, unit: str, key: UUID) -> JsonResponse:
    """Of a line, for the grid; a correction's files are changed by the forms of its page."""
    found = _get_evidence(request, round, unit, key)
    row = found.line
    if row is None:
        raise Http404(_("没有这份材料，或者您无权查看。"))
    try:
        actions.remove_evidence(found, by=request.user)
    except RecordError as error:
        return JsonResponse({"message": error.message}, status=error.status)
    return _show(request, row)


@login_required
@require_GET
def download(request: SignedInRequest, round: str, unit: str, key: UUID) -> HttpResponse | FileResponse:
    """The file as it was stored, to save and not to show: nothing in it runs with this site's rights."""
    found = _get_evidence(request, round, unit, key)
    try:
        file = open_whole(found.pk, found.sha256)
    except FileDamaged:
        return HttpResponse(_("文件已损坏或丢失，校验值与上传时不符，请联系管理员。"), status=500, content_type="text/plain; charset=utf-8")
    response = FileResponse(file, as_attachment=True, filename=found.name, content_type=found.content_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _get_report(request: SignedInRequest, round: str, unit: str) -> Return:
    try:
        return get_return(request.user, round, unit)
    except Return.DoesNotExist:
        raise Http404(_("没有这张报表，或者您无权查看。")) from None


def _get_evidence(request: SignedInRequest, round: str, unit: str, key: UUID) -> Evidence:
    rows = Evidence.objects.visible_to(request.user).select_related("line__report__unit", "line__report__round")
    of_line = Q(line__report__round__code=round, line__report__unit__code=unit)
    of_correction = Q(correction__line__report__round__code=round, correction__line__report__unit__code=unit)
    found = rows.filter(of_line | of_correction, pk=key).first()
    if found is None:
        raise Http404(_("没有这份材料，或者您无权查看。"))
    return found


def _show(request: SignedInRequest, line: Line) -> JsonResponse:
    """The line's files as they are now, for the grid."""
    files = list(Evidence.objects.visible_to(request.user).filter(line=line).select_related("uploaded_by__unit"))
    html = render_to_string("indicators/reporting/_evidence.html", {"files": files, "report": line.report, "may_edit": True}, request)
    return JsonResponse({"evidence": html, "count": len(files)})
