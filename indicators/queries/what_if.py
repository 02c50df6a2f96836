"""What if: some figures of some provinces replaced, and what score and rank would be then. Nothing of it is kept."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
from django.conf import settings
from django.utils.translation import gettext as _

from kejiting.accounts.models import Area, User

from ..analysis import AnalysisError
from ..analysis.composite import IndexResult, levers, what_if
from ..models import IndexNode, IndexScore, Indicator, Normalise
from ..numbers import NotANumber, parse_number, plain
from .estimates import Choice, Estimate, choose, get_estimate
from .moments import NOW

# A lever is pulled by this many standard deviations over the provinces.
STEP = 1.0
# A slider goes this far beyond what any province has, in the same measure.
BEYOND = 1.0
MOST_CHANGES = 200


@dataclass(frozen=True)
class Typed:
    """What was typed for a figure; ``value`` is None where it is no number, and ``problem`` says why."""

    text: str
    value: Decimal | None
    problem: str = ""


@dataclass(frozen=True)
class Dial:
    """One indicator of the chosen province: the figure there is, what was typed, and the range of its slider."""

    leaf: IndexNode
    name: str
    actual: Decimal | None
    typed: Typed | None
    low: str
    high: str
    step: str

    @property
    def shown(self) -> str:
        return self.typed.text if self.typed else (plain(self.actual) or "")

    @property
    def at(self) -> str:
        """Where the slider stands; in the middle where there is nothing to stand at."""
        value = self.typed.value if self.typed and self.typed.value is not None else self.actual
        return plain(value) or ""


@dataclass(frozen=True)
class Change:
    """A figure that is another than the record's, of whatever province."""

    area: Area
    leaf: IndexNode
    name: str
    typed: Typed
    actual: Decimal | None


@dataclass(frozen=True)
class Place:
    """A province before and after."""

    area: Area
    score_before: float
    score: float
    rank_before: float
    rank: float

    @property
    def places(self) -> float:
        """Gained: up is positive."""
        return self.rank_before - self.rank

    @property
    def gap(self) -> float:
        return self.score - self.score_before


@dataclass(frozen=True)
class Lever:
    """What an indicator alone would do, moved by a standard deviation for the better."""

    leaf: IndexNode
    name: str
    actual: Decimal | None
    value: str
    score: float
    places: float


@dataclass
class WhatIf(Choice):
    """The page: dials of one province, all changes made, what comes of them, and the levers. ``problem`` says why there is none."""

    estimate: Estimate | None = None
    area: Area | None = None
    areas: Sequence[Area] = ()
    dials: Sequence[Dial] = ()
    changes: Sequence[Change] = ()
    place: Place | None = None
    moved: Sequence[Place] = ()
    levers: Sequence[Lever] = ()
    problem: str = ""
    problems: Sequence[str] = ()

    @property
    def has_rank(self) -> bool:
        return self.place is not None and not math.isnan(self.place.rank)


def get_what_if(user: User, *, framework: str, year: str, area: str, typed: Mapping[str, str]) -> WhatIf:
    """``typed``: ``"<area>.<leaf code>"`` → what was typed. What is no number is said and changes nothing else."""
    choice = choose(user, NOW, framework=framework, year=year)
    page = WhatIf(**vars(choice), problem=choice.unknown)
    if choice.framework is None or choice.header is None or choice.header.problem:
        page.problem = _("还没有可以推演的测算。")
        return page
    page.estimate = estimate = get_estimate(user, choice.framework, choice.header, NOW)
    page.areas = list(estimate.areas.values())
    page.area = estimate.areas.get(area or settings.HOME_AREA) or page.areas[0]
    if area and page.area.pk != area:
        page.problem = _("没有代码为“%(code)s”的省份，下面是%(shown)s。") % {"code": area[:10], "shown": page.area.short_zh}
    read = {key: _read(estimate, key, text) for key, text in list(typed.items())[:MOST_CHANGES] if _is_known(estimate, key)}
    values = estimate.values
    page.changes = _list_changes(estimate, read)
    page.problems = [f"{c.area.short_zh} {c.leaf.name_zh}：{c.typed.problem}" for c in page.changes if c.typed.problem]
    page.dials = [_make_dial(estimate, page.area.pk, leaf, values[leaf.code], read) for leaf in estimate.leaves]
    _compute(page, estimate, values)
    return page


def _is_known(estimate: Estimate, key: str) -> bool:
    area, dot, leaf = key.partition(".")
    return bool(dot) and area in estimate.scores and any(leaf == node.code for node in estimate.leaves)


def _read(estimate: Estimate, key: str, text: str) -> Typed | None:
    """None where the record says the same."""
    area, _dot, code = key.partition(".")
    row, indicator = estimate.scores[area].get(code), estimate.nodes[code].indicator
    text = text.strip()
    if not text:
        return None
    try:
        value = parse_number(text)
    except NotANumber:
        # Not the sentence of the reporting grid, which has fields for what is not the number itself.
        return Typed(text, None, _("“%(typed)s”不是这里要的数字：请写如 12.5，不带单位和“约”“以上”等字样。") % {"typed": text[:40]})
    if problem := _check_bounds(value, indicator):
        return Typed(text, None, problem)
    return None if row is not None and row.value is not None and _same(value, row.value, indicator) else Typed(text, value)


def _same(value: Decimal, actual: Decimal, indicator: Indicator | None) -> bool:
    return value in (actual, _round(actual, indicator))


def _check_bounds(value: Decimal, indicator: Indicator | None) -> str:
    if indicator is None:
        return ""
    if indicator.minimum is not None and value < indicator.minimum:
        return _("不能小于 %(limit)s。") % {"limit": plain(indicator.minimum)}
    if indicator.maximum is not None and value > indicator.maximum:
        return _("不能大于 %(limit)s。") % {"limit": plain(indicator.maximum)}
    return ""


def _get_value(row: IndexScore | None) -> Decimal | None:
    return row.value if row is not None else None


def _round(value: Decimal | None, indicator: Indicator | None) -> Decimal | None:
    """A figure as it stands in its field: a computed one has more decimals than are shown."""
    return None if value is None else round(value, _places(indicator))


def _places(indicator: Indicator | None) -> int:
    return indicator.decimals if indicator else 2


def _list_changes(estimate: Estimate, read: Mapping[str, Typed | None]) -> list[Change]:
    found = []
    for key, typed in read.items():
        if typed is not None:
            area, code = key.split(".", 1)
            row = estimate.scores[area].get(code)
            node = estimate.nodes[code]
            found.append(Change(estimate.areas[area], node, key, typed, _round(_get_value(row), node.indicator)))
    return found


def _make_dial(estimate: Estimate, area: str, leaf: IndexNode, column: pd.Series, read: Mapping[str, Typed | None]) -> Dial:
    row, indicator = estimate.scores[area].get(leaf.code), leaf.indicator
    spread = float(column.std(ddof=1) or 0) * BEYOND
    low, high = float(column.min()) - spread, float(column.max()) + spread
    if indicator and indicator.minimum is not None:
        low = max(low, float(indicator.minimum))
    if indicator and indicator.maximum is not None:
        high = min(high, float(indicator.maximum))
    places = _places(indicator)
    name = f"{area}.{leaf.code}"
    return Dial(
        leaf,
        name,
        _round(_get_value(row), indicator),
        read.get(name),
        f"{low:.{places}f}",
        f"{high:.{places}f}",
        f"{10.0**-places:.{places}f}",
    )


def _compute(page: WhatIf, estimate: Estimate, values: pd.DataFrame) -> None:
    """Before and after for every province, and the levers of the chosen one as things would stand then."""
    assert page.area is not None  # noqa: S101 - chosen before
    changes = {(c.area.pk, c.leaf.code): float(c.typed.value) for c in page.changes if c.typed.value is not None}
    try:
        before = what_if(values, estimate.structure, estimate.method, {})
        after = what_if(values, estimate.structure, estimate.method, changes)
        gains = levers(after.values, estimate.structure, estimate.method, page.area.pk, STEP)
    except AnalysisError as error:
        page.problem = _("这样改动后无法测算：%(error)s。") % {"error": error}
        return
    places = [_make_place(estimate.areas[area], before, after) for area in estimate.scores]
    page.place = next(place for place in places if place.area == page.area)
    page.moved = sorted((p for p in places if p.places and p.area != page.area and not math.isnan(p.places)), key=lambda p: p.rank)
    page.levers = [_make_lever(estimate, page.area.pk, str(code), after.values, gain) for code, gain in gains.dropna().iterrows()]


def _make_place(area: Area, before: IndexResult, after: IndexResult) -> Place:
    root = after.structure.root
    return Place(area, *(float(table.at[area.pk, root]) for table in (before.scores, after.scores, before.ranks, after.ranks)))


def _make_lever(estimate: Estimate, area: str, code: str, values: pd.DataFrame, gain: pd.Series) -> Lever:
    leaf = estimate.nodes[code]
    now, spread = float(values.at[area, code]), float(values[code].std(ddof=1)) * STEP
    to = now + spread * _find_better(estimate, leaf)
    places = _places(leaf.indicator)
    row = estimate.scores[area].get(code)
    return Lever(leaf, f"{area}.{code}", _get_value(row), f"{to:.{places}f}", float(gain["score"]), float(gain["places"]))


def _find_better(estimate: Estimate, leaf: IndexNode) -> int:
    """Which way the raw value improves its score."""
    if estimate.header.rules["normalise"] == Normalise.GOALPOSTS and leaf.low is not None and leaf.high is not None:
        return 1 if leaf.high > leaf.low else -1
    return leaf.direction
