from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import SpanOf, keeps

from .document import Document


class Plan(models.Model):
    """A science-and-technology plan of some years, cut into aspects and key tasks."""

    code = models.SlugField(_("代码"), max_length=32, unique=True)
    name_zh = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    programme_zh = models.CharField(_("行动名称"), max_length=60, blank=True)
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"))
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("文件"))
    is_current = models.BooleanField(_("现行"), default=False)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("规划")
        verbose_name_plural = _("规划")
        ordering = ["-starts_on"]
        constraints = [
            models.UniqueConstraint(name="plan_one_is_current", fields=["is_current"], condition=Q(is_current=True)),
            models.CheckConstraint(name="plan_starts_before_it_ends", condition=Q(starts_on__lt=F("ends_on"))),
        ]

    def __str__(self) -> str:
        return self.name_zh


class Aspect(models.Model):
    """One of the sides from which a plan is laid out."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="aspects")
    number = models.PositiveSmallIntegerField(_("序号"))
    name_zh = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("方面")
        verbose_name_plural = _("方面")
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(name="aspect_number_once_in_plan", fields=["plan", "number"]),
            models.CheckConstraint(name="aspect_number_from_one", condition=Q(number__gte=1)),
        ]
        triggers = [keeps("aspect_keeps_its_plan", "plan")]

    def __str__(self) -> str:
        return self.name_zh


class LightThreshold(models.Model):
    """How far behind schedule turns a light, in percentage points, during a span of dates."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="light_thresholds")
    green = models.DecimalField(_("绿灯下限"), max_digits=5, decimal_places=2, default=-5, help_text=_("百分点，差距不低于此数为绿灯"))
    red = models.DecimalField(_("红灯上限"), max_digits=5, decimal_places=2, default=-15, help_text=_("百分点，差距低于此数为红灯"))
    due_soon_days = models.PositiveSmallIntegerField(_("临期天数"), default=30)
    valid = DateRangeField(_("有效期"))
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("亮灯阈值")
        verbose_name_plural = _("亮灯阈值")
        ordering = ["plan", "valid"]
        constraints = [
            ExclusionConstraint(
                name="light_threshold_spans_do_not_overlap",
                expressions=[(SpanOf("plan"), RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(name="light_threshold_red_below_green", condition=Q(red__lt=F("green"), green__lte=0)),
            models.CheckConstraint(name="light_threshold_span_not_empty", condition=Q(valid__isempty=False)),
        ]

    def __str__(self) -> str:
        return f"{self.green} / {self.red}"


class HeadlineIndicator(models.Model):
    """An indicator the plan is measured by first, in the order leadership reads them."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="headlines")
    indicator = models.ForeignKey("indicators.Indicator", models.PROTECT, related_name="headlines")
    position = models.PositiveSmallIntegerField(_("次序"))

    class Meta:
        verbose_name = _("首要指标")
        verbose_name_plural = _("首要指标")
        ordering = ["plan", "position"]
        constraints = [
            models.UniqueConstraint(name="headline_position_once", fields=["plan", "position"]),
            models.UniqueConstraint(name="headline_indicator_once", fields=["plan", "indicator"]),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.indicator_id}"
