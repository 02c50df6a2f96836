from datetime import date
from typing import cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import SpanOf, is_known, keeps
from kejiting.accounts.models import Area, Unit

from .indicator import Breakdown, Indicator
from .milestone import Milestone
from .task import Task


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def valid_on(self, day: date) -> "AssignmentQuerySet":
        return self.filter(valid__contains=day)


class Assignment(models.Model):
    """Who reports what, from when to when: an indicator for an area, a milestone, or a task's narrative."""

    class Role(models.TextChoices):
        REPORTS = "reports", _("填报")
        CONTRIBUTES = "contributes", _("提供")
        CONSOLIDATES = "consolidates", _("汇总")

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="assignments", verbose_name=_("单位"))
    role = models.CharField(_("职责"), max_length=12, choices=Role, default=Role.REPORTS)
    indicator = models.ForeignKey(Indicator, models.PROTECT, null=True, blank=True, related_name="assignments", verbose_name=_("指标"))
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("地区"))
    breakdown = models.ForeignKey(Breakdown, models.PROTECT, default=Breakdown.TOTAL, related_name="+", verbose_name=_("分组"))
    milestone = models.ForeignKey(Milestone, models.PROTECT, null=True, blank=True, related_name="assignments", verbose_name=_("节点"))
    # With an indicator or milestone: the task it is reported under. Alone: the task's narrative is owed.
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="assignments", verbose_name=_("任务"))
    is_narrative = models.BooleanField(_("进展情况"), default=False)
    valid = DateRangeField(_("有效期"))
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报分工")
        verbose_name_plural = _("填报分工")
        ordering = ["unit", "pk"]
        constraints = [
            models.CheckConstraint(
                name="assignment_is_of_one_kind",
                condition=Q(indicator__isnull=False, area__isnull=False, milestone=None, is_narrative=False)
                | Q(indicator=None, area=None, milestone__isnull=False, is_narrative=False)
                | Q(indicator=None, area=None, milestone=None, is_narrative=True, task__isnull=False),
            ),
            models.CheckConstraint(name="assignment_span_not_empty", condition=Q(valid__isempty=False)),
            # One number, one source: no two units report the same figure at the same time.
            ExclusionConstraint(
                name="assignment_one_unit_reports_a_figure",
                expressions=[
                    (SpanOf("indicator"), RangeOperators.OVERLAPS),
                    (SpanOf("area"), RangeOperators.OVERLAPS),
                    (SpanOf(models.Func(F("breakdown"), function="hashtext", output_field=models.IntegerField())), RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=Q(role="reports", indicator__isnull=False),
            ),
            ExclusionConstraint(
                name="assignment_one_unit_reports_a_milestone",
                expressions=[(SpanOf("milestone"), RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(role="reports", milestone__isnull=False),
            ),
            ExclusionConstraint(
                name="assignment_one_unit_reports_a_narrative",
                expressions=[(SpanOf("task"), RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(role="reports", is_narrative=True),
            ),
            is_known("role", ["reports", "contributes", "consolidates"]),
        ]
        # What was reported under it was reported of this; another subject or unit is another assignment.
        triggers = [keeps("assignment_keeps_its_subject", "unit", "role", "indicator", "area", "breakdown", "milestone", "task", "is_narrative")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.role} {self.indicator_id or self.milestone_id or self.task_id}"

    @property
    def kind(self) -> str:
        """``indicator``, ``milestone`` or ``narrative``."""
        if self.indicator_id:
            return "indicator"
        return "milestone" if self.milestone_id else "narrative"

    @property
    def cell(self) -> tuple[Indicator, str, str]:
        """The indicator, area and breakdown whose figure is reported. Raises ``ValueError`` where it is no figure."""
        if self.indicator is None or self.area_id is None:
            raise ValueError(f"assignment {self.pk} is of a {self.kind}")
        return self.indicator, self.area_id, cast(str, self.breakdown_id)  # the stubs take a default for null

    @property
    def subject(self) -> str:
        """The name of what is reported."""
        return str(self.indicator or self.milestone or (self.task and self.task.title_zh))
