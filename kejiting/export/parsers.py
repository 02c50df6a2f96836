"""JSON as programs send it, read exactly: numbers keep every digit, and whatever cannot be read is a 400."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class ExactJSONParser(BaseParser):
    """Numbers become ``Decimal``, so that 0.1 is 0.1 and forty digits are forty; NaN too, for the field to refuse in words."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2_621_440
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig
        try:
            data = json.loads(raw.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
            # Half of a surrogate pair is valid JSON and no text: the database could not hold it.
            json.dumps(data, ensure_ascii=False, default=str).encode()
        except (ValueError, RecursionError) as error:
            raise ParseError(_("内容不是有效的 JSON。")) from error
        return data
