from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..classification import Classification
from ..database import is_known
from .unit import Unit


class AccountManager(UserManager["User"]):
    use_in_migrations = False

    def create_superuser(self, *args: Any, **fields: Any) -> "User":
        """Nobody is above the rules; ``manage.py createsuperuser`` says what to do instead."""
        raise ValidationError(_("没有超级用户：请用 manage.py create_administrator 设立系统管理员、安全管理员和审计管理员。"))


class User(AbstractUser):
    """An account: one person, or one outside system that holds an API key. Each belongs to a unit."""

    first_name = None  # type: ignore[assignment]  # Chinese names are one field
    last_name = None  # type: ignore[assignment]  # likewise
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="users", verbose_name=_("单位"))
    clearance = models.CharField(_("可见范围"), max_length=10, choices=Classification, default=Classification.INTERNAL)
    # A program's account signs in by key alone; what it writes is stamped with its name.
    is_service = models.BooleanField(_("系统账号"), default=False)
    is_demo = models.BooleanField(_("演示"), default=False)

    REQUIRED_FIELDS = ["email", "unit"]

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        constraints = [
            is_known("clearance", Classification.values),
            # Django lets a superuser past every rule; here a rule is passed by nobody.
            models.CheckConstraint(name="user_is_no_superuser", condition=models.Q(is_superuser=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def stamp(self) -> str:
        """How the account is named wherever something says who did it."""
        return f"{self.unit.name_zh} {self}"

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held now; read once a request, so a withdrawn role is gone at the next one."""
        return frozenset(self.role_assignments.current().values_list("role", flat=True))

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name or self.username
