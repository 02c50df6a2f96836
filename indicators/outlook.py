"""What a page says of the periods to come: the chance to reach a target in words, and the pace it still takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .analysis.projection import FEWEST
from .formatting import format_percent, format_period, format_value
from .models import Indicator, Target
from .periods import Span, get_main_frequency, parse_label, shift
from .queries.indicators import IndicatorPage, Point
from .queries.targets import TargetRow
from .recompute.projections import AHEAD, is_projected
from .standing import Judgement

Accumulation = Indicator.Accumulation
A_DAY = timedelta(days=1)

# From which probability on which word: the calibrated scale of the IPCC's reports.
WORDS = (
    (Decimal("0.99"), gettext_lazy("几乎肯定")),
    (Decimal("0.90"), gettext_lazy("很可能")),
    (Decimal("0.66"), gettext_lazy("较可能")),
    (Decimal("0.33"), gettext_lazy("难分上下")),
    (Decimal("0.10"), gettext_lazy("不太可能")),
    (Decimal("0.01"), gettext_lazy("很不可能")),
    (Decimal(0), gettext_lazy("几乎不可能")),
)
# A share of draws is no finer than this.
LEAST, MOST = Decimal("0.01"), Decimal("0.99")


@dataclass(frozen=True)
class TargetOutlook:
    """One target ahead: its chance and its pace, each with the result it is read from."""

    target: Target
    chance: Judgement | None
    chance_words: str
    pace: Judgement | None
    pace_words: str


@dataclass(frozen=True)
class Projected:
    """One period to come in words: 1.36%, 1.30%～1.42%."""

    result: Judgement
    value: str
    likely: str
    wide: str


@dataclass(frozen=True)
class Outlook:
    """``lack`` says why nothing is projected; empty where something is, or where nothing is known at all."""

    projections: Sequence[Projected]
    targets: Sequence[TargetOutlook]
    lack: str

    @property
    def has_anything(self) -> bool:
        return bool(self.projections or self.targets or self.lack)


def make_outlook(page: IndicatorPage) -> Outlook:
    """Of targets in force whose end is not reached by figures yet."""
    rows = [_make_target(row, page.indicator) for row in page.targets if row.supersession is None and _lies_ahead(row.target, page)]
    if not is_projected(page.indicator):  # of a rank a page of an earlier day may have something to say
        rows = [row for row in rows if row.chance or row.pace]
    projections = [_make_projected(row, page.indicator) for row in page.projections]
    return Outlook(projections, rows, (say_lack(page.points, page.indicator) or _("尚未推算")) if page.points and not projections else "")


def _lies_ahead(target: Target, page: IndicatorPage) -> bool:
    known = [point for point in page.points if point.value is not None]
    return not known or known[-1].period.ends_on < parse_label(target.period_id).ends_on


def say_lack(points: Sequence[Point], indicator: Indicator) -> str:
    """Why nothing can be projected: what was counted and is too little, or what is never projected. Empty where something can."""
    if not is_projected(indicator):
        return _("排名不作推算：位次取决于各地的相对变化")
    known = [point for point in points if point.value is not None]
    frequency = get_main_frequency(point.period for point in known)
    if frequency is None:
        return _("数据不足，无法推算（没有按年或按季的数值）")
    if frequency not in AHEAD:
        return _("只推算按年和按季的数据，按月的不作推算") if frequency == "month" else _("只推算按年和按季的数据，按半年的不作推算")
    mine = [(point.period, point.value or Decimal(0)) for point in known if point.period.frequency == frequency]
    usable = list_projected(mine, indicator.accumulation)
    if len(usable) < FEWEST:
        return _say_too_few(len(usable), frequency, is_derived=len(usable) < len(mine))
    return "" if any(usable) else _("各期都是 0，无法推算")


def list_projected(values: Sequence[tuple[Span, Decimal]], accumulation: str) -> list[Decimal]:
    """Of values of one frequency in the order of time, what a projection is made of: a level itself, of an amount what each period brought.

    As ``analysis.series.flows`` has it, which needs an array of each series: a page would wait for them.
    """
    if accumulation not in (Accumulation.YTD, Accumulation.TOTAL):
        return [value for _period, value in values]
    starts = {period for period, _value in values if accumulation == Accumulation.YTD and period.starts_on.month == 1}
    amounts = [value for period, value in values if period in starts]
    neighbours = ((one, two) for one, two in pairwise(values) if one[0].ends_on + A_DAY == two[0].starts_on)
    return amounts + [value - before for (_earlier, before), (period, value) in neighbours if period not in starts]


def _say_too_few(n: int, frequency: str, *, is_derived: bool) -> str:
    """``is_derived``: fewer amounts than values, because an amount is a difference of two totals."""
    words = {
        ("year", False): _("数据不足，无法推算（已有 %(n)s 年的数值，至少需要 %(least)s 年）"),
        ("year", True): _("数据不足，无法推算（能算出当年数的有 %(n)s 年，至少需要 %(least)s 年）"),
        ("quarter", False): _("数据不足，无法推算（已有 %(n)s 个季度的数值，至少需要 %(least)s 个）"),
        ("quarter", True): _("数据不足，无法推算（能算出当季数的有 %(n)s 个季度，至少需要 %(least)s 个）"),
    }
    return words[frequency, is_derived] % {"n": n, "least": FEWEST}


def _make_projected(row: Judgement, indicator: Indicator) -> Projected:
    """As the indicator's figures are shown, with one decimal at least: it is computed."""

    def say(value: object) -> str:
        number = None if value is None else Decimal(str(value))
        return format_value(number, indicator.unit_of_measure, decimals=max(indicator.decimals, 1))

    detail = row.detail
    likely, wide = ("～".join(say(detail.get(end, {}).get(level)) for end in ("lower", "upper")) for level in ("80", "95"))
    return Projected(row, say(row.value), likely, wide)


def _make_target(row: TargetRow, indicator: Indicator) -> TargetOutlook:
    chance, pace = row.chance, row.pace
    return TargetOutlook(
        row.target,
        chance,
        say_chance(chance.value) if chance and chance.value is not None else "",
        pace,
        say_pace(pace, indicator) if pace else "",
    )


def say_chance(chance: Decimal) -> str:
    """较可能（约 72%）; never certain, and never impossible."""
    word = next(word for least, word in WORDS if chance >= least)
    if chance > MOST:
        return _("%(word)s（99%% 以上）") % {"word": word}
    if chance < LEAST:
        return _("%(word)s（不到 1%%）") % {"word": word}
    return _("%(word)s（约 %(share)s）") % {"word": word, "share": format_percent(chance, 0)}


def say_pace(pace: Judgement, indicator: Indicator) -> str:
    """2024年至2025年平均每年须提高多少; 需达到历史最好季度的1.8倍. Amounts by the quarters' own shares where the record tells them."""
    detail = pace.detail
    if detail.get("of") == "change":
        return _say_change(pace, indicator)
    needed = detail.get("needed", {})
    parts = "，".join(f"{format_period(label)} {_say(Decimal(str(amount)), indicator)}" for label, amount in needed.items())
    words = [_("还须完成：%(parts)s") % {"parts": parts}]
    if detail.get("shares"):
        words.append(_("按本指标历年各季度的占比分配"))
    if (multiple := detail.get("multiple")) is not None:
        words.append(_say_multiple(multiple, by_quarter=bool(detail.get("shares")), is_yearly="Q" not in "".join(needed)))
    return "；".join(words) + "。"


def _say_multiple(multiple: float, *, by_quarter: bool, is_yearly: bool) -> str:
    times = f"{multiple:.1f}"
    if multiple <= 1:
        return _("为历史最好年份的%(times)s倍，曾经做到过") % {"times": times} if is_yearly else _("为历史最好季度的%(times)s倍，曾经做到过") % {"times": times}
    if is_yearly:
        return _("需达到历史最好年份的%(times)s倍") % {"times": times}
    if by_quarter:
        return _("需达到历史最好季度的%(times)s倍（与历年同一季度相比）") % {"times": times}
    return _("需达到历史最好季度的%(times)s倍") % {"times": times}


def _say_change(pace: Judgement, indicator: Indicator) -> str:
    if pace.value is None:
        return ""
    unit = _("个百分点") if indicator.unit_of_measure == "%" else indicator.unit_of_measure
    words = {
        "when": _say_span(pace),
        "size": format_value(abs(pace.value), unit, decimals=max(indicator.decimals, 2) if unit != "位" else 1),
    }
    if indicator.unit_of_measure == "位":  # a smaller number is a better rank: said as ranks are said
        return (_("%(when)s须后移 %(size)s。") if pace.value >= 0 else _("%(when)s须前移 %(size)s。")) % words
    return (_("%(when)s须提高 %(size)s。") if pace.value >= 0 else _("%(when)s须降低 %(size)s。")) % words


def _say_span(pace: Judgement) -> str:
    """Which periods still have to bring it: by name, for of what is published late some have passed already."""
    known = parse_label(pace.period_id or "")
    first, last = (format_period(shift(known, steps).label) for steps in (1, pace.detail["periods"]))
    if first == last:
        return first
    average = _("平均每年") if known.frequency == "year" else _("平均每期")
    return _("%(first)s至%(last)s%(average)s") % {"first": first, "last": last, "average": average}


def _say(amount: Decimal, indicator: Indicator) -> str:
    return format_value(amount, indicator.unit_of_measure, decimals=indicator.decimals)
