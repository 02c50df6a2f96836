"""What holds for every answer."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed

from .errors import API, not_allowed


class ContentSecurityPolicyMiddleware:
    """One fixed policy header. Ours, because Django 5.2 has none and django-csp's nonces and exceptions are what we must not use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response


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
