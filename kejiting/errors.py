"""What is said when a page cannot be."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or, where the reason is that the database is away, 503 and a page that says so.

    Called by Django inside its `except`, whichever layer failed: view, template, session or middleware.
    """
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})
    return defaults.server_error(request)
