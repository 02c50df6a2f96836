"""Observations and results: the figures, as they are now, as they were, as they were known."""

from datetime import date
from functools import reduce
from operator import or_
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from indicators.errors import RecordError
from indicators.models import Aspect, Indicator, Observation, Period, Result, Status
from indicators.queries.moments import Moment, parse_moment, parse_since
from indicators.units import POINTS

from ..errors import BadQuery
from .base import DetailView, ListView
from .definitions import plan_and_number
from .fields import CLASSIFICATION, DEMO, Code, DocumentFields, PageLink, PlainDecimal, words
from .filters import Codes, Flag, Numbered, choices, periods, several_of, whole_number
from .result_detail import DetailField, IntervalEnd
from .return_serializers import MISSING, QUALIFIER

DAY_OR_TIME = {"oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
MOMENT = [
    OpenApiParameter("as_of", DAY_OR_TIME, description="当时的记录（按入库时间）：2025-09-30 或 2025-09-30T18:00:00+08:00；日期指当日结束"),
    OpenApiParameter("known_on", date, description="当时已发布的（按发布日期）：2025-09-30；来源未注明发布日期的，按入库日期"),
    OpenApiParameter("since", DAY_OR_TIME, description="只要从这一刻起入库、开放、算得或被取代的：2025-09-30 或带时刻；日期指当日开始"),
    OpenApiParameter("vintages", str, enum=["newest", "all"], description="newest（默认）只给最新版次；all 给全部版次"),
]


class MomentView(ListView):
    """A list that can be read as of another moment."""

    more_parameters = ("as_of", "known_on", "vintages", "since")
    # What stamps a row when it comes into the list, or goes out of it.
    stamps: ClassVar[tuple[str, ...]] = ()

    def get_moment(self) -> Moment:
        asked = self.request.query_params
        try:
            return parse_moment(asked.get("as_of"), asked.get("known_on"))
        except RecordError as error:
            raise BadQuery(error.message) from error

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        if (text := self.request.query_params.get("since")) is None:
            return rows
        try:
            since = parse_since(text)
        except RecordError as error:
            raise BadQuery(error.message) from error
        return rows.filter(reduce(or_, (Q(**{f"{stamp}__gte": since}) for stamp in self.stamps)))

    @property
    def wants_all(self) -> bool:
        asked = self.request.query_params.get("vintages", "newest")
        if asked not in ("newest", "all"):
            raise BadQuery(_("vintages 只能是 newest 或 all。"))
        return asked == "all"

    @extend_schema(parameters=MOMENT)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)


# -- observations --------------------------------------------------------------------------------


ORIGIN = "line 报表、correction 更正、import 导入、count 台账计数、formula 公式"
ORIGINS = {
    "line": Q(line__isnull=False, correction=None),
    "correction": Q(correction__isnull=False),
    "import": Q(batch__isnull=False),
    "count": Q(register_count__isnull=False),
    "formula": Q(run__isnull=False),
}


class ObservationRow(DocumentFields):
    id = serializers.IntegerField(read_only=True)
    indicator = serializers.CharField(source="indicator.code", read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    breakdown = serializers.CharField(source="breakdown_id", read_only=True, help_text="_T 为总计")
    period = serializers.CharField(source="period_id", read_only=True)
    value = PlainDecimal()
    unit_of_measure = serializers.CharField(read_only=True)
    qualifier = Code(help_text=QUALIFIER)
    status = serializers.CharField(read_only=True, help_text=f"SDMX CL_OBS_STATUS：{words(Status)}")
    missing = Code(help_text=MISSING)
    stated = serializers.CharField(read_only=True, help_text="来源的原文写法，如“65%以上”")
    vintage = serializers.IntegerField(read_only=True, help_text="版次，从 1 起；更正和修订各成新版次")
    definition_version = serializers.IntegerField(source="definition.version", read_only=True, allow_null=True)
    comparability_break = serializers.CharField(read_only=True, help_text="口径变化，与前期不可比之处")
    recorded_at = serializers.DateTimeField(read_only=True, help_text="本系统入库时间")
    published_on = serializers.DateField(read_only=True, allow_null=True, help_text="来源发布日期")
    released_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="对其他机构开放的时间")
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    origin = serializers.CharField(read_only=True, help_text=ORIGIN)
    provenance = PageLink("provenance", kind="observation", key="{row.pk}")


class ObservationFilters(filters.FilterSet):
    """Asked of the newest vintages: where a value came from is what its newest vintage says."""

    indicator = Codes(field_name="indicator__code", label="指标代码")
    area = Codes(field_name="area_id", label="地区代码（GB/T 2260）")
    breakdown = Codes(field_name="breakdown_id", label="分组；_T 为总计")
    period = periods()
    frequency = choices("period__frequency", Period.Frequency, label="期间的频率")
    indicator_origin = choices("indicator__origin", Indicator.Origin, label="指标的来源")
    origin = several_of(ORIGINS, method="of_origin", label=f"数值由来：{ORIGIN}")
    is_demo = Flag(label="是否演示")

    def of_origin(self, rows: QuerySet[Observation], name: str, value: list[str]) -> QuerySet[Observation]:
        return rows.filter(reduce(or_, (ORIGINS[origin] for origin in value)))


RELATED = ("indicator", "definition", "document")


class ObservationList(MomentView):
    """观测值：默认每个指标 × 地区 × 分组 × 期间的最新版次。"""

    model = Observation
    serializer_class = ObservationRow
    filterset_class = ObservationFilters
    stamps = ("recorded_at", "released_at")
    file_name = "observations"

    def get_rows(self) -> QuerySet[Observation]:
        rows = self.get_moment().observations(Observation.objects.visible_to(self.request.user))
        if not self.wants_all:
            # Not DISTINCT ON: a page by key then probes only its own rows' cells, however long the record is.
            cell = {name: OuterRef(name) for name in ("indicator_id", "area_id", "breakdown_id", "period_id")}
            rows = rows.filter(~Exists(rows.order_by().filter(vintage__gt=OuterRef("vintage"), **cell)))
        return rows.select_related(*RELATED)


class ObservationDetail(DetailView):
    """一个观测值（某一版次）。"""

    model = Observation
    serializer_class = ObservationRow
    lookups = {"id": "pk"}

    def get_rows(self) -> QuerySet[Observation]:
        return Observation.objects.visible_to(self.request.user).select_related(*RELATED)


# -- results -------------------------------------------------------------------------------------


Measure = Result.Measure
RATIO = "1"  # of dimension one, as ISO 80000 and UCUM write it


class ResultRow(serializers.Serializer[Result]):
    id = serializers.IntegerField(read_only=True)
    measure = serializers.CharField(read_only=True, help_text=words(Result.Measure))
    indicator = Code(source="indicator.code")
    area = Code(source="area_id")
    breakdown = Code(source="breakdown_id")
    target = serializers.IntegerField(source="target_id", read_only=True, allow_null=True, help_text="所对照的目标，见 targets 的 id")
    task = serializers.SerializerMethodField(help_text="任务：规划代码/编号")
    aspect = serializers.SerializerMethodField(help_text="方面：规划代码/序号")
    period = Code(source="period_id")
    value = PlainDecimal(help_text="projection 为中位数：高于和低于它的可能性各半")
    lower_80 = IntervalEnd("lower", "80")
    upper_80 = IntervalEnd("upper", "80")
    lower_95 = IntervalEnd("lower", "95")
    upper_95 = IntervalEnd("upper", "95")
    unit_of_measure = serializers.SerializerMethodField(help_text="1 为比值：0.625 即 62.5%；占比的增减为个百分点或个千分点；灯色和数据核查没有计量单位")
    qualifier = serializers.SerializerMethodField(help_text=f"所据数值的限定；{QUALIFIER}")
    text = Code(help_text="灯色等文字结果")
    detail = DetailField(help_text="各种结果另有的内容；在 CSV 中是 JSON")
    method = serializers.CharField(read_only=True)
    version = serializers.CharField(read_only=True, help_text="方法版本")
    computed_at = serializers.DateTimeField(read_only=True)
    superseded_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="被新结果取代的时间；现行的为空")
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    provenance = PageLink("provenance", kind="result", key="{row.pk}")

    def get_unit_of_measure(self, row: Result) -> str | None:
        own = row.indicator.unit_of_measure if row.indicator else ""
        match row.measure:
            case Measure.LIGHT | Measure.FINDINGS:
                return None
            case Measure.COMPLETION | Measure.SCHEDULE | Measure.PROGRESS | Measure.CHANCE:
                return RATIO
            case Measure.GROWTH_YOY | Measure.GROWTH_QOQ:
                return str(POINTS.get(own, own)) if row.detail.get("unit") in ("pp", "‰") else RATIO
            case Measure.REQUIRED_PACE if row.detail.get("of") == "change":
                return str(POINTS.get(own, own))
        return own or None

    def get_qualifier(self, row: Result) -> str | None:
        return row.detail.get("qualifier")

    def get_task(self, row: Result) -> str | None:
        return plan_and_number(row.task)

    def get_aspect(self, row: Result) -> str | None:
        return plan_and_number(row.aspect)


class ResultFilters(filters.FilterSet):
    measure = choices("measure", Result.Measure, label="结果种类")
    indicator = Codes(field_name="indicator__code", label="指标代码")
    area = Codes(field_name="area_id", label="地区代码")
    breakdown = Codes(field_name="breakdown_id", label="分组")
    period = periods()
    plan = Codes(method="of_plan", label="规划代码：该规划的任务和方面的结果")
    task = Numbered(field_name="task", label="任务：规划代码/编号，或只写编号")
    aspect = Numbered(field_name="aspect", label="方面：规划代码/序号，或只写序号")
    target = whole_number("target_id", label="目标 id")
    is_demo = Flag(label="是否演示")

    def of_plan(self, rows: QuerySet[Result], name: str, value: list[str]) -> QuerySet[Result]:
        return rows.filter(task__plan__code__in=value) | rows.filter(aspect__in=Aspect.objects.filter(plan__code__in=value))


class ResultList(MomentView):
    """计算结果：默认只给现行的。"""

    model = Result
    serializer_class = ResultRow
    filterset_class = ResultFilters
    stamps = ("computed_at", "superseded_at")
    file_name = "results"

    def get_rows(self) -> QuerySet[Result]:
        rows = Result.objects.visible_to(self.request.user)
        then = self._all(rows, self.get_moment()) if self.wants_all else self.get_moment().results(rows)
        return then.select_related("indicator", "task__plan", "aspect__plan")

    @staticmethod
    def _all(rows: QuerySet[Result], moment: Moment) -> QuerySet[Result]:
        """Every result computed until the moment, superseded or not."""
        if moment.as_of:
            rows = rows.filter(computed_at__lte=moment.as_of)
        return rows.filter(computed_at__date__lte=moment.known_on) if moment.known_on else rows


class ResultDetail(DetailView):
    """一个计算结果。"""

    model = Result
    serializer_class = ResultRow
    lookups = {"id": "pk"}

    def get_rows(self) -> QuerySet[Result]:
        return Result.objects.visible_to(self.request.user).select_related("indicator", "task__plan", "aspect__plan")
