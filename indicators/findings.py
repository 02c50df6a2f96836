"""What looks wrong in a return, in words: the checks of ``analysis.quality`` on each line, and what is still empty."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _

from .analysis import quality
from .compute.judge import get_goal
from .compute.rules import ParsedRule, get_rules, judge_rules, load_figures, put
from .entry import get_entry_rule
from .formatting import format_number
from .models import Breakdown, Correction, Indicator, Line, Observation, Period, Return, Rule, Target
from .standing import choose_target

# 情况属实 is about the shortest note that explains anything.
LEAST_LETTERS, LEAST_DIFFERENT = 4, 3
# Series the checks understand; others (a month, a half-year, a range) are checked for bounds only.
PANDAS_FREQUENCY = {"quarter": "Q-DEC", "year": "Y-DEC"}


@dataclass(frozen=True)
class LineFinding:
    """One thing about a line that looks wrong; an error stops submission, a warning asks for a note."""

    code: str
    severity: str
    message: str
    # The version of the validation rule that says so, where one does.
    rule: Rule | None = None


def find_findings(report: Return) -> Iterator[tuple[Line, list[LineFinding]]]:
    """Each line of a return with its findings; the number of queries does not depend on the lines."""
    lines = list(report.lines.select_related("assignment__indicator", "assignment__milestone", "assignment__task"))
    history, targets = get_history(lines, report.round.period), get_year_targets(lines, report.round.period)
    broken = get_rule_findings(report, lines)
    for line in lines:
        yield line, check_line(line, report.round.period, history.get(line.pk, []), targets.get(line.pk)) + broken.get(line.pk, [])


def get_rule_findings(report: Return, lines: Sequence[Line], corrected: Mapping[int, Decimal | None] | None = None) -> dict[int, list[LineFinding]]:
    """By line: the validation rules that its figure breaks, with the return's other lines and the record beside it.

    The rules are those of now: a new one is asked about when a return is submitted, not of what was typed before. ``corrected``
    are values by line that are to take the place of what the lines say. One query where no rule is concerned.
    """
    told = [line for line in lines if _can_break_rules(line)]
    rules = get_rules({a.indicator.code for line in told if (a := line.assignment).indicator}) if told else []
    if not rules:
        return {}
    period: Period = report.round.period
    cells = load_figures(rules, {line.assignment.area_id for line in told if line.assignment.area_id})
    for line in _get_lines_read(report, rules):
        value = corrected.get(line.pk, line.in_force.value) if corrected else line.in_force.value
        indicator, area, _breakdown = line.assignment.cell
        put(cells, indicator.pk, area, period.span, value)
    found: dict[int, list[LineFinding]] = defaultdict(list)
    at = {(line.assignment.area_id, period.label) for line in told if line.assignment.area_id}
    for outcome in judge_rules(rules, cells, at):
        involved = {indicator.pk for indicator in outcome.parsed.indicators}
        for broken in outcome.broken:
            finding = LineFinding("rule", broken.rule.severity, broken.sentence, broken.rule)
            for line in told:
                if line.assignment.indicator_id in involved and line.assignment.area_id == broken.area.pk:
                    found[line.pk].append(finding)
    return found


def _can_break_rules(line: Line) -> bool:
    """Rules are over the wholes, not the parts."""
    assignment = line.assignment
    return line.is_filled and bool(assignment.indicator_id and assignment.area_id) and assignment.breakdown_id == Breakdown.TOTAL


def _get_lines_read(report: Return, rules: Sequence[ParsedRule]) -> list[Line]:
    """The lines of a return whose figures the rules read."""
    ids = {indicator.pk for parsed in rules for indicator in parsed.indicators}
    rows = report.lines.filter(assignment__indicator__in=ids).select_related("assignment__indicator").prefetch_related("corrections")
    return [line for line in rows if _can_break_rules(line)]


def get_lines_beside(report: Return, line: Line) -> list[int]:
    """The ids of the other lines whose figures a rule reads together with this one's. One query where no rule is concerned."""
    rules = get_rules({line.assignment.indicator.code}) if line.assignment.indicator else []
    return [each.pk for each in _get_lines_read(report, rules) if each.pk != line.pk] if rules else []


def is_blocking(line: Line, finding: LineFinding) -> bool:
    """An error always stops submission; a warning does until it is explained."""
    return finding.severity == "error" or not is_explained(line.note)


def is_explained(note: str) -> bool:
    """Whether a note says something: four letters or Chinese characters at least, and not the same one or two over again."""
    letters = [letter for letter in note if letter.isalpha()]
    return len(letters) >= LEAST_LETTERS and len(set(letters)) >= LEAST_DIFFERENT


def say_what_blocks(line: Line, finding: LineFinding) -> str:
    """What is to be done about a finding that stops submission."""
    if finding.severity == "error" or not line.note:
        return finding.message
    return _("%(finding)s现在的说明太简略：请写明原因，至少 %(n)s 个字，不能只是标点、数字或重复的字。") % {
        "finding": finding.message,
        "n": LEAST_LETTERS,
    }


def get_history(lines: Sequence[Line], period: Period) -> dict[int, list[Observation]]:
    """By line: the newest observations of its cell for earlier periods of the round's frequency, oldest first."""
    cells = {(a.indicator_id, a.area_id, a.breakdown_id): line.pk for line in lines if (a := line.assignment).indicator_id}
    rows = (
        Observation.objects.filter(
            indicator__in={c[0] for c in cells},
            area__in={c[1] for c in cells},
            period__frequency=period.frequency,
            period__ends_on__lt=period.starts_on,
        )
        .select_related("period")
        .latest()
    )
    history: dict[int, list[Observation]] = {}
    for row in sorted(rows, key=lambda o: o.period.starts_on):
        if (key := cells.get((row.indicator_id, row.area_id, row.breakdown_id))) is not None:
            history.setdefault(key, []).append(row)
    return history


def get_year_targets(lines: Sequence[Line], period: Period) -> dict[int, Target]:
    """By line: the target in force for the year of the period; the latest document's where several are."""
    cells = {line.pk: (a.indicator_id, a.area_id) for line in lines if (a := line.assignment).indicator_id}
    rows = (
        Target.objects.in_force()
        .filter(indicator__in={c[0] for c in cells.values()}, area__in={c[1] for c in cells.values()}, period__frequency="year")
        .filter(period__starts_on__lte=period.ends_on, period__ends_on__gte=period.ends_on)
        .select_related("indicator", "period", "baseline_period", "document")
        .prefetch_related("nodes__period", "document__plans")
    )
    targets: dict[tuple[int, str], list[Target]] = defaultdict(list)
    for target in rows:
        targets[target.indicator_id, target.area_id].append(target)
    found = {pk: choose_target(targets[cell], period.ends_on) for pk, cell in cells.items() if cell in targets}
    return {pk: target for pk, target in found.items() if target}


def check_line(line: Line, period: Period, history: Sequence[Observation], target: Target | None = None) -> list[LineFinding]:
    """The findings of one line as it stands, held against its history and the year's target."""
    if not line.is_filled:
        return [LineFinding("empty", "error", _empty(line))]
    indicator = line.assignment.indicator
    if line.value is None or indicator is None:
        return []
    series, goal = _series(line.value, period, history), _goal(target, indicator, period)
    # A quarter's own figure in a row of the year's total is the commonest reason for a total that falls.
    is_total = indicator.accumulation == Indicator.Accumulation.YTD and not get_entry_rule(indicator, period, history).is_converted
    what_is_typed = {"falling_cumulative": _("本行填 1 月至本期末的累计数，不是本季数。")} if is_total else {}
    found = [
        LineFinding(f.code, f.severity, what_is_typed.get(f.code, "") + _say_to_reporter(f.code, f.numbers, indicator, line.value))
        for f in quality.checks(series, accumulation=indicator.accumulation, bounds=_bounds(indicator), target=goal)
        if f.period is None or str(f.period) == str(_pandas_period(period))
    ]
    if indicator.decimals == 0 and line.value != line.value.to_integral_value():
        found.append(LineFinding("not_whole", "warning", _("“%(unit)s”一般是整数，请核对。") % {"unit": indicator.unit_of_measure}))
    return found


def check_correction(
    correction: Correction, period: Period, history: Sequence[Observation], target: Target | None = None
) -> list[LineFinding]:
    """The findings its line would have, said the correction's value."""
    corrected = Line(assignment=correction.line.assignment, value=correction.value, missing=correction.missing)
    return check_line(corrected, period, history, target)


def _empty(line: Line) -> str:
    if line.kind == "narrative":
        return _("进展情况未填：请填写，或选择缺报原因。")
    if line.kind == "milestone":
        return _("节点未填：请选择已完成或未完成。")
    return _("本期数值未填：没有发生填 0；确无数据请选择缺报原因。")


def _bounds(indicator: Indicator) -> tuple[float | None, float | None]:
    return (
        None if indicator.minimum is None else float(indicator.minimum),
        None if indicator.maximum is None else float(indicator.maximum),
    )


def _goal(target: Target | None, indicator: Indicator, period: Period) -> float | None:
    """The number that a value as entered is to reach; None where it cannot be one.

    A quarter's amount is a part of the year's; and to meet a target that is the highest there can be (100 %) is no accident.
    """
    is_part = indicator.accumulation == Indicator.Accumulation.FLOW and period.frequency != Period.Frequency.YEAR
    if target is None or is_part or target.kind == Target.Kind.RANGE:
        return None
    goal = get_goal(target)
    return None if goal is None or goal == indicator.maximum else float(goal)


def _pandas_period(period: Period) -> pd.Period:
    frequency = PANDAS_FREQUENCY.get(period.frequency, "Q-DEC")
    return pd.Period(period.ends_on, freq=frequency)


def _series(value: Decimal, period: Period, history: Sequence[Observation]) -> pd.Series:
    """The cell's history with the typed value at its end, gaps as NaN."""
    current = _pandas_period(period)
    values = {current: float(value)}
    if period.frequency in PANDAS_FREQUENCY:
        values = {_pandas_period(o.period): float(o.value) for o in history if o.value is not None} | values
    index = pd.period_range(min(values), current, freq=current.freq)
    return pd.Series(values, dtype=float).reindex(index)


def say_finding(code: str, numbers: Mapping[str, Any], indicator: Indicator, value: Decimal) -> str:
    """What a check found of ``value``, as anybody reads it."""
    words = {name: _shown(number) for name, number in numbers.items()} | {"value": format_number(value), "unit": indicator.unit_of_measure}
    sentences = {
        "falling_cumulative": _("累计 %(value)s 小于上期累计 %(previous)s：累计数不会下降。"),
        "out_of_bounds": _bound_sentence(numbers),
        "outlier": _("%(value)s 与本指标历史水平相差很大。"),
        "equals_target": _("%(value)s 与目标值完全相同。"),
        "copied": _("%(value)s 与上期完全相同。"),
        "unit_slip": _("%(value)s 约为应有水平（%(usual)s）的 %(factor)s 倍，计量单位可能有误（应为%(unit)s）。"),
        "sign_slip": _("%(value)s 的正负号与以往相反。"),
        "q4_jump": _("四季度 %(value)s 较前三季度骤增。"),
        "gap": _("上期没有数值，无法与历史比较。"),
    }
    return sentences[code] % words


def _bound_sentence(numbers: Mapping[str, Any]) -> str:
    low, high = numbers.get("low"), numbers.get("high")
    if low is not None and high is not None:
        return _("%(value)s 超出了可能的范围：应在 %(low)s 与 %(high)s %(unit)s之间。")
    if low is not None:
        return _("%(value)s 不可能：应不小于 %(low)s %(unit)s。")
    return _("%(value)s 不可能：应不大于 %(high)s %(unit)s。")


def _say_to_reporter(code: str, numbers: Mapping[str, Any], indicator: Indicator, value: Decimal) -> str:
    """The same with what is to be done about it before it is handed in."""
    advice = {
        "falling_cumulative": _("若上期有误，请先申请更正上期数值。"),
        "outlier": _("请核对；属实请在说明中写明原因。"),
        "equals_target": _("请核对；属实请在说明中写明依据。"),
        "copied": _("请确认不是照抄；属实请在说明中写明。"),
        "unit_slip": _("请核对；属实请在说明中写明。"),
        "sign_slip": _("请核对；属实请在说明中写明。"),
        "q4_jump": _("请在说明中写明原因。"),
        "gap": _("请在说明中写明。"),
    }
    return say_finding(code, numbers, indicator, value) + advice.get(code, "")


def _shown(number: Any) -> str:
    return format_number(Decimal(f"{number:.6f}")) if isinstance(number, float) else str(number)
