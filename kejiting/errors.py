"""What is said when a page cannot be; to a program in the API's shape, whichever layer failed.

Somebody who is signed in stays in the site: the page has its navigation. A stranger, and whoever meets a
failure of what the navigation needs, gets a page that stands alone.
"""

import sys

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from kejiting.export.errors import make_error, make_unavailable

API = "/api/"
MB = 1024 * 1024
_TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class BodyTooLarge(RequestDataTooBig):
    """More than an address takes; ``str()`` is the sentence that says how much it does."""

    def __init__(self, largest: int) -> None:
        super().__init__(_("这里一次最多接收 %(n)s MB。") % {"n": f"{largest / MB:.3g}"})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what Django refuses before any view, such as a host it does not serve; 413 for what is too large."""
    said = str(exception) if isinstance(exception, BodyTooLarge) else ""
    if not isinstance(exception, _TOO_MUCH):
        return _refuse(request, 400, "malformed", _("无法理解这个请求：请检查主机名、地址和请求头。"))
    return _refuse(request, 413, "too_large", _("内容太大。%(said)s") % {"said": said}, said=said)


def _refuse(request: HttpRequest, status: int, code: str, message: str, *, said: str = "") -> HttpResponse:
    """To a program and to the script of a page as JSON, to a person as a page."""
    if request.path_info.startswith(API):
        return make_error(status, code, message)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"message": message}, status=status)
    return _show(request, status, said=said)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, 403, said=str(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or in a browser that somebody else signed in with since."""
    return _show(request, 403, template="403_csrf.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _show(request, 404, said=_get_sentence(exception))


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405: an address that only takes what is sent to it, opened by itself, such as after a form that was refused."""
    return _show(request, 405)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or, where the reason is that the database is away, 503 and a page that says so.

    Called by Django inside its `except`, whichever layer failed: view, template, session or middleware.
    """
    is_api = request.path_info.startswith(API)
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        if is_api:
            return make_unavailable()
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})
    if is_api:
        return make_error(500, "fault", _("系统出错，已记录在案；没有保存任何内容，请稍后重试。"))
    try:
        return _show(request, 500)
    except Exception:  # noqa: BLE001 - the fault may lie in what every page shows: then the page does without
        return HttpResponse(render_to_string("500.html"), status=500)


def _show(request: HttpRequest, status: int, *, said: str = "", template: str = "") -> HttpResponse:
    user = getattr(request, "user", None)
    layout = "_error_in_site.html" if user is not None and user.is_authenticated else "_error.html"
    context = {"layout": layout, "said": said, "back": _get_way_back(request)}
    return HttpResponse(render_to_string(template or f"{status}.html", context, request), status=status)


def _get_sentence(exception: Exception) -> str:
    """What the view said; nothing where Django says it, in English, of addresses and queries."""
    text = exception.args[0] if isinstance(exception, Http404) and not isinstance(exception, Resolver404) and exception.args else ""
    return "" if str(text).endswith("matches the given query.") else str(text)


def _get_way_back(request: HttpRequest) -> str:
    """The page of ours that led here."""
    came_from = request.headers.get("Referer", "")
    try:
        host, here = request.get_host(), request.build_absolute_uri()
    except DisallowedHost:
        return ""
    return came_from if came_from != here and url_has_allowed_host_and_scheme(came_from, {host}, require_https=request.is_secure()) else ""
