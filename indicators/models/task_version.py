from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only
from kejiting.accounts.models import Unit

from .document import Document
from .plan import Aspect

# The task's columns that a version has, by their names; an update that touches none of them makes no version.
KEEP_VERSION = """
    IF TG_OP = 'UPDATE' AND jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(NEW))
            IS NOT DISTINCT FROM jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(OLD)) THEN
        RETURN NULL;
    END IF;
    INSERT INTO indicators_taskversion
        SELECT version.* FROM jsonb_populate_record(NULL::indicators_taskversion, to_jsonb(NEW) || jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('indicators_taskversion', 'id')),
            'task_id', NEW.id,
            'recorded_at', CASE TG_OP WHEN 'INSERT' THEN NEW.recorded_at ELSE clock_timestamp() END)) version;
    RETURN NULL;
"""


class TaskVersionQuerySet(models.QuerySet["TaskVersion"]):
    def as_of(self, at: datetime) -> "TaskVersionQuerySet":
        """What each task said at a moment; a task not yet recorded has nothing here."""
        newest = self.filter(recorded_at__lte=at).order_by("task_id", "-pk").distinct("task_id")
        return self.filter(pk__in=newest.values("pk"))


class TaskVersion(models.Model):
    """What a task said from a moment on, written by the database whoever changed the task; the newest says what it says now.

    The task's number and who may see it are not here: addresses and rights are always those of now.
    """

    # Without a constraint: what was said stays when a task entered by mistake is taken away.
    task = models.ForeignKey("indicators.Task", models.DO_NOTHING, db_constraint=False, related_name="versions")
    recorded_at = models.DateTimeField(_("登记时间"))
    aspect = models.ForeignKey(Aspect, models.PROTECT, related_name="+")
    parent = models.ForeignKey("indicators.Task", models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    predecessor = models.ForeignKey("indicators.Task", models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    lead_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    responsible_office = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    title_zh = models.CharField(_("任务"), max_length=200)
    title_en = models.CharField(_("英文"), max_length=300, blank=True)
    responsible_leader = models.CharField(_("牵头省领导"), max_length=40, blank=True)
    starts_on = models.DateField(_("开始日期"))
    due_on = models.DateField(_("完成时限"))
    state = models.CharField(_("办理状态"), max_length=8)
    basis = models.CharField(_("说明"), max_length=120, blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    # Everything it holds of the task.
    SAID = (
        "aspect", "parent", "predecessor", "lead_unit", "responsible_office", "document", "title_zh", "title_en",
        "responsible_leader", "starts_on", "due_on", "state", "basis", "is_demo",
    )  # fmt: skip

    objects = TaskVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("任务沿革")
        verbose_name_plural = _("任务沿革")
        ordering = ["pk"]
        indexes = [models.Index(name="task_version_by_time", fields=["task", "recorded_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.task_id} {self.title_zh}"
