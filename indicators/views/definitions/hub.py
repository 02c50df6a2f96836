"""The hub, documents and light thresholds."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, paginate

from ...actions import definitions as actions
from ...forms.tasks import DocumentForm, ThresholdForm
from ...models import Document
from ...queries.definitions import find_documents, get_definition_counts, get_threshold_in_force
from ..office import answer_form, defines, get_plan


@defines
@require_GET
def hub(request: SignedInRequest) -> HttpResponse:
    """What there is to define, and how much of each."""
    plan, today = get_plan(), timezone.localdate()
    context = {
        "plan": plan,
        "counts": get_definition_counts(request.user, plan, today),
        "threshold": get_threshold_in_force(plan, today) if plan else None,
    }
    return render(request, "indicators/definitions/hub.html", context)


@defines
@require_GET
def document_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    return render(request, "indicators/definitions/documents.html", {"page": paginate(request, find_documents(search)), "search": search})


@defines
@require_http_methods(["GET", "POST"])
def document_add(request: SignedInRequest) -> HttpResponse:
    form = DocumentForm(request.POST or None)
    return answer_form(
        request,
        form,
        lambda: actions.add_document(by=request.user, **form.changed_values()),
        done=lambda document: _("已添加文件“%(document)s”。") % {"document": document},
        to=lambda document: reverse("definition-document-list"),
        title=_("添加文件"),
        back=("definition-document-list", _("文件")),
    )


@defines
@require_http_methods(["GET", "POST"])
def document_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    document = get_object_or_404(Document, pk=pk)
    form = DocumentForm(request.POST or None, instance=document)
    return answer_form(
        request,
        form,
        lambda: actions.edit_document(document, by=request.user, **form.changed_values()),
        done=lambda saved: _("已保存文件“%(document)s”。") % {"document": saved},
        to=lambda saved: reverse("definition-document-list"),
        title=document.title,
        thing=document,
        removable="document",
        back=("definition-document-list", _("文件")),
    )


@defines
@require_http_methods(["GET", "POST"])
def thresholds(request: SignedInRequest) -> HttpResponse:
    """The plan's thresholds over time, and a form for the next ones."""
    plan, today = get_plan(), timezone.localdate()
    if plan is None:
        return render(request, "indicators/definitions/no_plan.html")
    now = get_threshold_in_force(plan, today)
    initial = {name: getattr(now, name) for name in ("green", "red", "due_soon_days")} if now else {"green": -5, "red": -15, "due_soon_days": 30}
    form = ThresholdForm(request.POST or None, initial=initial | {"starts_on": today})
    return answer_form(
        request,
        form,
        lambda: actions.set_threshold(by=request.user, plan=plan, **form.cleaned_data),
        done=lambda row: _("新的亮灯阈值自 %(day)s 起用，相关灯色正在重算。") % {"day": row.valid.lower.isoformat()},
        to=lambda row: reverse("definition-thresholds"),
        template="indicators/definitions/thresholds.html",
        plan=plan,
        now=now,
        rows=plan.light_thresholds.order_by("-valid"),
    )
