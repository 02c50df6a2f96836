"""Rules that figures should satisfy: which are in force, and which figures break them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd

from kejiting.accounts.classification import Classification
from kejiting.accounts.models import Area, User

from ..analysis.formula import Formula, parse
from ..formatting import format_period, format_value
from ..formulas import check_rule, split_reference
from ..models import Breakdown, Indicator, Rule
from ..periods import A_YEAR, Span, parse_label, shift
from .series import FREQUENCIES, Cell, Figure, Series, load_home, make_inputs, to_label

At = tuple[str, str]  # an area and a period


@dataclass(frozen=True)
class ParsedRule:
    """A rule as it is evaluated: what each code of its formula stands for, and the area the code names ("": each its own)."""

    rule: Rule
    formula: Formula
    codes: Mapping[str, tuple[Indicator, str]]

    @property
    def indicators(self) -> list[Indicator]:
        """In the order in which the formula names them."""
        found = {indicator.pk: indicator for code, (indicator, _area) in sorted(self.codes.items(), key=lambda item: self.formula.text.find(item[0]))}
        return list(found.values())


@dataclass(frozen=True)
class Told:
    """One of the figures that a rule compares; ``said`` is of its area and period what is not the rule's own."""

    indicator: Indicator
    area: str
    period: str
    value: Decimal | None
    said: str = ""

    def __str__(self) -> str:
        name = self.indicator.short_zh or self.indicator.name_zh
        return f"{self.said}{name} {format_value(self.value, self.indicator.unit_of_measure, decimals=self.indicator.decimals)}"


@dataclass(frozen=True)
class Broken:
    """A rule that figures of one area and period break, with those figures that whoever reads it may see."""

    parsed: ParsedRule
    area: Area
    period: str
    figures: list[Told] = field(default_factory=list)

    @property
    def rule(self) -> Rule:
        return self.parsed.rule

    @property
    def sentence(self) -> str:
        """The rule's sentence with the numbers: …。甘肃2023年：基础研究经费 22.6亿元；……"""
        sentence = self.rule.sentence_zh if self.rule.sentence_zh[-1:] in "。！？；" else f"{self.rule.sentence_zh}。"
        where = f"{self.area.short_zh}{format_period(self.period)}"
        return f"{sentence}{where}：{'；'.join(map(str, self.figures))}。" if self.figures else f"{sentence}（{where}）"


@dataclass
class Outcome:
    """How a rule fares over figures: in how many places it holds, and where it is broken. Where a figure is missing it says nothing."""

    parsed: ParsedRule
    held: int = 0
    broken: list[Broken] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return self.held + len(self.broken)


# -- which rules ---------------------------------------------------------------------------------


def get_rules(reading: Collection[str] | None = None) -> list[ParsedRule]:
    """The rules in force; with ``reading``, those that read any of the indicators of these codes. Two queries, one where there are none."""
    rules = [(rule, parse(rule.formula)) for rule in Rule.objects.in_force().order_by("code")]
    if reading is not None:
        rules = [(rule, formula) for rule, formula in rules if list_codes(formula) & set(reading)]
    return resolve(rules)


def parse_rule(rule: Rule, *, by: User | None = None) -> ParsedRule:
    """A rule that need not be saved. Raises ``FormulaRefused``, also for what ``by`` may not see."""
    formula, reads = check_rule(rule.formula, by=by)
    known = {i.code: i for i in reads}
    return ParsedRule(rule, formula, _find_codes(formula, known))


def resolve(rules: Iterable[tuple[Rule, Formula]]) -> list[ParsedRule]:
    """Without those that read an indicator which is not there any more, such as one of the demonstration's."""
    rules = list(rules)
    named = {code for _rule, formula in rules for code in list_codes(formula)}
    known = {i.code: i for i in Indicator.objects.filter(code__in=named)} if named else {}
    parsed = [ParsedRule(rule, formula, _find_codes(formula, known)) for rule, formula in rules]
    return [each for each in parsed if each.codes.keys() == each.formula.codes]


def list_codes(formula: Formula) -> set[str]:
    """The codes of a formula as written, and without the area that one may name."""
    return {*formula.codes} | {split_reference(code)[0] for code in formula.codes}


def _find_codes(formula: Formula, known: Mapping[str, Indicator]) -> dict[str, tuple[Indicator, str]]:
    pairs = {code: (code, "") if code in known else split_reference(code) for code in formula.codes}
    return {code: (known[name], area) for code, (name, area) in pairs.items() if name in known}


# -- the figures ---------------------------------------------------------------------------------


def load_figures(rules: Iterable[ParsedRule], areas: Iterable[str] | None = None, *, by: User | None = None) -> dict[Cell, Series]:
    """What the rules read, of the record; in some areas and those that the rules name, or in all. With ``by``, what they may see of it."""
    rules = list(rules)
    ids = {indicator.pk for parsed in rules for indicator in parsed.indicators}
    named = {area for parsed in rules for _indicator, area in parsed.codes.values() if area}
    everywhere = areas is None or any(parsed.formula.needs_all_areas for parsed in rules)
    return load_home(ids, None if everywhere else {*(areas or ()), *named}, by=by) if ids else {}


def put(cells: dict[Cell, Series], indicator: int, area: str, span: Span, value: Decimal | None, published_on: date | None = None) -> None:
    """Let a figure that is not on record stand in its place among those that are."""
    series = cells.setdefault(Cell(indicator, area, Breakdown.TOTAL), {})
    series[span.label] = Figure(0, span, value, "", "", "A", Classification.PUBLIC, None, published_on, is_demo=False)


# -- evaluating ----------------------------------------------------------------------------------


def judge_rules(rules: Iterable[ParsedRule], cells: dict[Cell, Series], at: Collection[At] | None = None, *, tells_all: bool = False) -> list[Outcome]:
    """How each rule fares; with ``at``, only there.

    ``cells`` hold every figure the rules read (``load_figures``). What is classified internal is compared and not told, unless
    ``tells_all``: whoever typed one figure need not be one who may see the other.
    """
    areas: dict[str, Area] = {}
    outcomes = []
    for parsed in rules:
        outcome = Outcome(parsed)
        for area, label, holds in _evaluate(parsed, cells, at):
            if holds:
                outcome.held += 1
                continue
            areas = areas or Area.objects.in_bulk()
            outcome.broken.append(Broken(parsed, areas[area], label, _tell(parsed, cells, areas, (area, label), tells_all=tells_all)))
        outcomes.append(outcome)
    return outcomes


def _evaluate(parsed: ParsedRule, cells: dict[Cell, Series], at: Collection[At] | None) -> Iterator[tuple[str, str, bool]]:
    """Area, period, and whether the rule holds there; the latest period first."""
    codes = {code: (indicator.pk, named) for code, (indicator, named) in parsed.codes.items()}
    ids = {pk for pk, _named in codes.values()}
    read = {cell: series for cell, series in cells.items() if cell.indicator in ids}
    within = None if at is None or parsed.formula.needs_all_areas else frozenset(area for area, _period in at)
    for frequency in FREQUENCIES:
        frames = make_inputs(codes, read, frequency, within)
        outcome = parsed.formula.evaluate(frames) if frames else pd.DataFrame()
        for period in reversed(outcome.index):
            label = to_label(period)
            for area, holds in outcome.loc[period].dropna().items():
                if at is None or (area, label) in at:
                    yield str(area), label, bool(holds)


def _tell(parsed: ParsedRule, cells: Mapping[Cell, Series], areas: Mapping[str, Area], at: At, *, tells_all: bool) -> list[Told]:
    """The figures that a rule read for one area and period, in the order of the formula, earlier periods last."""
    (area, label), text = at, parsed.formula.text
    span, told = parse_label(label), []
    for read in sorted(parsed.formula.reads(A_YEAR[span.frequency]), key=lambda read: (read.lag, text.find(read.code))):
        indicator, named = parsed.codes[read.code]
        place, then = named or area, shift(span, -read.lag).label
        figure = cells.get(Cell(indicator.pk, place, Breakdown.TOTAL), {}).get(then)
        if tells_all or _is_open(indicator, figure):
            said = (areas[named].short_zh if named else "") + (format_period(then) if read.lag else "")
            told.append(Told(indicator, place, then, figure.value if figure else None, said))
    return told


def _is_open(indicator: Indicator, figure: Figure | None) -> bool:
    """Whoever typed a figure, which has no id yet, knows it."""
    if figure and figure.id == 0:
        return True
    return Classification.INTERNAL not in (indicator.classification, figure.classification if figure else "")
