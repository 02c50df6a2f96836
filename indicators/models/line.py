from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known

from .assignment import Assignment
from .report import Return
from .values import MissingReason, Qualifier

if TYPE_CHECKING:
    from .correction import Correction


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


# A milestone is reached or not; a narrative is words, and only a narrative.
_FITS_ITS_KIND = """
    IF NOT (SELECT CASE
            WHEN indicator_id IS NOT NULL THEN (NEW.progress, NEW.problems, NEW.next_steps) = ('', '', '')
            WHEN milestone_id IS NOT NULL THEN coalesce(NEW.value, 0) IN (0, 1) AND NEW.qualifier = ''
                AND (NEW.progress, NEW.problems, NEW.next_steps) = ('', '', '')
            ELSE NEW.value IS NULL AND NEW.qualifier = '' END
            FROM indicators_assignment WHERE id = NEW.assignment_id) THEN
        RAISE EXCEPTION 'a milestone is 1 or 0, a narrative is words, a figure is a number'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_fits_its_kind';
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
            models.CheckConstraint(name="line_qualifier_is_of_a_value", condition=Q(qualifier="") | Q(missing="")),
            models.CheckConstraint(
                name="line_entry_is_stamped",
                condition=Q(entered_by=None, entered_at=None) | Q(entered_by__isnull=False, entered_at__isnull=False),
            ),
            is_known("qualifier", Qualifier.values),
            is_known("missing", ["", *MissingReason.values]),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="line_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("report_state", "text"), ("report_is_demo", "boolean")],
                func=_LINE_OPEN,
            ),
            pgtrigger.Trigger(
                name="line_fits_its_kind",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=_FITS_ITS_KIND,
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
        last = max((c for c in self.corrections.all() if c.was_in_force_at(moment)), key=lambda c: c.pk, default=None)
        if last is None:
            return InForce(self.value, self.qualifier, self.missing, None)
        return InForce(last.value, last.qualifier, last.missing, last)


def is_empty(lines: str = "") -> Q:
    """Not ``Line.is_filled``, for a query over lines, or through the name of its relation to them."""
    return Q(**{f"{lines}value": None, f"{lines}missing": "", f"{lines}progress": ""})


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
