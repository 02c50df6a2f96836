from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import SpanOf, is_known


class Role(models.TextChoices):
    """What an account may do; the table of who may do what stands in ``permissions.py``."""

    REPORTER = "reporter", _("填报员")
    REVIEWER = "reviewer", _("单位审核人")
    OFFICE = "office", _("主管处室")
    LEADER = "leader", _("领导")
    ANALYST = "analyst", _("分析人员")
    AGENCY = "agency", _("其他机构系统")
    SYSTEM_ADMIN = "sysadmin", _("系统管理员")
    SECURITY_ADMIN = "secadmin", _("安全管理员")
    AUDITOR = "auditor", _("审计管理员")


ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
# Whom a quarter's returns wait for.
REPORTING = (Role.REPORTER, Role.REVIEWER, Role.OFFICE)


_held = models.Func(F("granted_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField())


class RoleAssignmentQuerySet(models.QuerySet["RoleAssignment"]):
    def current(self) -> "RoleAssignmentQuerySet":
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=Now()))


class RoleAssignment(models.Model):
    """A role given to an account, by whom and for how long."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("角色"), max_length=10, choices=Role)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("角色授予")
        verbose_name_plural = _("角色授予")
        constraints = [
            ExclusionConstraint(
                name="role_held_once",
                expressions=[
                    (SpanOf("user"), RangeOperators.OVERLAPS),
                    (SpanOf(models.Func(F("role"), function="hashtext", output_field=models.IntegerField())), RangeOperators.OVERLAPS),
                    (_held, RangeOperators.OVERLAPS),
                ],
            ),
            # 三员分立: nobody holds two of the three administrators' roles at one time.
            ExclusionConstraint(
                name="role_one_administrator_each",
                expressions=[(SpanOf("user"), RangeOperators.OVERLAPS), (_held, RangeOperators.OVERLAPS)],
                condition=Q(role__in=ADMINISTRATORS),
            ),
            models.CheckConstraint(name="role_not_granted_to_oneself", condition=Q(granted_by=None) | ~Q(granted_by=F("user"))),
            models.CheckConstraint(name="role_ends_after_grant", condition=Q(ends_at=None) | Q(ends_at__gte=F("granted_at"))),
            is_known("role", Role.values),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"
