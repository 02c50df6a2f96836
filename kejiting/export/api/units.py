"""Who and where: areas, units, rounds."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from indicators.models import Round
from kejiting.accounts.models import Area, Unit

from .base import DetailView, ListView, ResourceView
from .fields import DEMO, Code, words
from .filters import Codes, Flag, choices, periods


class AreaRow(serializers.Serializer[Area]):
    code = serializers.CharField(read_only=True)
    level = serializers.CharField(read_only=True, help_text=words(Area.Level))
    parent = Code(source="parent_id")
    name_zh = serializers.CharField(read_only=True)
    short_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    is_ranked = serializers.BooleanField(read_only=True, help_text="是否参与 31 省排名")


class AreaFilters(filters.FilterSet):
    level = choices("level", Area.Level, label="级别")
    parent = Codes(field_name="parent_id", label="上级地区代码")


class AreaRows(ResourceView):
    model = Area
    serializer_class = AreaRow

    def get_rows(self) -> QuerySet[Area]:
        return Area.objects.all()


class AreaList(AreaRows, ListView):
    """地区，按 GB/T 2260。"""

    filterset_class = AreaFilters
    file_name = "areas"


class AreaDetail(AreaRows, DetailView):
    """一个地区。"""


class UnitRow(serializers.Serializer[Unit]):
    code = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True, help_text=words(Unit.Kind))
    parent = Code(source="parent.code")
    area = Code(source="area_id")
    name_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    dissolved_on = serializers.DateField(read_only=True, allow_null=True)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)


class UnitFilters(filters.FilterSet):
    kind = choices("kind", Unit.Kind, label="类别")
    parent = Codes(field_name="parent__code", label="上级单位代码")
    area = Codes(field_name="area_id", label="地区代码")
    is_demo = Flag(label="是否演示")


class UnitRows(ResourceView):
    model = Unit
    serializer_class = UnitRow

    def get_rows(self) -> QuerySet[Unit]:
        return Unit.objects.select_related("parent")


class UnitList(UnitRows, ListView):
    """填报和主管单位。"""

    filterset_class = UnitFilters
    file_name = "units"


class UnitDetail(UnitRows, DetailView):
    """一个单位。"""


class RoundRow(serializers.Serializer[Round]):
    code = serializers.CharField(read_only=True)
    plan = serializers.CharField(source="plan.code", read_only=True)
    period = serializers.CharField(source="period_id", read_only=True)
    opens_at = serializers.DateTimeField(read_only=True)
    due_at = serializers.DateTimeField(read_only=True)
    grace_until = serializers.DateTimeField(read_only=True)
    locks_at = serializers.DateTimeField(read_only=True, allow_null=True)
    is_open = serializers.BooleanField(read_only=True)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)


class RoundFilters(filters.FilterSet):
    plan = Codes(field_name="plan__code", label="规划代码")
    period = periods()
    is_demo = Flag(label="是否演示")


class RoundRows(ResourceView):
    model = Round
    serializer_class = RoundRow

    def get_rows(self) -> QuerySet[Round]:
        return Round.objects.select_related("plan")


class RoundList(RoundRows, ListView):
    """填报批次。"""

    filterset_class = RoundFilters
    file_name = "rounds"


class RoundDetail(RoundRows, DetailView):
    """一个填报批次。"""
