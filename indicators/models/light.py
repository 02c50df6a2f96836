from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known

from .task import Task


class Light(models.TextChoices):
    """序时进度's verdict, worst first where a task takes the worst of its parts."""

    RED = "red", _("严重滞后")
    YELLOW = "yellow", _("滞后")
    GREY = "grey", _("无法判断")
    BLUE = "blue", _("临期")
    GREEN = "green", _("正常")
    PENDING = "pending", _("本年尚未发布")
    CLOSED = "closed", _("办结")


class LightOverride(models.Model):
    """The office says another light than the computed one, with a reason; it shows as an override.

    An empty light takes the override back. The latest row counts.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="light_overrides")
    light = models.CharField(_("灯色"), max_length=8, choices=Light, blank=True)
    reason = models.TextField(_("原因"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("灯色调整")
        verbose_name_plural = _("灯色调整")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="light_override_has_reason", condition=~Q(reason="")),
            is_known("light", ["", *Light.values]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.task_id} {self.light or '-'}"
