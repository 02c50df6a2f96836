"""The human page of the API, and the one address that people and programs share."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from indicators.views import pages

from .api.provenance import KINDS
from .api.root import Nowhere
from .authentication import read_secret


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Open to anybody, since whoever programs against a key has no account: it holds no data. How to pull a first figure in five minutes, how to report by machine, what each refusal means."""
    return render(request, "export/docs.html", {"base": request.build_absolute_uri("/api/v1/")})


@vary_on_headers("Accept", "Authorization", "Cookie")
def provenance(request: HttpRequest, kind: str, key: str) -> HttpResponseBase:
    """The chain behind a figure: JSON for who comes with a key or asks for it, a page for everybody else."""
    if read_secret(request) is not None or request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return KINDS.get(kind, Nowhere).as_view()(request, key=key)
    return pages.provenance(request, kind, key)
