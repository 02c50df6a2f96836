"""What the periods still to come must bring for a target to be reached, and how hard that is beside what was ever done."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from ..analysis import progress
from ..analysis import series as core
from ..compute.judge import gathers, get_goal, get_upper, is_met
from ..compute.series import FREQUENCIES, Series, make_values, to_label
from ..models import Target
from ..numbers import plain
from ..periods import Span


@dataclass(frozen=True)
class Pace:
    """``needed`` is what the next period must bring; ``detail`` says of what, until when, and beside which past."""

    needed: float
    detail: dict[str, Any]


def get_pace(target: Target, span: Span, value: Decimal | None, series: Series) -> Pace | None:
    """From ``value`` at ``span`` to the target. None where there is no way left to go, or none that can be said."""
    goal, end = get_goal(target), target.period.ends_on
    if target.indicator.unit_of_measure == "位":  # places are not gained by so many a year
        return None
    if goal is None or value is None or span.ends_on >= end or span.frequency not in FREQUENCIES or is_met(target, value):
        return None
    if target.kind == Target.Kind.RANGE and value > goal:
        # Above a range: the nearer end is the upper one, and an amount that is there already cannot go back to it.
        goal = get_upper(target)
        if gathers(target, span):
            return None
    frequency = FREQUENCIES[span.frequency]
    remaining = pd.period_range(pd.Period(span.ends_on, freq=frequency) + 1, pd.Period(end, freq=frequency))
    detail = {"periods": len(remaining), "goal": plain(goal)}
    if not gathers(target, span):
        return Pace(float(goal - value) / len(remaining), {"of": "change", **detail})
    return _spread(target, float(goal), float(value), remaining, _get_amounts(target, span, series), detail)


def _spread(target: Target, goal: float, so_far: float, remaining: pd.PeriodIndex, past: pd.Series, detail: dict[str, Any]) -> Pace:
    """Amounts by the quarters' own shares of a year where two years tell them: spending is heavy in the fourth."""
    shares = progress.quarter_shares(past)
    needed, multiple = progress.required_pace(past, goal, so_far, remaining, shares)
    return Pace(
        float(needed.iloc[0]),
        {
            "of": "amount",
            **detail,
            "needed": {to_label(period): round(float(amount), 6) for period, amount in needed.items()},
            # The past quarters' shares the need was split by; none where it was split evenly.
            "shares": {str(quarter): round(share, 6) for quarter, share in shares.items()} if shares else None,
            # How many times the best such period so far the hardest of them would be.
            "multiple": None if math.isnan(multiple) else round(multiple, 4),
        },
    )


def _get_amounts(target: Target, span: Span, series: Series) -> pd.Series:
    """What each past period brought."""
    return core.flows(make_values(series, span.frequency), target.indicator.accumulation)
