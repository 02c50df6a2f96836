"""One year's estimate: scores and ranks of all areas, how sure the ranks are, what they are made of, why they moved."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from ...analysis import AnalysisError
from ...analysis.composite import IndexResult, compute, explain_change
from ...analysis.uncertainty import rank_uncertainty
from ...compute.index import to_method, to_structure
from ...models import IndexScore
from .figures import Figure, Figures, make_values
from .selection import Selection

DRAWS = 10_000
SEED = 1
PLACES = 10
_SQRT_12 = math.sqrt(12)


@dataclass(frozen=True)
class Year:
    """What was computed of a year, and of what."""

    label: str
    selection: Selection
    rules: Mapping[str, Any]
    columns: Mapping[str, Mapping[str, Figure]]
    result: IndexResult

    @property
    def root(self) -> str:
        return self.result.structure.root

    def get_figures(self) -> list[Figure]:
        return [figure for figures in self.columns.values() for figure in figures.values()]


def compute_year(selection: Selection, rules: Mapping[str, Any], figures: Figures, label: str) -> Year:
    """Raises ``AnalysisError`` where the framework makes no sense to the core."""
    columns = {code: figures.newest(code, label) for code in selection.used}
    values = make_values(columns, figures.areas)
    return Year(label, selection, rules, columns, compute(values, to_structure(selection.rows), to_method(rules)))


def draw_ranks(year: Year) -> pd.DataFrame:
    """The root's ranks over draws of the weights, of the method, and of the digits that the printed figures were rounded to."""
    result = year.result
    return rank_uncertainty(
        result.values,
        result.structure,
        result.method,
        draws=DRAWS,
        seed=SEED,
        weight_noise=year.rules["weight_noise"],
        normalise_among=year.rules["normalise_among"],
        value_sd=_find_rounding(year.columns),
    )


def _find_rounding(columns: Mapping[str, Mapping[str, Figure]]) -> pd.Series:
    """A printed digit stands for a range of ±½ of its last place: its standard deviation is a place / √12."""
    places = {code: max(_count_places(figure.value) for figure in figures.values()) for code, figures in columns.items()}
    return pd.Series({code: 10.0**-n / _SQRT_12 for code, n in places.items()}, dtype=float)


def _count_places(value: Decimal | None) -> int:
    exponent = value.normalize().as_tuple().exponent if value else 0
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def explain(year: Year, before: Year, figures: Figures) -> dict[str, dict[str, Any]]:
    """By area: the move of score and rank since the year before, as it was known then, split over what moved it.

    The year before as its estimate said it when this year's figures came; what was revised since is a part of its own.
    """
    codes = list(dict.fromkeys([*before.selection.used, *year.selection.used]))

    def now(label: str) -> pd.DataFrame:
        return make_values({code: figures.newest(code, label) for code in codes}, figures.areas)

    then = make_values({code: figures.known_before(code, before.label, year.label) for code in codes}, figures.areas)
    old = compute(then, before.result.structure, before.result.method)
    new = compute(now(year.label), year.result.structure, year.result.method)
    known_now = now(before.label)
    moves = {area: _explain_one(old, new, area, known_now) for area in figures.areas}
    return {area: {"period": before.label, **move} for area, move in moves.items() if move}


def _explain_one(old: IndexResult, new: IndexResult, area: str, known_now: pd.DataFrame) -> dict[str, Any] | None:
    past, present = _find_place(old, area), _find_place(new, area)
    if past is None or present is None:
        return None
    table = explain_change(old, new, area, known_now)
    whole = {"score": present["score"] - past["score"], "rank": present["rank"] - past["rank"]}
    parts = {name: _share_out(table[name].to_dict(), whole[name]) for name in ("score", "rank")}
    by = {group: {name: _say(parts[name][group]) for name in parts} for group in table.index}
    return {"score": _say(past["score"]), "rank": int(past["rank"]), "by": by}


def _find_place(result: IndexResult, area: str) -> dict[str, Decimal] | None:
    root = result.structure.root
    score, rank = result.scores.at[area, root], result.ranks.at[area, root]
    return None if math.isnan(score) else {"score": _decimal(score), "rank": Decimal(int(rank))}


def _share_out(parts: Mapping[str, float], whole: Decimal) -> dict[str, Decimal | None]:
    """The parts rounded to what is stored, the last bit of rounding on the largest: they add up to the whole exactly."""
    if any(math.isnan(part) for part in parts.values()):
        return dict.fromkeys(parts)
    rounded: dict[str, Decimal | None] = {name: _decimal(part) for name, part in parts.items()}
    if rounded:
        largest = max(parts, key=lambda name: abs(parts[name]))
        rest = whole - sum(value for value in rounded.values() if value is not None)
        rounded[largest] = (rounded[largest] or Decimal(0)) + rest
    return rounded


def _say(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = f"{value.normalize():f}"
    return "0" if text == "-0" else text


# -- rows ----------------------------------------------------------------------------------------


def make_scores(
    year: Year, intervals: pd.DataFrame, moves: Mapping[str, Mapping[str, Any]], nodes: Mapping[str, int]
) -> Iterator[IndexScore]:
    """One row an area and node that counts; ``nodes``: ids by code."""
    for area in year.result.scores.index:
        points = _find_points(year, area)
        for code in year.result.structure.codes:
            row = _make_row(year, area, code)
            row.node_id, row.points = nodes[code], points.get(code)
            if code == year.root:
                _add_interval(row, intervals.loc[area])
                row.change = dict(moves[area]) if area in moves else None
            yield row


def _make_row(year: Year, area: str, code: str) -> IndexScore:
    scores, share = year.result.scores.at[area, code], year.result.coverage.at[area, code]
    figure = year.columns[code].get(area) if code in year.columns else None
    is_known = not math.isnan(scores)
    return IndexScore(
        area_id=area,
        period_id=year.label,
        observation_id=figure and figure.id,
        value=figure and figure.value,
        score=_decimal(scores) if is_known else None,
        rank=int(year.result.ranks.at[area, code]) if is_known else None,
        reason="" if is_known else _find_reason(year, code, share, figure),
        coverage=_decimal(share * year.selection.shares[code], 6),
    )


def _find_reason(year: Year, code: str, share: float, figure: Figure | None) -> str:
    if code in year.columns:
        return IndexScore.Reason.NOT_COMPUTABLE if figure else IndexScore.Reason.NO_VALUE
    if not share:
        return IndexScore.Reason.NO_VALUE
    return IndexScore.Reason.LOW_COVERAGE if share < year.rules["min_coverage"] else IndexScore.Reason.NOT_COMPUTABLE


def _find_points(year: Year, area: str) -> dict[str, Decimal]:
    """By node its part of the root's score; none where the aggregation is no sum."""
    root = year.result.scores.at[area, year.root]
    if math.isnan(root):
        return {}
    try:
        leaves = year.result.contributions(area).dropna()
    except AnalysisError:
        return {}
    shared = {code: value for code, value in _share_out(leaves.to_dict(), _decimal(root)).items() if value is not None}
    return {code: sum((shared[leaf] for leaf in found), Decimal(0)) for code, found in _find_leaves(year, shared).items() if found}


def _find_leaves(year: Year, among: Mapping[str, Decimal]) -> dict[str, list[str]]:
    structure = year.result.structure
    names: Sequence[str] = structure.codes
    return {code: [names[leaf] for leaf in structure.find_leaves(code) if names[leaf] in among] for code in names}


def _add_interval(row: IndexScore, drawn: pd.Series) -> None:
    if row.rank is None or drawn.isna().any():
        return
    row.rank_median, row.rank_low, row.rank_high = (_decimal(drawn[name], 2) for name in ("median", "q05", "q95"))
    row.chance_better = _decimal(drawn["p_better"], 6)


def _decimal(number: float, places: int = PLACES) -> Decimal:
    return round(Decimal(f"{number:.15g}"), places)
