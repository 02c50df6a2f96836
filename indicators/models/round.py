import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import keeps

from .period import Period
from .plan import Plan
from .version import keeps_versions


class RoundQuerySet(models.QuerySet["Round"]):
    def hold(self, pk: int) -> "Round":
        """A round as it is now, held until the transaction ends: against being locked, and shared with all who write in it."""
        return self.raw("SELECT * FROM indicators_round WHERE id = %s FOR SHARE", [pk])[0]


class Round(models.Model):
    """A reporting round (填报批次): the period asked about, when it opens, is due and locks."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="rounds", verbose_name=_("规划"))
    code = models.CharField(_("批次"), max_length=20, unique=True)
    period = models.ForeignKey(Period, models.PROTECT, related_name="rounds", verbose_name=_("期间"))
    opens_at = models.DateTimeField(_("开放时间"))
    due_at = models.DateTimeField(_("截止时间"))
    grace_until = models.DateTimeField(_("宽限至"))
    locks_at = models.DateTimeField(_("锁定时间"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("填报批次")
        verbose_name_plural = _("填报批次")
        ordering = ["-period__starts_on", "-code"]
        constraints = [
            models.UniqueConstraint(name="round_once_for_period", fields=["plan", "period"]),
            models.CheckConstraint(name="round_code_fits_an_address", condition=Q(code__regex=r"^[A-Za-z0-9][A-Za-z0-9-]*$")),
            models.CheckConstraint(
                name="round_dates_in_order",
                condition=Q(opens_at__lt=F("due_at"), due_at__lte=F("grace_until"))
                & (Q(locks_at=None) | Q(locks_at__gte=F("opens_at"))),
            ),
        ]
        triggers = [
            keeps("round_keeps_its_period", "plan", "period"),
            keeps_versions("round"),
            pgtrigger.Trigger(
                name="asks_no_range",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.period_id LIKE '%/%'"),
                func="""
                    RAISE EXCEPTION 'a round asks about a month, quarter, half-year or year'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'round_asks_no_range';
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_open(self) -> bool:
        """May be written to now: opened, and not locked."""
        now = timezone.now()
        return self.opens_at <= now and not self.is_locked

    @property
    def is_locked(self) -> bool:
        return self.locks_at is not None and self.locks_at <= timezone.now()

    @property
    def is_overdue(self) -> bool:
        return self.grace_until < timezone.now()
