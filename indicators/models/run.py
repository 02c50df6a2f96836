from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import is_known
from kejiting.accounts.models import Area

from .indicator import Indicator
from .task import Task

# A mark that so many runs failed on is reported: someone must look. It is still tried, ever more rarely.
REPORTED_AFTER = 3


class RecomputeRun(models.Model):
    """One run of the recomputation: what it read, with which code, and what came of it."""

    class Kind(models.TextChoices):
        VALUES = "values", _("数值与灯色")
        INDEX = "index", _("指数测算")

    class State(models.TextChoices):
        RUNNING = "running", _("运行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")

    # Each kind works at its own marks under its own lock, so one of each may be at work at a time.
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.VALUES)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The day results are judged at: overdue and due soon depend on it, so it is an input.
    today = models.DateField()
    code_version = models.CharField(max_length=40)
    fingerprint = models.CharField(_("输入指纹"), max_length=64, blank=True)
    seed = models.BigIntegerField(default=0)
    marks = models.PositiveIntegerField(_("标记数"), default=0)
    written = models.PositiveIntegerField(_("写入数"), default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("重算")
        verbose_name_plural = _("重算")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="run_finish_is_stamped",
                condition=Q(state="running", finished_at=None) | (~Q(state="running") & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(name="run_finishes_after_start", condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at"))),
            is_known("kind", ["values", "index"]),
            is_known("state", ["running", "done", "failed"]),
        ]
        # Which run of a kind was the last is asked with every page and every poll.
        indexes = [models.Index(name="run_last_of_kind", fields=["kind", "-id"], condition=Q(state="done"))]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"


class Mark(models.Model):
    """What a change touched and no run has worked off yet: what is to be done, how often it was tried and what went wrong."""

    cause = models.CharField(_("起因"), max_length=120)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("已试次数"), default=0)
    # Of the last attempt that ended; none where the process was killed each time. (Triggers write marks, too, and say nothing of it.)
    error = models.CharField(_("原因"), max_length=300, blank=True, default="", db_default="")
    # After a failure; none: at once.
    retry_at = models.DateTimeField(_("下次重试"), null=True, blank=True)

    class Meta:
        abstract = True


class StaleMark(Mark):
    """What a change touched and no run has recomputed yet; written with the change, cleared with the results.

    An indicator without area means all its areas; a task means what is judged of the task itself.
    """

    indicator = models.ForeignKey(Indicator, models.CASCADE, null=True, blank=True, related_name="+")
    area = models.ForeignKey(Area, models.CASCADE, null=True, blank=True, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("待重算标记")
        verbose_name_plural = _("待重算标记")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="stale_mark_has_one_subject",
                condition=Q(indicator__isnull=False, task=None) | Q(indicator=None, area=None, task__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id or self.task_id} {self.cause}"


class Heartbeat(models.Model):
    """When a process of the system was last seen at work."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("心跳")
        verbose_name_plural = _("心跳")

    def __str__(self) -> str:
        return f"{self.name} {self.at}"
