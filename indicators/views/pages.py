"""Pages of the record: plans and tasks, indicators, and where a figure comes from."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kejiting.accounts.http import SignedInRequest
from kejiting.accounts.models import Area, User

from ..charts import build_indicator_chart
from ..errors import RecordError
from ..models import Indicator, Plan
from ..outlook import make_outlook
from ..queries.definitions import get_target
from ..queries.indicators import get_indicator, get_indicators
from ..queries.moments import NOW, Moment, NotRecordedYet, parse_moment
from ..queries.provenance import get_count_origin, get_observation_origin, get_result_origin
from ..queries.rules import get_rule_origin
from ..queries.tasks import get_task, get_tasks


def read_moment(request: SignedInRequest) -> tuple[Moment, str]:
    """The moment a page was asked for, or now and the sentence that says what was wrong with it."""
    try:
        return parse_moment(request.GET.get("as_of"), request.GET.get("known_on")), ""
    except RecordError as error:
        return NOW, error.message


@login_required
@require_GET
def task_list(request: SignedInRequest) -> HttpResponse:
    """The current plan's tasks."""
    plan = Plan.objects.select_related("document").filter(is_current=True).first()
    if plan is None:
        raise Http404(_("还没有现行规划。"))
    return _show_plan(request, plan)


@login_required
@require_GET
def plan_page(request: SignedInRequest, plan: str) -> HttpResponse:
    """One plan and its tasks."""
    return _show_plan(request, get_object_or_404(Plan.objects.select_related("document"), code=plan))


def _show_plan(request: SignedInRequest, plan: Plan) -> HttpResponse:
    moment, problem = read_moment(request)
    search, light = request.GET.get("q", ""), request.GET.get("light", "")
    tasks = get_tasks(request.user, plan, moment, search=search)
    order = request.GET.get("order", "")
    context = {
        "plan": plan,
        "plans": Plan.objects.all(),
        "aspects": tasks.group(tasks.pick(light)),
        "rows": tasks.pick(light, worst_first=order == "worst"),
        "counts": tasks.count_lights(),
        "search": search,
        "light": light,
        "order": order,
        "moment": moment,
        "problem": problem,
    }
    return render(request, "indicators/plan.html", context, status=400 if problem else 200)


@login_required
@require_GET
def task_page(request: SignedInRequest, plan: str, number: int) -> HttpResponse:
    """One task: its light and what it is made of."""
    moment, problem = read_moment(request)
    try:
        page, moment, missing = _at_or_now(lambda at: get_task(request.user, plan, number, at), moment)
    except ObjectDoesNotExist:
        raise Http404(_("没有这项任务，或者您无权查看。")) from None
    context = {"page": page, "moment": moment, "problem": problem or missing}
    return render(request, "indicators/task.html", context, status=404 if missing else 400 if problem else 200)


Page = TypeVar("Page")


def _at_or_now(get_page: Callable[[Moment], Page], moment: Moment) -> tuple[Page, Moment, str]:
    """The page of a thing at a moment; where it had not entered the record by then the page of now, and the sentence that says so."""
    try:
        return get_page(moment), moment, ""
    except NotRecordedYet as error:
        return get_page(NOW), NOW, _("%(sentence)s下面是现在的情况。") % {"sentence": error.message}


@login_required
@require_GET
def indicator_list(request: SignedInRequest) -> HttpResponse:
    """All indicators with their newest value at home."""
    moment, problem = read_moment(request)
    search, origin = request.GET.get("q", ""), request.GET.get("origin", "")
    rows = get_indicators(request.user, search=search, origin=origin if origin in Indicator.Origin.values else "", moment=moment)
    context = {
        "rows": [row for row in rows if row.observation],
        "without": [row for row in rows if not row.observation],
        "search": search,
        "origin": origin,
        "origins": Indicator.Origin.choices,
        "moment": moment,
        "problem": problem,
    }
    return render(request, "indicators/indicator_list.html", context, status=400 if problem else 200)


@login_required
@require_GET
def indicator_page(request: SignedInRequest, code: str) -> HttpResponse:
    """One indicator for an area: trend, targets, vintages, definition."""
    moment, problem = read_moment(request)
    try:
        page, moment, missing = _at_or_now(lambda at: get_indicator(request.user, code, request.GET.get("area", ""), at), moment)
    except (Indicator.DoesNotExist, Area.DoesNotExist):
        raise Http404(_("没有这个指标或地区，或者您无权查看。")) from None
    context = {"page": page, "chart": build_indicator_chart(page), "outlook": make_outlook(page), "moment": moment, "problem": problem or missing}
    return render(request, "indicators/indicator.html", context, status=404 if missing else 400 if problem else 200)


ORIGINS: dict[str, Callable[[User, int, Moment], object]] = {
    "observation": get_observation_origin,
    "result": get_result_origin,
    "count": get_count_origin,
    # What was set is what it is, at any moment.
    "target": lambda user, key, _moment: get_target(user, key),
    "rule": lambda user, key, _moment: get_rule_origin(user, key),
}


@login_required
@require_GET
def provenance(request: SignedInRequest, kind: str, key: str) -> HttpResponse:
    """The chain behind one figure."""
    # A key of 19 digits or more fits no id and would be an error of the database.
    if kind not in ORIGINS or not key.isdecimal() or len(key) > 18:
        raise Http404(_("没有这个数值，或者您无权查看。"))
    moment, problem = read_moment(request)
    try:
        origin = ORIGINS[kind](request.user, int(key), moment)
    except ObjectDoesNotExist:
        raise Http404(_("没有这个数值，或者您无权查看。")) from None
    context = {"origin": origin, "moment": moment, "problem": problem}
    return render(request, f"indicators/provenance_{kind}.html", context, status=400 if problem else 200)
