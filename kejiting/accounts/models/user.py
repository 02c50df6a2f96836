from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..classification import Classification
from ..database import is_known
from .unit import Unit


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

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        constraints = [is_known("clearance", Classification.values)]

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
