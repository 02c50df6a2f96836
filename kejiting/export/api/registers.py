"""The registers: platforms, consortia, organisations, projects, outcomes."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from indicators.models import Task
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind, PlatformStatus, RegisterQuerySet
from projects.models import Outcome, Programme, Project

from .base import DetailView, ListView, ResourceView
from .definitions import plan_and_number
from .fields import CLASSIFICATION, DEMO, Code, CodeList, DocumentFields, PageLink, PlainDecimal, VisibleCode, is_visible, words
from .filters import Codes, Flag, VisibleCodes, choices, whole_number
from .return_serializers import QUALIFIER


class EntryRow(DocumentFields):
    """What every register's rows have."""

    code = serializers.CharField(read_only=True)
    name_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)


class EntryFilters(filters.FilterSet):
    code = Codes(field_name="code", label="编号")
    is_demo = Flag(label="是否演示")


class EntryRows(ResourceView):
    related: ClassVar[tuple[str, ...]] = ()

    def get_rows(self) -> QuerySet[Any]:
        rows: RegisterQuerySet = self.model._default_manager.all()  # type: ignore[assignment]  # every register's
        return rows.visible_to(self.request.user).select_related("document", *self.related)


@extend_schema_field({"type": "string", "nullable": True})
class TaskField(serializers.Field[Any, Any, Any, Any]):
    """The task a row serves, as ``plan/number``, where the asker may see it."""

    def __init__(self) -> None:
        super().__init__(read_only=True, allow_null=True, help_text="服务的任务：规划代码/编号")

    def to_representation(self, task: Task) -> str | None:
        return plan_and_number(task) if is_visible(task, self.context) else None


# -- organisations -------------------------------------------------------------------------------


class OrganisationRow(EntryRow):
    kind = serializers.CharField(read_only=True, help_text=words(Organisation.Kind))
    credit_code = Code(help_text="统一社会信用代码")
    area = Code(source="area_id")
    page = PageLink("organisation", code="{row.code}")


class OrganisationFilters(EntryFilters):
    kind = choices("kind", Organisation.Kind, label="类别")
    area = Codes(field_name="area_id", label="地区代码")


class OrganisationRows(EntryRows):
    model = Organisation
    serializer_class = OrganisationRow


class OrganisationList(OrganisationRows, ListView):
    """参与平台、联合体和项目的机构。"""

    filterset_class = OrganisationFilters
    file_name = "organisations"


class OrganisationDetail(OrganisationRows, DetailView):
    """一个机构。"""


# -- platforms -----------------------------------------------------------------------------------


class PlatformRow(EntryRow):
    kind = serializers.CharField(source="kind_id", read_only=True, help_text="平台类型代码")
    kind_name = serializers.CharField(source="kind.name_zh", read_only=True)
    level = serializers.CharField(source="kind.level", read_only=True, help_text=words(PlatformKind.Level))
    field = serializers.CharField(read_only=True)
    host = VisibleCode(help_text="依托单位")
    area = Code(source="area_id")
    place = serializers.CharField(read_only=True)
    founded_on = serializers.DateField(read_only=True, allow_null=True)
    status = serializers.SerializerMethodField(help_text=words(PlatformStatus.Status))
    page = PageLink("platform", code="{row.code}")

    def get_status(self, row: Platform) -> str | None:
        steps = list(row.statuses.all())
        return steps[-1].status if steps else None


class PlatformFilters(EntryFilters):
    kind = Codes(field_name="kind_id", label="平台类型代码")
    level = choices("kind__level", PlatformKind.Level, label="级别")
    area = Codes(field_name="area_id", label="地区代码")
    host = VisibleCodes(Organisation, field_name="host", label="依托单位编号")


class PlatformRows(EntryRows):
    model = Platform
    serializer_class = PlatformRow
    related = ("kind", "host")

    def get_rows(self) -> QuerySet[Platform]:
        return super().get_rows().prefetch_related("statuses")


class PlatformList(PlatformRows, ListView):
    """创新平台，附最新状态。"""

    filterset_class = PlatformFilters
    file_name = "platforms"


class PlatformDetail(PlatformRows, DetailView):
    """一个创新平台。"""


# -- consortia -----------------------------------------------------------------------------------


class ConsortiumRow(EntryRow):
    industry_chain = serializers.CharField(read_only=True)
    lead = VisibleCode(help_text="牵头单位")
    members = CodeList("organisation.code", help_text="现有成员的编号")
    founded_on = serializers.DateField(read_only=True, allow_null=True)
    dissolved_on = serializers.DateField(read_only=True, allow_null=True)
    page = PageLink("consortium", code="{row.code}")


class ConsortiumFilters(EntryFilters):
    lead = VisibleCodes(Organisation, field_name="lead", label="牵头单位编号")


class ConsortiumRows(EntryRows):
    model = Consortium
    serializer_class = ConsortiumRow
    related = ("lead",)

    def get_rows(self) -> QuerySet[Consortium]:
        visible = Organisation.objects.visible_to(self.request.user).order_by()
        members = ConsortiumMember.objects.filter(organisation__in=visible, valid__contains=timezone.localdate())
        ordered = members.select_related("organisation").order_by("role", "organisation__code")
        return super().get_rows().prefetch_related(Prefetch("members", ordered))


class ConsortiumList(ConsortiumRows, ListView):
    """企业创新联合体。"""

    filterset_class = ConsortiumFilters
    file_name = "consortia"


class ConsortiumDetail(ConsortiumRows, DetailView):
    """一个企业创新联合体。"""


# -- projects ------------------------------------------------------------------------------------


class ProjectRow(EntryRow):
    programme = serializers.CharField(source="programme_id", read_only=True, help_text="科技计划代码")
    programme_name = serializers.CharField(source="programme.name_zh", read_only=True)
    level = serializers.CharField(source="programme.level", read_only=True, help_text=words(Programme.Level))
    number = serializers.CharField(read_only=True, help_text="项目编号")
    host = VisibleCode(help_text="承担单位")
    field = serializers.CharField(read_only=True)
    area = Code(source="area_id")
    task = TaskField()
    status = serializers.CharField(read_only=True, help_text=words(Project.Status))
    approved_year = serializers.IntegerField(read_only=True, allow_null=True)
    starts_on = serializers.DateField(read_only=True, allow_null=True)
    ends_on = serializers.DateField(read_only=True, allow_null=True)
    budget = PlainDecimal(help_text="批复经费，万元")
    page = PageLink("project", code="{row.code}")


class ProjectFilters(EntryFilters):
    programme = Codes(field_name="programme_id", label="科技计划代码")
    level = choices("programme__level", Programme.Level, label="级别")
    status = choices("status", Project.Status, label="状态")
    approved_year = whole_number("approved_year", label="立项年度")
    area = Codes(field_name="area_id", label="地区代码")
    host = VisibleCodes(Organisation, field_name="host", label="承担单位编号")


class ProjectRows(EntryRows):
    model = Project
    serializer_class = ProjectRow
    related = ("programme", "host", "task__plan")


class ProjectList(ProjectRows, ListView):
    """科技项目。"""

    filterset_class = ProjectFilters
    file_name = "projects"


class ProjectDetail(ProjectRows, DetailView):
    """一个科技项目。"""


# -- outcomes ------------------------------------------------------------------------------------


class OutcomeRow(EntryRow):
    kind = serializers.CharField(read_only=True, help_text=words(Outcome.Kind))
    project = VisibleCode()
    platform = VisibleCode()
    consortium = VisibleCode()
    task = TaskField()
    year = serializers.IntegerField(read_only=True, allow_null=True)
    quantity = PlainDecimal()
    qualifier = Code(help_text=QUALIFIER)
    unit_of_measure = serializers.CharField(read_only=True)
    is_substitution = serializers.BooleanField(read_only=True, help_text="国产替代")
    page = PageLink("outcome", code="{row.code}")


class OutcomeFilters(EntryFilters):
    kind = choices("kind", Outcome.Kind, label="类别")
    year = whole_number("year", label="计入年度")
    project = VisibleCodes(Project, field_name="project", label="项目编号")
    platform = VisibleCodes(Platform, field_name="platform", label="平台编号")
    consortium = VisibleCodes(Consortium, field_name="consortium", label="联合体编号")
    is_substitution = Flag(label="是否国产替代")


class OutcomeRows(EntryRows):
    model = Outcome
    serializer_class = OutcomeRow
    related = ("project", "platform", "consortium", "task__plan")


class OutcomeList(OutcomeRows, ListView):
    """成果。"""

    filterset_class = OutcomeFilters
    file_name = "outcomes"


class OutcomeDetail(OutcomeRows, DetailView):
    """一项成果。"""
