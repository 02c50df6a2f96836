from datetime import datetime
from typing import Self, cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import Area, Role, User

from .correction import Correction
from .document import Document
from .indicator import Breakdown, Indicator, IndicatorDefinition
from .line import Line
from .period import Period
from .run import RecomputeRun
from .values import MissingReason, Qualifier, Status


class ImportBatch(models.Model):
    """Figures or records that came in together from a file: all of them, or none."""

    kind = models.CharField(_("类别"), max_length=40)
    name = models.CharField(_("名称"), max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="batches")
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    imported_at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        ordering = ["-pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name


class RegisterCount(models.Model):
    """A count made of a register, with the exact list that made it, as of then."""

    source = models.CharField(_("计数口径"), max_length=80)
    members = models.JSONField(_("清单"))
    counted_at = models.DateTimeField(default=timezone.now)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("台账计数")
        verbose_name_plural = _("台账计数")
        ordering = ["-pk"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.source} {len(self.members)}"


class ObservationQuerySet(models.QuerySet["Observation"]):
    def visible_to(self, user: User) -> Self:
        """By classification; a program sees only what was released to it, and what its own unit reported."""
        seen = Q()
        if user.clearance != Classification.INTERNAL:
            seen &= Q(classification=Classification.PUBLIC, indicator__classification=Classification.PUBLIC)
        if user.is_service or user.roles <= {Role.AGENCY}:
            seen &= Q(released_at__lte=timezone.now())
        if seen and user.has_role(Role.REPORTER):
            seen |= Q(line__report__unit=user.unit_id)
        return self.filter(seen)

    def latest(self) -> Self:  # type: ignore[override]  # the latest vintage of each cell, not one row
        """The newest vintage of each indicator × area × breakdown × period among these rows."""
        # The columns themselves: a name of a relation would bring in the ordering of what it refers to.
        cell = ("indicator_id", "area_id", "breakdown_id", "period_id")
        return self.order_by(*cell, "-vintage").distinct(*cell)

    def as_of(self, at: datetime) -> Self:
        """What this record held at a moment."""
        return self.filter(recorded_at__lte=at)

    def known_on(self, day: object) -> Self:
        """What its publishers had published by a day; an undated source counts as known when recorded."""
        return self.filter(Q(published_on__lte=day) | Q(published_on=None, recorded_at__date__lte=day))


# A vintage says what its source says, so that the way back from a figure never ends at another one.
_OF_ITS_SOURCE = """
    -- A fact and a demonstration value never share a series.
    IF NEW.is_demo <> (SELECT is_demo FROM indicators_indicator WHERE id = NEW.indicator_id) THEN
        RAISE EXCEPTION 'a demonstration value belongs to a demonstration indicator, a fact to a real one'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'observation_demo_as_indicator';
    END IF;
    IF NEW.definition_id IS NOT NULL
            AND NEW.indicator_id <> (SELECT indicator_id FROM indicators_indicatordefinition WHERE id = NEW.definition_id) THEN
        RAISE EXCEPTION 'the definition is of another indicator'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'observation_definition_is_its_indicators';
    END IF;
    IF NEW.line_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT report.state, round.period_id, assignment.indicator_id, assignment.area_id, assignment.breakdown_id,
           line.value, line.qualifier, line.missing INTO said
        FROM indicators_line line
        JOIN indicators_return report ON report.id = line.report_id
        JOIN indicators_round round ON round.id = report.round_id
        JOIN indicators_assignment assignment ON assignment.id = line.assignment_id
        WHERE line.id = NEW.line_id;
    IF said.state <> 'accepted' OR (said.indicator_id, said.area_id, said.breakdown_id, said.period_id)
            IS DISTINCT FROM (NEW.indicator_id, NEW.area_id, NEW.breakdown_id, NEW.period_id) THEN
        RAISE EXCEPTION 'the line is of another cell, or was not accepted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'observation_is_of_its_line';
    END IF;
    IF NEW.correction_id IS NOT NULL THEN
        SELECT value, qualifier, missing INTO said FROM indicators_correction
            WHERE id = NEW.correction_id AND line_id = NEW.line_id AND state = 'accepted';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the correction is of another line, or was not accepted'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'observation_is_of_its_correction';
        END IF;
    END IF;
    IF (said.value, said.qualifier, said.missing) IS DISTINCT FROM (NEW.value, NEW.qualifier, NEW.missing) THEN
        RAISE EXCEPTION 'the value is not the one that was accepted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'observation_says_what_was_accepted';
    END IF;
    RETURN NEW;
"""


class Observation(models.Model):
    """A value of an indicator for an area, a breakdown and a period, as one source stated it once.

    A new statement about the same cell is a new vintage; none is ever changed or removed.
    """

    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="observations")
    area = models.ForeignKey(Area, models.PROTECT, related_name="observations")
    breakdown = models.ForeignKey(Breakdown, models.PROTECT, default=Breakdown.TOTAL, related_name="+")
    period = models.ForeignKey(Period, models.PROTECT, related_name="observations")
    vintage = models.PositiveIntegerField(_("版次"))
    value = models.DecimalField(_("数值"), max_digits=24, decimal_places=6, null=True)
    qualifier = models.CharField(_("限定"), max_length=16, choices=Qualifier, default=Qualifier.EXACT, blank=True)
    status = models.CharField(_("状态"), max_length=1, choices=Status, default=Status.FINAL)
    missing = models.CharField(_("缺失原因"), max_length=16, choices=MissingReason, blank=True)
    unit_of_measure = models.CharField(_("计量单位"), max_length=20)
    # The figure exactly as its source prints it ("65%以上", "156.2亿元"): its decimals are its own.
    stated = models.CharField(_("原文"), max_length=60, blank=True)
    definition = models.ForeignKey(IndicatorDefinition, models.PROTECT, null=True, related_name="+")
    comparability_break = models.CharField(_("口径变化"), max_length=200, blank=True)
    note = models.TextField(_("说明"), blank=True)
    classification = models.CharField(_("密级范围"), max_length=10, choices=Classification, default=Classification.PUBLIC)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="observations")

    recorded_at = models.DateTimeField(_("入库时间"), default=timezone.now)
    published_on = models.DateField(_("发布日期"), null=True)
    released_at = models.DateTimeField(_("开放时间"), null=True)

    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="observations")
    correction = models.OneToOneField(Correction, models.PROTECT, null=True, related_name="observation")
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, related_name="observations")
    register_count = models.ForeignKey(RegisterCount, models.PROTECT, null=True, related_name="observations")
    run = models.ForeignKey(RecomputeRun, models.PROTECT, null=True, related_name="observations")
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = ObservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("观测值")
        verbose_name_plural = _("观测值")
        ordering = ["indicator", "area", "breakdown", "period", "vintage"]
        constraints = [
            models.UniqueConstraint(name="observation_vintage_once", fields=["indicator", "area", "breakdown", "period", "vintage"]),
            models.CheckConstraint(name="observation_vintage_from_one", condition=Q(vintage__gte=1)),
            models.CheckConstraint(
                name="observation_missing_has_reason",
                condition=Q(value=None, status="M") & ~Q(missing="") | Q(value__isnull=False, missing="") & ~Q(status="M"),
            ),
            models.CheckConstraint(name="observation_qualifier_is_of_a_value", condition=Q(qualifier="") | Q(missing="")),
            models.CheckConstraint(
                name="observation_has_one_origin",
                condition=Q(line__isnull=False, batch=None, register_count=None, run=None)
                | Q(line=None, batch__isnull=False, register_count=None, run=None)
                | Q(line=None, batch=None, register_count__isnull=False, run=None)
                | Q(line=None, batch=None, register_count=None, run__isnull=False),
            ),
            models.CheckConstraint(name="observation_correction_is_of_a_line", condition=Q(correction=None) | Q(line__isnull=False)),
            is_known("qualifier", Qualifier.values),
            is_known("status", Status.values),
            is_known("missing", ["", *MissingReason.values]),
            is_known("classification", Classification.values),
        ]
        indexes = [models.Index(name="observation_by_recorded", fields=["recorded_at"])]
        triggers = [
            append_only(),
            pgtrigger.Trigger(
                name="of_its_source",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("said", "record")],
                func=_OF_ITS_SOURCE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.area_id} {self.period_id} #{self.vintage} {self.value}"

    @property
    def cell(self) -> tuple[int, str, str, str]:
        """What the value is of: the ids of indicator, area, breakdown and period."""
        return self.indicator_id, self.area_id, cast(str, self.breakdown_id), self.period_id  # the stubs take a default for null

    @property
    def origin(self) -> str:
        """``line``, ``correction``, ``import``, ``count`` or ``formula``: the next step back in its provenance."""
        if self.line_id:
            return "correction" if self.correction_id else "line"
        if self.batch_id:
            return "import"
        return "count" if self.register_count_id else "formula"


