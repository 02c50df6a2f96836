"""Pages of platforms, consortia and organisations."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kejiting.accounts.http import SignedInRequest, paginate

from .models import PlatformStatus
from .queries import (
    get_consortia,
    get_consortium,
    get_counts,
    get_kinds,
    get_organisation,
    get_organisations,
    get_platform,
    get_platforms,
)


def get_or_404(read: Any, request: SignedInRequest, code: str) -> Any:
    """A record by its code; none and one that may not be seen are answered alike."""
    try:
        return read(request.user, code)
    except ObjectDoesNotExist:
        raise Http404(_("没有这条记录，或者您无权查看。")) from None


@login_required
@require_GET
def platform_list(request: SignedInRequest) -> HttpResponse:
    search, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    context = {
        "page": paginate(request, get_platforms(request.user, search=search, kind=kind)),
        "search": search,
        "kind": kind,
        "kinds": get_kinds(),
        "counts": get_counts(request.user, "platforms."),
        "statuses": _statuses(),
    }
    return render(request, "platforms/platform_list.html", context)


def _statuses() -> dict[str, str]:
    return {code: str(name) for code, name in PlatformStatus.Status.choices}


@login_required
@require_GET
def platform_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "platforms/platform.html", {"platform": get_or_404(get_platform, request, code)})


@login_required
@require_GET
def consortium_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "")
    page = paginate(request, get_consortia(request.user, search=search))
    return render(request, "platforms/consortium_list.html", {"page": page, "search": search, "counts": get_counts(request.user, "consortia.")})


@login_required
@require_GET
def consortium_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "platforms/consortium.html", {"consortium": get_or_404(get_consortium, request, code)})


@login_required
@require_GET
def organisation_list(request: SignedInRequest) -> HttpResponse:
    search = request.GET.get("q", "")
    page = paginate(request, get_organisations(request.user, search=search))
    return render(request, "platforms/organisation_list.html", {"page": page, "search": search})


@login_required
@require_GET
def organisation_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "platforms/organisation.html", {"organisation": get_or_404(get_organisation, request, code)})
