"""A return as JSON: its outputs, and the inputs of its steps. The names are a contract with other programs."""

from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.actions.reporting import NOTE_LENGTH, TEXT_LENGTH
from indicators.models import Correction, Indicator, MissingReason, Qualifier, Return
from indicators.numbers import DECIMAL_DIGITS, INTEGER_DIGITS, plain
from indicators.queries.sheets import SheetLine

from .definitions import plan_and_number
from .fields import Code, PageLink, PlainDecimal, words

MISSING = f"缺报原因：{words(MissingReason)}"
QUALIFIER = f"限定：{words(Qualifier)}"


class ReturnRow(serializers.Serializer[Return]):
    round = serializers.CharField(source="round.code", read_only=True)
    unit = serializers.CharField(source="unit.code", read_only=True)
    state = serializers.CharField(read_only=True, help_text="draft、submitted、approved、accepted、returned")
    version = serializers.IntegerField(read_only=True)
    unit_name = serializers.CharField(source="unit.name_zh", read_only=True)
    period = serializers.CharField(source="round.period_id", read_only=True)
    due_at = serializers.DateTimeField(source="round.due_at", read_only=True)
    is_demo = serializers.BooleanField(read_only=True)
    url = serializers.SerializerMethodField()

    def get_url(self, report: Return) -> str:
        path = reverse("api-return", kwargs={"round": report.round.code, "unit": report.unit.code})
        return str(self.context["request"].build_absolute_uri(path))


class FindingOutput(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    severity = serializers.CharField(read_only=True, help_text="error 不能提交；warning 须写说明才能提交")
    message = serializers.CharField(read_only=True)
    rule = Code(source="rule.code", help_text="不符合的校验规则的代码；只在 code 为 rule 时有此项")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        data = super().to_representation(instance)
        if instance.rule is None:
            del data["rule"]
        return data


class PendingCorrection(serializers.Serializer[SheetLine]):
    """The correction of a line that waits for an answer; null where there is none."""

    value = PlainDecimal(source="pending.value")
    qualifier = Code(source="pending.qualifier", help_text=QUALIFIER)
    missing = Code(source="pending.missing", help_text=MISSING)
    reason = serializers.CharField(source="pending.reason", read_only=True)
    by = serializers.CharField(source="pending.requested_by.stamp", read_only=True)
    at = serializers.DateTimeField(source="pending.requested_at", read_only=True)
    findings = FindingOutput(source="pending_findings", many=True, read_only=True, help_text="更正后的数值有何疑点；有 error 的不能申请")

    def to_representation(self, instance: SheetLine) -> Any:
        return super().to_representation(instance) if instance.pending else None


class LineCorrectionRow(serializers.Serializer[Correction]):
    """A correction that was asked for, with what became of it."""

    value = PlainDecimal()
    qualifier = Code(help_text=QUALIFIER)
    missing = Code(help_text=MISSING)
    previous = PlainDecimal(help_text="申请时的现行数值")
    previous_missing = Code(help_text=MISSING)
    reason = serializers.CharField(read_only=True)
    requested_by = serializers.CharField(source="requested_by.stamp", read_only=True)
    requested_at = serializers.DateTimeField(read_only=True)
    state = serializers.ChoiceField(Correction.State.choices, read_only=True, help_text=words(Correction.State))
    answered_by = serializers.CharField(source="decided_by.stamp", read_only=True, allow_null=True, help_text="谁接收、退回或撤回")
    answered_at = serializers.DateTimeField(source="decided_at", read_only=True, allow_null=True)
    answer = Code(source="decision_reason", help_text="接收、退回或撤回时写的话；退回必有")


class LineOutput(serializers.Serializer[SheetLine]):
    """A line as it stands now: an accepted one with its value in force."""

    line = serializers.CharField(source="line.pk", read_only=True)
    kind = serializers.CharField(source="line.kind", read_only=True, help_text="indicator、milestone、narrative")
    indicator = Code(source="line.assignment.indicator.code")
    area = Code(source="line.assignment.area_id")
    breakdown = serializers.SerializerMethodField()
    name = serializers.CharField(read_only=True, help_text="指标名称、节点名称或任务名称")
    task = serializers.SerializerMethodField(help_text="所属任务：规划代码/编号")
    task_title = Code(source="task.title_zh", help_text="所属任务的名称")
    milestone = serializers.IntegerField(source="line.assignment.milestone.number", read_only=True, allow_null=True, help_text="节点在任务中的序号；仅节点有此项")
    due_on = serializers.SerializerMethodField(help_text="节点的时限，或任务的完成时限；指标没有")
    unit_of_measure = Code(source="line.assignment.indicator.unit_of_measure")
    accumulation = Code(source="line.assignment.indicator.accumulation", help_text=f"value、previous 的口径：{words(Indicator.Accumulation)}")
    decimals = serializers.IntegerField(source="line.assignment.indicator.decimals", read_only=True, allow_null=True, help_text="一般取几位小数")
    value = serializers.SerializerMethodField(help_text="指标按其 accumulation 口径；节点 1 已完成、0 未完成；任务为进展情况")
    previous = serializers.SerializerMethodField(
        help_text="指标：上一期的数，同样按 accumulation 口径，本年累计的指标在第一季度即上年全年的累计；节点、任务：上次接收的内容"
    )
    previous_period = Code(help_text="previous 是哪一期的")
    problems = serializers.CharField(source="line.problems", read_only=True, help_text="存在问题；仅任务有此项")
    next_steps = serializers.CharField(source="line.next_steps", read_only=True, help_text="下一步打算；仅任务有此项")
    qualifier = Code(source="in_force.qualifier", help_text=QUALIFIER)
    missing = Code(source="in_force.missing", help_text=MISSING)
    note = serializers.CharField(source="line.note", read_only=True)
    findings = FindingOutput(many=True, read_only=True)
    is_ready = serializers.BooleanField(read_only=True, help_text="这一行是否不妨碍提交：没有 error，warning 都已在 note 中说明")
    completion = PlainDecimal(help_text="完成率，1 为全部完成")
    schedule = PlainDecimal(help_text="序时进度：至此应完成的份额")
    light = Code(help_text="red、yellow、grey、blue、green、pending、closed")
    provenance = serializers.SerializerMethodField(help_text="已接收的指标行：数值的来历")
    correction = PendingCorrection(source="*", read_only=True, allow_null=True, help_text="待处理的更正")
    corrections = LineCorrectionRow(source="line.corrections", many=True, read_only=True, help_text="历次更正申请及其结果，先申请的在前")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_breakdown(self, row: SheetLine) -> str | None:
        return row.line.assignment.breakdown_id if row.line.kind == "indicator" else None

    def get_task(self, row: SheetLine) -> str | None:
        return plan_and_number(row.task)

    def get_due_on(self, row: SheetLine) -> date | None:
        if row.line.kind == "milestone":
            return row.line.assignment.milestone.due_on if row.line.assignment.milestone else None
        return row.task.due_on if row.line.kind == "narrative" and row.task else None

    @extend_schema_field({"type": "string", "nullable": True, "example": "12.5"})
    def get_value(self, row: SheetLine) -> str | None:
        return row.line.progress or None if row.line.kind == "narrative" else plain(row.value)

    @extend_schema_field({"type": "string", "nullable": True, "example": "11"})
    def get_previous(self, row: SheetLine) -> str | None:
        return row.previous_text or None if row.line.kind == "narrative" else plain(row.previous)

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_provenance(self, row: SheetLine) -> str | None:
        if row.observation is None:
            return None
        path = reverse("provenance", kwargs={"kind": "observation", "key": row.observation.pk})
        return str(self.context["request"].build_absolute_uri(path))

    def to_representation(self, instance: SheetLine) -> dict[str, Any]:
        data = super().to_representation(instance)
        if instance.line.kind != "narrative":
            del data["problems"], data["next_steps"]
        return data


class SavedLine(LineOutput):
    """A line with the return's version, as in the ``ETag``."""

    version = serializers.SerializerMethodField()

    def get_version(self, row: SheetLine) -> int:
        return int(self.context["report"].version)


class ContextOutput(serializers.Serializer[Any]):
    """A figure shown beside the lines, which nobody types."""

    indicator = serializers.CharField(source="indicator.code", read_only=True)
    name = serializers.CharField(source="indicator.name_zh", read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    period = serializers.CharField(source="period_id", read_only=True)
    value = PlainDecimal()
    unit_of_measure = serializers.CharField(read_only=True)
    qualifier = Code(help_text=QUALIFIER)
    missing = Code(help_text=MISSING)
    origin = serializers.CharField(source="indicator.origin", read_only=True)
    is_demo = serializers.BooleanField(read_only=True)
    provenance = PageLink("provenance", kind="observation", key="{row.pk}")


class HistoryOutput(serializers.Serializer[Any]):
    to = serializers.CharField(source="to_state", read_only=True)
    by = serializers.CharField(source="by.stamp", read_only=True)
    at = serializers.DateTimeField(read_only=True)
    reason = serializers.CharField(read_only=True)


class ReturnOutput(serializers.Serializer[Any]):
    round = serializers.CharField(source="report.round.code", read_only=True)
    unit = serializers.CharField(source="report.unit.code", read_only=True)
    state = serializers.CharField(source="report.state", read_only=True)
    version = serializers.IntegerField(source="report.version", read_only=True)
    period = serializers.CharField(source="report.round.period_id", read_only=True)
    due_at = serializers.DateTimeField(source="report.round.due_at", read_only=True)
    is_demo = serializers.BooleanField(source="report.is_demo", read_only=True)
    lines = LineOutput(many=True, read_only=True)
    history = HistoryOutput(source="steps", many=True, read_only=True)

    def get_fields(self) -> dict[str, Any]:
        # Not declared above, because a serializer calls something else `context`.
        return {**super().get_fields(), "context": ContextOutput(many=True, read_only=True)}


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "nullable": True, "example": "12.5"})
class TypedValue(serializers.Field[Any, Any, Any, Any]):
    """What was typed, untouched: the action reads it, so that page, Excel and program share its words."""

    def to_internal_value(self, data: Any) -> Any:
        return data


@extend_schema_field({"type": "string", "nullable": True})
class TypedText(TypedValue):
    """Text that was typed, untouched."""


class TypedChoice(TypedText):
    """One of a list, or none of it."""

    def __init__(self, of: type[TextChoices], **options: Any) -> None:
        super().__init__(allow_null=True, **options)
        extend_schema_field({"type": "string", "nullable": True, "enum": [*(value for value in of.values if value), "", None]})(self)


class StrictInput(serializers.Serializer[Any]):
    """只能有下列字段。"""


class StepInput(StrictInput):
    reason = TypedText(default="", allow_null=True, help_text=f"至多 {NOTE_LENGTH} 字")


NUMBER = f"指标：普通数字，整数部分至多 {INTEGER_DIGITS} 位，小数至多 {DECIMAL_DIGITS} 位，不用科学记数法；节点：\"1\" 已完成、\"0\" 未完成"


class CorrectionInput(StepInput):
    value = TypedValue(default=None, allow_null=True, help_text=NUMBER)
    missing = TypedChoice(MissingReason, default="", help_text=MISSING)
    qualifier = TypedChoice(Qualifier, default="", help_text=QUALIFIER)


class LineInput(StrictInput):
    """写到的字段即改，没写的不变；指标写 value 而不写 qualifier 即为确数。"""

    # For the schema alone: what is typed is read by the action, so that page, Excel and program share its words.
    value = TypedValue(required=False, allow_null=True, help_text=f"{NUMBER}；任务：进展情况")
    qualifier = TypedChoice(Qualifier, required=False, help_text=f"仅指标。{QUALIFIER}")
    missing = TypedChoice(MissingReason, required=False, help_text=MISSING)
    note = TypedText(required=False, allow_null=True, help_text=f"至多 {NOTE_LENGTH} 字")
    problems = TypedText(required=False, allow_null=True, help_text=f"仅任务，至多 {TEXT_LENGTH} 字")
    next_steps = TypedText(required=False, allow_null=True, help_text=f"仅任务，至多 {TEXT_LENGTH} 字")
