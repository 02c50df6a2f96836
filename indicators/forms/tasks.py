"""Forms of tasks, milestones, links, lights, documents, thresholds, and the list's file."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..actions.definitions.documents import DOCUMENT_FIELDS
from ..actions.definitions.tasks import MILESTONE_FIELDS, OVERRIDE_LIGHTS
from ..doubts import question_dates
from ..errors import Problem
from ..models import Document, Indicator, Milestone, Task
from .base import DefinitionForm, OfficeForm
from .fields import DayField, DueField, NumberField, ReasonField, RowField, RowsField, WholeNumberField, get_unit_choices


class TaskForm(DefinitionForm):
    number = WholeNumberField(label=_("任务编号"), help_text=_("在规划内不重复"))
    lead_unit = RowField(queryset=None, label=_("牵头单位"))
    responsible_office = RowField(queryset=None, label=_("责任处室"), required=False, help_text=_("科技厅内负责督办的处室，可不选"))
    cooperating_units = RowsField(queryset=None, label=_("配合单位"), required=False)
    parent = RowField(queryset=None, label=_("上级任务"), required=False, help_text=_("子任务才选"))
    predecessor = RowField(queryset=None, label=_("前一规划中的任务"), required=False)
    document = RowField(queryset=None, label=_("依据文件"), required=False, added_at="definition-document-add")
    starts_on = DayField(label=_("开始日期"))
    due_on = DueField(label=_("完成时限"))

    groups = [
        (_("任务"), ["number", "aspect", "title_zh", "title_en", "classification"]),
        (_("责任"), ["lead_unit", "responsible_office", "responsible_leader", "cooperating_units"]),
        (_("时间"), ["starts_on", "due_on"]),
        (_("关联"), ["parent", "predecessor", "document", "basis"]),
    ]
    field_of = {"task_number_once_in_plan": "number", "task_number_from_one": "number", "task_starts_before_due": "due_on"}

    class Meta:
        model = Task
        fields = (
            "number",
            "aspect",
            "title_zh",
            "title_en",
            "classification",
            "lead_unit",
            "responsible_office",
            "responsible_leader",
            "cooperating_units",
            "starts_on",
            "due_on",
            "parent",
            "predecessor",
            "document",
            "basis",
        )
        widgets = {"title_zh": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan = self.instance.plan
        units, tasks = get_unit_choices(), Task.objects.visible_to(user).order_by("plan", "number")
        elsewhere = tasks.filter(plan__starts_on__lt=plan.starts_on)
        self.offer(lead_unit=units, responsible_office=units, cooperating_units=units, aspect=plan.aspects.all())
        self.offer(parent=tasks.filter(plan=plan).exclude(pk=self.instance.pk), predecessor=elsewhere, document=Document.objects.all())
        if not elsewhere.exists():
            del self.fields["predecessor"]

    def find_doubts(self) -> list[Problem]:
        """Of the dates that are new: those on record were meant when they were saved."""
        said = self.cleaned_data
        doubts = question_dates(self.instance.plan, said["starts_on"], said["due_on"], timezone.localdate())
        return [doubt for doubt in doubts if self.instance.pk is None or doubt.where in self.changed_data]


class MilestoneForm(DefinitionForm):
    number = WholeNumberField(label=_("序号"))
    due_on = DueField(label=_("时限"))

    field_of = {"milestone_number_once_in_task": "number", "milestone_number_from_one": "number", "milestone_title_once_in_task": "title_zh"}

    class Meta:
        model = Milestone
        fields = MILESTONE_FIELDS

    def find_doubts(self) -> list[Problem]:
        due, task = self.cleaned_data["due_on"], self.instance.task
        if due <= task.due_on or "due_on" not in self.changed_data:
            return []
        return [Problem("due_on", _now("%(day)s 晚于任务的完成时限（%(end)s）。") % {"day": due.isoformat(), "end": task.due_on.isoformat()})]


class LinkIndicatorForm(OfficeForm):
    indicator = RowField(queryset=None, label=_("指标"), help_text=_("任务以哪个指标衡量"), added_at="definition-indicator-add")

    def __init__(self, *args: Any, task: Task, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        linked = task.task_indicators.values("indicator")
        self.offer(indicator=Indicator.objects.visible_to(user).exclude(pk__in=linked).order_by("name_zh"))


class OverrideForm(OfficeForm):
    light = forms.ChoiceField(
        label=_("灯色"),
        required=False,
        choices=[("", _("按计算结果")), *((light.value, light.label) for light in OVERRIDE_LIGHTS)],
        help_text=_("选“按计算结果”即撤销人工调整"),
    )
    reason = ReasonField(help_text=_("与灯色一并显示"))


class DocumentForm(DefinitionForm):
    issued_on = DayField(label=_("发布日期"), required=False, help_text=_("原件未注明日期的留空"))
    url = forms.URLField(label=_("网址"), required=False, max_length=500, assume_scheme="https")

    field_of = {"document_number_once": "number", "document_title_once": "title", "document_has_title": "title"}

    class Meta:
        model = Document
        fields = DOCUMENT_FIELDS
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}


class RemovalForm(OfficeForm):
    """Why something is taken back, whatever it is."""

    reason = ReasonField()


class ThresholdForm(OfficeForm):
    green = NumberField(label=_("绿灯下限（百分点）"), help_text=_("完成率减序时进度，不低于此数为绿灯，如 -5"))
    red = NumberField(label=_("红灯上限（百分点）"), help_text=_("低于此数为红灯，两者之间为黄灯，如 -15"))
    due_soon_days = WholeNumberField(label=_("临期天数"), least=0, most=366, help_text=_("距完成时限不多于此数而未完成，为蓝灯"))
    starts_on = DayField(label=_("起用日期"), help_text=_("此前的灯色仍按原阈值"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        green, red = said.get("green"), said.get("red")
        if green is not None and green > 0:
            self.add_error("green", _now("绿灯下限不大于 0。"))
        for name in ("green", "red"):
            if said.get(name) is not None and not (abs(said[name]) < 1000 and said[name] == round(said[name], 2)):
                self.add_error(name, _now("请填写绝对值小于 1000、最多两位小数的数。"))
        if green is not None and red is not None and red >= green:
            self.add_error("red", _now("红灯上限须低于绿灯下限。"))
        return said


class TaskListForm(OfficeForm):
    file = forms.FileField(
        label=_("任务清单文件"),
        help_text=_("Excel 工作簿（.xlsx），不超过 5 MB"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
    )
