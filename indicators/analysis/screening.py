"""Which of many series may have findings at all: ``quality.checks`` asks one series at a time, and most have none.

Necessary conditions only, whole arrays at once. A series that is let pass has no finding; of those that are not, many have none
either. ``tests/analysis/test_screening.py`` holds it to the first.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from . import check_type
from .history import MAD_TO_SD, MODIFIED_Z, Q4_LEAST, ROOM, SHORTEST_HISTORY
from .quality import SLIP_REST, Bounds
from .series import check_accumulation, flows, periods_a_year, regular

# Room for the last bits of numbers that are computed in another order.
_ALMOST = 1 - 1e-9


def may_have_findings(frame: pd.DataFrame, *, accumulation: str, bounds: Sequence[Bounds]) -> np.ndarray:
    """By column of ``frame`` (periods × series, one ``accumulation``), whether ``checks`` without a target may find anything.

    ``bounds``: the hard limits of each column.
    """
    check_type(frame, "frame", pd.DataFrame)
    check_accumulation(accumulation)
    whole = regular(frame)
    if whole.empty:
        return np.zeros(frame.shape[1], dtype=bool)
    values = whole.to_numpy()
    per_year = periods_a_year(whole.index)
    amounts = values if accumulation == "stock" else flows(whole, accumulation).to_numpy()
    low, high = (np.array([np.nan if pair[end] is None else pair[end] for pair in bounds], dtype=float) for end in (0, 1))
    with np.errstate(all="ignore"):
        last = _last_known(values)
        found = (values < low).any(axis=0) | (values > high).any(axis=0)
        found |= (values < 0).any(axis=0) & (values > 0).any(axis=0)
        found |= _has_gap(values)
        found |= _may_slip(values, last, accumulation, per_year)
        found |= _may_be_copied(values, last, accumulation)
        found |= _may_have_outlier(amounts, accumulation, per_year)
        if accumulation in ("ytd", "total"):
            found |= (values < last).any(axis=0) if accumulation == "total" else _falls_within_year(values, last, per_year)
        if accumulation != "stock" and per_year == 4:
            found |= _may_jump(amounts)
    return found


def _last_known(values: np.ndarray) -> np.ndarray:
    """Before each period the last value there is."""
    rows = np.where(np.isnan(values), -1, np.arange(len(values))[:, None])
    newest = np.maximum.accumulate(rows, axis=0)
    filled = np.where(newest < 0, np.nan, np.take_along_axis(values, np.maximum(newest, 0), axis=0))
    return _shift(filled, 1)


def _shift(values: np.ndarray, lag: int) -> np.ndarray:
    moved = np.full_like(values, np.nan)
    moved[lag:] = values[:-lag]
    return moved


def _has_gap(values: np.ndarray) -> np.ndarray:
    known = ~np.isnan(values)
    begun, still = np.logical_or.accumulate(known, axis=0), np.logical_or.accumulate(known[::-1], axis=0)[::-1]
    return np.asarray((begun & still & ~known).any(axis=0))


def _falls_within_year(values: np.ndarray, last: np.ndarray, per_year: int) -> np.ndarray:
    if per_year == 1:
        return np.zeros(values.shape[1], dtype=bool)
    is_first = np.arange(len(values)) % 4 == 0
    return np.asarray((values < last)[~is_first].any(axis=0))


def _may_slip(values: np.ndarray, last: np.ndarray, accumulation: str, per_year: int) -> np.ndarray:
    """Off by nearly ten times or more from what ``checks`` would expect."""
    sizes = np.where(values == 0, np.nan, np.abs(values))
    if per_year == 1 or accumulation in ("stock", "total"):
        expected = _last_known(sizes)
    else:
        expected = _shift(sizes, 4)
        if accumulation == "ytd":
            quarter = np.arange(len(values))[:, None] % 4 + 1
            in_year = np.where(quarter == 1, np.nan, _shift(sizes, 1) * quarter / (quarter - 1))
            expected = np.where(np.isnan(expected), in_year, expected)
    off = np.abs(np.log10(sizes / expected)) >= (1 - SLIP_REST) * _ALMOST
    found = off.any(axis=0)
    if accumulation == "flow" and per_year == 4:
        # Against the middle of what came before, where a year earlier is not known: never beyond its extremes.
        alone = np.isnan(expected) & ~np.isnan(sizes)
        spread = np.log10(np.fmax.accumulate(sizes, axis=0) / np.fmin.accumulate(sizes, axis=0))
        found |= (alone & (spread >= (1 - SLIP_REST) * _ALMOST)).any(axis=0)
    return np.asarray(found)


def _may_be_copied(values: np.ndarray, last: np.ndarray, accumulation: str) -> np.ndarray:
    """The first number met again has a history that always moved; after it no history has."""
    again = (values == _shift(values, 1)) & (values != 0)
    before = np.cumsum(~np.isnan(values), axis=0) - 1
    moved = np.logical_or.accumulate(values == last, axis=0)
    first = again & ~_before(moved)
    return np.asarray((first & ((before >= 3) | (accumulation in ("flow", "ytd")))).any(axis=0))


def _before(flags: np.ndarray) -> np.ndarray:
    moved = np.zeros_like(flags)
    moved[1:] = flags[:-1]
    return moved


def _may_jump(amounts: np.ndarray) -> np.ndarray:
    years = amounts[: len(amounts) // 4 * 4].reshape(-1, 4, amounts.shape[1])
    return np.asarray((years[:, 3] / years[:, :3].mean(axis=1) > Q4_LEAST * _ALMOST).any(axis=0))


# -- outliers ------------------------------------------------------------------------------------


def _may_have_outlier(amounts: np.ndarray, accumulation: str, per_year: int) -> np.ndarray:
    """A step far from all other steps, before any is left out: the first that is found is found so."""
    is_stock = accumulation == "stock"
    steps = _step(amounts, _last_known(amounts), is_stock)
    if not is_stock and per_year == 4:
        yearly = _step(amounts, _shift(amounts, 4), is_stock)
        enough = (~np.isnan(yearly)).sum(axis=0) > SHORTEST_HISTORY
        steps = np.where(enough, yearly, steps)
    count = (~np.isnan(steps)).sum(axis=0)
    moving = (count > SHORTEST_HISTORY) & (np.nanmax(amounts, axis=0, initial=-np.inf) > np.nanmin(amounts, axis=0, initial=np.inf))
    found = np.zeros(amounts.shape[1], dtype=bool)
    found[moving] = _has_far_step(steps[:, moving], count[moving], is_stock)
    return found


def _step(values: np.ndarray, base: np.ndarray, is_stock: bool) -> np.ndarray:
    steps = values - base
    if not is_stock:
        steps = np.where(base == 0, np.nan, steps / np.abs(base))
    return np.where(np.isfinite(steps), steps, np.nan)


def _has_far_step(steps: np.ndarray, count: np.ndarray, is_stock: bool) -> np.ndarray:
    """Each step against the median and spread of the others, which is what ``checks`` takes."""
    periods = len(steps)
    others = np.repeat(steps.T[:, None, :], periods, axis=1)
    others[:, np.arange(periods), np.arange(periods)] = np.nan
    others.sort(axis=2)
    known = (~np.isnan(others)).sum(axis=2)
    median = _quantile(others, known, 0.5)
    away = np.abs(others - median[..., None])
    away.sort(axis=2)
    deviation = _quantile(away, known, 0.5)
    spread = np.maximum(deviation, 0.80 * (_quantile(others, known, 0.8) - _quantile(others, known, 0.2)) / 2)
    still = deviation <= 1e-9 * np.maximum(1.0, np.abs(median))
    far = np.abs(MAD_TO_SD * (steps.T - median) / spread) > MODIFIED_Z * (1 + ROOM / known) * _ALMOST
    asked = ~np.isnan(steps.T)
    # A level that always moves by the same step is judged by the levels themselves.
    return np.asarray((asked & (np.where(still, is_stock, far))).any(axis=1))


def _quantile(ordered: np.ndarray, count: np.ndarray, share: float) -> np.ndarray:
    """Of the first ``count`` along the last axis, which are in order."""
    position = np.maximum(count - 1, 0) * share
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    first, second = (np.take_along_axis(ordered, at[..., None], axis=2)[..., 0] for at in (low, high))
    return np.asarray(first + (second - first) * (position - low))
