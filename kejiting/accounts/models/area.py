from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import is_known


class Area(models.Model):
    """A place figures are about: the nation, a province, a prefecture or a zone, by GB/T 2260."""

    class Level(models.TextChoices):
        NATION = "nation", _("全国")
        PROVINCE = "province", _("省级")
        PREFECTURE = "prefecture", _("市州")
        ZONE = "zone", _("功能区")

    # The code is the key: it is a national standard, travels in every export and makes a join
    # needless wherever only the code is shown.
    code = models.CharField(_("代码"), max_length=6, primary_key=True)
    level = models.CharField(_("级别"), max_length=12, choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    name_zh = models.CharField(_("名称"), max_length=40)
    short_zh = models.CharField(_("简称"), max_length=20)
    name_en = models.CharField(_("英文名称"), max_length=80, blank=True)
    # Where the area stands on the tile grid; a province without a column is not drawn.
    tile_column = models.PositiveSmallIntegerField(null=True, blank=True)
    tile_row = models.PositiveSmallIntegerField(null=True, blank=True)
    # Hong Kong, Macao and Taiwan are drawn, and are no part of the 31 that are ranked.
    is_ranked = models.BooleanField(_("参评"), default=True)

    class Meta:
        verbose_name = _("地区")
        verbose_name_plural = _("地区")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="area_code_is_six_digits", condition=models.Q(code__regex=r"^\d{6}$")),
            models.CheckConstraint(
                name="area_only_nation_has_no_parent",
                condition=models.Q(level="nation", parent=None) | (~models.Q(level="nation") & models.Q(parent__isnull=False)),
            ),
            models.CheckConstraint(
                name="area_tile_is_whole",
                condition=models.Q(tile_column=None, tile_row=None) | models.Q(tile_column__isnull=False, tile_row__isnull=False),
            ),
            is_known("level", ["nation", "province", "prefecture", "zone"]),
        ]

    def __str__(self) -> str:
        return self.name_zh
