"""Fields every resource uses: numbers as exact strings, codes that are null where there is none, links."""

from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.numbers import plain
from kejiting.accounts.classification import Classification


@extend_schema_field({"type": "string", "format": "decimal", "nullable": True, "example": "12.5"})
class PlainDecimal(serializers.Field[Any, Any, Any, Any]):
    """A decimal string without trailing zeros, or null; never a float, never an exponent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "allow_null": True, **options})

    def to_representation(self, value: Decimal | float) -> str | None:
        return plain(value if isinstance(value, Decimal) else Decimal(str(round(value, 6))))


class Code(serializers.CharField):
    """A code, or null where there is none: an empty code would read as one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, "allow_null": True, **options})

    def to_representation(self, value: Any) -> str | None:
        return str(value) or None


class VisibleCode(Code):
    """The code of a related row, where the asker may see that row; else null, as if there were none."""

    def __init__(self, attribute: str = "code", **options: Any) -> None:
        self.attribute = attribute
        super().__init__(**options)

    def to_representation(self, value: Model) -> str | None:
        user = self.context["request"].user
        hidden = getattr(value, "classification", Classification.PUBLIC) != Classification.PUBLIC
        return None if hidden and user.clearance != Classification.INTERNAL else super().to_representation(getattr(value, self.attribute))


@extend_schema_field({"type": "string", "format": "uri"})
class PageLink(serializers.Field[Any, Any, Any, Any]):
    """The address of a page of the site about the row: ``PageLink("provenance", kind="observation", key="{pk}")``."""

    def __init__(self, page: str, **parts: str) -> None:
        self.page, self.parts = page, parts
        super().__init__(read_only=True, source="*")

    def to_representation(self, row: Model) -> str:
        path = reverse(self.page, kwargs={name: part.format(row=row) for name, part in self.parts.items()})
        return str(self.context["request"].build_absolute_uri(path))


class DocumentFields(serializers.Serializer[Any]):
    """Where it was stated or set: flat, so that CSV and JSON have the same columns."""

    source_title = serializers.CharField(source="document.title", read_only=True, allow_null=True)
    source_number = serializers.CharField(source="document.number", read_only=True, allow_null=True)
    source_issuer = serializers.CharField(source="document.issuer", read_only=True, allow_null=True)
    source_issued_on = serializers.DateField(source="document.issued_on", read_only=True, allow_null=True)
    source_url = serializers.CharField(source="document.url", read_only=True, allow_null=True)
