"""The human page of the API, and the addresses that are not of the API alone."""

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from indicators.actions.reporting import NOTE_LENGTH, TEXT_LENGTH
from indicators.numbers import DECIMAL_DIGITS, INTEGER_DIGITS
from indicators.views import pages
from kejiting.accounts.http import SignedInRequest

from .api.provenance import KINDS
from .api.root import Nowhere
from .authentication import read_secret
from .errors import make_error
from .guide import FINDINGS, get_code_lists
from .throttling import KeyThrottle


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Open to anybody, since whoever programs against a key has no account: it holds no data. How to pull a first figure in five minutes, how to report by machine, what each refusal means."""
    context = {
        "base": request.build_absolute_uri("/api/v1/"),
        "code_lists": get_code_lists(),
        "findings": FINDINGS.items(),
        "integer_digits": INTEGER_DIGITS,
        "decimal_digits": DECIMAL_DIGITS,
        "note_length": NOTE_LENGTH,
        "text_length": TEXT_LENGTH,
        "rate": KeyThrottle.rate.partition("/")[0],
    }
    return render(request, "export/docs.html", context)


@vary_on_headers("Accept", "Authorization", "Cookie")
def provenance(request: SignedInRequest, kind: str, key: str) -> HttpResponseBase:
    """The chain behind a figure: JSON for who comes with a key or asks for it, a page for everybody else."""
    if read_secret(request) is not None or request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return KINDS.get(kind, Nowhere).as_view()(request, key=key)
    return pages.provenance(request, kind, key)


@csrf_exempt
def send_on(request: HttpRequest) -> HttpResponse:
    """An address of the API without its last slash: who reads is sent on; a body would be lost on the way."""
    if request.method in ("GET", "HEAD"):
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return make_error(404, "not_found", _("没有这个地址：接口的地址都以“/”结尾。"))
