import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import User

from .correction import Correction
from .line import Line
from .observation import Observation
from .report import Return


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User) -> "EvidenceQuerySet":
        """The files of returns one may see (drafts: the unit's own people and the office), and of figures one may see."""
        returns, figures = Return.objects.visible_to(user), Observation.objects.visible_to(user)
        of_return = Q(line__report__in=returns) | Q(correction__line__report__in=returns)
        of_figure = Q(line__in=figures.values("line")) | Q(correction__in=figures.values("correction"))
        seen = self.filter(of_return | of_figure)
        return seen if user.clearance == Classification.INTERNAL else seen.filter(classification=Classification.PUBLIC)


# A line's files come and go with its draft, a correction's until it is answered: nobody agrees to a file that is not the one accepted.
_WHILE_OPEN = """
    IF TG_OP = 'DELETE' AND OLD.is_demo AND current_setting('kejiting.demo_removal', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' THEN
        file := OLD;
    ELSE
        file := NEW;
    END IF;
    SELECT report.state INTO report_state FROM indicators_line line JOIN indicators_return report ON report.id = line.report_id
        WHERE line.id = file.line_id FOR SHARE OF report;
    IF report_state NOT IN ('draft', 'returned') THEN
        RAISE EXCEPTION 'the files of a line change only while its return is a draft or returned'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_changes_only_while_open';
    END IF;
    SELECT correction.state, correction.requested_by_id INTO correction_state, asked_by FROM indicators_correction correction
        WHERE correction.id = file.correction_id FOR SHARE OF correction;
    IF correction_state <> 'pending' THEN
        RAISE EXCEPTION 'the files of a correction change only until it is decided'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_changes_only_while_pending';
    END IF;
    IF asked_by <> file.uploaded_by_id THEN
        RAISE EXCEPTION 'the files of a correction are of who asked for it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_of_correction_is_of_who_asked';
    END IF;
    RETURN file;
"""


class Evidence(models.Model):
    """A file that bears out a line or a correction, and through it the figure. The stored name is its id, never its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, models.PROTECT, null=True, blank=True, related_name="evidence")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="evidence")
    title = models.CharField(_("标题"), max_length=200, blank=True)
    name = models.CharField(_("文件名"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    classification = models.CharField(_("密级范围"), max_length=10, choices=Classification, default=Classification.INTERNAL)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("佐证材料")
        verbose_name_plural = _("佐证材料")
        ordering = ["uploaded_at"]
        constraints = [
            models.CheckConstraint(
                name="evidence_is_of_one_thing",
                condition=Q(line__isnull=False, correction=None) | Q(line=None, correction__isnull=False),
            ),
            models.CheckConstraint(name="evidence_sha256_is_whole", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
            is_known("classification", Classification.values),
        ]
        triggers = [
            append_only(operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Delete,
                declare=[("file", "record"), ("report_state", "text"), ("correction_state", "text"), ("asked_by", "bigint")],
                func=_WHILE_OPEN,
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def subject(self) -> Line | Correction:
        """What it bears out."""
        subject = self.line or self.correction
        assert subject is not None  # noqa: S101 - held by a constraint
        return subject
