"""How it is measured: indicators with their definitions, targets with their documents."""


from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from indicators.models import Indicator, IndicatorDependency, Target

from .base import DetailView, ListView, ResourceView
from .fields import CLASSIFICATION, DEMO, Code, DocumentFields, PageLink, PlainDecimal, VisibleCode, is_visible, words
from .filters import Codes, Flag, choices, periods


class IndicatorRow(serializers.Serializer[Indicator]):
    code = serializers.CharField(read_only=True)
    name_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    unit_of_measure = serializers.CharField(read_only=True)
    decimals = serializers.IntegerField(read_only=True)
    direction = serializers.CharField(read_only=True, help_text="higher 越高越好、lower 越低越好")
    accumulation = serializers.CharField(read_only=True, help_text=words(Indicator.Accumulation))
    origin = serializers.CharField(read_only=True, help_text=words(Indicator.Origin))
    frequency = serializers.CharField(read_only=True, help_text=words(Indicator.Frequency))
    publisher = serializers.CharField(read_only=True)
    minimum = PlainDecimal()
    maximum = PlainDecimal()
    numerator = VisibleCode()
    denominator = VisibleCode()
    stated_as = VisibleCode(help_text="台账计数所对照的公布口径")
    definition_version = serializers.IntegerField(source="current_definition.version", read_only=True, allow_null=True)
    definition_zh = serializers.CharField(source="current_definition.text_zh", read_only=True, allow_null=True)
    definition_en = serializers.CharField(source="current_definition.text_en", read_only=True, allow_null=True)
    formula = serializers.SerializerMethodField(help_text="公式计算的指标才有；引用了非公开指标的公式为空")
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    page = PageLink("indicator", code="{row.code}")

    def get_formula(self, row: Indicator) -> str | None:
        # A formula names what it reads: one may know it who may know all of these.
        if row.current_definition is None or not all(is_visible(edge.reads, self.context) for edge in row.dependencies.all()):
            return None
        return row.current_definition.formula or None


class IndicatorFilters(filters.FilterSet):
    code = Codes(field_name="code", label="指标代码")
    origin = choices("origin", Indicator.Origin, label="来源")
    frequency = choices("frequency", Indicator.Frequency, label="频率")
    accumulation = choices("accumulation", Indicator.Accumulation, label="累计方式")
    is_demo = Flag(label="是否演示")


class IndicatorRows(ResourceView):
    model = Indicator
    serializer_class = IndicatorRow

    def get_rows(self) -> QuerySet[Indicator]:
        related = ("current_definition", "numerator", "denominator", "stated_as")
        reads = Prefetch("dependencies", IndicatorDependency.objects.select_related("reads"))
        return Indicator.objects.visible_to(self.request.user).select_related(*related).prefetch_related(reads)


class IndicatorList(IndicatorRows, ListView):
    """指标及其现行定义。"""

    filterset_class = IndicatorFilters
    file_name = "indicators"


class IndicatorDetail(IndicatorRows, DetailView):
    """一个指标。"""


class TargetRow(DocumentFields):
    id = serializers.IntegerField(read_only=True)
    indicator = serializers.CharField(source="indicator.code", read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    period = serializers.CharField(source="period_id", read_only=True)
    kind = serializers.CharField(read_only=True, help_text=words(Target.Kind))
    comparison = serializers.CharField(read_only=True, help_text=words(Target.Comparison))
    value = PlainDecimal()
    upper = PlainDecimal(help_text="区间的上限")
    unit_of_measure = serializers.CharField(read_only=True)
    stated = serializers.CharField(read_only=True, help_text="文件中的写法")
    basis = serializers.CharField(read_only=True, help_text=words(Target.Basis))
    baseline_value = PlainDecimal()
    baseline_period = Code(source="baseline_period_id")
    superseded_by = serializers.IntegerField(source="superseded_by.target_id", read_only=True, allow_null=True, help_text="取代它的目标 id")
    superseded_at = serializers.DateTimeField(source="superseded_by.at", read_only=True, allow_null=True, help_text="何时注明被取代")
    supersession_reason = Code(source="superseded_by.reason", help_text="注明被取代的理由")
    recorded_at = serializers.DateTimeField(read_only=True)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)


class TargetFilters(filters.FilterSet):
    indicator = Codes(field_name="indicator__code", label="指标代码")
    area = Codes(field_name="area_id", label="地区代码")
    period = periods()
    kind = choices("kind", Target.Kind, label="类型")
    in_force = Flag(field_name="superseded_by", lookup_expr="isnull", label="是否有效（未被明示取代）")
    is_demo = Flag(label="是否演示")


class TargetRows(ResourceView):
    model = Target
    serializer_class = TargetRow

    def get_rows(self) -> QuerySet[Target]:
        return Target.objects.visible_to(self.request.user).standing().select_related("indicator", "document", "superseded_by")


class TargetList(TargetRows, ListView):
    """目标：每个都有设定它的文件。"""

    filterset_class = TargetFilters
    file_name = "targets"


class TargetDetail(TargetRows, DetailView):
    """一个目标。"""

    lookups = {"id": "pk"}
