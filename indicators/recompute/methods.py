"""Which code made a result. Raise a method's version whenever the same inputs may give another result."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ResultMethod(NamedTuple):
    """``name`` and ``version`` stand with each result; ``words`` say on a page what was done."""

    name: str
    version: str
    words: str | Promise


# 2: a difference of shares does not grow
SERIES = ResultMethod("series", "2", _("同比、环比按各期自身的数计算；本年累计与年度值按指标的累计方式由各期加总；占比只比差额，以百分点计"))
# 2: as sure and as open as all it reads, of other areas and earlier periods too
DERIVED = ResultMethod("formula", "2", _("按指标定义中的公式计算"))
DIFFERENCE = ResultMethod("stated − counted", "1", _("发布单位公布的总数减去台账可逐一列出的数"))
# 4: the indicator says which way a target is reached, also where it was set as ≥; 5: 万家 and 家 compare as 亿元 and 万元 do;
# 6: a schedule notes its rule
TARGET = ResultMethod("progress", "6", _("完成率：数额为本期数÷目标数，水平为已缩小的差距÷应缩小的差距；序时进度：到期末应完成的份额；灯色按完成率减序时进度的差距，对照当日有效的阈值"))
# 3: from above a range to its upper end; where lower is better, on until the target is reached;
# 4: none of ranks
PACE = ResultMethod("required pace", "4", _("目标减已完成，按历年各季度的平均占比分到余下各期，历史不足两整年的平均分；倍数为其中最重的一期与历史最好同类期之比"))
QUALITY = ResultMethod("quality checks", "1", _("对照本指标的历史与限值逐期核查：累计下降、超出范围、正负号、计量单位、骤变、照抄、断档"))
# 2: a reached target is achieved also without a ratio
PROGRESS_MEASURE = ResultMethod("progress measure of sdg-build 2.4", "2", _("年均复合增长率；有目标的，除以到目标年所需的年均增长率（Open SDG 的进展评价公式）"))
# Chosen and calibrated by docs/projection.md.
# 2: of the periods the chart is of; the chance goes by which way the target is reached; 3: models and spread chosen anew; 4: years' anew, a
# running total's middle is that of its draws; 5: no ranks
PROJECTION = ResultMethod("average of structural models", "5", _("多个结构时间序列模型的平均，推算值为中位数（高于和低于它的可能性各半），区间按历史上同类推算的实际误差放宽；可能性为模拟路径中达到目标的比例"))
# 3: after all targets the last one
TASK = ResultMethod("worst of parts", "3", _("灯色取各组成部分中最差的；完成率为各部分的平均，每一部分不超过 1"))
ASPECT = ResultMethod("mean of tasks", "1", _("所属任务完成率的平均"))
INDEX = ResultMethod("index", "1", _("按所选框架的标准化、权重与合成方法计算"))

ALL = (SERIES, DERIVED, DIFFERENCE, TARGET, PACE, QUALITY, PROGRESS_MEASURE, PROJECTION, TASK, ASPECT, INDEX)
WORDS = {method.name: method.words for method in ALL}
# What stands in a run record: the package's version and each method's.
CODE_VERSION = "0.1.0/" + ".".join(method.version for method in ALL)
