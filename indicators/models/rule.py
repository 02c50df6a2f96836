from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known


class RuleQuerySet(models.QuerySet["Rule"]):
    def in_force(self) -> "RuleQuerySet":
        """The newest version of each rule, those withdrawn left out."""
        newest = self.order_by("code", "-version").distinct("code").values("pk")
        return self.filter(pk__in=newest, is_withdrawn=False)


class Rule(models.Model):
    """A comparison that figures of one area and period should satisfy, as it is said from a version on.

    It is over one indicator (a limit that depends on its past) or between several (parts and their whole).
    A change is a new version; the earlier ones say what was checked when.
    """

    class Severity(models.TextChoices):
        ERROR = "error", _("错误")
        WARNING = "warning", _("提醒")

    code = models.CharField(_("代码"), max_length=64)
    version = models.PositiveSmallIntegerField(_("版本"))
    formula = models.TextField(_("公式"))
    severity = models.CharField(_("级别"), max_length=7, choices=Severity)
    # What is said where the comparison does not hold.
    sentence_zh = models.CharField(_("说明"), max_length=300)
    is_withdrawn = models.BooleanField(_("停用"), default=False)
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("校验规则")
        verbose_name_plural = _("校验规则")
        ordering = ["code", "version"]
        constraints = [
            models.UniqueConstraint(name="rule_version_once", fields=["code", "version"]),
            models.CheckConstraint(name="rule_code_is_an_identifier", condition=Q(code__regex=r"^[a-z][a-z0-9_]*$")),
            models.CheckConstraint(name="rule_change_has_reason", condition=Q(version=1) | ~Q(reason="")),
            is_known("severity", ["error", "warning"]),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"
