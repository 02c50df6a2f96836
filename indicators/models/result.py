from datetime import datetime
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import is_known
from kejiting.accounts.models import Area, Role, User

from .indicator import Breakdown, Indicator
from .period import Period
from .plan import Aspect
from .run import RecomputeRun
from .target import Target
from .task import Task


def superseded_only(constraint: str) -> pgtrigger.Trigger:
    """A computed row is only ever superseded, once; recomputing everything may delete all and make them anew."""
    return pgtrigger.Trigger(
        name="only_superseded",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
                    IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
                       OR (to_jsonb(NEW) - 'superseded_at') <> (to_jsonb(OLD) - 'superseded_at') THEN
                        RAISE EXCEPTION 'a result is superseded, not changed'
                            USING ERRCODE = 'restrict_violation', CONSTRAINT = '{constraint}';
                    END IF;
                    RETURN NEW;
                """,
    )


class ResultQuerySet(models.QuerySet["Result"]):
    def visible_to(self, user: User) -> Self:
        rows = self
        if user.clearance != Classification.INTERNAL:
            rows = rows.filter(
                Q(indicator=None) | Q(indicator__classification=Classification.PUBLIC),
                Q(task=None) | Q(task__classification=Classification.PUBLIC),
                classification=Classification.PUBLIC,
            )
        # A result is made of observations; what is computed of unreleased ones is unreleased too.
        return rows.filter(is_released=True) if user.is_service or user.roles <= {Role.AGENCY} else rows

    def current(self) -> Self:
        return self.filter(superseded_at=None)

    def newest(self, subject: str) -> Self:
        """Of each subject (``task``, ``aspect``, ``target``) and measure the row of the newest period."""
        # By the column and not by the relation, which would bring its own order.
        column = f"{subject}_id"
        return self.order_by(column, "measure", F("period__ends_on").desc(nulls_last=True), "-pk").distinct(column, "measure")

    def as_of(self, at: datetime) -> Self:
        return self.filter(computed_at__lte=at).filter(Q(superseded_at=None) | Q(superseded_at__gt=at))


class Result(models.Model):
    """Something computed of the record, with its method: a growth, a completion, a light.

    A run writes a row only where the result changed, and stamps the one before as superseded.
    The subject is an indicator in an area (judged against a target or not), a task, or an aspect.
    """

    class Measure(models.TextChoices):
        GROWTH_YOY = "growth_yoy", _("同比增长")
        GROWTH_QOQ = "growth_qoq", _("环比增长")
        YEAR_TO_DATE = "year_to_date", _("本年累计")
        ANNUAL = "annual", _("年度值")
        COMPLETION = "completion", _("完成率")
        SCHEDULE = "schedule", _("序时进度")
        LIGHT = "light", _("灯色")
        REQUIRED_PACE = "required_pace", _("需达到的进度")
        DIFFERENCE = "difference", _("公布数与台账数之差")
        FINDINGS = "findings", _("数据核查")
        PROGRESS = "progress", _("进展评价")
        PROJECTION = "projection", _("趋势推算")
        CHANCE = "chance", _("达到目标的可能性")

    measure = models.CharField(_("结果"), max_length=20, choices=Measure)
    indicator = models.ForeignKey(Indicator, models.PROTECT, null=True, related_name="results")
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+")
    breakdown = models.ForeignKey(Breakdown, models.PROTECT, null=True, related_name="+")
    target = models.ForeignKey(Target, models.PROTECT, null=True, related_name="results")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="results")
    aspect = models.ForeignKey(Aspect, models.PROTECT, null=True, related_name="results")
    period = models.ForeignKey(Period, models.PROTECT, null=True, related_name="results")
    # The largest figure that can be typed over the smallest has 25 digits before the point.
    value = models.DecimalField(_("数值"), max_digits=40, decimal_places=10, null=True)
    text = models.CharField(_("文字"), max_length=40, blank=True)
    # What a sentence about it needs, and what it was made of: {"inputs": [{"kind": "observation", "id": 1}, …], …}.
    detail = models.JSONField(default=dict)
    method = models.CharField(_("方法"), max_length=60)
    version = models.CharField(_("方法版本"), max_length=20)
    run = models.ForeignKey(RecomputeRun, models.PROTECT, related_name="results")
    computed_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    classification = models.CharField(max_length=10, choices=Classification, default=Classification.PUBLIC)
    is_released = models.BooleanField(default=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("计算结果")
        verbose_name_plural = _("计算结果")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="result_one_current",
                fields=["measure", "indicator", "area", "breakdown", "target", "task", "aspect", "period"],
                condition=Q(superseded_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="result_has_one_subject",
                condition=Q(indicator__isnull=False, area__isnull=False, breakdown__isnull=False, task=None, aspect=None)
                | Q(indicator=None, area=None, breakdown=None, target=None, task__isnull=False, aspect=None)
                | Q(indicator=None, area=None, breakdown=None, target=None, task=None, aspect__isnull=False),
            ),
            is_known(
                "measure",
                [
                    *("growth_yoy", "growth_qoq", "year_to_date", "annual", "completion", "schedule", "light", "required_pace"),
                    *("difference", "findings", "progress", "projection", "chance"),
                ],
            ),
            is_known("classification", Classification.values),
        ]
        indexes = [
            models.Index(name="result_of_indicator", fields=["indicator", "area", "period"], condition=Q(superseded_at=None)),
            models.Index(name="result_of_task", fields=["task"], condition=Q(superseded_at=None, task__isnull=False)),
        ]
        triggers = [
            superseded_only("result_only_superseded"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.indicator_id or self.task_id or self.aspect_id} {self.period_id} {self.text or self.value}"
