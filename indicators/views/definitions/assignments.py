"""Who reports what, from when to when."""

from typing import Any

from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, paginate

from ...actions import definitions as actions
from ...actions.definitions.assignments import say_span
from ...forms.assignments import KINDS, AssignmentForm, EndAssignmentForm
from ...models import Assignment, Indicator, Milestone, Task
from ...queries.definitions import find_assignments
from ..office import answer_form, defines


@defines
@require_GET
def assignment_list(request: SignedInRequest) -> HttpResponse:
    """Who reports what, today; with ``?all=1`` also what ended or is to begin."""
    search, every = request.GET.get("q", "").strip(), request.GET.get("all") == "1"
    page = paginate(request, find_assignments(request.user, search, on=None if every else timezone.localdate()))
    context = {"page": page, "search": search, "every": every, "kinds": KINDS.items()}
    return render(request, "indicators/definitions/assignments.html", context)


@defines
@require_http_methods(["GET", "POST"])
def assignment_add(request: SignedInRequest, kind: str) -> HttpResponse:
    """Assign one thing of a kind; ``?indicator=``, ``?milestone=`` or ``?task=`` chooses it, and one goes on to where it is defined."""
    if kind not in KINDS:
        raise Http404
    chosen = _get_chosen(request, kind)
    form = AssignmentForm(request.POST or None, kind=kind, user=request.user, initial={"starts_on": timezone.localdate().replace(month=1, day=1)} | chosen)
    return answer_form(
        request,
        form,
        lambda: actions.assign(by=request.user, **form.get_values()),
        done=lambda row: _("已分工：%(unit)s，%(span)s。") % {"unit": row.unit, "span": say_span(row)},
        to=_subject_url if chosen else lambda row: reverse("definition-assignment-list"),
        title=_("新增分工：%(kind)s") % {"kind": KINDS[kind]},
        intro=_("填报批次已开放而单位报表仍为草稿的，会立即加上这一行。"),
        back=("definition-assignment-list", _("分工")),
    )


def _get_chosen(request: SignedInRequest, kind: str) -> dict[str, Any]:
    """What the address chooses, as the form's initial values; nothing for what is not there or may not be seen."""
    pk = request.GET.get("milestone" if kind == "milestone" else "task", "")
    found: Model | None = None
    if kind == "indicator":
        found = Indicator.objects.visible_to(request.user).filter(code=request.GET.get("indicator", "")).first()
    elif pk.isascii() and pk.isdecimal() and len(pk) < 10:
        tasks = Task.objects.visible_to(request.user)
        found = Milestone.objects.filter(task__in=tasks, pk=pk).first() if kind == "milestone" else tasks.filter(pk=pk).first()
    return {"task" if kind == "narrative" else kind: found.pk} if found else {}


def _subject_url(row: Assignment) -> str:
    if row.indicator:
        return reverse("definition-indicator", args=[row.indicator.code])
    return reverse("definition-task", args=[row.milestone.task_id if row.milestone else row.task_id])


@defines
@require_http_methods(["GET", "POST"])
def assignment_end(request: SignedInRequest, pk: int) -> HttpResponse:
    rows = Assignment.objects.select_related("unit", "indicator", "milestone", "task")
    row = get_object_or_404(rows, pk=pk)
    form = EndAssignmentForm(request.POST or None, initial={"last_day": timezone.localdate()})
    subject = row.indicator or row.milestone or row.task
    return answer_form(
        request,
        form,
        lambda: actions.end_assignment(row, by=request.user, **form.cleaned_data),
        done=lambda ended: _("%(unit)s的这项分工：%(span)s。") % {"unit": ended.unit, "span": say_span(ended)},
        to=lambda ended: reverse("definition-assignment-list"),
        title=_("结束分工：%(unit)s · %(subject)s") % {"unit": row.unit, "subject": subject},
        intro=_("现行：%(span)s。") % {"span": say_span(row)},
        thing=row,
        back=("definition-assignment-list", _("分工")),
    )
