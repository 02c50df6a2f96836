"""Indicators and their definitions."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, paginate

from ...actions import definitions as actions
from ...forms.indicators import IndicatorForm
from ...formulas import read_formula
from ...models import Indicator
from ...queries.definitions import find_indicators, get_assignments_of
from ...queries.formula_preview import FormulaPreview, preview_formula
from ..office import answer_form, defines, make_form


@defines
@require_GET
def indicator_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()
    context = {"page": paginate(request, find_indicators(request.user, search)), "search": search}
    return render(request, "indicators/definitions/indicators.html", context)


@defines
@require_http_methods(["GET", "POST"])
def indicator_add(request: SignedInRequest) -> HttpResponse:
    form = make_form(request, IndicatorForm, user=request.user)
    return answer_form(
        request,
        form,
        lambda: actions.add_indicator(by=request.user, **form.changed_values()),
        done=lambda indicator: _("已添加指标“%(indicator)s”（%(code)s）。接着可以设定目标，和由谁填报。") % {"indicator": indicator, "code": indicator.code},
        to=lambda indicator: reverse("definition-indicator", args=[indicator.code]),
        title=_("添加指标"),
        preview=SimpleLazyObject(lambda: _preview(request, Indicator())),
        back=("definition-indicator-list", _("指标")),
    )


@defines
@require_http_methods(["GET", "POST"])
def indicator_edit(request: SignedInRequest, code: str) -> HttpResponse:
    rows = Indicator.objects.visible_to(request.user).select_related("current_definition__document")
    indicator = get_object_or_404(rows, code=code)
    before = indicator.current_definition_id
    form = make_form(request, IndicatorForm, instance=indicator, user=request.user)

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
        assignments=get_assignments_of(indicator),
        preview=SimpleLazyObject(lambda: _preview(request, rows.get(pk=indicator.pk))),
        back=("definition-indicator-list", _("指标")),
    )


def _preview(request: SignedInRequest, indicator: Indicator) -> FormulaPreview | None:
    """What the formula that was typed would make of the indicator, whose fields count as typed too."""
    text = read_formula(request.POST.get("formula", ""))
    if not text.strip():
        return None
    indicator.code = indicator.code or request.POST.get("code", "").strip()
    for name in ("frequency", "area_level", "unit_of_measure"):
        setattr(indicator, name, request.POST.get(name, getattr(indicator, name)))
    return preview_formula(request.user, indicator, text)
