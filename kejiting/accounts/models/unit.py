from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import SpanOf, is_known
from .area import Area


class Unit(models.Model):
    """Whoever reports or supervises: a department, one of its offices, a prefecture, a zone.

    The row holds the name and parent in force now; ``UnitVersion`` holds every one there has been.
    """

    class Kind(models.TextChoices):
        DEPARTMENT = "department", _("省直部门")
        OFFICE = "office", _("处室")
        PREFECTURE = "prefecture", _("市州")
        ZONE = "zone", _("功能区")
        AGENCY = "agency", _("其他机构")

    code = models.SlugField(_("代码"), max_length=32, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级单位"))
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("地区"))
    name_zh = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    dissolved_on = models.DateField(_("撤销日期"), null=True, blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="unit_is_not_its_own_parent", condition=~models.Q(parent=models.F("pk"))),
            models.CheckConstraint(name="unit_office_has_parent", condition=~models.Q(kind="office") | models.Q(parent__isnull=False)),
            is_known("kind", ["department", "office", "prefecture", "zone", "agency"]),
        ]

    def __str__(self) -> str:
        return self.name_zh


class UnitVersion(models.Model):
    """The name and parent of a unit during a span of dates; no two spans of one unit overlap."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="versions")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    name_zh = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    valid = DateRangeField(_("有效期"))
    reason = models.CharField(_("依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("单位沿革")
        verbose_name_plural = _("单位沿革")
        ordering = ["unit", "valid"]
        constraints = [
            ExclusionConstraint(
                name="unit_version_spans_do_not_overlap",
                expressions=[(SpanOf("unit"), RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(name="unit_version_span_not_empty", condition=models.Q(valid__isempty=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name_zh} {self.valid}"


class UnitSuccession(models.Model):
    """A unit's duties passed to another on a date (merged, split or renamed by a reorganisation)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="successions")
    successor = models.ForeignKey(Unit, models.PROTECT, related_name="predecessions")
    on = models.DateField(_("日期"))
    reason = models.CharField(_("依据"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("单位承继")
        verbose_name_plural = _("单位承继")
        constraints = [
            models.UniqueConstraint(name="unit_succession_once", fields=["unit", "successor"]),
            models.CheckConstraint(name="unit_does_not_succeed_itself", condition=~models.Q(unit=models.F("successor"))),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} → {self.successor_id}"
