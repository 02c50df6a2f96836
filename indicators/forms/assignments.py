"""The forms of assignments and of rounds."""

from datetime import datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..errors import Problem
from ..formatting import format_period
from ..models import Assignment, Indicator, Milestone, Plan, Round, Task
from ..periods import parse_label
from .base import OfficeForm
from .fields import DayField, MomentField, PeriodField, ReasonField, RowField, WholeNumberField, get_area_choices, get_unit_choices

# The end of a working day.
DUE_TIME = time(18)
# A round that stays open longer than this is more often a slip in the year.
_LONGEST_USUAL = 120
KINDS = {"indicator": _("指标"), "milestone": _("节点"), "narrative": _("任务进展情况")}


class MilestoneField(RowField):
    def label_from_instance(self, obj: Model) -> str:
        row = cast(Milestone, obj)
        mark = "［演示］" if row.is_demo or row.task.is_demo else ""
        return f"{row.task.number} {row.task.title_zh} › {row.number} {row.title_zh}{mark}"


class AssignmentForm(OfficeForm):
    """Who reports one thing of a ``kind``: only the fields that concern the kind are asked for."""

    indicator = RowField(queryset=None, label=_("指标"), help_text=_("只列出由单位填报的指标"), added_at="definition-indicator-add")
    area = RowField(queryset=None, label=_("地区"), initial=settings.HOME_AREA)
    milestone = MilestoneField(queryset=None, label=_("节点"))
    task = RowField(queryset=None, label=_("任务"), added_at="definition-task-add")
    unit = RowField(queryset=None, label=_("单位"))
    role = forms.ChoiceField(
        label=_("职责"), choices=Assignment.Role.choices, initial=Assignment.Role.REPORTS, help_text=_("填报：由它报数；同一数据同期只能有一个填报单位")
    )
    starts_on = DayField(label=_("自"), help_text=_("期间的最后一天在此日及以后的批次，请该单位填报"))
    ends_on = DayField(label=_("至"), required=False, help_text=_("含当日；留空为一直有效"))

    def __init__(self, *args: Any, kind: str, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        tasks = Task.objects.visible_to(user).order_by("plan", "number")
        self.offer(
            indicator=Indicator.objects.visible_to(user).filter(origin=Indicator.Origin.REPORTED).order_by("name_zh"),
            area=get_area_choices(),
            milestone=Milestone.objects.filter(task__in=tasks).select_related("task").order_by("task__plan", "task__number", "number"),
            task=tasks,
            unit=get_unit_choices(),
        )
        for name in {"indicator": ("milestone",), "milestone": ("indicator", "area", "task"), "narrative": ("indicator", "area", "milestone")}[kind]:
            del self.fields[name]
        if kind == "indicator":
            self.fields["task"].required = False
            self.fields["task"].help_text = _("在报表中列在哪项任务下，可不选")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("starts_on") and said.get("ends_on") and said["ends_on"] < said["starts_on"]:
            self.add_error("ends_on", _now("结束日期不能早于开始日期。"))
        return said

    def get_values(self) -> dict[str, Any]:
        return self.cleaned_data | {"is_narrative": self.kind == "narrative"}


class EndAssignmentForm(OfficeForm):
    last_day = DayField(label=_("最后一天"), help_text=_("含当日；此前填报的内容保留"))
    reason = ReasonField(required=False)


class OpenRoundForm(OfficeForm):
    """A round's period and dates; ``proposed`` is the period that comes next."""

    period = PeriodField(label=_("期间"), help_text=_("默认为最近一期之后的一期；也可写 2025、2025-S1、2025-12"))
    opens_at = MomentField(label=_("开放时间"), default=time(0))
    due_at = MomentField(label=_("截止时间"), default=DUE_TIME)
    grace_days = WholeNumberField(label=_("宽限天数"), least=0, most=366, help_text=_("截止后这些天内仍不算逾期"))

    def __init__(self, *args: Any, plan: Plan, proposed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan, self.proposed = plan, proposed

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "/" in said.get("period", ""):
            self.add_error("period", _now("批次的期间是年、半年、季度或月。"))
        elif said.get("period"):
            self._check_period(said["period"])
        if said.get("opens_at") and said.get("due_at") and said["due_at"] <= said["opens_at"]:
            self.add_error("due_at", _now("截止时间须晚于开放时间。"))
        return said

    def _check_period(self, label: str) -> None:
        words = {"period": format_period(label)}
        if Round.objects.filter(plan=self.plan, period=label).exists():
            self.add_error("period", _now("%(period)s的批次已经开放过。") % words)
        elif parse_label(label).starts_on > timezone.localdate():
            self.add_error("period", _now("%(period)s还没有开始，没有什么可报。") % words)

    def get_period(self) -> str:
        """The label that was sent, where it is one of a round; nothing before."""
        return str(self.cleaned_data.get("period", "")) if self.is_bound and "period" not in self.errors else ""

    def find_doubts(self) -> list[Problem]:
        said, now = self.cleaned_data, timezone.now()
        doubts = []
        if said["period"] != self.proposed:
            doubts.append(Problem("period", _now("按次序下一期是 %(period)s。") % {"period": format_period(self.proposed)}))
        if said["due_at"] < now:
            doubts.append(Problem("due_at", _now("截止时间已过：一开放就要催报。")))
        elif said["due_at"] > said["opens_at"] + timedelta(days=_LONGEST_USUAL):
            doubts.append(Problem("due_at", _now("距开放超过 %(n)s 天。") % {"n": _LONGEST_USUAL}))
        return doubts


class UnlockForm(OfficeForm):
    reason = ReasonField(label=_("重新开放的原因"))


class MoveDueForm(OfficeForm):
    due_at = MomentField(label=_("新的截止时间"), default=DUE_TIME, help_text=_("宽限天数不变"))
    reason = ReasonField(label=_("调整的原因"))

    def __init__(self, *args: Any, opened: Round, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened = opened

    def clean_due_at(self) -> datetime:
        due_at: datetime = self.cleaned_data["due_at"]
        if due_at <= self.opened.opens_at:
            raise forms.ValidationError(_now("截止时间须晚于开放时间。"))
        return due_at

    def find_doubts(self) -> list[Problem]:
        is_over = self.cleaned_data["due_at"] < timezone.now()
        return [Problem("due_at", _now("这个时间已过：保存后未报的单位即进入宽限，或已逾期。"))] if is_over else []
