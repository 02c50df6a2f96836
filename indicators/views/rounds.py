"""Reporting rounds, for the office: open the next, see who is late, lock, open again, move the due date."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kejiting.accounts.http import SignedInRequest, paginate

from ..actions import rounds as actions
from ..errors import RecordError
from ..formatting import format_period
from ..forms.assignments import MoveDueForm, OpenRoundForm, UnlockForm
from ..models import Period, Round
from ..periods import parse_label
from ..queries.failing import get_failing
from ..queries.owed import get_unassigned
from ..queries.rounds import foresee_round, get_history, get_progress, get_round, get_rounds, propose_next_round
from .office import AnyForm, answer_form, get_plan, manages_rounds, submit


@manages_rounds
@require_GET
def round_list(request: SignedInRequest) -> HttpResponse:
    plan, now = get_plan(), timezone.now()
    proposed = propose_next_round(plan, now) if plan else None
    context = {"page": paginate(request, get_rounds()), "proposed": proposed, "plan": plan, "now": now, "failing": get_failing()}
    return render(request, "indicators/rounds/list.html", context)


@manages_rounds
@require_http_methods(["GET", "POST"])
def round_open(request: SignedInRequest) -> HttpResponse:
    """Open a round; the one after the latest is proposed, with what it would ask of whom."""
    plan = get_plan()
    if plan is None:
        return render(request, "indicators/definitions/no_plan.html")
    proposed = propose_next_round(plan, timezone.now())
    initial = {"period": proposed.label, "opens_at": proposed.opens_at, "due_at": proposed.due_at, "grace_days": proposed.grace_days}
    form = OpenRoundForm(request.POST or None, initial=initial, plan=plan, proposed=proposed.label)

    def act() -> Round:
        said = form.cleaned_data
        return actions.open_round(by=request.user, plan=plan, **(said | {"period": Period.objects.get_or_add(said["period"])}))

    span = parse_label(form.get_period() or proposed.label)
    return answer_form(
        request,
        form,
        act,
        done=lambda opened: _("已开放%(period)s的批次：%(n)s 个单位需要填报。") % {"period": _say(opened), "n": opened.returns.count()},
        to=_round_url,
        template="indicators/rounds/open.html",
        proposed=proposed,
        plan=plan,
        span=span,
        asks=foresee_round(request.user, plan, span),
    )


def _say(opened: Round) -> str:
    return format_period(opened.period_id)


def _round_url(opened: Round) -> str:
    return reverse("round", args=[opened.code])


def _get_round(code: str) -> Round:
    try:
        return get_round(code)
    except Round.DoesNotExist:
        raise Http404(_("没有这个填报批次。")) from None


@manages_rounds
@require_GET
def round_page(request: SignedInRequest, round: str) -> HttpResponse:
    """Each unit's return, the late ones first; what nobody reports; who did what to the round."""
    return _show(request, _get_round(round))


def _show(request: SignedInRequest, opened: Round, *, status: int = 200, **forms: AnyForm) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "round": opened,
        "progress": get_progress(opened, now),
        "unassigned": get_unassigned(request.user, opened.plan, opened.period.span, is_demo=opened.is_demo),
        "history": get_history(opened),
        "unlock_form": UnlockForm(auto_id="unlock_%s"),
        "due_form": MoveDueForm(auto_id="due_%s", opened=opened, initial={"due_at": opened.due_at}),
        "failed": next(iter(forms.values()), None),
        "now": now,
        **forms,
    }
    return render(request, "indicators/rounds/round.html", context, status=status)


@manages_rounds
@require_http_methods(["GET", "POST"])
def round_lock(request: SignedInRequest, round: str) -> HttpResponse:
    """What a lock would leave unreported; then, on the button, the lock."""
    opened = _get_round(round)
    if request.method == "GET":
        context = {"round": opened, "progress": get_progress(opened, timezone.now())}
        return redirect(_round_url(opened)) if opened.is_locked else render(request, "indicators/rounds/lock.html", context)
    try:
        actions.lock_round(opened, by=request.user)
        messages.success(request, _("%(period)s的批次已锁定：不再接受填写和提交，已提交的仍可审核、接收。") % {"period": _say(opened)})
    except RecordError as error:
        messages.error(request, error.message)
    return redirect(_round_url(opened))


@manages_rounds
@require_http_methods(["GET", "POST"])
def round_unlock(request: SignedInRequest, round: str) -> HttpResponse:
    opened, form = _get_round(round), UnlockForm(request.POST, auto_id="unlock_%s")
    done = _("%(period)s的批次已重新开放。") % {"period": _say(opened)}
    return _answer(request, opened, form, lambda: actions.unlock_round(opened, by=request.user, **form.cleaned_data), done, "unlock_form")


@manages_rounds
@require_http_methods(["GET", "POST"])
def round_due(request: SignedInRequest, round: str) -> HttpResponse:
    opened = _get_round(round)
    form = MoveDueForm(request.POST, auto_id="due_%s", opened=opened)
    done = _("截止时间已调整，原因记入审计。")
    return _answer(request, opened, form, lambda: actions.move_due_date(opened, by=request.user, **form.cleaned_data), done, "due_form")


def _answer(request: SignedInRequest, opened: Round, form: AnyForm, act: Callable[[], Round], done: str, name: str) -> HttpResponse:
    if request.method == "GET":  # the address of a form that was refused, opened again
        return redirect(_round_url(opened))
    result, status = submit(form, act)
    if result is None:
        return _show(request, opened, status=status, **{name: form})
    messages.success(request, done)
    return redirect(_round_url(opened))
