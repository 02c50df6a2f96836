from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import append_only


class AuditEvent(models.Model):
    """One thing somebody did to the record or to the rights over it, written in the same transaction.

    Demonstration events form a chain of their own: they go with the demonstration data.
    """

    at = models.DateTimeField(_("时间"), auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("操作人"))
    verb = models.CharField(_("动作"), max_length=40)
    object_kind = models.CharField(_("对象类别"), max_length=40)
    object_key = models.CharField(_("对象"), max_length=120)
    detail = models.JSONField(_("内容"), default=dict)
    reason = models.TextField(_("原因"), blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        ordering = ["-pk"]
        indexes = [models.Index(name="audit_by_object", fields=["object_kind", "object_key"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_kind} {self.object_key}"
