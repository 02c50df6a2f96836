"""A result on its way into the record: lean, because a full recomputation makes millions of them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from kejiting.accounts.classification import Classification

from ..compute.series import Figure
from ..models import Indicator


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
    figures = list(figures)
    internal = indicator.classification == Classification.INTERNAL or any(f.classification == Classification.INTERNAL for f in figures)
    return Inherited(
        Classification.INTERNAL.value if internal else Classification.PUBLIC.value,
        all(f.released_at is not None and f.released_at <= now for f in figures),
        indicator.is_demo or any(f.is_demo for f in figures),
    )


def list_inputs(figures: Iterable[Figure]) -> list[dict[str, object]]:
    """For ``Result.detail["inputs"]``: the next step back in its provenance."""
    return [{"kind": "observation", "id": pk} for pk in sorted({f.id for f in figures})]
