"""A result on its way into the record: lean, because a full recomputation makes millions of them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from kejiting.accounts.classification import Classification

from ..compute.series import Figure
from ..models import Indicator

_INTERNAL = Classification.INTERNAL.value


class Row(NamedTuple):
    """The columns of ``Result`` that are computed."""

    measure: str
    detail: dict[str, Any]
    method: str
    version: str
    classification: str
    is_released: bool
    is_demo: bool
    indicator_id: int | None = None
    area_id: str | None = None
    breakdown_id: str | None = None
    target_id: int | None = None
    task_id: int | None = None
    aspect_id: int | None = None
    period_id: str | None = None
    value: Decimal | None = None
    text: str = ""


class Inherited(NamedTuple):
    """What a result takes from its inputs."""

    classification: str
    is_released: bool
    is_demo: bool


def inherit(figures: Iterable[Figure], *, indicator: Indicator, now: datetime) -> Inherited:
    """The strictest classification, released only when all are, demonstration when any is."""
    classification, is_released, is_demo = indicator.classification, True, indicator.is_demo
    for f in figures:
        if f.classification == _INTERNAL:
            classification = _INTERNAL
        is_released = is_released and f.released_at is not None and f.released_at <= now
        is_demo = is_demo or f.is_demo
    return Inherited(classification, is_released, is_demo)


def list_inputs(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """For ``Result.detail["inputs"]``: the next step back in its provenance."""
    return [{"kind": "observation", "id": pk} for pk in sorted({f.id for f in figures})]
