"""Indicators and their definitions, targets, assignments."""

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
from ...forms.indicators import IndicatorForm
from ...forms.targets import SupersedeForm, TargetForm
from ...models import Assignment, Indicator, Period, Target
from ...queries.definitions import find_assignments, find_indicators, find_targets, get_target
from ..office import answer_form, defines


@defines
@require_GET
def indicator_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    context = {"page": paginate(request, find_indicators(request.user, search)), "search": search}
    return render(request, "indicators/definitions/indicators.html", context)


@defines
@require_http_methods(["GET", "POST"])
def indicator_add(request: SignedInRequest) -> HttpResponse:
    form = IndicatorForm(request.POST or None, user=request.user)
    return answer_form(
        request,
        form,
        lambda: actions.add_indicator(by=request.user, **form.changed_values()),
        done=lambda indicator: _("已添加指标“%(indicator)s”（%(code)s）。") % {"indicator": indicator, "code": indicator.code},
        to=lambda indicator: reverse("definition-indicator", args=[indicator.code]),
        title=_("添加指标"),
        back=("definition-indicator-list", _("指标")),
    )


@defines
@require_http_methods(["GET", "POST"])
def indicator_edit(request: SignedInRequest, code: str) -> HttpResponse:
    rows = Indicator.objects.visible_to(request.user).select_related("current_definition__document")
    indicator = get_object_or_404(rows, code=code)
    before = indicator.current_definition_id
    form = IndicatorForm(request.POST or None, instance=indicator, user=request.user)

    def say_done(saved: Indicator) -> str:
        if saved.current_definition and saved.current_definition_id != before:
            return _("已保存，定义更新为第 %(n)s 版；此前的数值仍按当时的定义。") % {"n": saved.current_definition.version}
        return _("已保存指标“%(indicator)s”。") % {"indicator": saved}

    return answer_form(
        request,
        form,
        lambda: actions.edit_indicator(indicator, by=request.user, **form.changed_values()),
        done=say_done,
        to=lambda saved: reverse("definition-indicator", args=[saved.code]),
        template="indicators/definitions/indicator.html",
        indicator=rows.get(pk=indicator.pk),
        versions=indicator.definitions.select_related("document").order_by("-version"),
        has_observations=indicator.observations.exists(),
        back=("definition-indicator-list", _("指标")),
    )


# -- targets -------------------------------------------------------------------------------------


@defines
@require_GET
def target_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    context = {"page": paginate(request, find_targets(request.user, search)), "search": search}
    return render(request, "indicators/definitions/targets.html", context)


@defines
@require_http_methods(["GET", "POST"])
def target_add(request: SignedInRequest) -> HttpResponse:
    code = request.GET.get("indicator")
    chosen = Indicator.objects.visible_to(request.user).filter(code=code).first() if code else None
    form = TargetForm(request.POST or None, user=request.user, initial={"indicator": chosen.pk} if chosen else None)

    def act() -> Target:
        said, add = form.cleaned_data, Period.objects.get_or_add
        return actions.set_target(
            by=request.user,
            document=form.get_document(),
            indicator=said["indicator"],
            area=said["area"],
            period=add(said["period"]),
            baseline_period=add(said["baseline_period"]) if said["baseline_period"] else None,
            **form.get_values(),
        )

    return answer_form(
        request,
        form,
        act,
        done=lambda target: _("已设定目标：%(indicator)s，%(period)s。完成率和灯色正在重算。") % {"indicator": target.indicator, "period": target.period},
        to=lambda target: reverse("definition-target", args=[target.pk]),
        title=_("设定目标"),
        intro=_("目标一经设定不作修改；需要调整时，以新的文件另设目标，再注明替代关系。"),
        back=("definition-target-list", _("目标")),
    )


@defines
@require_http_methods(["GET", "POST"])
def target_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One target as it was set, and a form to say that it takes another's place."""
    try:
        target = get_target(request.user, pk)
    except Target.DoesNotExist:
        raise Http404(_("没有这个目标，或者您无权查看。")) from None
    form = SupersedeForm(request.POST or None, target=target)
    return answer_form(
        request,
        form,
        lambda: actions.supersede_target(target, by=request.user, **form.cleaned_data),
        done=lambda link: _("已注明：本目标替代“%(document)s”的目标。") % {"document": link.superseded.document},
        to=lambda link: reverse("definition-target", args=[target.pk]),
        template="indicators/definitions/target.html",
        target=target,
        replaceable=form.has_choices,
    )


# -- assignments ---------------------------------------------------------------------------------


@defines
@require_GET
def assignment_list(request: SignedInRequest) -> HttpResponse:
    """Who reports what, today; with ``?all=1`` also what ended or is to begin."""
    search, every = request.GET.get("q", "").strip(), request.GET.get("all") == "1"
    page = paginate(request, find_assignments(request.user, search, on=None if every else timezone.localdate()))
    rows = [(row, say_span(row)) for row in page]
    context = {"page": page, "rows": rows, "search": search, "every": every, "kinds": KINDS.items()}
    return render(request, "indicators/definitions/assignments.html", context)


@defines
@require_http_methods(["GET", "POST"])
def assignment_add(request: SignedInRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    form = AssignmentForm(request.POST or None, kind=kind, user=request.user, initial={"starts_on": timezone.localdate().replace(month=1, day=1)})
    return answer_form(
        request,
        form,
        lambda: actions.assign(by=request.user, **form.get_values()),
        done=lambda row: _("已分工：%(unit)s，%(span)s。") % {"unit": row.unit, "span": say_span(row)},
        to=lambda row: reverse("definition-assignment-list"),
        title=_("新增分工：%(kind)s") % {"kind": KINDS[kind]},
        intro=_("填报批次已开放而单位报表仍为草稿的，会立即加上这一行。"),
        back=("definition-assignment-list", _("分工")),
    )


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
