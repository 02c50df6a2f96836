"""The index: what would be if, and where an area's estimate comes from. The index's own page is the dashboard's."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kejiting.accounts.http import SignedInRequest

from ..queries.index_origin import NoEstimate, get_index_origin
from ..queries.what_if import get_what_if
from .pages import read_moment


@login_required
@require_GET
def what_if(request: SignedInRequest) -> HttpResponse:
    """The dials and what comes of them; with ``?fragment`` only the latter, which an open page fetches as somebody types."""
    typed = {name: request.GET[name] for name in request.GET if "." in name}
    asked = {name: request.GET.get(name, "") for name in ("framework", "year", "area")}
    context: dict[str, Any] = {"page": get_what_if(request.user, typed=typed, **asked)}
    template = "indicators/index/_what_if.html" if "fragment" in request.GET else "indicators/index/what_if.html"
    return render(request, template, context)


@login_required
@require_GET
def origin(request: SignedInRequest, framework: str, year: str, area: str) -> HttpResponse:
    """One area's estimate in a year, down to the figures."""
    moment, problem = read_moment(request)
    try:
        found = get_index_origin(request.user, framework, year, area, moment)
    except NoEstimate:
        raise Http404(_("没有这个测算，或者您无权查看。")) from None
    context = {"origin": found, "moment": moment, "problem": problem}
    return render(request, "indicators/index/origin.html", context, status=400 if problem else 200)
