"""How a figure may be stated, and why there may be none."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Qualifier(models.TextChoices):
    """How its source stated a value; a bound is not a number."""

    EXACT = "", _("确数")
    OVER = "over", _("超")
    NEARLY = "nearly", _("近")
    ABOUT = "about", _("约")
    MORE_THAN_APPROX = "more_than_approx", _("余")
    AT_LEAST = "at_least", _("以上")
    AT_MOST = "at_most", _("以下")


class MissingReason(models.TextChoices):
    """Why there is no value: said, never assumed."""

    NOT_DUE = "not_due", _("未到时间")
    NOT_AVAILABLE = "not_available", _("无法取得")
    WITHHELD = "withheld", _("不予公布")


class Status(models.TextChoices):
    """SDMX code list CL_OBS_STATUS, the codes this record uses."""

    FINAL = "A", _("正式")
    PRELIMINARY = "P", _("初步")
    ESTIMATED = "E", _("估计")
    REVISED = "R", _("修订")
    MISSING = "M", _("缺失")
