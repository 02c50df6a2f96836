"""Targets, and one taking another's place."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, paginate

from ...actions import definitions as actions
from ...formatting import format_period
from ...forms.targets import SupersedeForm, TargetForm
from ...models import Indicator, Period, Target
from ...queries.definitions import find_targets, get_target
from ..office import answer_form, defines


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
        done=lambda target: _("已设定目标：%(indicator)s，%(period)s。完成率和灯色正在重算。") % {"indicator": target.indicator, "period": format_period(target.period_id)},
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
