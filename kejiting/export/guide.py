"""The code lists on the page for programmers: taken from the code itself where it names them, so that none is missing."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from indicators.explain import SCHEDULE_RULES
from indicators.models import Indicator, Light, MissingReason, Qualifier, Result, Return, Status
from indicators.recompute.methods import LABELS as METHODS
from indicators.templatetags.figures import REASONS

Word = str | Promise

PERIODS: dict[str, Word] = {
    "2025": _("年"),
    "2025-S1": _("半年：S1 上半年，S2 下半年"),
    "2025-Q3": _("季度：Q1 至 Q4"),
    "2025-03": _("月"),
    "2016-01/2020-12": _("区间，起止各为整月；放进网址时“/”可不转义"),
}
ORIGINS: dict[str, Word] = {
    "line": _("单位填报：见 reported、steps、entries"),
    "correction": _("更正：另见 correction"),
    "import": _("导入：见 document、imported"),
    "count": _("台账计数：见 count，再往下是点到的每一项"),
    "formula": _("公式计算：见 formula、run、inputs"),
}
# Code: severity, and what it says.
FINDINGS: dict[str, tuple[str, Word]] = {
    "empty": ("error", _("没有填")),
    "falling_cumulative": ("error", _("累计数小于上期累计")),
    "out_of_bounds": ("error", _("超出指标的 minimum 或 maximum")),
    "sign_slip": ("warning", _("正负号与以往相反")),
    "unit_slip": ("warning", _("约为应有水平的 10 的整数次幂倍，可能填错计量单位")),
    "outlier": ("warning", _("与历史水平相差很大")),
    "q4_jump": ("warning", _("四季度较前三季度骤增")),
    "copied": ("warning", _("与上期完全相同")),
    "equals_target": ("warning", _("与目标值完全相同")),
    "gap": ("warning", _("上期没有数值，无法比较")),
    "not_whole": ("warning", _("应是整数的指标填了小数")),
    "rule": ("error / warning", _("不符合主管处室定的校验规则：哪一条见 rule")),
}


class CodeList(NamedTuple):
    """One table: what it is, which fields hold it, its codes with their words."""

    title: Word
    fields: str
    codes: Iterable[tuple[str, Word]]


def get_code_lists() -> list[CodeList]:
    return [
        CodeList(_("期间标签"), "period", PERIODS.items()),
        CodeList(_("数值状态（SDMX CL_OBS_STATUS）"), "status", Status.choices),
        CodeList(_("缺报、缺失原因"), "missing", MissingReason.choices),
        CodeList(_("限定；没有即为确数"), "qualifier", _named(Qualifier)),
        CodeList(_("数值由来"), "origin（observations）", ORIGINS.items()),
        CodeList(_("指标的来源"), "origin（indicators）", Indicator.Origin.choices),
        CodeList(_("累计方式"), "accumulation", Indicator.Accumulation.choices),
        CodeList(_("频率"), "frequency", Indicator.Frequency.choices),
        CodeList(_("结果种类"), "measure", Result.Measure.choices),
        CodeList(_("灯色，由差到好"), "light · text", Light.choices),
        CodeList(_("结果的原因"), "reason（provenance）", REASONS.items()),
        CodeList(_("序时进度的算法"), "rule（provenance）", [(code, sentence) for code, (_word, sentence) in SCHEDULE_RULES.items()]),
        CodeList(_("报表状态"), "state · to", Return.State.choices),
        CodeList(_("方法"), "method", METHODS.items()),
    ]


def _named(of: type[TextChoices]) -> list[tuple[str, Word]]:
    return [(code, word) for code, word in of.choices if code]
