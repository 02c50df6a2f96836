"""A list as CSV, row by row: memory does not grow with rows."""

import csv
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, Serializer

from ..errors import BadQuery
from .fields import PlainDecimal

CHUNK = 2_000
# What a spreadsheet takes for the beginning of a formula (full-width too), or skips before one.
RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# By which Excel knows UTF-8; other programs would take it for a part of the first column's name.
BOM = "\ufeff"


class CSVRenderer(BaseRenderer):
    """Only names the format in negotiation; lists stream themselves."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def read_mark(request: Request) -> str:
    """``?bom=1``: what stands before the first column's name."""
    asked = request.query_params.get("bom")
    if asked is None:
        return ""
    if asked != "1" or request.accepted_renderer.format != "csv":
        raise BadQuery(_("bom 只能是 1，且只用于 CSV：文件开头加字节序标记，供 Excel 直接打开。"))
    return BOM


def stream_csv(rows: QuerySet[Any], serializer: BaseSerializer[Any], name: str, *, mark: str = "") -> StreamingHttpResponse:
    """The rows' JSON fields as columns: the same names, the same values. RFC 4180; ``mark`` comes first."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(chain([mark] if mark else [], _write(rows, serializer)), content_type="text/csv; charset=utf-8; header=present", headers=headers)


def _write(rows: QuerySet[Any], serializer: BaseSerializer[Any]) -> Iterator[str]:
    assert isinstance(serializer, Serializer)  # noqa: S101 - every list has columns
    numbers = {name for name, field in serializer.fields.items() if isinstance(field, PlainDecimal)}
    names = list(serializer.fields)
    writer = csv.writer(_Line())
    yield writer.writerow(names)
    for row in rows.iterator(chunk_size=CHUNK):
        data = serializer.to_representation(row)
        yield writer.writerow([data[name] if name in numbers else make_cell(data[name]) for name in names])


def make_cell(value: Any) -> Any:
    """A value as a cell. Text that a spreadsheet would run is made plain text by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return make_cell(";".join(map(str, value)))
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value
