"""Fields every resource uses: numbers as exact strings, codes that are null where there is none, links."""

from collections.abc import Mapping
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import Manager, Model, TextChoices
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.numbers import plain
from kejiting.accounts.classification import Classification

DEMO = "演示数据，不是事实"


def words(of: type[TextChoices]) -> str:
    """A code list in words, for the schema."""
    return "、".join(f"{value} {name}" for value, name in of.choices if value)


CLASSIFICATION = words(Classification)


def is_visible(row: Model, context: Mapping[str, Any]) -> bool:
    """May the asker see a related row, by its classification?"""
    classification = getattr(row, "classification", Classification.PUBLIC)
    return classification == Classification.PUBLIC or context["request"].user.clearance == Classification.INTERNAL


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
        return super().to_representation(getattr(value, self.attribute)) if is_visible(value, self.context) else None


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class CodeList(serializers.Field[Any, Any, Any, Any]):
    """Codes of related rows, which the view has prefetched: only those the asker may see. In CSV joined by ``;``."""

    def __init__(self, attribute: str = "code", **options: Any) -> None:
        self.get_code = attrgetter(attribute)
        super().__init__(**{"read_only": True, **options})

    def to_representation(self, rows: Manager[Any]) -> list[str]:
        return [self.get_code(row) for row in rows.all()]


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

    def get_fields(self) -> dict[str, Any]:
        # The figure first, its source last; inherited fields would stand first.
        return dict(sorted(super().get_fields().items(), key=lambda item: item[0].startswith("source_")))
