"""What holds for every answer."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from .accounts.http import FORM_SIZE
from .errors import API, BodyTooLarge, not_allowed


class ContentSecurityPolicyMiddleware:
    """One fixed policy header. Ours, because Django 5.2 has none and django-csp's nonces and exceptions are what we must not use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response


class PageCompressionMiddleware(GZipMiddleware):
    """Pages alone: an answer of the API keeps the strong ETag that ``If-Match`` compares, and a file of evidence is small already."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return super().process_response(request, response) if response.headers.get("Content-Type", "").startswith("text/html") else response


class NulMiddleware:
    """An address with a NUL names nothing: PostgreSQL holds none in text, and its refusal would be an error of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The API answers it by itself, in its own shape.
        if request.path_info.startswith(API):
            return self.get_response(request)
        if "\x00" in request.path_info:
            raise Http404
        if any("\x00" in text for values in request.GET.lists() for text in (values[0], *values[1])):
            raise BadRequest
        return self.get_response(request)


class BodySizeMiddleware:
    """Refuses a body by the size its header states, before looking for the CSRF token would read it.

    A view that takes a file says how large one may be (``takes_file``); Django's own limit is of fields alone, and
    lets a file of any size through to the disk. Without the header a body is empty: WSGI reads none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        sent = request.META.get("CONTENT_LENGTH") or "0"
        if not (sent.isascii() and sent.isdecimal()):
            raise BadRequest
        file = getattr(view, "largest_file", None)
        largest = file() if file else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        # So many digits are too many, whatever they say.
        if len(sent) > 18 or int(sent) > largest + (FORM_SIZE if file else 0):
            raise BodyTooLarge(largest)


class NotAllowedMiddleware:
    """A page for 405: Django's decorators answer it with an empty one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content or request.method == "HEAD":
            return response
        page = not_allowed(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page
