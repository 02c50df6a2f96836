"""Recomputations at the same time, while people report, and in a real worker: nothing twice, nothing lost."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count

from indicators import tasks
from indicators.models import Heartbeat, RecomputeRun, Result, StaleMark
from indicators.recompute import claim, run, runner
from tests.builders import make_area, make_indicator, make_target, observe

TODAY = date(2025, 11, 20)


@pytest.fixture
def committed(transactional_db: None) -> None:
    """A committed record: other connections see it."""
    make_area()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


def together(*jobs: Callable[[], Any]) -> None:
    """Run jobs in threads with connections of their own; a failure of one fails the test."""

    def alone(job: Callable[[], Any]) -> None:
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(alone, job) for job in jobs]:
            done.result(timeout=60)


def count_doubles() -> int:
    subject = ("measure", "indicator", "area", "breakdown", "target", "task", "aspect", "period")
    return Result.objects.current().order_by().values(*subject).annotate(n=Count("pk")).filter(n__gt=1).count()


def test_two_runs_at_once_do_each_mark_once(committed: None, quiet: None) -> None:
    for number in range(6):
        indicator = make_indicator(f"i{number}")
        make_target(indicator, "16")
        observe(indicator, {"2025-Q1": "3", "2025-Q2": "7"})
    marks = StaleMark.objects.count()
    together(lambda: run(TODAY), lambda: run(TODAY), lambda: run(TODAY))
    assert StaleMark.objects.count() == 0
    runs = RecomputeRun.objects.all()
    assert sum(r.marks for r in runs) == marks
    assert {r.state for r in runs} == {"done"}
    assert Result.objects.filter(superseded_at__isnull=False).count() == 0
    assert count_doubles() == 0


def test_figures_that_come_in_while_a_run_works_are_not_lost(committed: None, quiet: None) -> None:
    indicators = [make_indicator(f"i{number}") for number in range(3)]
    for indicator in indicators:
        make_target(indicator, "100")
        observe(indicator, {"2025-Q1": "1"})

    def report() -> None:
        for value in range(2, 8):
            for indicator in indicators:
                observe(indicator, {"2025-Q1": str(value)})

    def recompute() -> None:
        for _turn in range(12):
            run(TODAY)

    together(report, recompute, recompute)
    run(TODAY)
    found = Result.objects.current().filter(measure="completion").values_list("value", flat=True)
    assert [float(value) for value in found] == [0.07] * 3
    assert count_doubles() == 0
    assert not RecomputeRun.objects.filter(state="failed").exists()


def test_a_connection_that_breaks_lets_go_of_the_lock(committed: None, quiet: None) -> None:
    observe(make_indicator(), {"2025-Q1": "3"})

    def die() -> None:
        with claim.only_run(claim.VALUES):
            connection.connection.close()

    together(die)
    assert run(TODAY) is not None


def wait_for(what: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.mark.worker
@pytest.mark.slow
def test_a_real_worker_follows_a_nudge_a_sweep_and_a_kill(committed: None, celery_worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    indicator = make_indicator()
    make_target(indicator, "100")

    def completion() -> set[float]:
        return {float(v or 0) for v in Result.objects.current().filter(measure="completion").values_list("value", flat=True)}

    observe(indicator, {"2025-Q1": "25"})
    wait_for(lambda: completion() == {0.25})
    assert Heartbeat.objects.filter(pk="worker").exists()

    # The message is lost: the next tick of the schedule finds the mark.
    with monkeypatch.context() as patch:
        patch.setattr("indicators.actions.marks.nudge", lambda: None)
        observe(indicator, {"2025-Q1": "26"})
    tasks.sweep_stale_marks.delay()
    wait_for(lambda: completion() == {0.26})

    # Killed while a run waits for its turn: whoever comes next does the work.
    with claim.only_run(claim.VALUES):
        observe(indicator, {"2025-Q1": "27"})
        time.sleep(0.5)
        celery_worker.kill()
    celery_worker.start()
    tasks.sweep_stale_marks.delay()
    wait_for(lambda: completion() == {0.27})
    assert StaleMark.objects.count() == 0
    assert count_doubles() == 0


def test_the_tasks_call_one_function_each(committed: None, quiet: None) -> None:
    indicator = make_indicator()
    make_target(indicator, "100")
    observe(indicator, {"2025-Q1": "25"})
    tasks.recompute_stale()
    assert StaleMark.objects.count() == 0
    tasks.mark_calendar()
    assert StaleMark.objects.filter(indicator=indicator, area="620000").exists()
    tasks.sweep_stale_marks()
    assert StaleMark.objects.count() == 0
    tasks.beat_heartbeat()
    assert set(Heartbeat.objects.values_list("pk", flat=True)) == {"beat", "worker"}
    assert runner.mark_everything(cause="test") == 1
