"""What was estimated by a framework: of a year as a whole, and of each area and node in it."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import is_known
from kejiting.accounts.models import Area, Role, User

from .framework import IndexFramework, IndexNode, WeightVersion
from .observation import Observation
from .period import Period
from .result import superseded_only
from .run import Mark, RecomputeRun


class EstimatedQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        rows = self if user.clearance == Classification.INTERNAL else self.filter(classification=Classification.PUBLIC)
        return rows.filter(is_released=True) if user.is_service or user.roles <= {Role.AGENCY} else rows

    def current(self) -> Self:
        return self.filter(superseded_at=None)

    def as_of(self, at: datetime) -> Self:
        return self.filter(computed_at__lte=at).filter(Q(superseded_at=None) | Q(superseded_at__gt=at))


class Estimated(models.Model):
    """What every row of an estimate has: by which method and run, from when until when it was the current one, who may see it."""

    framework = models.ForeignKey(IndexFramework, models.CASCADE, related_name="%(class)ss")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+")
    method = models.CharField(_("方法"), max_length=60)
    version = models.CharField(_("方法版本"), max_length=20)
    run = models.ForeignKey(RecomputeRun, models.PROTECT, related_name="%(class)ss")
    computed_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    classification = models.CharField(max_length=10, choices=Classification, default=Classification.PUBLIC)
    is_released = models.BooleanField(default=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = EstimatedQuerySet.as_manager()

    class Meta:
        abstract = True


class IndexEstimate(Estimated):
    """One year by one framework: what it was computed with, how much of the framework it covers, or why there is none."""

    class Problem(models.TextChoices):
        NONE = "", _("已测算")
        NO_DATA = "no_data", _("没有可用的指标")
        LOW_COVERAGE = "low_coverage", _("指标覆盖不足")
        REFUSED = "refused", _("无法测算")

    class LeftOut(models.TextChoices):
        """Why an indicator of the framework, or a group, does not count in a year."""

        NO_INDICATOR = "no_indicator", _("系统里没有能供数的分省指标")
        NO_STANDARD = "no_standard", _("框架没有标准值")
        NO_GOALPOSTS = "no_goalposts", _("框架没有阈值")
        NO_WEIGHT = "no_weight", _("权重为 0")
        NO_DATA = "no_data", _("当年没有数据")
        FEW_AREAS = "few_areas", _("有数据的地区太少")
        CONSTANT = "constant", _("各地区的数都相同，分不出高低")
        THIN_GROUP = "thin_group", _("所在组的指标覆盖不足")

    weights = models.ForeignKey(WeightVersion, models.PROTECT, null=True, related_name="+")
    problem = models.CharField(_("未测算的原因"), max_length=12, choices=Problem, blank=True)
    # The core's own words for what it refused, with the culprit's code.
    problem_detail = models.CharField(max_length=300, blank=True)
    leaves_used = models.PositiveSmallIntegerField(_("所用指标数"))
    leaves_all = models.PositiveSmallIntegerField(_("框架指标数"))
    # {node code: {"used": n, "all": n}}, and for an indicator that is not used {"reason": …, "areas": n}.
    coverage = models.JSONField(_("覆盖情况"), default=dict)
    # Rows of ``Structure.from_frame`` and fields of ``Method``: what the scores were computed with, also when the framework changes.
    structure = models.JSONField(default=list)
    rules = models.JSONField(default=dict)
    draws = models.PositiveIntegerField(_("抽样次数"))
    seed = models.BigIntegerField(_("随机种子"))
    fingerprint = models.CharField(_("输入指纹"), max_length=64)

    class Meta:
        verbose_name = _("指数测算")
        verbose_name_plural = _("指数测算")
        ordering = ["framework", "period"]
        constraints = [
            models.UniqueConstraint(
                name="index_estimate_one_current", fields=["framework", "period"], condition=Q(superseded_at=None)
            ),
            is_known("problem", ["", "no_data", "low_coverage", "refused"]),
            is_known("classification", Classification.values),
        ]
        triggers = [superseded_only("index_estimate_only_superseded")]

    def __str__(self) -> str:
        return f"{self.framework_id} {self.period_id} {self.leaves_used}/{self.leaves_all}"


class IndexScore(Estimated):
    """An area's score at a node of a framework in a year. The root's is our estimate, and has an interval for its rank."""

    class Reason(models.TextChoices):
        NONE = "", _("已测算")
        NO_VALUE = "no_value", _("没有数据")
        LOW_COVERAGE = "low_coverage", _("所缺指标过多")
        NOT_COMPUTABLE = "not_computable", _("按所用方法不能计算")

    node = models.ForeignKey(IndexNode, models.CASCADE, related_name="scores")
    area = models.ForeignKey(Area, models.PROTECT, related_name="+")
    # The figure that an indicator's score is of.
    observation = models.ForeignKey(Observation, models.PROTECT, null=True, related_name="index_scores")
    value = models.DecimalField(_("原值"), max_digits=30, decimal_places=6, null=True)
    score = models.DecimalField(_("得分"), max_digits=20, decimal_places=10, null=True)
    rank = models.PositiveSmallIntegerField(_("位次"), null=True)
    # Why there is no score.
    reason = models.CharField(_("未测算的原因"), max_length=16, choices=Reason, blank=True)
    # Share of the node's own weight that the area has figures for.
    coverage = models.DecimalField(_("覆盖"), max_digits=7, decimal_places=6)
    # Its part of the root's score; an area's indicators add up to it.
    points = models.DecimalField(_("贡献"), max_digits=20, decimal_places=10, null=True)
    rank_median = models.DecimalField(_("位次中位数"), max_digits=6, decimal_places=2, null=True)
    rank_low = models.DecimalField(_("位次 5% 分位"), max_digits=6, decimal_places=2, null=True)
    rank_high = models.DecimalField(_("位次 95% 分位"), max_digits=6, decimal_places=2, null=True)
    chance_better = models.DecimalField(_("更靠前的机会"), max_digits=7, decimal_places=6, null=True)
    # The root's move against the year before: {"period", "score", "rank", "by": {group: {"score", "rank"}}}; decimals as text.
    change = models.JSONField(_("比上年变动"), null=True)

    class Meta:
        verbose_name = _("指数得分")
        verbose_name_plural = _("指数得分")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="index_score_one_current", fields=["framework", "period", "area", "node"], condition=Q(superseded_at=None)
            ),
            models.CheckConstraint(
                name="index_score_or_its_reason",
                condition=Q(score=None, rank=None) & ~Q(reason="") | Q(score__isnull=False, rank__isnull=False, reason=""),
            ),
            models.CheckConstraint(name="index_score_rank_from_one", condition=Q(rank=None) | Q(rank__gte=1)),
            models.CheckConstraint(
                name="index_score_interval_is_whole",
                condition=Q(rank_median=None, rank_low=None, rank_high=None, chance_better=None)
                | Q(rank_median__isnull=False, rank_low__isnull=False, rank_high__isnull=False, chance_better__isnull=False),
            ),
            models.CheckConstraint(
                name="index_score_value_has_its_source",
                condition=Q(value=None, observation=None) | Q(value__isnull=False, observation__isnull=False),
            ),
            is_known("reason", ["", "no_value", "low_coverage", "not_computable"]),
            is_known("classification", Classification.values),
        ]
        indexes = [
            models.Index(name="index_score_of_year", fields=["framework", "period", "area"], condition=Q(superseded_at=None)),
        ]
        triggers = [superseded_only("index_score_only_superseded")]

    def __str__(self) -> str:
        return f"{self.node_id} {self.area_id} {self.period_id} {self.score}"


class IndexMark(Mark):
    """A framework whose inputs changed and that no run has estimated anew yet; cleared with its results."""

    framework = models.ForeignKey(IndexFramework, models.CASCADE, related_name="+")
    # Estimate every year, also those whose inputs are what they were: after results were deleted or the code changed.
    is_full = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("待测算标记")
        verbose_name_plural = _("待测算标记")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.framework_id} {self.cause}"
