from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import keeps

from .task import Task
from .version import keeps_versions


class Milestone(models.Model):
    """A node (节点) of a task: something that is reached or not by a date."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="milestones", verbose_name=_("任务"))
    number = models.PositiveSmallIntegerField(_("序号"))
    title_zh = models.CharField(_("节点"), max_length=200)
    title_en = models.CharField(_("英文"), max_length=300, blank=True)
    due_on = models.DateField(_("时限"))
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    # A demonstration task's milestones are demonstration with it. This is for those that are so by themselves:
    # they stay marked when an official list takes over the task.
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("节点")
        verbose_name_plural = _("节点")
        ordering = ["task", "number"]
        constraints = [
            models.UniqueConstraint(name="milestone_number_once_in_task", fields=["task", "number"]),
            models.UniqueConstraint(name="milestone_title_once_in_task", fields=["task", "title_zh"]),
            models.CheckConstraint(name="milestone_number_from_one", condition=Q(number__gte=1)),
        ]
        triggers = [keeps("milestone_keeps_its_task", "task"), keeps_versions("milestone")]

    def __str__(self) -> str:
        return self.title_zh
