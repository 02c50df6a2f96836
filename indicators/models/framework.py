"""What an index is made of: the framework, its nodes, and the weights that the office enters."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import append_only, is_known
from kejiting.accounts.models import User

from .document import Document
from .indicator import Indicator


class Normalise(models.TextChoices):
    """How a raw value becomes a score; the formulas are those of ``indicators.analysis.normalise``."""

    STANDARD = "standard", _("标准值法")
    MINMAX = "minmax", _("极差法")
    ZSCORE = "zscore", _("标准差法")
    RANK = "rank", _("名次法")
    GOALPOSTS = "goalposts", _("阈值法")


class Aggregate(models.TextChoices):
    """How scores become the score of their group."""

    ARITHMETIC = "arithmetic", _("加权算术平均")
    GEOMETRIC = "geometric", _("加权几何平均")
    HARMONIC = "harmonic", _("加权调和平均")
    MAZZIOTTA_PARETO = "mazziotta_pareto", _("马齐奥塔—帕累托指数")


class IndexFramework(models.Model):
    """A structure of indicators that an index can be computed by, with its method.

    What is computed by it here is an estimate of ours, never the index that its publisher publishes.
    """

    class Basis(models.TextChoices):
        PUBLISHED = "published", _("公布的框架")
        OWN = "own", _("自拟的比较结构")

    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="index_frameworks")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name_zh = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    basis = models.CharField(_("性质"), max_length=10, choices=Basis)
    note = models.TextField(_("说明"), blank=True)
    position = models.PositiveSmallIntegerField(_("次序"), default=100)
    normalise = models.CharField(_("标准化方法"), max_length=10, choices=Normalise, default=Normalise.STANDARD)
    aggregate = models.CharField(_("合成方法"), max_length=16, choices=Aggregate, default=Aggregate.ARITHMETIC)
    # A group with less of its weight present is not estimated; 0: with whatever there is, and the coverage is said.
    min_coverage = models.DecimalField(_("最低覆盖"), max_digits=4, decimal_places=3, default=0)
    # What the interval of a rank is drawn from: each weight × U(1−w, 1+w), and these methods with equal chances.
    weight_noise = models.DecimalField(_("权重扰动"), max_digits=4, decimal_places=3, default="0.25")
    normalise_among = models.JSONField(_("参与扰动的标准化方法"), default=list, blank=True)

    class Meta:
        verbose_name = _("指数框架")
        verbose_name_plural = _("指数框架")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="index_framework_coverage_is_a_share", condition=Q(min_coverage__gte=0, min_coverage__lte=1)
            ),
            models.CheckConstraint(name="index_framework_noise_is_a_share", condition=Q(weight_noise__gte=0, weight_noise__lte=1)),
            is_known("basis", ["published", "own"]),
            is_known("normalise", Normalise.values),
            is_known("aggregate", Aggregate.values),
        ]

    def __str__(self) -> str:
        return self.name_zh


class IndexNode(models.Model):
    """The whole, a group, or an indicator of a framework. What supplies an indicator may not be in the record (yet)."""

    class Basis(models.TextChoices):
        FOUND = "found", _("有出处")
        RECALLED = "recalled", _("待核实")
        OWN = "own", _("自拟")

    framework = models.ForeignKey(IndexFramework, models.CASCADE, related_name="nodes")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    indicator = models.ForeignKey(Indicator, models.PROTECT, null=True, blank=True, related_name="index_nodes")
    code = models.SlugField(_("代码"), max_length=60)
    name_zh = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("次序"))
    is_leaf = models.BooleanField(_("指标"))
    # As the framework publishes it; empty where it does not, and then siblings count alike until the office enters weights.
    weight = models.DecimalField(_("公布的权重"), max_digits=9, decimal_places=4, null=True, blank=True)
    direction = models.SmallIntegerField(_("方向"), default=1)
    standard = models.DecimalField(_("标准值"), max_digits=20, decimal_places=6, null=True, blank=True)
    low = models.DecimalField(_("下限阈值"), max_digits=20, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(_("上限阈值"), max_digits=20, decimal_places=6, null=True, blank=True)
    unit_of_measure = models.CharField(_("计量单位"), max_length=20, blank=True)
    basis = models.CharField(_("依据"), max_length=10, choices=Basis)
    is_approximate = models.BooleanField(_("近似口径"), default=False)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("指数框架的节点")
        verbose_name_plural = _("指数框架的节点")
        ordering = ["framework", "position"]
        constraints = [
            models.UniqueConstraint(name="index_node_code_once", fields=["framework", "code"]),
            models.UniqueConstraint(name="index_node_position_once", fields=["framework", "position"]),
            models.UniqueConstraint(name="index_node_one_root", fields=["framework"], condition=Q(parent=None)),
            models.CheckConstraint(name="index_node_is_not_its_own_parent", condition=~Q(parent=F("pk"))),
            models.CheckConstraint(name="index_node_weight_from_zero", condition=Q(weight=None) | Q(weight__gte=0)),
            models.CheckConstraint(name="index_node_direction_is_a_sign", condition=Q(direction__in=[1, -1])),
            models.CheckConstraint(name="index_node_only_leaves_are_supplied", condition=Q(is_leaf=True) | Q(indicator=None)),
            models.CheckConstraint(name="index_node_approximation_is_explained", condition=Q(is_approximate=False) | ~Q(note="")),
            is_known("basis", ["found", "recalled", "own"]),
        ]

    def __str__(self) -> str:
        return self.name_zh


class WeightVersion(models.Model):
    """Weights of a framework as the office entered them once: with a reason, never changed, replaced by the next version."""

    framework = models.ForeignKey(IndexFramework, models.PROTECT, related_name="weight_versions")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(_("版本"))
    at = models.DateTimeField(_("时间"), default=timezone.now)
    reason = models.CharField(_("理由"), max_length=500)
    # From which year's estimate on they count; empty: for all years. Weights that begin with a year explain part of its change.
    from_year = models.PositiveSmallIntegerField(
        _("起用年份"), null=True, blank=True, validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("指数权重")
        verbose_name_plural = _("指数权重")
        ordering = ["framework", "-number"]
        constraints = [
            models.UniqueConstraint(name="weight_version_once", fields=["framework", "number"]),
            models.CheckConstraint(name="weight_version_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="weight_version_year_is_near", condition=Q(from_year=None) | Q(from_year__gte=1990, from_year__lte=2100)
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.framework} v{self.number}"


class NodeWeight(models.Model):
    """What a node counts for among its siblings; they need not add up to anything."""

    version = models.ForeignKey(WeightVersion, models.CASCADE, related_name="weights")
    node = models.ForeignKey(IndexNode, models.PROTECT, related_name="+")
    weight = models.DecimalField(_("权重"), max_digits=9, decimal_places=4)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("节点权重")
        verbose_name_plural = _("节点权重")
        ordering = ["version", "node"]
        constraints = [
            models.UniqueConstraint(name="node_weight_once", fields=["version", "node"]),
            models.CheckConstraint(name="node_weight_from_zero", condition=Q(weight__gte=0)),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.node_id} {self.weight}"
