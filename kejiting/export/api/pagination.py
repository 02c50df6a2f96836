"""Pages by the rows' key: stable while others write, and the thousandth page costs what the first does."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from ..errors import BadQuery

PAGE, MOST = 200, 1_000


class ByKey(BasePagination):
    """``{"results": […], "next": url or null}``; ``next`` holds everything that was asked for."""

    next_url: str | None = None

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: APIView | None = None) -> list[Any]:
        size = _read_size(request.query_params.get("page_size"))
        rows = queryset.order_by("pk")
        if cursor := request.query_params.get("cursor"):
            rows = rows.filter(pk__gt=_read_cursor(cursor, queryset))
        page = list(rows[: size + 1])
        if len(page) > size:
            page.pop()
            self.next_url = replace_query_param(request.build_absolute_uri(), "cursor", _make_cursor(page[-1].pk))
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_url})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {"type": "object", "required": ["results", "next"], "properties": {"results": schema, "next": link}}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter("cursor", {"type": "string", "pattern": "^[A-Za-z0-9_-]{2,24}$"}, "下一页的位置：原样使用上一页的 next。"),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}, "每页行数；CSV 不分页。"),
            _parameter("bom", {"type": "string", "enum": ["1"]}, "仅 CSV：文件开头加字节序标记，供 Excel 直接打开。"),
        ]


def refuse_pages(request: Request) -> None:
    """What comes as one stream has no pages: a parameter that did nothing would give more than was asked for."""
    if asked := sorted({"cursor", "page_size"} & set(request.query_params)):
        raise BadQuery(_("CSV 不分页，一次给出全部行：请去掉 %(names)s。") % {"names": "、".join(asked)})


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _read_size(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise BadQuery(_("page_size 须为 1 至 %(most)s 的整数。") % {"most": MOST})
    return int(text)


def _make_cursor(key: object) -> str:
    return urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _read_cursor(cursor: str, rows: QuerySet[Any]) -> Any:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        # Every key is a number or a code of six digits.
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise ValueError
        return rows.model._meta.pk.to_python(text)
    except ValueError as error:  # a bad base64 or character too
        raise BadQuery(_("cursor 无效：请原样使用上一页的 next。")) from error
