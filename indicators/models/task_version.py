from django.db import models
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only
from kejiting.accounts.models import Unit

from .document import Document
from .plan import Aspect
from .version import Version


class TaskVersion(Version):
    """What a task said from a moment on.

    The task's number and who may see it are not here: addresses and rights are always those of now.
    """

    SUBJECT = "task"
    SAID = (
        "aspect", "parent", "predecessor", "lead_unit", "responsible_office", "document", "title_zh", "title_en",
        "responsible_leader", "starts_on", "due_on", "state", "basis", "is_demo",
    )  # fmt: skip

    # Without a constraint: what was said stays when a task entered by mistake is taken away.
    task = models.ForeignKey("indicators.Task", models.DO_NOTHING, db_constraint=False, related_name="versions")
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

    class Meta(Version.Meta):
        verbose_name = _("任务沿革")
        verbose_name_plural = _("任务沿革")
        indexes = [models.Index(name="task_version_by_time", fields=["task", "recorded_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.task_id} {self.title_zh}"
