from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known

from .line import Line
from .values import MissingReason, Qualifier

# The return is held, as it is while a line is written.
_ASKED = """
    SELECT report.state, assignment.is_narrative, assignment.milestone_id IS NOT NULL
        INTO report_state, is_narrative, is_milestone
        FROM indicators_line line JOIN indicators_return report ON report.id = line.report_id
        JOIN indicators_assignment assignment ON assignment.id = line.assignment_id
        WHERE line.id = NEW.line_id FOR SHARE OF report;
    IF NEW.state <> 'pending' THEN
        RAISE EXCEPTION 'a correction begins pending'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_begins_pending';
    END IF;
    IF report_state <> 'accepted' THEN
        RAISE EXCEPTION 'only what was accepted is corrected'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_is_of_an_accepted_line';
    END IF;
    IF is_narrative OR (is_milestone AND (coalesce(NEW.value, 0) NOT IN (0, 1) OR NEW.qualifier <> '')) THEN
        RAISE EXCEPTION 'a milestone is 1 or 0, and a narrative is not corrected'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_fits_its_kind';
    END IF;
    RETURN NEW;
"""

_DECIDED = """
    IF OLD.state <> 'pending' THEN
        RAISE EXCEPTION 'a correction is decided once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_decided_is_final';
    END IF;
    IF (to_jsonb(NEW) - '{state,decided_by_id,decided_at,decision_reason}'::text[])
            <> (to_jsonb(OLD) - '{state,decided_by_id,decided_at,decision_reason}'::text[]) THEN
        RAISE EXCEPTION 'a correction is decided, not changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_keeps_what_was_asked';
    END IF;
    IF NEW.state <> 'withdrawn' AND EXISTS (SELECT 1 FROM indicators_line line JOIN indicators_return report ON report.id = line.report_id
            JOIN accounts_user person ON person.unit_id = report.unit_id
            WHERE line.id = NEW.line_id AND person.id = NEW.decided_by_id) THEN
        RAISE EXCEPTION 'an office does not decide on a correction of its own return'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'correction_decided_by_another_unit';
    END IF;
    RETURN NEW;
"""


class Correction(models.Model):
    """A change of one accepted line, asked by one person and decided by another.

    The value accepted before stays in force until this is accepted. Until it is decided, who asked may take it back.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("待接收")
        ACCEPTED = "accepted", _("已接收")
        RETURNED = "returned", _("已退回")
        WITHDRAWN = "withdrawn", _("已撤回")

    line = models.ForeignKey(Line, models.PROTECT, related_name="corrections")
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
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
            is_known("state", ["pending", "accepted", "returned", "withdrawn"]),
            is_known("qualifier", Qualifier.values),
            is_known("missing", ["", *MissingReason.values]),
            is_known("previous_missing", ["", *MissingReason.values]),
            models.CheckConstraint(name="correction_value_or_missing", condition=Q(value=None) ^ Q(missing="")),
            models.CheckConstraint(name="correction_qualifier_is_of_a_value", condition=Q(qualifier="") | Q(missing="")),
            models.CheckConstraint(
                name="correction_decision_is_stamped",
                condition=Q(state="pending", decided_by=None, decided_at=None)
                | (~Q(state="pending") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="correction_decided_by_another",
                condition=Q(decided_by=None) | (Q(state="withdrawn", decided_by=F("requested_by")) | (~Q(state="withdrawn") & ~Q(decided_by=F("requested_by")))),
            ),
            models.CheckConstraint(name="correction_return_has_reason", condition=~Q(state="returned") | ~Q(decision_reason="")),
        ]
        triggers = [
            append_only("kept", pgtrigger.Delete),
            pgtrigger.Trigger(
                name="asked",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("report_state", "text"), ("is_narrative", "boolean"), ("is_milestone", "boolean")],
                func=_ASKED,
            ),
            pgtrigger.Trigger(name="decided", when=pgtrigger.Before, operation=pgtrigger.Update, func=_DECIDED),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} → {self.value}"

    def was_in_force_at(self, moment: datetime | None) -> bool:
        """Whether it had been accepted by a moment (None: now)."""
        return self.state == self.State.ACCEPTED and (moment is None or (self.decided_at is not None and self.decided_at <= moment))
