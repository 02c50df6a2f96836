from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.database import is_known


class Document(models.Model):
    """Something that was issued or published: where a target was set or a figure was stated."""

    class Kind(models.TextChoices):
        PLAN = "plan", _("规划文件")
        NOTICE = "notice", _("发文")
        BULLETIN = "bulletin", _("统计公报")
        REPORT = "report", _("评价报告")
        PRESS = "press", _("新闻报道")
        SUMMARY = "summary", _("工作总结")
        OTHER = "other", _("其他")

    kind = models.CharField(_("类别"), max_length=10, choices=Kind, default=Kind.OTHER)
    number = models.CharField(_("文号"), max_length=80, blank=True)
    title = models.CharField(_("标题"), max_length=300)
    issuer = models.CharField(_("发布单位"), max_length=120, blank=True)
    issued_on = models.DateField(_("发布日期"), null=True, blank=True, help_text=_("原件未注明日期的留空"))
    url = models.URLField(_("网址"), max_length=500, blank=True)
    note = models.TextField(_("说明"), blank=True)
    is_demo = models.BooleanField(_("演示"), default=False)

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        ordering = [models.F("issued_on").desc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(name="document_number_once", fields=["number"], condition=~Q(number="")),
            models.UniqueConstraint(name="document_title_once", fields=["title", "issued_on"], nulls_distinct=False),
            models.CheckConstraint(name="document_has_title", condition=~Q(title="")),
            is_known("kind", ["plan", "notice", "bulletin", "report", "press", "summary", "other"]),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.number}）" if self.number else self.title
