from django.db import models
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only

from .version import Version


class RoundVersion(Version):
    """Until when a round took reports, from a moment on. Its plan, period and address never change."""

    SUBJECT = "round"
    SAID = ("opens_at", "due_at", "grace_until", "locks_at", "is_demo")

    # Without a constraint, as with the other versions.
    round = models.ForeignKey("indicators.Round", models.DO_NOTHING, db_constraint=False, related_name="versions")
    opens_at = models.DateTimeField(_("开放时间"))
    due_at = models.DateTimeField(_("截止时间"))
    grace_until = models.DateTimeField(_("宽限至"))
    locks_at = models.DateTimeField(_("锁定时间"), null=True)

    class Meta(Version.Meta):
        verbose_name = _("批次沿革")
        verbose_name_plural = _("批次沿革")
        indexes = [models.Index(name="round_version_by_time", fields=["round", "recorded_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.round_id} {self.due_at.isoformat()}"
