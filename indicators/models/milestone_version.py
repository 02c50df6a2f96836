from django.db import models
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only

from .version import Version


class MilestoneVersion(Version):
    """What a milestone said from a moment on. Whether it was reached is said by returns, which are kept as they are."""

    SUBJECT = "milestone"
    SAID = ("number", "title_zh", "title_en", "due_on", "is_demo")

    # Without a constraint: what was said stays when a milestone entered by mistake is taken away.
    milestone = models.ForeignKey("indicators.Milestone", models.DO_NOTHING, db_constraint=False, related_name="versions")
    number = models.PositiveSmallIntegerField(_("序号"))
    title_zh = models.CharField(_("节点"), max_length=200)
    title_en = models.CharField(_("英文"), max_length=300, blank=True)
    due_on = models.DateField(_("时限"))

    class Meta(Version.Meta):
        verbose_name = _("节点沿革")
        verbose_name_plural = _("节点沿革")
        indexes = [models.Index(name="milestone_version_by_time", fields=["milestone", "recorded_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.milestone_id} {self.title_zh}"
