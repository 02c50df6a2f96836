"""Pages of projects and outcomes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from kejiting.accounts.http import SignedInRequest
from platforms.views import get_or_404, paginate

from .models import Outcome
from .queries import get_outcome, get_outcomes, get_programmes, get_project, get_projects


@login_required
@require_GET
def project_list(request: SignedInRequest) -> HttpResponse:
    programme = request.GET.get("programme", "")
    rows = get_projects(request.user, search=request.GET.get("q", ""), programme=programme)
    return render(request, "projects/project_list.html", {**paginate(request, rows), "programme": programme, "programmes": get_programmes()})


@login_required
@require_GET
def project_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "projects/project.html", {"project": get_or_404(get_project, request, code)})


@login_required
@require_GET
def outcome_list(request: SignedInRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    rows = get_outcomes(request.user, search=request.GET.get("q", ""), kind=kind if kind in Outcome.Kind.values else "")
    return render(request, "projects/outcome_list.html", {**paginate(request, rows), "kind": kind, "kinds": Outcome.Kind.choices})


@login_required
@require_GET
def outcome_page(request: SignedInRequest, code: str) -> HttpResponse:
    return render(request, "projects/outcome.html", {"outcome": get_or_404(get_outcome, request, code)})
