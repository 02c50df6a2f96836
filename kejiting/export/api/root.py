"""The door: what there is, and a JSON answer for what there is not."""

from typing import NoReturn

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from .base import ApiView

RESOURCES = (
    "plans", "aspects", "tasks", "milestones", "indicators", "targets", "observations", "results", "index", "areas", "units",
    "rounds", "returns", "platforms", "consortia", "organisations", "projects", "outcomes",
)  # fmt: skip


class Root(ApiView):
    @extend_schema(responses={200: {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}})
    def get(self, request: Request) -> Response:
        """各资源的地址。"""
        pages = {name: f"api-{name}" for name in RESOURCES} | {"schema": "api-schema", "docs": "api-docs"}
        return Response({name: request.build_absolute_uri(reverse(page)) for name, page in pages.items()})


@extend_schema(exclude=True)
class Nowhere(ApiView):
    """Any other address under ``/api/``: a program must not be answered with a page."""

    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        raise Http404(_("没有这个地址。"))

    def get(self, request: Request, **parts: str) -> NoReturn:
        raise Http404
