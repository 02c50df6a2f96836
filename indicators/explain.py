"""How a result was computed, in a sentence: what its page says beside the numbers it was made of."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .compute.judge import is_gap_closed, is_lower_better
from .models import Result, Target
from .periods import parse_label

Measure = Result.Measure

# How a 序时进度 was counted, as the recomputation notes it (`detail.rule`): in a word, and whole.
SCHEDULE_RULES = {
    "nodes": (gettext_lazy("按目标节点"), gettext_lazy("文件为目标定有节点：到各节点应完成的份额，节点之间按时间折算")),
    "period": (gettext_lazy("按目标期时间"), gettext_lazy("数额在目标期内累积：目标期内已过去的期数 ÷ 目标期的全部期数")),
    "baseline": (gettext_lazy("自基期按时间"), gettext_lazy("从基期走到目标：基期以后已过去的期数 ÷ 到目标期末的全部期数")),
    "ended": (gettext_lazy("目标期已满"), gettext_lazy("数据已到目标期末：应当全部完成")),
}


def explain(result: Result) -> str:
    """The formula in words. Of a light the rule, whose thresholds are the plan's."""
    if result.task_id:
        return _explain_task(result.measure)
    if result.aspect_id:
        return _("本方面各任务的平均，每项任务一样重。")
    if result.target:
        return _explain_against(result, result.target)
    return _explain_series(result)


def _explain_task(measure: str) -> str:
    if measure == Measure.COMPLETION:
        return _("各衡量指标和节点完成率的平均：超过100%的按100%计，节点已完成为100%、未完成为0，无法计算的不计入。")
    if measure == Measure.SCHEDULE:
        return _("各衡量指标和节点序时进度的平均：节点到时限为100%，未到为0，无法计算的不计入。")
    return _("取各衡量指标和节点中最差的灯色；过了完成时限尚未办结的为严重滞后，临近时限尚未完成的为临期。")


def _explain_against(result: Result, target: Target) -> str:
    if result.measure == Measure.COMPLETION:
        return _explain_completion(target, result.period_id)
    if result.measure == Measure.SCHEDULE:
        return _explain_schedule(result.detail.get("rule", ""))
    if result.measure == Measure.REQUIRED_PACE:
        if result.detail.get("of") == "change":
            return _("（目标值 − 当前值）÷ 剩余期数：余下各期平均每期需要的变化。")
        return _("目标数减去已完成数，按以往各季度占全年的比例分到剩余各期；往年不足两年的平均分；倍数是其中最重的一期与历史最好同类期之比。")
    if result.measure == Measure.CHANCE:
        return _("按推算的分布反复抽样，达到目标的次数占全部次数的比例。")
    if result.measure == Measure.PROGRESS:
        return _("年均复合增长率 ÷ 到目标年所需的年均增长率。")
    return _("完成率减序时进度：达到绿灯下限为正常，低于红灯上限为严重滞后，之间为滞后；过期未达目标为严重滞后，临近期末尚未达到为临期。")


def _explain_schedule(rule: str) -> str:
    """A result of before rules were noted may go by any of them."""
    if rule in SCHEDULE_RULES:
        return f"{SCHEDULE_RULES[rule][1]}。"
    return _("从起算到目标期末，已过去的期数占全部期数的比例；文件定有节点的，按节点应完成的比例。")


def _explain_completion(target: Target, period: str | None) -> str:
    if target.kind == Target.Kind.RANGE:
        return _("数值在区间内为100%；低于下限按数值 ÷ 下限，高于上限按上限 ÷ 数值。")
    if period and is_gap_closed(target, parse_label(period)):
        return _("（当前值 − 基期值）÷（目标值 − 基期值）：从基期到目标的路走了多少。")
    return _("目标数 ÷ 完成数（越低越好的指标）。") if is_lower_better(target) else _("完成数 ÷ 目标数。")


def _explain_series(result: Result) -> str:
    if result.measure in (Measure.GROWTH_YOY, Measure.GROWTH_QOQ):
        then = _("上年同期") if result.measure == Measure.GROWTH_YOY else _("上期")
        if result.detail.get("unit") != "ratio":
            return _("本期值 − %(then)s值：两个比重之差。") % {"then": then}
        if result.detail.get("of") == "amount":
            return _("（本期发生数 − %(then)s发生数）÷ %(then)s发生数；累计数先换算为当期发生数。") % {"then": then}
        return _("（本期值 − %(then)s值）÷ %(then)s值。") % {"then": then}
    words = {
        Measure.YEAR_TO_DATE: _("年初到本期末的合计：当期数相加，历史累计减去上年末。"),
        Measure.ANNUAL: _("全年数：当期数四个季度相加，本年累计取第四季度，历史累计取年末减上年末，时点数取年末。"),
        Measure.PROJECTION: _("几个结构时间序列模型的推算按表现加权平均，取中位数（实际数高于和低于它的可能性各半），区间按过去推算的误差放宽。"),
        Measure.FINDINGS: _("对照本指标的历史与限值核查这一期：累计下降、超出范围、正负号、计量单位、骤变、照抄、断档；数值是发现的问题数。"),
        Measure.PROGRESS: _("年均复合增长率。"),
        Measure.DIFFERENCE: _("公布数 − 台账数：公布数取计数时点以前最近一次公布的。"),
    }
    return words.get(Measure(result.measure), "")
