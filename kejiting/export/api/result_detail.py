"""What a result says besides its value: the ends of a projection's intervals, the findings of a check, from where and how."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.models import Result
from indicators.numbers import plain

from .fields import PlainDecimal

Measure = Result.Measure
# Of what is stored these are told, by measure. The figures it was made of are read by the provenance, which knows who may see them.
TOLD: Mapping[str, tuple[str, ...]] = {
    Measure.PROJECTION: ("from", "model"),
    Measure.CHANCE: ("from", "model", "draws"),
    Measure.FINDINGS: ("findings",),
    Measure.PROGRESS: ("score", "base_year", "current_year"),
    Measure.REQUIRED_PACE: ("of", "periods", "goal", "needed", "multiple"),
}
NUMBER = {"type": "string", "format": "decimal"}
FINDING = {
    "type": "object",
    "required": ["code", "severity", "numbers"],
    "properties": {
        "code": {"type": "string", "description": "疑点代码，见说明页"},
        "severity": {"type": "string", "enum": ["error", "warning"]},
        "numbers": {"type": "object", "additionalProperties": NUMBER, "description": "核查所用的数"},
    },
}
PROPERTIES = {
    "from": {"type": "string", "description": "projection、chance：据以推算的最后一期"},
    "model": {"type": "string", "description": "projection、chance：所用模型"},
    "draws": {"type": "integer", "description": "chance：抽样次数"},
    "findings": {"type": "array", "items": FINDING, "description": "findings：逐条疑点"},
    "score": {**NUMBER, "description": "progress：-5 至 5 的评分"},
    "base_year": {"type": "integer", "nullable": True, "description": "progress：起算年"},
    "current_year": {"type": "integer", "nullable": True, "description": "progress：最近一年"},
    "of": {"type": "string", "enum": ["amount", "change"], "description": "required_pace：要完成的数额，或要提高（降低）的幅度"},
    "periods": {"type": "integer", "description": "required_pace：余下几期"},
    "goal": {**NUMBER, "description": "required_pace：所对照的目标值"},
    "needed": {"type": "object", "additionalProperties": NUMBER, "description": "required_pace：余下各期须完成的数额"},
    "multiple": {**NUMBER, "nullable": True, "description": "required_pace：为历史最好同类期的几倍"},
}


@extend_schema_field({"type": "object", "nullable": True, "properties": PROPERTIES})
class DetailField(serializers.Field[Any, Any, Any, Any]):
    """What the measure has to tell besides its value, null where that is nothing. In CSV as JSON."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, row: Result) -> dict[str, Any] | None:
        told = {name: _say(row.detail[name]) for name in TOLD.get(row.measure, ()) if name in row.detail}
        return told or None


def _say(value: Any) -> Any:
    """Figures as exact strings, like all of the interface; what counts stays a number."""
    if isinstance(value, float):
        return plain(Decimal(str(value)))
    if isinstance(value, Mapping):
        return {name: _say(part) for name, part in value.items()}
    return [_say(part) for part in value] if isinstance(value, list) else value


class IntervalEnd(PlainDecimal):
    """One end of a projection's central interval: ``IntervalEnd("lower", "80")``."""

    def __init__(self, end: str, level: str) -> None:
        self.end, self.level = end, level
        side = "下限" if end == "lower" else "上限"
        super().__init__(source="*", help_text=f"projection：{level}% 区间的{side}；其他种类为空")

    def get_attribute(self, instance: Result) -> float | None:
        return instance.detail.get(self.end, {}).get(self.level) if instance.measure == Measure.PROJECTION else None
