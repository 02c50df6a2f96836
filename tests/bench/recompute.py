"""Recomputing after one acceptance, with 100 and with 10,000 indicators in the record; and how fast a page shows it."""

import statistics
import time
from decimal import Decimal

from indicators.actions.observations import Statement, record_observations
from indicators.models import StaleMark
from indicators.recompute import run

from .measure import Paired
from .record import QUARTERS, Record

LINES, ROUNDS, LARGE = 15, 9, 10_000


def measure_recompute(record: Record) -> list[str]:
    """The same fifteen figures accepted again and again, before and after the record has grown."""
    small = _accept_and_recompute(record)
    record.add_indicators(LARGE - len(record.indicators))
    large = _accept_and_recompute(record)
    return [Paired(large, small).say("recompute after one acceptance, 10,000 / 120 indicators", "about 1")]


def _accept_and_recompute(record: Record) -> float:
    run()
    times = []
    for number in range(ROUNDS):
        accept(record, Decimal(60 + number))
        assert StaleMark.objects.exists()
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def accept(record: Record, value: Decimal) -> None:
    """What an acceptance writes for a return of fifteen lines."""
    statements = [
        Statement(indicator=indicator, area="620000", period=QUARTERS[-1], value=value, origin={"batch": record.batch})
        for indicator in record.indicators[:LINES]
    ]
    record_observations(statements, cause="bench")
