"""What looks wrong in figures that can be taken: said with the numbers, and left to the person who confirms."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from django.utils.translation import gettext as _

from kejiting.accounts.models import Area

from ...compute.rules import Broken, get_rules, judge_rules, load_figures, put
from ...formatting import format_value
from ...models import Indicator, Rule
from ...periods import parse_label
from ...units import is_ratio
from .plan import UNCHANGED, Before, ImportedFigure, StatisticsPlan

# The nation and the sum of its provinces may differ by what is rounded, and by what belongs to no province.
SUM_SHARE = Decimal("0.005")
# A slip of the unit is a power of ten from 100 on; what truly grows or shrinks so is rare enough to be looked at.
SLIP = 300
# What cannot be added up over areas, beside ratios.
_SPANS = ("岁", "年")
_MOST_NAMED = 6
# Of one rule; a file in another unit breaks it in every row.
_MOST_BROKEN = 12

Values = Mapping[tuple[str, str], Decimal]  # by area and period


class Series(NamedTuple):
    indicator: Indicator
    values: Values
    figures: list[ImportedFigure]


def check_rules(plan: StatisticsPlan) -> list[str]:
    """Hold the figures to the rules in force, with the record beside them: an error refuses their rows, the rest are warnings."""
    changed = {(f.indicator.pk, f.area, f.period): f for f in plan.changes if f.indicator.pk}
    rules = get_rules({f.indicator.code for f in changed.values()}) if changed else []
    if not rules:
        return []
    cells = load_figures(rules)
    for (indicator, area, period), figure in changed.items():
        put(cells, indicator, area, parse_label(period), figure.value)
    warnings: list[str] = []
    for outcome in judge_rules(rules, cells):
        found = [(broken.sentence, rows) for broken in outcome.broken if (rows := _find_rows(broken, changed))]
        plan.rules |= dict.fromkeys((sentence for sentence, _rows in found), outcome.parsed.rule.pk)
        if outcome.parsed.rule.severity == Rule.Severity.ERROR:
            _refuse(plan, found)
            continue
        warnings += [sentence for sentence, _rows in found[:_MOST_BROKEN]]
        if len(found) > _MOST_BROKEN:
            warnings.append(_("同一规则另有 %(n)s 处不符合。") % {"n": len(found) - _MOST_BROKEN})
    return warnings


def _find_rows(broken: Broken, changed: Mapping[tuple[int, str, str], ImportedFigure]) -> list[int]:
    """The rows of the file that are among what breaks a rule; what the record held before is no fault of the file."""
    cells = [(told.indicator.pk, told.area, told.period) for told in broken.figures]
    return [changed[cell].row for cell in cells if cell in changed]


def _refuse(plan: StatisticsPlan, found: Iterable[tuple[str, list[int]]]) -> None:
    refused: set[int] = set()
    for sentence, rows in found:
        plan.refused[_("数值"), sentence].extend(rows)
        refused |= set(rows)
    plan.figures = [f for f in plan.figures if f.row not in refused]


def find_warnings(plan: StatisticsPlan, known: Mapping[tuple[str, str, str], Before]) -> list[str]:
    """Sentences about the figures that would change the record, with what stays of it beside them."""
    names = {area.pk: area for area in Area.objects.all()}
    provinces = {a.pk for a in names.values() if a.level == Area.Level.PROVINCE and a.is_ranked}
    nation = next((a.pk for a in names.values() if a.level == Area.Level.NATION), "")
    found: list[str] = []
    for series in _gather(plan, known):
        found += _find_slips(series, names)
        found += _compare_sums(series, provinces, nation)
    return found


def _gather(plan: StatisticsPlan, known: Mapping[tuple[str, str, str], Before]) -> Iterator[Series]:
    """By indicator: what its figures would be, those of the file over those of the record."""
    values: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for (code, area, period), before in known.items():
        if before.value is not None:
            values[code][area, period] = before.value
    figures: dict[str, list[ImportedFigure]] = defaultdict(list)
    for figure in plan.figures:
        values[figure.indicator.code][figure.area, figure.period] = figure.value
        if figure.outcome != UNCHANGED:
            figures[figure.indicator.code].append(figure)
    for code, changed in figures.items():
        yield Series(changed[0].indicator, values[code], changed)


def _find_slips(series: Series, names: Mapping[str, Area]) -> Iterator[str]:
    """A figure that is some hundred times its area's usual one, or a hundredth of it; or what it revises."""
    by_area: dict[str, dict[str, float]] = defaultdict(dict)
    for (area, period), value in series.values.items():
        if value:
            by_area[area][period] = abs(float(value))
    slips = [(f, known) for f in series.figures if f.value and (known := _usual_of(f, by_area[f.area])) and _is_slip(abs(float(f.value)) / known)]
    for figure, known in slips[:_MOST_NAMED]:
        yield _("“%(indicator)s”%(area)s %(period)s（第 %(row)s 行）为 %(value)s，通常约 %(usual)s，可能写错了单位或位数。") % {
            "indicator": series.indicator,
            "area": names[figure.area].short_zh,
            "period": figure.period,
            "row": figure.row,
            "value": _say(figure.value, series.indicator),
            "usual": _say(Decimal(f"{known:.6g}"), series.indicator),
        }
    if len(slips) > _MOST_NAMED:
        yield _("“%(indicator)s”另有 %(n)s 个数与通常水平相差数百倍。") % {"indicator": series.indicator, "n": len(slips) - _MOST_NAMED}


def _usual_of(figure: ImportedFigure, of_area: Mapping[str, float]) -> float:
    """What the figure revises, or the middle of the area's other periods; nothing where these are too few."""
    if figure.before and figure.before.value:
        return abs(float(figure.before.value))
    others = [value for period, value in of_area.items() if period != figure.period]
    return median(others) if len(others) >= 2 else 0.0


def _is_slip(ratio: float) -> bool:
    return abs(math.log10(ratio)) >= math.log10(SLIP)


def _compare_sums(series: Series, provinces: set[str], nation: str) -> Iterator[str]:
    """Where all provinces and the nation are known: their sum against it."""
    indicator = series.indicator
    if is_ratio(indicator.unit_of_measure) or indicator.unit_of_measure in _SPANS or indicator.name_zh.startswith(("每", "人均")):
        return
    touched = {f.period for f in series.figures}
    apart: list[tuple[str, Decimal, Decimal]] = []
    for period in sorted(touched):
        parts = [value for area in provinces if (value := series.values.get((area, period))) is not None]
        whole = series.values.get((nation, period))
        if whole is not None and len(parts) == len(provinces) and abs(sum(parts) - whole) > SUM_SHARE * abs(whole):
            apart.append((period, sum(parts, Decimal(0)), whole))
    if apart:
        period, total, whole = max(apart, key=lambda row: abs(row[1] - row[2]) / (abs(row[2]) or 1))
        share = f"{abs(total - whole) / abs(whole) * 100:.1f}%" if whole else "—"
        yield _("“%(indicator)s”%(n)s 个省份合计与全国不等（%(periods)s）：%(period)s 合计 %(total)s，全国 %(whole)s，相差 %(share)s。全国数可能含不属于各省的部分。") % {
            "indicator": indicator,
            "n": len(provinces),
            "periods": _name_periods([row[0] for row in apart]),
            "period": period,
            "total": _say(total, indicator),
            "whole": _say(whole, indicator),
            "share": share,
        }


def _name_periods(periods: list[str]) -> str:
    if len(periods) <= 3:
        return "、".join(periods)
    return _("%(first)s—%(last)s，%(n)s 期") % {"first": periods[0], "last": periods[-1], "n": len(periods)}


def _say(value: Decimal, indicator: Indicator) -> str:
    return format_value(value, indicator.unit_of_measure, decimals=indicator.decimals)
