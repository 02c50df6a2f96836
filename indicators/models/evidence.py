import uuid

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


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User) -> "EvidenceQuerySet":
        return self if user.clearance == Classification.INTERNAL else self.filter(classification=Classification.PUBLIC)


class Evidence(models.Model):
    """A file that bears out a line, a correction or an observation. The stored name is its id, never its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    line = models.ForeignKey(Line, models.PROTECT, null=True, blank=True, related_name="evidence")
    correction = models.ForeignKey(Correction, models.PROTECT, null=True, blank=True, related_name="evidence")
    observation = models.ForeignKey(Observation, models.PROTECT, null=True, blank=True, related_name="evidence")
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
                condition=Q(line__isnull=False, correction=None, observation=None)
                | Q(line=None, correction__isnull=False, observation=None)
                | Q(line=None, correction=None, observation__isnull=False),
            ),
            models.CheckConstraint(name="evidence_sha256_is_whole", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")),
            is_known("classification", Classification.values),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name
