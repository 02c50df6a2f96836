"""What every view of the API shares: who may ask, how lists are cut into pages, and how they become CSV."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..errors import BadQuery
from ..parsers import ExactJSONParser
from ..permissions import KeyMayWrite
from ..schema import ApiSchema
from ..throttling import KeyThrottle
from .csv_stream import CSVRenderer, read_mark, stream_csv
from .filters import StrictFilterBackend, refuse_unknown
from .pagination import ByKey, refuse_pages


class Negotiation(DefaultContentNegotiation):
    """``?format=`` first, then ``Accept``; a format that is not offered is a mistake in the address."""

    def filter_renderers(self, renderers: Sequence[BaseRenderer], format: str) -> list[BaseRenderer]:
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            offered = "、".join(str(renderer.format) for renderer in renderers)
            raise BadQuery(_("format 只能是：%(formats)s") % {"formats": offered})
        return found


class ApiView(APIView):
    schema = ApiSchema()
    content_negotiation_class = Negotiation
    parser_classes = [ExactJSONParser]
    permission_classes = [IsAuthenticated, KeyMayWrite]
    throttle_classes = [KeyThrottle]
    http_method_names = ["get", "head", "post", "patch"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not hasattr(self, "filter_backends"):
            refuse_unknown(request, {"format"})


class ResourceView(ApiView, GenericAPIView):
    """Rows of one model as the asker may see them. Subclasses say ``model``, ``serializer_class`` and ``get_rows``."""

    model: ClassVar[type[Model]]
    http_method_names = ["get", "head"]

    def get_rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        # The schema is written without anybody asking.
        return self.model._default_manager.none() if getattr(self, "swagger_fake_view", False) else self.get_rows()


class ListView(ResourceView, ListAPIView):
    """A list: JSON by the page, CSV as one stream."""

    renderer_classes = [JSONRenderer, CSVRenderer]
    pagination_class = ByKey
    filter_backends = [StrictFilterBackend]
    file_name = "data"

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = self.filter_queryset(self.get_queryset())
        if request.accepted_renderer.format == "csv":
            refuse_pages(request)
            return stream_csv(rows.order_by("pk"), self.get_serializer(), self.file_name, mark=read_mark(request))
        read_mark(request)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class DetailView(ResourceView):
    """One row, found by the parts of its address."""

    renderer_classes = [JSONRenderer]
    filter_backends: ClassVar[list[Any]] = []
    # Address part → lookup.
    lookups: ClassVar[dict[str, str]] = {"code": "code"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unknown(request, {"format"})

    def get(self, request: Request, **parts: Any) -> Response:
        row = self.get_queryset().filter(**{self.lookups[name]: value for name, value in parts.items()}).order_by("pk").first()
        if row is None:
            raise Http404
        return Response(self.get_serializer(row).data)
