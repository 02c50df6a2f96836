from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import DEMO_REMOVAL, append_only
from kejiting.accounts.models import Role, Unit, User

from .assignment import Assignment
from .period import Period
from .plan import Plan
from .values import MissingReason, Qualifier


class Round(models.Model):
    """A reporting round (填报批次): the period asked about, when it opens, is due and locks."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="rounds", verbose_name=_("规划"))
    code = models.CharField(_("批次"), max_length=20, unique=True)
    period = models.ForeignKey(Period, models.PROTECT, related_name="rounds", verbose_name=_("期间"))
    opens_at = models.DateTimeField(_("开放时间"))
    due_at = models.DateTimeField(_("截止时间"))
    grace_until = models.DateTimeField(_("宽限至"))
    locks_at = models.DateTimeField(_("锁定时间"), null=True, blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

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


class ReturnQuerySet(models.QuerySet["Return"]):
    def visible_to(self, user: User) -> "ReturnQuerySet":
        """Reporters and reviewers: own unit's and its offices'; leadership and analysts: what was accepted; the office and the auditor: all."""
        if user.has_role(Role.OFFICE, Role.AUDITOR):
            return self
        seen = Q(pk__in=[])
        if user.has_role(Role.REPORTER, Role.REVIEWER):
            seen |= Q(unit=user.unit_id) | Q(unit__parent=user.unit_id)
        if user.has_role(Role.LEADER, Role.ANALYST):
            seen |= Q(state=Return.State.ACCEPTED)
        return self.filter(seen)


_TRANSITIONS = """
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a return begins as a draft, not %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'return_begins_as_draft';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.round_id, NEW.unit_id, NEW.is_demo) IS DISTINCT FROM (OLD.round_id, OLD.unit_id, OLD.is_demo) THEN
        RAISE EXCEPTION 'a return keeps its round and unit'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_keeps_its_identity';
    END IF;
    IF NEW.version <= OLD.version THEN
        RAISE EXCEPTION 'each change of a return raises its version'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_version_rises';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'submitted'), ('returned', 'submitted'), ('submitted', 'approved'),
        ('submitted', 'returned'), ('approved', 'accepted'), ('approved', 'returned')) THEN
        RAISE EXCEPTION 'a return cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_skips_no_state';
    END IF;
    IF NEW.state <> OLD.state AND NEW.state IN ('approved', 'accepted') AND EXISTS (
        SELECT 1 FROM indicators_line line JOIN indicators_lineentry entry ON entry.line_id = line.id
        WHERE line.report_id = NEW.id
        AND entry.by_id = CASE NEW.state WHEN 'approved' THEN NEW.approved_by_id ELSE NEW.accepted_by_id END) THEN
        RAISE EXCEPTION 'nobody reviews an entry of their own'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_reviewer_is_not_author';
    END IF;
    IF NEW.state <> OLD.state AND NEW.state = 'accepted' AND EXISTS (
        SELECT 1 FROM accounts_user WHERE id = NEW.accepted_by_id AND unit_id = NEW.unit_id) THEN
        RAISE EXCEPTION 'an office does not accept its own return'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_accepted_by_another_unit';
    END IF;
    IF (NEW.state = OLD.state AND (NEW.approved_by_id, NEW.approved_at, NEW.accepted_by_id, NEW.accepted_at)
            IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at, OLD.accepted_by_id, OLD.accepted_at))
       OR (NEW.state IN (OLD.state, 'approved', 'accepted', 'returned')
            AND (NEW.submitted_by_id, NEW.submitted_at) IS DISTINCT FROM (OLD.submitted_by_id, OLD.submitted_at))
       OR (NEW.state = 'accepted' AND (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at)) THEN
        RAISE EXCEPTION 'a stamp is made with its step and stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'return_stamps_stay';
    END IF;
    RETURN NEW;
"""


class Return(models.Model):
    """A unit's report (报表) for a round: its lines, and where they stand between draft and accepted."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("已提交")
        APPROVED = "approved", _("已审核")
        ACCEPTED = "accepted", _("已接收")
        RETURNED = "returned", _("已退回")

    EDITABLE = (State.DRAFT, State.RETURNED)

    round = models.ForeignKey(Round, models.PROTECT, related_name="returns", verbose_name=_("批次"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="returns", verbose_name=_("单位"))
    state = models.CharField(_("状态"), max_length=9, choices=State, default=State.DRAFT)
    # Rises with every change of the return or of one of its lines; it is the ETag.
    version = models.PositiveIntegerField(default=1)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("报表")
        verbose_name_plural = _("报表")
        ordering = ["round", "unit"]
        constraints = [
            models.UniqueConstraint(name="return_once_for_round_and_unit", fields=["round", "unit"]),
            models.CheckConstraint(name="return_state_is_known", condition=Q(state__in=["draft", "submitted", "approved", "accepted", "returned"])),
            models.CheckConstraint(
                name="return_submission_is_stamped",
                condition=~Q(state__in=["submitted", "approved", "accepted"]) | Q(submitted_by__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="return_approval_is_stamped",
                condition=~Q(state__in=["approved", "accepted"]) | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="return_acceptance_is_stamped",
                condition=Q(state="accepted", accepted_by__isnull=False, accepted_at__isnull=False)
                | (~Q(state="accepted") & Q(accepted_by=None, accepted_at=None)),
            ),
            models.CheckConstraint(name="return_approver_is_not_submitter", condition=Q(approved_by=None) | ~Q(approved_by=F("submitted_by"))),
            models.CheckConstraint(
                name="return_accepter_is_a_third_person",
                condition=Q(accepted_by=None) | (~Q(accepted_by=F("submitted_by")) & ~Q(accepted_by=F("approved_by"))),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="return_transitions",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=_TRANSITIONS,
            )
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.unit_id} {self.state}"

    @property
    def is_editable(self) -> bool:
        return self.state in self.EDITABLE and self.round.is_open


class ReturnStep(models.Model):
    """One step of a return, stamped; the reason is what the person who took it said."""

    report = models.ForeignKey(Return, models.CASCADE, related_name="steps")
    from_state = models.CharField(max_length=9, choices=Return.State)
    to_state = models.CharField(max_length=9, choices=Return.State)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(_("理由"), blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("流转记录")
        verbose_name_plural = _("流转记录")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="return_step_back_has_reason", condition=~Q(to_state="returned") | ~Q(reason="")),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.report_id} {self.from_state} → {self.to_state}"


# The row of the return is held, so that a line cannot slip in while somebody hands the return in.
_LINE_OPEN = """
    SELECT state, is_demo INTO report_state, report_is_demo FROM indicators_return
        WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.report_id ELSE NEW.report_id END FOR SHARE;
    IF TG_OP = 'DELETE' THEN
        IF report_state NOT IN ('draft', 'returned') AND NOT (report_is_demo AND current_setting('kejiting.demo_removal', true) = 'on') THEN
            RAISE EXCEPTION 'lines go only while their return is a draft or returned'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'line_changes_only_while_open';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.report_id, NEW.assignment_id) IS DISTINCT FROM (OLD.report_id, OLD.assignment_id) THEN
        RAISE EXCEPTION 'a line keeps its return and assignment'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_keeps_its_identity';
    END IF;
    IF report_state NOT IN ('draft', 'returned') THEN
        RAISE EXCEPTION 'lines change only while their return is a draft or returned'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_changes_only_while_open';
    END IF;
    RETURN NEW;
"""


@dataclass(frozen=True)
class InForce:
    """What a line says now: as accepted, or as last corrected."""

    value: Decimal | None
    qualifier: str
    missing: str
    correction: "Correction | None"


class Line(models.Model):
    """One thing a unit must say in a return: a value, a milestone's yes or no, or a narrative.

    Empty is not 0: a line holds a value, or says that it is missing and why, or was not filled yet.
    """

    # `return` is a keyword of the language.
    report = models.ForeignKey(Return, models.CASCADE, related_name="lines")
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="lines")
    # An indicator's value in its accumulation form, or 1 / 0 for a milestone.
    value = models.DecimalField(_("数值"), max_digits=24, decimal_places=6, null=True, blank=True)
    qualifier = models.CharField(_("限定"), max_length=16, choices=Qualifier, default=Qualifier.EXACT, blank=True)
    missing = models.CharField(_("缺报原因"), max_length=16, choices=MissingReason, blank=True)
    note = models.TextField(_("说明"), blank=True, max_length=2000)
    progress = models.TextField(_("进展情况"), blank=True, max_length=4000)
    problems = models.TextField(_("存在问题"), blank=True, max_length=4000)
    next_steps = models.TextField(_("下一步打算"), blank=True, max_length=4000)
    # The return's version when this line last changed: an older ETag than this is a conflict.
    version = models.PositiveIntegerField(default=1)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("填报行")
        verbose_name_plural = _("填报行")
        ordering = ["report", "pk"]
        constraints = [
            models.UniqueConstraint(name="line_once_for_assignment", fields=["report", "assignment"]),
            models.CheckConstraint(name="line_value_or_missing", condition=Q(value=None) | Q(missing="")),
            models.CheckConstraint(
                name="line_entry_is_stamped",
                condition=Q(entered_by=None, entered_at=None) | Q(entered_by__isnull=False, entered_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="line_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("report_state", "text"), ("report_is_demo", "boolean")],
                func=_LINE_OPEN,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.assignment_id}"

    @property
    def kind(self) -> str:
        return self.assignment.kind

    @property
    def is_filled(self) -> bool:
        return self.value is not None or bool(self.missing) or bool(self.progress)

    @property
    def in_force(self) -> InForce:
        """What the line says now. Prefetch ``corrections`` where there are many lines."""
        return self.in_force_at(None)

    def in_force_at(self, moment: datetime | None) -> InForce:
        """What the line said at a moment (None: now), once its return was accepted."""
        accepted = [
            c
            for c in self.corrections.all()
            if c.state == Correction.State.ACCEPTED and (moment is None or (c.decided_at is not None and c.decided_at <= moment))
        ]
        if not accepted:
            return InForce(self.value, self.qualifier, self.missing, None)
        last = max(accepted, key=lambda c: c.pk)
        return InForce(last.value, last.qualifier, last.missing, last)


class LineEntry(models.Model):
    """What a line was set to, by whom and when: every saved keystroke's result, kept."""

    line = models.ForeignKey(Line, models.CASCADE, related_name="entries")
    content = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("填写记录")
        verbose_name_plural = _("填写记录")
        ordering = ["pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.line_id} {self.at}"


class Correction(models.Model):
    """A change of one accepted line, asked by one person and decided by another.

    The value accepted before stays in force until this is accepted.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("待接收")
        ACCEPTED = "accepted", _("已接收")
        RETURNED = "returned", _("已退回")

    line = models.ForeignKey(Line, models.PROTECT, related_name="corrections")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    value = models.DecimalField(_("更正为"), max_digits=24, decimal_places=6, null=True, blank=True)
    qualifier = models.CharField(max_length=16, choices=Qualifier, default=Qualifier.EXACT, blank=True)
    missing = models.CharField(max_length=16, choices=MissingReason, blank=True)
    previous = models.DecimalField(_("原值"), max_digits=24, decimal_places=6, null=True, blank=True)
    previous_missing = models.CharField(max_length=16, choices=MissingReason, blank=True)
    reason = models.TextField(_("更正原因"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("更正")
        verbose_name_plural = _("更正")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="correction_one_pending_a_line", fields=["line"], condition=Q(state="pending")),
            models.CheckConstraint(name="correction_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(name="correction_state_is_known", condition=Q(state__in=["pending", "accepted", "returned"])),
            models.CheckConstraint(name="correction_value_or_missing", condition=Q(value=None) ^ Q(missing="")),
            models.CheckConstraint(
                name="correction_decision_is_stamped",
                condition=Q(state="pending", decided_by=None, decided_at=None)
                | (~Q(state="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(name="correction_decided_by_another", condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by"))),
            models.CheckConstraint(name="correction_return_has_reason", condition=~Q(state="returned") | ~Q(decision_reason="")),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="correction_begins_pending",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Delete,
                func=f"""
                    IF TG_OP = 'DELETE' THEN
                        IF OLD.is_demo AND current_setting('{DEMO_REMOVAL}', true) = 'on' THEN
                            RETURN OLD;
                        END IF;
                    ELSIF NEW.state = 'pending' THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'a correction begins pending and is kept'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_begins_pending';
                """,
            ),
            pgtrigger.Protect(name="correction_decided_is_final", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state__in=["accepted", "returned"]))
        ]

    def __str__(self) -> str:
        return f"{self.line_id} → {self.value}"
