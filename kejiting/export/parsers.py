"""JSON as programs send it, read exactly: numbers stay as they were written, and whatever cannot be read is a 400."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Self

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class WrittenNumber(Decimal):
    """A number that remembers how it was written: ``1e-05`` is refused as what it is, not taken for 0.00001."""

    text: str

    def __new__(cls, text: str) -> Self:
        try:
            number = super().__new__(cls, text)
        except InvalidOperation:  # an exponent beyond what Decimal holds
            number = super().__new__(cls, "NaN")
        number.text = text
        return number

    def __str__(self) -> str:
        return self.text


class ExactJSONParser(BaseParser):
    """Numbers become ``Decimal``, so that 0.1 is 0.1 and forty digits are forty; NaN too, for the field to refuse in words."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2_621_440
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig
        try:
            data = json.loads(raw.decode("utf-8-sig"), parse_float=WrittenNumber, parse_int=WrittenNumber, parse_constant=WrittenNumber)
            # Half of a surrogate pair is valid JSON and no text: the database could not hold it.
            json.dumps(data, ensure_ascii=False, default=str).encode()
        except (ValueError, RecursionError) as error:
            raise ParseError(_("内容不是有效的 JSON。")) from error
        return data
