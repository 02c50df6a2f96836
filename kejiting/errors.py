"""What is said when a page cannot be; to a program in the API's shape, whichever layer failed."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from kejiting.export.errors import make_error, make_unavailable

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what Django refuses before any view, such as a host it does not serve."""
    if request.path_info.startswith(API):
        return make_error(400, "malformed", _("无法理解这个请求：请检查主机名、地址和请求头。"))
    return defaults.bad_request(request, exception)


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
    return defaults.server_error(request)
