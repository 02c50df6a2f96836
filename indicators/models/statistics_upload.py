from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import is_known

from .observation import ImportBatch


class StatisticsUpload(models.Model):
    """A file of statistics between being sent and being confirmed: its content, what was chosen, what it would do.

    It is no part of the record. The content goes once the import is done or the file is left.
    """

    class State(models.TextChoices):
        READING = "reading", _("正在读取")
        READY = "ready", _("待确认")
        IMPORTING = "importing", _("正在导入")
        DONE = "done", _("已导入")

    name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(max_length=64)
    # Compressed: the text of a long table is mostly repetition.
    content = models.BinaryField()
    choices = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State, default=State.READING)
    # The preview as the page shows it, or why there is none; and what identifies all that was decided in it.
    preview = models.JSONField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    # When it came into its state: work that takes longer than it can was lost with its worker.
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("待导入的统计数据")
        verbose_name_plural = _("待导入的统计数据")
        ordering = ["-pk"]
        constraints = [
            is_known("state", ["reading", "ready", "importing", "done"]),
            models.CheckConstraint(name="statistics_upload_content_goes_when_done", condition=~Q(state="done") | Q(content=b"")),
            models.CheckConstraint(name="statistics_upload_batch_when_done", condition=Q(batch=None) | Q(state="done")),
        ]

    def __str__(self) -> str:
        return self.name
