"""Our estimate of the index: scores and ranks by framework, year, area and node. Never the published index or rank."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from indicators.models import IndexScore
from indicators.queries.index import GROUPS
from indicators.queries.moments import Moment

from .base import DetailView
from .fields import CLASSIFICATION, DEMO, Code, PageLink, PlainDecimal, VisibleCode, words
from .filters import Codes, Flag, periods
from .observations import MomentView


class IndexRow(serializers.Serializer[IndexScore]):
    id = serializers.IntegerField(read_only=True)
    is_official = serializers.SerializerMethodField(help_text="恒为 false：本系统的测算，不是任何机构公布的指数或位次")
    framework = serializers.CharField(source="framework.code", read_only=True)
    period = serializers.CharField(source="period_id", read_only=True)
    area = serializers.CharField(source="area_id", read_only=True)
    node = serializers.CharField(source="node.code", read_only=True, help_text="总指数、组或指标在框架中的代码")
    node_name = serializers.CharField(source="node.name_zh", read_only=True)
    parent = Code(source="node.parent.code", help_text="上级节点；总指数为空")
    indicator = VisibleCode(source="node.indicator", help_text="供数的指标；组为空")
    is_approximate = serializers.BooleanField(
        source="node.is_approximate", read_only=True, help_text="供数的指标与框架口径只是相近"
    )
    value = PlainDecimal(help_text="原值，仅指标有")
    unit_of_measure = Code(source="node.indicator.unit_of_measure")
    score = PlainDecimal()
    rank = serializers.IntegerField(read_only=True, allow_null=True)
    reason = Code(help_text=f"没有得分的原因：{words(IndexScore.Reason)}")
    coverage = PlainDecimal(help_text="该节点权重中有数据的份额，0 至 1")
    points = PlainDecimal(help_text="对总指数的贡献；一个地区各指标之和即总分")
    rank_median = PlainDecimal(help_text="位次区间，仅总指数有：抽样中的位次中位数")
    rank_low = PlainDecimal(help_text="抽样中位次的 5% 分位")
    rank_high = PlainDecimal(help_text="抽样中位次的 95% 分位")
    chance_better = PlainDecimal(help_text="抽样中比现位次更靠前的份额")
    previous_period = serializers.SerializerMethodField(help_text="变动所比的上一年，仅总指数有")
    previous_score = serializers.SerializerMethodField(help_text="上一年的得分，按当时所知")
    previous_rank = serializers.SerializerMethodField(help_text="上一年的位次，按当时所知")
    method = serializers.CharField(read_only=True)
    version = serializers.CharField(read_only=True, help_text="方法版本")
    computed_at = serializers.DateTimeField(read_only=True)
    superseded_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="被新测算取代的时间；现行的为空")
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    provenance = PageLink("index-origin", framework="{row.framework.code}", year="{row.period_id}", area="{row.area_id}")

    def get_is_official(self, row: IndexScore) -> bool:
        return False

    def get_previous_period(self, row: IndexScore) -> str | None:
        return row.change["period"] if row.change else None

    def get_previous_score(self, row: IndexScore) -> str | None:
        return row.change["score"] if row.change else None

    def get_previous_rank(self, row: IndexScore) -> int | None:
        return row.change["rank"] if row.change else None

    def get_fields(self) -> dict[str, Any]:
        """The split of the move after what it splits: flat, so that CSV and JSON have the same columns."""
        fields: dict[str, Any] = {}
        for name, field in super().get_fields().items():
            fields[name] = field
            if name == "previous_rank":
                fields |= {f"{of}_change_{group}": ChangePart(of, group) for of in ("score", "rank") for group in GROUPS}
        return fields


class ChangePart(PlainDecimal):
    """What one group of causes moved; the four add up to the whole change."""

    def __init__(self, of: str, group: str) -> None:
        self.of, self.group = of, group
        what = "得分变动" if of == "score" else "位次变动（数字变大为正）"
        super().__init__(source="change", help_text=f"{what}中的{GROUPS[group]}")

    def to_representation(self, value: Any) -> str | None:
        return str(value["by"][self.group][self.of]) if value["by"][self.group][self.of] is not None else None


class IndexFilters(filters.FilterSet):
    framework = Codes(field_name="framework__code", label="框架代码")
    period = periods()
    area = Codes(field_name="area_id", label="地区代码（GB/T 2260）")
    node = Codes(field_name="node__code", label="节点代码，总指数为框架的根")
    is_demo = Flag(label="是否演示")


RELATED = ("framework", "node__parent", "node__indicator")


class IndexList(MomentView):
    """指数测算（非官方）：每个框架 × 年份 × 地区 × 节点一行，默认只给现行的。"""

    model = IndexScore
    serializer_class = IndexRow
    filterset_class = IndexFilters
    stamps = ("computed_at", "superseded_at")
    file_name = "index"

    def get_rows(self) -> QuerySet[IndexScore]:
        rows = IndexScore.objects.visible_to(self.request.user)
        then = _computed_until(rows, self.get_moment()) if self.wants_all else self.get_moment().results(rows)
        return then.select_related(*RELATED)


def _computed_until(rows: QuerySet[IndexScore], moment: Moment) -> QuerySet[IndexScore]:
    """Everything computed until the moment, superseded or not."""
    if moment.as_of:
        rows = rows.filter(computed_at__lte=moment.as_of)
    return rows.filter(computed_at__date__lte=moment.known_on) if moment.known_on else rows


class IndexDetail(DetailView):
    """一行指数测算。"""

    model = IndexScore
    serializer_class = IndexRow
    lookups = {"id": "pk"}

    def get_rows(self) -> QuerySet[IndexScore]:
        return IndexScore.objects.visible_to(self.request.user).select_related(*RELATED)
