"""Statistics from a file, in two steps: what it would do, then doing it. Between them the file waits in the database."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, takes_file
from kejiting.accounts.models import Area

from ...actions import statistics_upload as actions
from ...actions.statistics_import import KIND
from ...errors import RecordError
from ...forms.statistics import StatisticsFileForm, read_choices
from ...imports.published.plan import CREATE, SKIP
from ...imports.published.sheet import LARGEST_TEXT, check_file, make_template
from ...models import ImportBatch, Indicator, StatisticsUpload
from ..office import office_only, submit

imports = office_only("statistics.import")
State = StatisticsUpload.State
RECENT = 20


@imports
@require_GET
def template(request: SignedInRequest) -> HttpResponse:
    """A long table with nothing but its header."""
    response = HttpResponse(make_template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = "attachment; filename=statistics-template.csv"
    return response


@takes_file(lambda: LARGEST_TEXT)
@imports
@require_http_methods(["GET", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    """Take a file; and what was imported lately."""
    form, status = StatisticsFileForm(request.POST or None, request.FILES or None), 200
    if request.method == "POST":
        received, status = submit(form, lambda: _receive(request, form))
        if received is not None:
            return redirect("definition-statistics-file", received.pk)
    context = {
        "form": form,
        "waiting": StatisticsUpload.objects.filter(uploaded_by=request.user).exclude(state=State.DONE).defer("content"),
        "batches": ImportBatch.objects.filter(kind=KIND).select_related("document", "imported_by__unit")[:RECENT],
    }
    return render(request, "indicators/definitions/statistics.html", context, status=status)


def _receive(request: SignedInRequest, form: StatisticsFileForm) -> StatisticsUpload:
    said, file = form.cleaned_data, form.upload
    name = file.name or ""
    check_file(name, file.size or 0)
    return actions.receive_statistics(by=request.user, name=name, content=file.read(), source=said["source"], published_on=said["published_on"])


@imports
@require_http_methods(["GET", "POST"])
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """What one file would do, and the buttons that choose, confirm or leave it."""
    waiting = get_object_or_404(StatisticsUpload.objects.defer("content"), pk=pk, uploaded_by=request.user)
    error, status = waiting.error, 200
    if request.method == "POST":
        try:
            return _act(request, waiting)
        except RecordError as refusal:
            error, status = refusal.message, refusal.status
            waiting.refresh_from_db()
    context = {
        "upload": waiting,
        "p": waiting.preview,
        "error": error,
        "areas": Area.objects.order_by("code"),
        "officials": Indicator.objects.visible_to(request.user).filter(origin=Indicator.Origin.OFFICIAL).order_by("name_zh"),
        "accumulations": Indicator.Accumulation.choices,
        "directions": Indicator.Direction.choices,
        "skip": SKIP,
        "create": CREATE,
    }
    return render(request, "indicators/definitions/statistics_preview.html", context, status=status)


def _act(request: SignedInRequest, waiting: StatisticsUpload) -> HttpResponse:
    verb = request.POST.get("verb")
    if verb == "forget":
        actions.forget(waiting, by=request.user)
        messages.success(request, _("已放弃“%(name)s”，没有导入。") % {"name": waiting.name})
        return redirect("definition-statistics")
    chosen = read_choices(request.POST, actions.get_choices(waiting))
    changed = waiting.state == State.READY and chosen != actions.get_choices(waiting)
    if changed:
        waiting = actions.choose(waiting, chosen, by=request.user)
    if verb == "confirm" and not changed:
        waiting = actions.confirm(waiting, by=request.user, fingerprint=request.POST.get("fingerprint", ""))
    elif verb == "confirm":
        messages.warning(request, _("选择有变动，请核对新的预览后再确认。"))
    return redirect("definition-statistics-file", waiting.pk)
