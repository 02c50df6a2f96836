import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.classification import Classification
from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import Area, Role, User

from .document import Document


class IndicatorQuerySet(models.QuerySet["Indicator"]):
    def visible_to(self, user: User) -> "IndicatorQuerySet":
        """By classification; who types for a unit knows what that unit is asked for."""
        if user.clearance == Classification.INTERNAL:
            return self
        seen = Q(classification=Classification.PUBLIC)
        if user.has_role(Role.REPORTER):
            seen |= Q(pk__in=self.model._default_manager.filter(assignments__unit=user.unit_id).values("pk"))
        return self.filter(seen)


_OWN_DEFINITION = """
    IF NEW.current_definition_id IS NOT NULL
            AND NEW.id <> (SELECT indicator_id FROM indicators_indicatordefinition WHERE id = NEW.current_definition_id) THEN
        RAISE EXCEPTION 'the definition is of another indicator'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'indicator_current_definition_is_its_own';
    END IF;
    RETURN NEW;
"""

# One edge at a time, so that two cannot close a circle, at which every recomputation would stop.
_NO_CIRCLE = """
    PERFORM pg_advisory_xact_lock(hashtext('indicator_dependency'));
    IF NEW.indicator_id IN (
        WITH RECURSIVE input(id) AS (
            SELECT NEW.reads_id
            UNION SELECT edge.reads_id FROM indicators_indicatordependency edge JOIN input ON edge.indicator_id = input.id
        ) SELECT id FROM input) THEN
        RAISE EXCEPTION 'an indicator cannot be computed of itself'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'dependencies_make_no_circle';
    END IF;
    RETURN NEW;
"""


class Indicator(models.Model):
    """A quantity with one definition, whose values are observed for areas and periods."""

    class Accumulation(models.TextChoices):
        """What a value says about time; every total and every difference over time derives from it."""

        STOCK = "stock", _("时点数")
        FLOW = "flow", _("当期数")
        YTD = "ytd", _("本年累计")
        TOTAL = "total", _("历史累计")

    class EntryForm(models.TextChoices):
        AS_STORED = "as_stored", _("按存储口径")
        PERIOD = "period", _("填当期数")
        CUMULATIVE = "cumulative", _("填累计数")

    class Origin(models.TextChoices):
        REPORTED = "reported", _("单位填报")
        OFFICIAL = "official", _("官方发布")
        REGISTER = "register", _("台账计数")
        DERIVED = "derived", _("公式计算")

    class Frequency(models.TextChoices):
        MONTH = "month", _("月")
        QUARTER = "quarter", _("季度")
        HALF = "half", _("半年")
        YEAR = "year", _("年")
        IRREGULAR = "irregular", _("不定期")

    class Direction(models.TextChoices):
        HIGHER = "higher", _("越高越好")
        LOWER = "lower", _("越低越好")

    code = models.CharField(_("代码"), max_length=64, unique=True)
    name_zh = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    short_zh = models.CharField(_("简称"), max_length=40, blank=True)
    unit_of_measure = models.CharField(_("计量单位"), max_length=20)
    decimals = models.PositiveSmallIntegerField(_("小数位"), default=0)
    direction = models.CharField(_("方向"), max_length=6, choices=Direction, default=Direction.HIGHER)
    accumulation = models.CharField(_("累计方式"), max_length=5, choices=Accumulation)
    entry_form = models.CharField(_("填报方式"), max_length=10, choices=EntryForm, default=EntryForm.AS_STORED)
    origin = models.CharField(_("来源"), max_length=8, choices=Origin)
    frequency = models.CharField(_("频率"), max_length=9, choices=Frequency)
    publisher = models.CharField(_("发布单位"), max_length=120, blank=True)
    # Hard limits of the quantity itself (a share lies in 0…100, a count is not negative).
    minimum = models.DecimalField(_("下限"), max_digits=24, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(_("上限"), max_digits=24, decimal_places=6, null=True, blank=True)
    # The areas a derived indicator is computed for; ranks and shares are among areas of this level.
    area_level = models.CharField(_("地区级别"), max_length=12, choices=Area.Level, blank=True)
    numerator = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("分子"))
    denominator = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("分母"))
    # For a count of a register: the indicator under which a publisher states the same total.
    stated_as = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="counted_by", verbose_name=_("公布口径"))
    current_definition = models.ForeignKey(
        "IndicatorDefinition", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("现行定义")
    )
    classification = models.CharField(_("密级范围"), max_length=10, choices=Classification, default=Classification.PUBLIC)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = IndicatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        ordering = ["code"]
        constraints = [
            # What a formula and an SDMX key can hold.
            models.CheckConstraint(name="indicator_code_is_an_identifier", condition=Q(code__regex=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$")),
            models.CheckConstraint(name="indicator_minimum_below_maximum", condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lt=F("maximum"))),
            models.CheckConstraint(
                name="indicator_ratio_has_both_parts",
                condition=Q(numerator=None, denominator=None) | Q(numerator__isnull=False, denominator__isnull=False),
            ),
            models.CheckConstraint(name="indicator_decimals_fit", condition=Q(decimals__lte=6)),
            # A stock has no amount of its own period, and an amount has no running total but the year's.
            models.CheckConstraint(
                name="indicator_entry_form_fits", condition=Q(entry_form="as_stored") | ~Q(accumulation="stock")
            ),
            is_known("direction", ["higher", "lower"]),
            is_known("accumulation", ["stock", "flow", "ytd", "total"]),
            is_known("entry_form", ["as_stored", "period", "cumulative"]),
            is_known("origin", ["reported", "official", "register", "derived"]),
            is_known("frequency", ["month", "quarter", "half", "year", "irregular"]),
            is_known("area_level", ["", *Area.Level.values]),
            is_known("classification", Classification.values),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="own_definition",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("current_definition_id"),
                func=_OWN_DEFINITION,
            )
        ]

    def __str__(self) -> str:
        return self.name_zh


class IndicatorDefinition(models.Model):
    """What an indicator meant from a date on: its words and, for a derived one, its formula."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="definitions")
    version = models.PositiveSmallIntegerField(_("版本"))
    text_zh = models.TextField(_("指标口径"))
    text_en = models.TextField(_("英文口径"), blank=True)
    formula = models.TextField(_("公式"), blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("依据"))
    valid_from = models.DateField(_("起用日期"))
    # Why it took the place of the version before.
    reason = models.CharField(_("原因"), max_length=500, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("指标定义")
        verbose_name_plural = _("指标定义")
        ordering = ["indicator", "version"]
        constraints = [
            models.UniqueConstraint(name="definition_version_once", fields=["indicator", "version"]),
            models.UniqueConstraint(name="definition_valid_from_once", fields=["indicator", "valid_from", "version"]),
        ]
        triggers = [
            append_only(operation=pgtrigger.Update),
            # It goes only with an indicator under which nothing was ever observed.
            append_only(
                "kept_once_observed",
                pgtrigger.Delete,
                unless="NOT EXISTS (SELECT 1 FROM indicators_observation WHERE indicator_id = OLD.indicator_id)",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} v{self.version}"


class IndicatorDependency(models.Model):
    """A derived indicator reads another: an edge of the graph that recomputation follows."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="dependencies")
    reads = models.ForeignKey(Indicator, models.PROTECT, related_name="dependents")

    class Meta:
        verbose_name = _("指标依赖")
        verbose_name_plural = _("指标依赖")
        constraints = [
            models.UniqueConstraint(name="dependency_once", fields=["indicator", "reads"]),
            models.CheckConstraint(name="dependency_not_on_itself", condition=~Q(indicator=F("reads"))),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="no_circle", when=pgtrigger.Before, operation=pgtrigger.Insert | pgtrigger.Update, func=_NO_CIRCLE
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} ← {self.reads_id}"


class Breakdown(models.Model):
    """A part of an indicator's whole (by sector, by kind); ``_T`` is the whole itself, as in SDMX."""

    TOTAL = "_T"

    code = models.CharField(_("代码"), max_length=32, primary_key=True)
    name_zh = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("分组")
        verbose_name_plural = _("分组")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name_zh
