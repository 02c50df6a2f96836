"""Which code made a result. Raise a method's version whenever the same inputs may give another result."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ResultMethod(NamedTuple):
    """``name`` and ``version`` stand with each result; ``label`` names it for people. What it does to a result, ``explain`` says."""

    name: str
    version: str
    label: str | Promise


# 2: a difference of shares does not grow
SERIES = ResultMethod("series", "2", _("同比、环比、本年累计与年度值"))
# 2: as sure and as open as all it reads, of other areas and earlier periods too
DERIVED = ResultMethod("formula", "2", _("指标定义中的公式"))
DIFFERENCE = ResultMethod("stated − counted", "1", _("公布数与台账数之差"))
# 4: the indicator says which way a target is reached, also where it was set as ≥; 5: 万家 and 家 compare as 亿元 and 万元 do;
# 6: a schedule notes its rule
TARGET = ResultMethod("progress", "6", _("对照目标的完成率、序时进度与灯色"))
# 3: from above a range to its upper end; where lower is better, on until the target is reached;
# 4: none of ranks
PACE = ResultMethod("required pace", "4", _("需达到的进度"))
QUALITY = ResultMethod("quality checks", "1", _("数据核查"))
# 2: a reached target is achieved also without a ratio
PROGRESS_MEASURE = ResultMethod("progress measure of sdg-build 2.4", "2", _("进展评价（Open SDG 的公式）"))
# Chosen and calibrated by docs/projection.md.
# 2: of the periods the chart is of; the chance goes by which way the target is reached; 3: models and spread chosen anew; 4: years' anew, a
# running total's middle is that of its draws; 5: no ranks
PROJECTION = ResultMethod("average of structural models", "5", _("趋势推算与达到目标的可能性"))
# 3: after all targets the last one
TASK = ResultMethod("worst of parts", "3", _("任务：由各衡量指标和节点合成"))
ASPECT = ResultMethod("mean of tasks", "1", _("方面：由各任务合成"))
INDEX = ResultMethod("index", "1", _("指数测算"))

ALL = (SERIES, DERIVED, DIFFERENCE, TARGET, PACE, QUALITY, PROGRESS_MEASURE, PROJECTION, TASK, ASPECT, INDEX)
LABELS = {method.name: method.label for method in ALL}
# What stands in a run record: the package's version and each method's.
CODE_VERSION = "0.1.0/" + ".".join(method.version for method in ALL)
