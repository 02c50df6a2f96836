"""The ledger of targets: every document's side by side, and where the office says which takes which one's place."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kejiting.accounts.http import SignedInRequest
from kejiting.accounts.models import Area, User

from ..actions.definitions import supersede_target
from ..formatting import format_period
from ..forms.targets import SupersessionForm
from ..queries.targets import Ledger, LedgerRow, get_ledger
from .office import submit
from .pages import read_moment


@login_required
@require_http_methods(["GET", "POST"])
def target_ledger(request: SignedInRequest) -> HttpResponse:
    """All targets of an area; what is posted says that one takes another's place, which happens now whatever moment is shown."""
    moment, problem = read_moment(request)
    search, only = request.GET.get("q", "").strip(), request.GET.get("only", "")
    try:
        ledger = get_ledger(request.user, request.GET.get("area", ""), search=search, only_parallel=only == "parallel", moment=moment)
    except Area.DoesNotExist:
        raise Http404(_("没有这个地区，或者它还没有目标。")) from None
    status, sent = 400 if problem else 200, None
    if request.method == "POST":
        row, sent, status = _supersede(request, ledger)
        if status == 200:
            return redirect(f"{reverse('target-ledger')}?{request.GET.urlencode()}#i-{row.indicator.code}")
    context = {
        "ledger": ledger,
        "forms": _make_forms(request.user, ledger, sent) if moment.is_now else {},
        "search": search,
        "only": only,
        "moment": moment,
        "problem": problem,
    }
    return render(request, "indicators/target_ledger.html", context, status=status)


def _supersede(request: SignedInRequest, ledger: Ledger) -> tuple[LedgerRow, SupersessionForm, int]:
    """Do what the form of one row asks: the row, its form with what is wrong with it, and the status."""
    if not request.user.has_perm("definition.manage"):
        raise PermissionDenied(_("替代关系由主管处室注明。"))
    row = next((row for row in ledger.rows if row.indicator.code == request.POST.get("indicator")), None)
    if row is None or not row.in_force:
        raise Http404(_("没有这个指标的目标，或者您无权查看。"))
    form = SupersessionForm(request.POST, **_get_form_options(row))
    link, status = submit(form, lambda: supersede_target(form.cleaned_data["target"], by=request.user, **_without_target(form.cleaned_data)))
    if link:
        words = {"indicator": row.indicator.name_zh, "period": format_period(link.superseded.period_id), "document": link.target.document}
        messages.success(request, _("已注明：%(indicator)s%(period)s以“%(document)s”为准；完成率和灯色正在重算。") % words)
    return row, form, status


def _without_target(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "target"}


def _get_form_options(row: LedgerRow) -> dict[str, Any]:
    return {"targets": [each.target for each in row.in_force], "auto_id": f"s{row.indicator.pk}_%s"}


def _make_forms(user: User, ledger: Ledger, sent: SupersessionForm | None) -> dict[int, SupersessionForm]:
    """By indicator: the office's form where several documents' targets are in force for one period."""
    if not user.has_perm("definition.manage"):
        return {}
    found = {row.indicator.pk: SupersessionForm(**_get_form_options(row)) for row in ledger.rows if row.parallel}
    return found if sent is None else found | {pk: sent for pk, form in found.items() if form.auto_id == sent.auto_id}
