"""Filters of the lists: codes (several by comma), periods by label, booleans; whatever is not known is refused."""

import re
from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request
from rest_framework.views import APIView

from indicators.periods import parse_label

from ..errors import BadQuery

# Read by the view itself, the negotiation or the pages.
SHARED = {"format", "cursor", "page_size", "bom"}


def refuse_unknown(request: Request, known: set[str]) -> None:
    """A parameter nobody reads, one given twice or one left empty would silently give other data than was asked for."""
    if unknown := sorted(set(request.query_params) - known):
        raise BadQuery(_("没有这样的参数：%(names)s。可用的有：%(known)s") % {"names": "、".join(n[:40] for n in unknown), "known": "、".join(sorted(known))})
    if repeated := sorted(name for name in request.query_params if len(request.query_params.getlist(name)) > 1):
        raise BadQuery(_("参数重复：%(names)s。多个值请用逗号隔开。") % {"names": "、".join(repeated)})
    if empty := sorted(name for name, value in request.query_params.items() if not value):
        raise BadQuery(_("参数没有值：%(names)s。不筛选时请不要写这个参数。") % {"names": "、".join(empty)})


class StrictFilterBackend(filters.DjangoFilterBackend):
    """As django-filter's, but a parameter it does not know is a 400 that names it."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        names = set(filterset_class.base_filters) if filterset_class else set()
        refuse_unknown(request, names | SHARED | set(getattr(view, "more_parameters", ())))
        return super().filter_queryset(request, queryset, view)


class Codes(filters.BaseInFilter, filters.CharFilter):
    """``?area=620000,610000``."""

    def __init__(self, *, label: str, **options: Any) -> None:
        super().__init__(label=label, help_text=f"{label}（多个用逗号隔开）", **options)


class VisibleCodes(Codes):
    """Codes of related rows; those the asker may not see are as unknown as those that do not exist."""

    def __init__(self, model: type[Model], **options: Any) -> None:
        self.related = model
        super().__init__(**options)

    def filter(self, rows: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        if not value:
            return rows
        visible = self.related._default_manager.visible_to(self.parent.request.user)  # type: ignore[attr-defined]  # every register has it
        return rows.filter(**{f"{self.field_name}__in": visible.filter(code__in=value).values("pk")})


def validate_label(text: str) -> None:
    try:
        parse_label(text)
    except ValueError as error:
        raise ValidationError(_("“%(text)s”不是期间：请写成 2025、2025-S1、2025-Q3 或 2025-03，区间写成 2016-01/2020-12。"), params={"text": text[:20]}) from error


def periods(field: str = "period_id") -> Codes:
    return Codes(field_name=field, validators=[validate_label], label="期间标签，如 2025-Q3")


def one_of(known: Collection[str]) -> Callable[[str], None]:
    """A validator that takes what is known, and names it where something else was asked for."""

    def validate(text: str) -> None:
        if text not in known:
            raise ValidationError(_("“%(text)s”不在其中：%(choices)s"), params={"text": text[:20], "choices": "、".join(known)})

    return validate


def choices(field: str, of: type[TextChoices], *, label: str) -> Codes:
    """``?state=draft,returned``: one or several of a list, and nothing else."""
    known = "、".join(f"{value} {name}" for value, name in of.choices if value)
    return several_of([value for value in of.values if value], field_name=field, label=f"{label}：{known}")


def several_of(known: Collection[str], *, label: str, **options: Any) -> Codes:
    """As ``choices``, of any list of words."""
    codes = Codes(validators=[one_of(known)], label=label, **options)
    described = {"type": "string", "enum": list(known), "description": codes.extra["help_text"]}
    return extend_schema_field(described)(codes)


def whole_number(field: str, *, label: str) -> filters.NumberFilter:
    """A whole number from 1, of a size the database can compare."""
    number = filters.NumberFilter(field_name=field, label=label, min_value=1, max_value=2**63 - 1, decimal_places=0)
    described = {"type": "integer", "minimum": 1, "description": label}
    return extend_schema_field(described)(number)


NUMBERED = re.compile(r"(?:([-a-zA-Z0-9_]{1,32})/)?([1-9][0-9]{0,8})")


def validate_numbered(text: str) -> None:
    if not NUMBERED.fullmatch(text):
        raise ValidationError(_("“%(text)s”应写成 规划代码/编号，或只写编号。"), params={"text": text[:20]})


class Numbered(Codes):
    """``?task=plan/3`` as rows say it, or ``?task=3`` of any plan."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=[validate_numbered], **options)

    def filter(self, rows: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        wanted = Q()
        for plan, number in (match.groups() for text in value or () if (match := NUMBERED.fullmatch(text))):
            one = {f"{self.field_name}__number": int(number)}
            wanted |= Q(**one, **({f"{self.field_name}__plan__code": plan} if plan else {}))
        return rows.filter(wanted)


class Flag(filters.TypedChoiceFilter):
    """``true`` or ``false``, and nothing that looks like it."""

    def __init__(self, *, label: str, **options: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], coerce="true".__eq__, label=label, **options)
        extend_schema_field({"type": "boolean", "description": label})(self)
