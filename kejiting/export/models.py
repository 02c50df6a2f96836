from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import is_known


class ApiKey(models.Model):
    """A key by which another program signs in as its own account. Only the key's hash is kept.

    The account carries unit and role, so a program's step in a return is stamped and judged
    exactly as a person's.
    """

    class Scope(models.TextChoices):
        READ = "read", _("读取")
        REPORT = "report", _("填报")

    name = models.CharField(_("名称"), max_length=80, unique=True)
    scope = models.CharField(_("范围"), max_length=8, choices=Scope)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_key")
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("到期"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("吊销"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)

    class Meta:
        verbose_name = _("接口密钥")
        verbose_name_plural = _("接口密钥")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="api_key_hash_is_sha256", condition=Q(hash__regex=r"^[0-9a-f]{64}$")),
            is_known("scope", ["read", "report"]),
        ]

    def __str__(self) -> str:
        return self.name
