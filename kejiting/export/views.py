"""The human page of the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Open to anybody, since whoever programs against a key has no account: it holds no data. How to pull a first figure in five minutes, how to report by machine, what each refusal means."""
    return render(request, "export/docs.html", {"base": request.build_absolute_uri("/api/v1/")})
