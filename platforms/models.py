from typing import Self, TypeVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from indicators.models import Document
from indicators.sources import recounts
from kejiting.accounts.classification import Classification
from kejiting.accounts.database import SpanOf, is_known
from kejiting.accounts.models import Area, User

_Entry = TypeVar("_Entry", bound=models.Model, covariant=True)


class RegisterQuerySet(models.QuerySet[_Entry, _Entry]):
    """Rows of a register: what every one of them shares about who may see it."""

    def visible_to(self, user: User) -> Self:
        return self if user.clearance == Classification.INTERNAL else self.filter(classification=Classification.PUBLIC)


class RegisterEntry(models.Model):
    """What every record of a register has: an address, a source, a classification."""

    code = models.SlugField(_("编号"), max_length=64, unique=True)
    name_zh = models.CharField(_("名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=300, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("来源"))
    note = models.TextField(_("说明"), blank=True)
    classification = models.CharField(_("密级范围"), max_length=10, choices=Classification, default=Classification.PUBLIC)
    is_demo = models.BooleanField(_("演示"), default=False)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_zh


class Organisation(RegisterEntry):
    """An institute, university or enterprise that takes part in platforms, consortia and projects."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业")
        UNIVERSITY = "university", _("高校")
        INSTITUTE = "institute", _("科研院所")
        HOSPITAL = "hospital", _("医疗机构")
        OTHER = "other", _("其他")

    kind = models.CharField(_("类别"), max_length=12, choices=Kind)
    # 统一社会信用代码, where known.
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, null=True, blank=True, unique=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="organisations", verbose_name=_("地区"))

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="organisation_credit_code_has_18",
                condition=Q(credit_code=None) | Q(credit_code__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"),
            ),
            is_known("kind", ["enterprise", "university", "institute", "hospital", "other"]),
            is_known("classification", Classification.values),
        ]


class OrganisationName(models.Model):
    """A name an organisation bore during a span of dates."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="names")
    name_zh = models.CharField(_("名称"), max_length=200)
    valid = DateRangeField(_("有效期"))

    class Meta:
        verbose_name = _("机构名称")
        verbose_name_plural = _("机构名称")
        ordering = ["organisation", "valid"]
        constraints = [
            ExclusionConstraint(
                name="organisation_names_do_not_overlap",
                expressions=[(SpanOf("organisation"), RangeOperators.OVERLAPS), ("valid", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh


class PlatformKind(models.Model):
    """A kind of innovation platform, national or provincial; kinds are data."""

    class Level(models.TextChoices):
        NATIONAL = "national", _("国家级")
        PROVINCIAL = "provincial", _("省级")

    code = models.SlugField(_("代码"), max_length=40, primary_key=True)
    level = models.CharField(_("级别"), max_length=10, choices=Level)
    name_zh = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        verbose_name = _("平台类型")
        verbose_name_plural = _("平台类型")
        ordering = ["position", "code"]
        constraints = [is_known("level", ["national", "provincial"])]

    def __str__(self) -> str:
        return self.name_zh


class Platform(RegisterEntry):
    """An innovation platform (创新平台): a laboratory, a research centre, a facility."""

    kind = models.ForeignKey(PlatformKind, models.PROTECT, related_name="platforms", verbose_name=_("类型"))
    field = models.CharField(_("领域"), max_length=60, blank=True)
    host = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="hosted_platforms", verbose_name=_("依托单位"))
    cooperating = models.ManyToManyField(Organisation, blank=True, related_name="joined_platforms", verbose_name=_("共建单位"))
    area = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="platforms", verbose_name=_("市州"))
    place = models.CharField(_("地点"), max_length=120, blank=True)
    founded_on = models.DateField(_("成立日期"), null=True, blank=True)
    successors = models.ManyToManyField("self", through="PlatformLineage", symmetrical=False, related_name="predecessors")

    class Meta:
        verbose_name = _("创新平台")
        verbose_name_plural = _("创新平台")
        ordering = ["kind", "code"]
        constraints = [
            is_known("classification", Classification.values),
        ]
        triggers = [recounts()]


class PlatformStatus(models.Model):
    """A step in a platform's life, dated where its source dates it; the latest counts."""

    class Status(models.TextChoices):
        APPLIED = "applied", _("申报")
        APPROVED = "approved", _("获批")
        TRIAL = "trial", _("试运行")
        RUNNING = "running", _("运行")
        REORGANISED = "reorganised", _("重组")
        MERGED = "merged", _("合并")
        REVOKED = "revoked", _("撤销")

    # A platform counts as existing in these states.
    ACTIVE = (Status.APPROVED, Status.TRIAL, Status.RUNNING, Status.REORGANISED)

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="statuses")
    status = models.CharField(_("状态"), max_length=12, choices=Status)
    since = models.DateField(_("日期"), null=True, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("平台状态")
        verbose_name_plural = _("平台状态")
        ordering = ["platform", F("since").asc(nulls_first=True), "pk"]
        constraints = [
            is_known("status", ["applied", "approved", "trial", "running", "reorganised", "merged", "revoked"]),
        ]
        triggers = [recounts()]

    def __str__(self) -> str:
        return f"{self.platform_id} {self.status}"


class PlatformLineage(models.Model):
    """One platform went into another by merger or reorganisation."""

    predecessor = models.ForeignKey(Platform, models.PROTECT, related_name="+")
    successor = models.ForeignKey(Platform, models.PROTECT, related_name="+")
    on = models.DateField(_("日期"), null=True, blank=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("平台沿革")
        verbose_name_plural = _("平台沿革")
        constraints = [
            models.UniqueConstraint(name="platform_lineage_once", fields=["predecessor", "successor"]),
            models.CheckConstraint(name="platform_does_not_succeed_itself", condition=~Q(predecessor=F("successor"))),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class Consortium(RegisterEntry):
    """An enterprise innovation consortium (企业创新联合体): a lead enterprise and who works with it."""

    industry_chain = models.CharField(_("产业链"), max_length=60, blank=True)
    lead = models.ForeignKey(Organisation, models.PROTECT, null=True, blank=True, related_name="led_consortia", verbose_name=_("牵头单位"))
    founded_on = models.DateField(_("组建日期"), null=True, blank=True)
    dissolved_on = models.DateField(_("解散日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("企业创新联合体")
        verbose_name_plural = _("企业创新联合体")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="consortium_founded_before_dissolved",
                condition=Q(dissolved_on=None) | Q(founded_on=None) | Q(founded_on__lte=F("dissolved_on")),
            ),
            is_known("classification", Classification.values),
        ]
        triggers = [recounts()]


class ConsortiumMember(models.Model):
    """An organisation belongs to a consortium, in a role, for a span of dates."""

    class Role(models.TextChoices):
        LEAD = "lead", _("牵头")
        MEMBER = "member", _("成员")

    consortium = models.ForeignKey(Consortium, models.CASCADE, related_name="members")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("角色"), max_length=8, choices=Role, default=Role.MEMBER)
    valid = DateRangeField(_("有效期"))

    class Meta:
        verbose_name = _("联合体成员")
        verbose_name_plural = _("联合体成员")
        ordering = ["consortium", "role", "organisation"]
        constraints = [
            ExclusionConstraint(
                name="consortium_membership_spans_do_not_overlap",
                expressions=[
                    (SpanOf("consortium"), RangeOperators.OVERLAPS),
                    (SpanOf("organisation"), RangeOperators.OVERLAPS),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(name="consortium_membership_not_empty", condition=Q(valid__isempty=False)),
            is_known("role", ["lead", "member"]),
        ]

    def __str__(self) -> str:
        return f"{self.consortium_id} {self.organisation_id}"
