import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import Role, Unit, User

from .round import Round


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
    recorded_at = models.DateTimeField(_("登记时间"), auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = ReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("报表")
        verbose_name_plural = _("报表")
        ordering = ["round", "unit"]
        constraints = [
            models.UniqueConstraint(name="return_once_for_round_and_unit", fields=["round", "unit"]),
            is_known("state", ["draft", "submitted", "approved", "accepted", "returned"]),
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
            is_known("from_state", Return.State.values),
            is_known("to_state", Return.State.values),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.report_id} {self.from_state} → {self.to_state}"
