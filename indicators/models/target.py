from datetime import date, datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import Area, User

from .document import Document
from .indicator import Indicator
from .period import Period


class TargetQuerySet(models.QuerySet["Target"]):
    def visible_to(self, user: User) -> "TargetQuerySet":
        return self if user.clearance == Classification.INTERNAL else self.filter(indicator__in=Indicator.objects.visible_to(user))

    def standing(self, at: datetime | None = None) -> "TargetQuerySet":
        """Those that were not withdrawn as entered by mistake, superseded ones among them; now or at a moment."""
        if at is None:
            return self.filter(withdrawn_at=None)
        return self.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=at), recorded_at__lte=at)

    def in_force(self, at: datetime | None = None, *, issued_by: date | None = None) -> "TargetQuerySet":
        """Those no later target was said to supersede. Several documents may be in force together.

        ``at`` asks by what the record held at a moment, ``issued_by`` by the documents that were issued by a day.
        """
        if at is None and issued_by is None:
            return self.standing().filter(superseded_by=None)
        rows, links = self.standing(at), TargetSupersession.objects.filter(superseded=OuterRef("pk"))
        if at:
            links = links.filter(at__lte=at)
        if issued_by:
            rows, links = rows.exclude(document__issued_on__gt=issued_by), links.exclude(target__document__issued_on__gt=issued_by)
        return rows.filter(~Exists(links))


# Typed by mistake, it is withdrawn and set anew; what hangs on another's word is superseded instead.
_ONLY_WITHDRAWN = """
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL
            OR (to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawal_reason}'::text[])
            <> (to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawal_reason}'::text[]) THEN
        RAISE EXCEPTION 'a target is withdrawn or superseded, not changed'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'target_only_withdrawn';
    END IF;
    IF EXISTS (SELECT 1 FROM indicators_targetsupersession WHERE OLD.id IN (target_id, superseded_id)) THEN
        RAISE EXCEPTION 'a target that supersedes or was superseded stays'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'target_withdrawn_has_no_supersession';
    END IF;
    RETURN NEW;
"""


class Target(models.Model):
    """What a document says an indicator shall be in an area by a period. Never edited: a new document sets a new one.

    One that was entered by mistake is withdrawn, with a reason; pages of the time it stood go on showing it.
    """

    class Kind(models.TextChoices):
        ABSOLUTE = "absolute", _("绝对值")
        CHANGE = "change", _("较基期变化")
        GROWTH = "growth", _("增长率")
        RANGE = "range", _("区间")

    class Comparison(models.TextChoices):
        AT_LEAST = "at_least", "≥"
        AT_MOST = "at_most", "≤"
        EQUAL = "equal", "="

    class Basis(models.TextChoices):
        RATIO = "ratio", _("完成数÷目标数")
        GAP_CLOSED = "gap_closed", _("已缩小差距÷应缩小差距")

    document = models.ForeignKey(Document, models.PROTECT, related_name="targets", verbose_name=_("文件"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="targets", verbose_name=_("指标"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="targets", verbose_name=_("地区"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="targets", verbose_name=_("目标期"))
    unit_of_measure = models.CharField(_("计量单位"), max_length=20)
    kind = models.CharField(_("类型"), max_length=8, choices=Kind, default=Kind.ABSOLUTE)
    comparison = models.CharField(_("比较"), max_length=8, choices=Comparison, default=Comparison.AT_LEAST)
    value = models.DecimalField(_("目标值"), max_digits=24, decimal_places=6)
    upper = models.DecimalField(_("上限"), max_digits=24, decimal_places=6, null=True, blank=True)
    stated = models.CharField(_("原文"), max_length=60, blank=True, help_text=_("文件中的写法，如“65%以上”"))
    basis = models.CharField(_("完成率算法"), max_length=10, choices=Basis, default=Basis.RATIO)
    baseline_value = models.DecimalField(_("基期值"), max_digits=24, decimal_places=6, null=True, blank=True)
    baseline_period = models.ForeignKey(
        Period, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("基期"), help_text=_("不明的留空：无法计算序时进度")
    )
    baseline_note = models.CharField(_("基期说明"), max_length=200, blank=True)
    reason = models.TextField(_("设定原因"), blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawal_reason = models.TextField(_("撤回原因"), blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("目标")
        verbose_name_plural = _("目标")
        ordering = ["indicator", "area", "period", F("document__issued_on").asc(nulls_first=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                name="target_once_in_document",
                fields=["document", "indicator", "area", "period", "kind"],
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="target_withdrawal_is_stamped",
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawal_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawal_reason="")),
            ),
            models.CheckConstraint(
                name="target_range_has_upper",
                condition=Q(kind="range", upper__isnull=False, upper__gt=F("value")) | (~Q(kind="range") & Q(upper=None)),
            ),
            models.CheckConstraint(name="target_baseline_period_needs_value", condition=Q(baseline_period=None) | Q(baseline_value__isnull=False)),
            is_known("kind", ["absolute", "change", "growth", "range"]),
            is_known("comparison", ["at_least", "at_most", "equal"]),
            is_known("basis", ["ratio", "gap_closed"]),
        ]
        triggers = [
            append_only("kept", pgtrigger.Delete),
            pgtrigger.Trigger(name="only_withdrawn", when=pgtrigger.Before, operation=pgtrigger.Update, func=_ONLY_WITHDRAWN),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.area_id} {self.period_id} {self.get_comparison_display()}{self.value}"


# One link at a time, so that two cannot close a circle; targets themselves never change.
_SUPERSEDES = """
    PERFORM pg_advisory_xact_lock(hashtext('target_supersession'), (SELECT indicator_id FROM indicators_target WHERE id = NEW.target_id)::int);
    IF (SELECT count(DISTINCT (indicator_id, area_id)) FROM indicators_target WHERE id IN (NEW.target_id, NEW.superseded_id)) > 1 THEN
        RAISE EXCEPTION 'a target supersedes one of the same indicator and area'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_supersedes_its_like';
    END IF;
    IF EXISTS (SELECT 1 FROM indicators_target WHERE id IN (NEW.target_id, NEW.superseded_id) AND withdrawn_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a withdrawn target neither supersedes nor is superseded'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_supersession_is_of_standing_targets';
    END IF;
    IF NEW.superseded_id IN (
        WITH RECURSIVE successor(id) AS (
            SELECT NEW.target_id
            UNION SELECT link.target_id FROM indicators_targetsupersession link JOIN successor ON link.superseded_id = successor.id
        ) SELECT id FROM successor) THEN
        RAISE EXCEPTION 'a target cannot supersede its own successor'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'target_supersessions_make_no_circle';
    END IF;
    RETURN NEW;
"""


class TargetSupersession(models.Model):
    """The office says that one target took the place of another: a link made by hand, never inferred."""

    superseded = models.OneToOneField(Target, models.PROTECT, related_name="superseded_by")
    target = models.ForeignKey(Target, models.PROTECT, related_name="supersedes")
    reason = models.TextField(_("原因"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("目标替代")
        verbose_name_plural = _("目标替代")
        constraints = [
            models.CheckConstraint(name="target_does_not_supersede_itself", condition=~Q(superseded=F("target"))),
            models.CheckConstraint(name="target_supersession_has_reason", condition=~Q(reason="")),
        ]
        triggers = [
            append_only(),
            pgtrigger.Trigger(name="supersedes_its_like", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_SUPERSEDES),
        ]

    def __str__(self) -> str:
        return f"{self.superseded_id} → {self.target_id}"


class TargetNode(models.Model):
    """A planned node on the way to a target: the share of it due by the end of a period."""

    target = models.ForeignKey(Target, models.CASCADE, related_name="nodes")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+")
    share = models.DecimalField(_("应完成比例"), max_digits=7, decimal_places=4, help_text=_("0 至 1"))
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("目标节点")
        verbose_name_plural = _("目标节点")
        ordering = ["target", "period"]
        constraints = [
            models.UniqueConstraint(name="target_node_once", fields=["target", "period"]),
            models.CheckConstraint(name="target_node_share_in_unit", condition=Q(share__gte=0, share__lte=1)),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.target_id} {self.period_id} {self.share}"
