from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from indicators.models import Qualifier, Task
from indicators.sources import recounts
from kejiting.accounts.classification import Classification
from kejiting.accounts.database import is_known
from kejiting.accounts.models import Area
from platforms.models import Consortium, Organisation, Platform, RegisterEntry


class Programme(models.Model):
    """A funding programme (国家自然科学基金, 国家重点研发计划 …); programmes are data."""

    class Level(models.TextChoices):
        NATIONAL = "national", _("国家级")
        PROVINCIAL = "provincial", _("省级")

    code = models.SlugField(_("代码"), max_length=40, primary_key=True)
    level = models.CharField(_("级别"), max_length=10, choices=Level)
    name_zh = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    position = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        verbose_name = _("科技计划")
        verbose_name_plural = _("科技计划")
        ordering = ["position", "code"]
        constraints = [is_known("level", ["national", "provincial"])]

    def __str__(self) -> str:
        return self.name_zh


class Project(RegisterEntry):
    """A funded project. Money is in 万元."""

    class Status(models.TextChoices):
        APPROVED = "approved", _("获批")
        RUNNING = "running", _("在研")
        ACCEPTED = "accepted", _("已验收")
        STOPPED = "stopped", _("终止")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="projects", verbose_name=_("计划"))
    number = models.CharField(_("项目编号"), max_length=60, blank=True)
    host = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="hosted_projects", verbose_name=_("承担单位"))
    investigator = models.CharField(_("负责人"), max_length=40, blank=True)
    field = models.CharField(_("领域"), max_length=60, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="projects", verbose_name=_("市州"))
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="projects", verbose_name=_("服务任务"))
    status = models.CharField(_("状态"), max_length=8, choices=Status, default=Status.APPROVED)
    approved_year = models.PositiveSmallIntegerField(_("立项年度"), null=True, blank=True, validators=[MinValueValidator(1978), MaxValueValidator(2100)])
    starts_on = models.DateField(_("开始"), null=True, blank=True)
    ends_on = models.DateField(_("结束"), null=True, blank=True)
    budget = models.DecimalField(_("批复经费（万元）"), max_digits=16, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name = _("项目")
        verbose_name_plural = _("项目")
        ordering = ["programme", "code"]
        constraints = [
            models.UniqueConstraint(name="project_number_once_in_programme", fields=["programme", "number"], condition=~Q(number="")),
            models.CheckConstraint(
                name="project_starts_before_it_ends", condition=Q(starts_on=None) | Q(ends_on=None) | Q(starts_on__lte=F("ends_on"))
            ),
            models.CheckConstraint(name="project_budget_not_negative", condition=Q(budget=None) | Q(budget__gte=0)),
            is_known("status", ["approved", "running", "accepted", "stopped"]),
            is_known("classification", Classification.values),
        ]
        triggers = [recounts()]


class ProjectFunding(models.Model):
    """Money of a project in a year from a source: what was approved, paid and spent (万元); null where it is not known."""

    class Source(models.TextChoices):
        CENTRAL = "central", _("中央财政")
        PROVINCIAL = "provincial", _("省级财政")
        OWN = "own", _("自筹")
        OTHER = "other", _("其他")

    project = models.ForeignKey(Project, models.CASCADE, related_name="funding")
    year = models.PositiveSmallIntegerField(_("年度"))
    source = models.CharField(_("来源"), max_length=10, choices=Source)
    approved = models.DecimalField(_("批复"), max_digits=16, decimal_places=4, null=True, blank=True)
    paid = models.DecimalField(_("拨付"), max_digits=16, decimal_places=4, null=True, blank=True)
    spent = models.DecimalField(_("支出"), max_digits=16, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name = _("项目经费")
        verbose_name_plural = _("项目经费")
        ordering = ["project", "year", "source"]
        constraints = [
            models.UniqueConstraint(name="project_funding_once", fields=["project", "year", "source"]),
            models.CheckConstraint(name="project_funding_not_negative", condition=Q(approved__gte=0, paid__gte=0, spent__gte=0)),
            is_known("source", ["central", "provincial", "own", "other"]),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.year} {self.source}"


class ProjectMilestone(models.Model):
    """A node of a project, due by a date and reached on one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="milestones")
    title_zh = models.CharField(_("节点"), max_length=200)
    due_on = models.DateField(_("时限"))
    reached_on = models.DateField(_("完成日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("项目节点")
        verbose_name_plural = _("项目节点")
        ordering = ["project", "due_on"]

    def __str__(self) -> str:
        return self.title_zh


class Outcome(RegisterEntry):
    """Something that came of the work: a technology, product, certificate, order."""

    class Kind(models.TextChoices):
        TECHNOLOGY = "technology", _("技术")
        PRODUCT = "product", _("产品")
        STANDARD = "standard", _("标准")
        PATENT = "patent", _("专利")
        CERTIFICATE = "certificate", _("注册证书")
        ORDER = "order", _("订单")
        REVENUE = "revenue", _("收入")
        CAPABILITY = "capability", _("生产能力")

    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="outcomes", verbose_name=_("项目"))
    platform = models.ForeignKey(Platform, models.PROTECT, null=True, blank=True, related_name="outcomes", verbose_name=_("平台"))
    consortium = models.ForeignKey(Consortium, models.PROTECT, null=True, blank=True, related_name="outcomes", verbose_name=_("联合体"))
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="outcomes", verbose_name=_("服务任务"))
    year = models.PositiveSmallIntegerField(_("计入年度"), null=True, blank=True)
    quantity = models.DecimalField(_("数量"), max_digits=16, decimal_places=4, null=True, blank=True)
    qualifier = models.CharField(_("限定"), max_length=16, choices=Qualifier, default=Qualifier.EXACT, blank=True)
    unit_of_measure = models.CharField(_("计量单位"), max_length=20, blank=True)
    is_substitution = models.BooleanField(_("国产替代"), default=False)

    class Meta:
        verbose_name = _("成果")
        verbose_name_plural = _("成果")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="outcome_quantity_has_unit", condition=Q(quantity=None, unit_of_measure="") | (Q(quantity__isnull=False) & ~Q(unit_of_measure=""))
            ),
            is_known("kind", ["technology", "product", "standard", "patent", "certificate", "order", "revenue", "capability"]),
            is_known("classification", Classification.values),
            is_known("qualifier", Qualifier.values),
        ]
