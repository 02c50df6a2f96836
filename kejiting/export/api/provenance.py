"""Where a figure comes from, as JSON: the chain that the page ``/provenance/…`` shows, by the same queries."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from indicators.models import Document, Evidence, Line, LineEntry, Observation, RegisterCount, Result
from indicators.queries.provenance import (
    CountOrigin,
    ObservationOrigin,
    ResultOrigin,
    get_count_origin,
    get_observation_origin,
    get_result_origin,
)
from kejiting.accounts.models import User

from .base import ApiView
from .definitions import plan_and_number
from .fields import Code, PageLink, PlainDecimal
from .measures import TargetRow
from .observations import ObservationRow, ResultRow
from .return_serializers import MISSING, QUALIFIER, HistoryOutput

WORDS = "只有能看这张报表的人可见，其他为空"


# -- what several kinds have ---------------------------------------------------------------------


class FigureOutput(serializers.Serializer[Observation]):
    """A figure in few words; ``provenance`` leads on."""

    id = serializers.IntegerField(read_only=True)
    indicator = serializers.CharField(source="indicator.code", read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    breakdown = serializers.CharField(source="breakdown_id", read_only=True)
    period = serializers.CharField(source="period_id", read_only=True)
    value = PlainDecimal()
    unit_of_measure = serializers.CharField(read_only=True)
    qualifier = Code(help_text=QUALIFIER)
    missing = Code(help_text=MISSING)
    vintage = serializers.IntegerField(read_only=True)
    recorded_at = serializers.DateTimeField(read_only=True)
    provenance = PageLink("provenance", kind="observation", key="{row.pk}")


class DocumentOutput(serializers.Serializer[Document]):
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    number = serializers.CharField(read_only=True)
    issuer = serializers.CharField(read_only=True)
    issued_on = serializers.DateField(read_only=True, allow_null=True)
    url = serializers.CharField(read_only=True)
    note = serializers.CharField(read_only=True)


class RunOutput(serializers.Serializer[Any]):
    """The run of the recomputation that wrote a figure."""

    id = serializers.IntegerField(read_only=True)
    code_version = serializers.CharField(read_only=True, help_text="程序和各方法的版本")
    started_at = serializers.DateTimeField(read_only=True)
    today = serializers.DateField(read_only=True, help_text="以哪一天为准：是否临期、逾期由此判定")


# -- an observation ------------------------------------------------------------------------------


class DefinitionOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField(read_only=True)
    text_zh = serializers.CharField(read_only=True)
    text_en = serializers.CharField(read_only=True)
    valid_from = serializers.DateField(read_only=True)


class EvidenceOutput(serializers.Serializer[Evidence]):
    of = serializers.SerializerMethodField(help_text="line 附于填报行，correction 附于更正")
    title = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    content_type = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="字节")
    sha256 = serializers.CharField(read_only=True)
    by = serializers.CharField(source="uploaded_by.stamp", read_only=True)
    at = serializers.DateTimeField(source="uploaded_at", read_only=True)

    @extend_schema_field({"type": "string", "enum": ["line", "correction"]})
    def get_of(self, row: Evidence) -> str:
        return "correction" if row.correction_id else "line"


class EntryOutput(serializers.Serializer[LineEntry]):
    by = serializers.CharField(source="by.stamp", read_only=True)
    at = serializers.DateTimeField(read_only=True)
    content = serializers.JSONField(read_only=True)


class ReportedOutput(serializers.Serializer[Line]):
    """The line of a return that a figure was taken from."""

    round = serializers.CharField(source="report.round.code", read_only=True)
    unit = serializers.CharField(source="report.unit.code", read_only=True)
    unit_name = serializers.CharField(source="report.unit.name_zh", read_only=True)
    line = serializers.CharField(source="pk", read_only=True)
    entered_by = serializers.CharField(source="entered_by.stamp", read_only=True, allow_null=True)
    entered_at = serializers.DateTimeField(read_only=True, allow_null=True)
    note = serializers.CharField(read_only=True, help_text=WORDS)

    def to_representation(self, instance: Line) -> dict[str, Any]:
        return super().to_representation(instance) | ({} if self.context["may_see_return"] else {"note": ""})


class CorrectionOutput(serializers.Serializer[Any]):
    """The correction that made this vintage: asked by one, accepted by another."""

    previous = PlainDecimal()
    previous_missing = Code(help_text=MISSING)
    requested_by = serializers.CharField(source="requested_by.stamp", read_only=True)
    requested_at = serializers.DateTimeField(read_only=True)
    reason = serializers.CharField(read_only=True, help_text=WORDS)
    accepted_by = serializers.CharField(source="decided_by.stamp", read_only=True)
    accepted_at = serializers.DateTimeField(source="decided_at", read_only=True)
    words = serializers.CharField(source="decision_reason", read_only=True, help_text=WORDS)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        hidden = {} if self.context["may_see_return"] else {"reason": "", "words": ""}
        return super().to_representation(instance) | hidden


class StepOutput(HistoryOutput):
    """A step of the return; the reason only for those who may see the return."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(instance) | ({} if self.context["may_see_return"] else {"reason": ""})


class ImportOutput(serializers.Serializer[Any]):
    name = serializers.CharField(read_only=True)
    sha256 = serializers.CharField(read_only=True, help_text="导入文件的散列；未留的为空")
    by = serializers.CharField(source="imported_by.stamp", read_only=True, allow_null=True)
    at = serializers.DateTimeField(source="imported_at", read_only=True)


class CountLink(serializers.Serializer[RegisterCount]):
    id = serializers.IntegerField(read_only=True)
    counted_at = serializers.DateTimeField(read_only=True)
    provenance = PageLink("provenance", kind="count", key="{row.pk}")


class ObservationProvenance(serializers.Serializer[ObservationOrigin]):
    """Which blocks are filled depends on ``observation.origin``: line, correction, import, count or formula."""

    observation = ObservationRow(read_only=True)
    definition = DefinitionOutput(read_only=True, allow_null=True, help_text="当时的口径")
    document = DocumentOutput(source="observation.document", read_only=True, allow_null=True, help_text="说出这个数的文件")
    reported = ReportedOutput(source="line", read_only=True, allow_null=True)
    steps = StepOutput(many=True, read_only=True)
    entries = EntryOutput(many=True, read_only=True, help_text=f"每次保存的内容。{WORDS}")
    correction = CorrectionOutput(source="observation.correction", read_only=True, allow_null=True)
    evidence = EvidenceOutput(many=True, read_only=True)
    imported = ImportOutput(source="observation.batch", read_only=True, allow_null=True)
    count = CountLink(source="observation.register_count", read_only=True, allow_null=True)
    formula = Code(help_text="公式；引用了您无权查看的指标时为空")
    run = RunOutput(source="observation.run", read_only=True, allow_null=True)
    inputs = FigureOutput(many=True, read_only=True, help_text="公式用到的数")
    vintages = FigureOutput(many=True, read_only=True, help_text="这个数的各版次，新的在前")


# -- a result ------------------------------------------------------------------------------------


class PartOutput(serializers.Serializer[Result]):
    """A result in few words; ``provenance`` leads on."""

    id = serializers.IntegerField(read_only=True)
    measure = serializers.CharField(read_only=True)
    indicator = Code(source="indicator.code")
    area = Code(source="area_id")
    task = serializers.SerializerMethodField()
    period = Code(source="period_id")
    value = PlainDecimal()
    text = Code()
    computed_at = serializers.DateTimeField(read_only=True)
    provenance = PageLink("provenance", kind="result", key="{row.pk}")

    def get_task(self, row: Result) -> str | None:
        return plan_and_number(row.task)


class LineLink(serializers.Serializer[Line]):
    """A line of a return that a task was judged by."""

    round = serializers.CharField(source="report.round.code", read_only=True)
    unit = serializers.CharField(source="report.unit.code", read_only=True)
    line = serializers.CharField(source="pk", read_only=True)
    name = serializers.CharField(source="assignment.subject", read_only=True)
    url = PageLink("api-line", round="{row.report.round.code}", unit="{row.report.unit.code}", line="{row.pk}")


class ResultProvenance(serializers.Serializer[ResultOrigin]):
    result = ResultRow(read_only=True)
    how = serializers.CharField(source="words", read_only=True, help_text="怎样算得")
    reason = Code(source="result.detail.reason", help_text="为何如此，见说明页的原因码")
    rule = Code(source="result.detail.rule", help_text="序时进度按哪种算法，见说明页")
    override = serializers.SerializerMethodField(help_text="人工调整的灯色：computed 为原来算得的")
    run = RunOutput(source="result.run", read_only=True)
    target = TargetRow(read_only=True, allow_null=True)
    observations = FigureOutput(many=True, read_only=True, help_text="用到的数")
    results = PartOutput(many=True, read_only=True, help_text="由这些结果得出")
    lines = LineLink(many=True, read_only=True, help_text="依据的填报")
    hidden = serializers.IntegerField(read_only=True, help_text="用到而您无权查看的有几项")
    earlier = PartOutput(many=True, read_only=True, help_text="以前的结果，新的在前")

    @extend_schema_field({"type": "object", "nullable": True, "properties": {"reason": {"type": "string"}, "computed": {"type": "string"}}})
    def get_override(self, origin: ResultOrigin) -> dict[str, str] | None:
        override = origin.result.detail.get("override")
        return {"reason": override["reason"], "computed": override["computed"]} if override else None


# -- a count -------------------------------------------------------------------------------------


class MemberOutput(serializers.Serializer[Any]):
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)


class CountProvenance(serializers.Serializer[CountOrigin]):
    id = serializers.IntegerField(source="count.pk", read_only=True)
    source = serializers.CharField(source="count.source", read_only=True, help_text="计数口径")
    counted_at = serializers.DateTimeField(source="count.counted_at", read_only=True)
    members = MemberOutput(many=True, read_only=True, help_text="点到的每一项")
    hidden = serializers.IntegerField(read_only=True, help_text="点到而您无权查看的有几项")
    observations = FigureOutput(many=True, read_only=True, help_text="由此得出的数")


# -- views ---------------------------------------------------------------------------------------


class ProvenanceView(ApiView):
    """One figure's chain. A figure the asker may not see does not exist."""

    renderer_classes = [JSONRenderer]
    http_method_names = ["get", "head"]

    def answer(
        self, request: Request, key: str, get_origin: Callable[[User, int], Any], serializer: type[serializers.Serializer[Any]]
    ) -> Response:
        if not (key.isascii() and key.isdecimal() and len(key) <= 18):
            raise Http404(_("没有这个数值，或者您无权查看。"))
        try:
            origin = get_origin(request.user, int(key))
        except ObjectDoesNotExist:
            raise Http404(_("没有这个数值，或者您无权查看。")) from None
        context = {"request": request, "may_see_return": getattr(origin, "may_see_return", False)}
        return Response(serializer(origin, context=context).data)


class OfObservation(ProvenanceView):
    @extend_schema(responses=ObservationProvenance)
    def get(self, request: Request, key: str) -> Response:
        """一个观测值的来历：谁在何时说的、经过哪些步骤、依据什么材料、按什么口径和公式。"""
        return self.answer(request, key, get_observation_origin, ObservationProvenance)


class OfResult(ProvenanceView):
    @extend_schema(responses=ResultProvenance)
    def get(self, request: Request, key: str) -> Response:
        """一个计算结果的来历：方法和版本、对照的目标、用到的每一个数。"""
        return self.answer(request, key, get_result_origin, ResultProvenance)


class OfCount(ProvenanceView):
    @extend_schema(responses=CountProvenance)
    def get(self, request: Request, key: str) -> Response:
        """一次台账计数的来历：点到的每一项。"""
        return self.answer(request, key, get_count_origin, CountProvenance)


KINDS: dict[str, type[ProvenanceView]] = {"observation": OfObservation, "result": OfResult, "count": OfCount}
