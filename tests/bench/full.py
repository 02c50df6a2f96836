"""Recomputing everything against COPY of the same rows: the observations out of the database, and the results into it.

Projections apart, which are measured by themselves. Of fewer indicators than the aim speaks of, each with its 15 areas and 40 quarters: the
ratio hardly depends on how many they are, and 3,000 would take an hour.
"""

import inspect
import io
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from unittest import mock

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from indicators.actions.marks import mark_indicators
from indicators.models import ImportBatch, Indicator, Observation, Result
from indicators.periods import make_span
from indicators.recompute import run, runner
from tests.builders import make_area, make_indicator, make_period

INDICATORS, AREAS, YEARS, ROUNDS = 40, 15, 10, 2
ACCUMULATIONS = ("flow", "ytd", "stock", "total")
OUT = (
    "COPY (SELECT id, indicator_id, area_id, breakdown_id, period_id, value, qualifier, missing, status, classification, released_at,"
    " published_on, is_demo FROM indicators_observation WHERE indicator_id = ANY('{{{ids}}}')) TO STDOUT"
)
WHAT = (
    "measure, indicator_id, area_id, breakdown_id, target_id, task_id, aspect_id, period_id, value, text, detail, method, version,"
    " run_id, computed_at, classification, is_released, is_demo"
)


def copy_by_hand(observations_out: str, results_in: str, results: io.StringIO) -> None:
    results.seek(0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(observations_out, io.StringIO())
        cursor.copy_expert(results_in, results)


def measure_full(indicators: int = INDICATORS) -> list[str]:
    made = make_panel(indicators)
    ids = [indicator.pk for indicator in made]
    observations_out = OUT.format(ids=",".join(map(str, ids)))
    mine: list[float] = []
    theirs: list[float] = []
    before = _peak()
    for _round in range(ROUNDS):
        _forget()
        mine.append(_time(recompute, ids))
        memory = _peak() - before
        written = io.StringIO()
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY (SELECT {WHAT} FROM indicators_result) TO STDOUT", written)
        _forget()
        theirs.append(_time(copy_by_hand, observations_out, f"COPY indicators_result ({WHAT}) FROM STDIN", written))
    rows, results = len(ids) * AREAS * YEARS * 4, Result.objects.count()
    return [
        f"{f'full recompute, {indicators:,} × {AREAS} × {YEARS * 4} / COPY out and in':<52} {min(mine):9.1f} s   /  {min(theirs):9.1f} s   =  {min(mine) / min(theirs):6.2f}   (aim ≤ 2)",
        *(f"    {line}" for line in inspect.getsource(copy_by_hand).rstrip().splitlines()),
        f"    {rows:,} observations, {results:,} results; {memory:,.0f} MB above what the process held",
    ]


def recompute(ids: list[int]) -> None:
    mark_indicators(((pk, None) for pk in ids), cause="bench")
    with mock.patch.object(runner, "project_cells", return_value=()):
        run()


def _time(work: Callable[..., None], *arguments: object) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE indicators_result")


def _peak() -> float:
    """In MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def make_panel(count: int) -> list[Indicator]:
    """Indicators of every way of accumulating: growth, a season and noise, in each area of its own size."""
    labels = [make_period(make_span("quarter", 2016 + year, quarter).label).pk for year in range(YEARS) for quarter in (1, 2, 3, 4)]
    areas = [make_area(f"9{n:02}000", name=f"地区{n}").pk for n in range(AREAS)]
    batch, rng = ImportBatch.objects.create(kind="bench", name="full"), np.random.default_rng(7)
    made = [make_indicator(f"panel_{n}", accumulation=ACCUMULATIONS[n % 4], unit_of_measure="万元") for n in range(count)]
    for at in range(0, count, 20):
        rows = [row for indicator in made[at : at + 20] for row in _make_rows(indicator, areas, labels, batch, rng)]
        Observation.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def _make_rows(indicator: Indicator, areas: list[str], labels: list[str], batch: ImportBatch, rng: np.random.Generator) -> list[Observation]:
    now, size = timezone.now(), rng.uniform(50, 5000, len(areas))
    season = np.tile([0.8, 1.0, 1.0, 1.2], YEARS)[:, None]
    amounts = size * season * np.exp(rng.normal(0.02, 0.04, (len(labels), len(areas))).cumsum(axis=0))
    if indicator.accumulation == "total":
        amounts = amounts.cumsum(axis=0)
    elif indicator.accumulation == "ytd":
        amounts = amounts.reshape(YEARS, 4, -1).cumsum(axis=1).reshape(len(labels), -1)
    return [
        Observation(
            indicator=indicator,
            area_id=area,
            period_id=label,
            vintage=1,
            value=Decimal(f"{amounts[row, column]:.2f}"),
            unit_of_measure=indicator.unit_of_measure,
            definition_id=indicator.current_definition_id,
            batch=batch,
            recorded_at=now,
            released_at=now,
        )
        for column, area in enumerate(areas)
        for row, label in enumerate(labels)
    ]
