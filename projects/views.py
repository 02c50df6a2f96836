"""Pages of projects and outcomes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from indicators.formatting import are_large
from kejiting.accounts.http import SignedInRequest, paginate
from platforms.views import get_or_404

from .models import Outcome
from .queries import get_outcome, get_outcomes, get_programmes, get_project, get_projects


@login_required
@require_GET
def project_list(request: SignedInRequest) -> HttpResponse:
    search, programme = request.GET.get("q", ""), request.GET.get("programme", "")
    page = paginate(request, get_projects(request.user, search=search, programme=programme))
    context = {"page": page, "search": search, "programme": programme, "programmes": get_programmes(), "large": are_large(row.budget for row in page)}
    return render(request, "projects/project_list.html", context)


@login_required
@require_GET
def project_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "projects/project.html", {"project": get_or_404(get_project, request, code)})


@login_required
@require_GET
def outcome_list(request: SignedInRequest) -> HttpResponse:
    search, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    page = paginate(request, get_outcomes(request.user, search=search, kind=kind if kind in Outcome.Kind.values else ""))
    return render(request, "projects/outcome_list.html", {"page": page, "search": search, "kind": kind, "kinds": Outcome.Kind.choices})


@login_required
@require_GET
def outcome_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "projects/outcome.html", {"outcome": get_or_404(get_outcome, request, code)})
