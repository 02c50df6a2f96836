"""What is to be done: plans, aspects, tasks, milestones."""


from django.db.models import Prefetch, Q, QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from indicators.models import Aspect, Indicator, Milestone, Plan, Task
from kejiting.accounts.models import Unit

from .base import DetailView, ListView, ResourceView
from .fields import CLASSIFICATION, DEMO, Code, CodeList, DocumentFields, PageLink, is_visible, words
from .filters import Codes, Flag, choices, whole_number


def plan_and_number(row: Task | Aspect | None) -> str | None:
    """A task or aspect as ``plan/3``: numbered within its plan."""
    return f"{row.plan.code}/{row.number}" if row else None


# -- plans and aspects ---------------------------------------------------------------------------


class PlanRow(DocumentFields):
    code = serializers.CharField(read_only=True)
    name_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    programme_zh = serializers.CharField(read_only=True)
    starts_on = serializers.DateField(read_only=True)
    ends_on = serializers.DateField(read_only=True)
    is_current = serializers.BooleanField(read_only=True)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    page = PageLink("plan", plan="{row.code}")


class PlanFilters(filters.FilterSet):
    is_current = Flag(label="是否现行")
    is_demo = Flag(label="是否演示")


class PlanRows(ResourceView):
    model = Plan
    serializer_class = PlanRow

    def get_rows(self) -> QuerySet[Plan]:
        return Plan.objects.select_related("document")


class PlanList(PlanRows, ListView):
    """规划。"""

    filterset_class = PlanFilters
    file_name = "plans"


class PlanDetail(PlanRows, DetailView):
    """一个规划。"""


class AspectRow(serializers.Serializer[Aspect]):
    plan = serializers.CharField(source="plan.code", read_only=True)
    number = serializers.IntegerField(read_only=True)
    name_zh = serializers.CharField(read_only=True)
    name_en = serializers.CharField(read_only=True)
    is_demo = serializers.BooleanField(source="plan.is_demo", read_only=True, help_text=DEMO)


class AspectFilters(filters.FilterSet):
    plan = Codes(field_name="plan__code", label="规划代码")
    number = whole_number("number", label="序号")


class AspectRows(ResourceView):
    model = Aspect
    serializer_class = AspectRow

    def get_rows(self) -> QuerySet[Aspect]:
        return Aspect.objects.select_related("plan")


class AspectList(AspectRows, ListView):
    """规划的各个方面。"""

    filterset_class = AspectFilters
    file_name = "aspects"


class AspectDetail(AspectRows, DetailView):
    """规划的一个方面。"""

    lookups = {"plan": "plan__code", "number": "number"}


# -- tasks and milestones ------------------------------------------------------------------------


class TaskRow(DocumentFields):
    plan = serializers.CharField(source="plan.code", read_only=True)
    number = serializers.IntegerField(read_only=True)
    aspect = serializers.IntegerField(source="aspect.number", read_only=True)
    parent = serializers.SerializerMethodField(help_text="上级任务的编号")
    title_zh = serializers.CharField(read_only=True)
    title_en = serializers.CharField(read_only=True)
    lead_unit = serializers.CharField(source="lead_unit.code", read_only=True)
    responsible_office = Code(source="responsible_office.code")
    cooperating_units = CodeList()
    starts_on = serializers.DateField(read_only=True)
    due_on = serializers.DateField(read_only=True)
    state = serializers.CharField(read_only=True, help_text=words(Task.State))
    indicators = CodeList()
    classification = serializers.CharField(read_only=True, help_text=CLASSIFICATION)
    is_demo = serializers.BooleanField(read_only=True, help_text=DEMO)
    page = PageLink("task", plan="{row.plan.code}", number="{row.number}")

    def get_parent(self, row: Task) -> int | None:
        return row.parent.number if row.parent and is_visible(row.parent, self.context) else None


class TaskFilters(filters.FilterSet):
    plan = Codes(field_name="plan__code", label="规划代码")
    number = whole_number("number", label="任务编号")
    aspect = whole_number("aspect__number", label="方面序号")
    lead_unit = Codes(field_name="lead_unit__code", label="牵头单位代码")
    state = choices("state", Task.State, label="办理状态")
    is_demo = Flag(label="是否演示")


class TaskRows(ResourceView):
    model = Task
    serializer_class = TaskRow

    def get_rows(self) -> QuerySet[Task]:
        user = self.request.user
        related = ("plan", "aspect", "parent", "lead_unit", "responsible_office", "document")
        indicators = Prefetch("indicators", Indicator.objects.visible_to(user).order_by("code"))
        units = Prefetch("cooperating_units", Unit.objects.order_by("code"))
        return Task.objects.visible_to(user).select_related(*related).prefetch_related(indicators, units)


class TaskList(TaskRows, ListView):
    """重点任务。"""

    filterset_class = TaskFilters
    file_name = "tasks"


class TaskDetail(TaskRows, DetailView):
    """一项重点任务。"""

    lookups = {"plan": "plan__code", "number": "number"}


class MilestoneRow(serializers.Serializer[Milestone]):
    id = serializers.IntegerField(read_only=True)
    plan = serializers.CharField(source="task.plan.code", read_only=True)
    task = serializers.IntegerField(source="task.number", read_only=True)
    number = serializers.IntegerField(read_only=True)
    title_zh = serializers.CharField(read_only=True)
    title_en = serializers.CharField(read_only=True)
    due_on = serializers.DateField(read_only=True)
    is_demo = serializers.SerializerMethodField(help_text=DEMO)

    def get_is_demo(self, row: Milestone) -> bool:
        return row.is_demo or row.task.is_demo


class MilestoneFilters(filters.FilterSet):
    plan = Codes(field_name="task__plan__code", label="规划代码")
    task = whole_number("task__number", label="任务编号")
    is_demo = Flag(method="of_demo", label="是否演示")

    def of_demo(self, rows: QuerySet[Milestone], name: str, value: bool) -> QuerySet[Milestone]:
        demo = Q(is_demo=True) | Q(task__is_demo=True)
        return rows.filter(demo if value else ~demo)


class MilestoneRows(ResourceView):
    model = Milestone
    serializer_class = MilestoneRow

    def get_rows(self) -> QuerySet[Milestone]:
        tasks = Task.objects.visible_to(self.request.user).order_by()
        return Milestone.objects.filter(task__in=tasks).select_related("task__plan")


class MilestoneList(MilestoneRows, ListView):
    """任务的节点。"""

    filterset_class = MilestoneFilters
    file_name = "milestones"


class MilestoneDetail(MilestoneRows, DetailView):
    """任务的一个节点。"""

    lookups = {"plan": "task__plan__code", "task": "task__number", "number": "number"}
