"""When something is down: entry and pages go on, nothing is lost, and the page says so."""

import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from indicators.actions import marks
from indicators.actions.marks import mark_frameworks
from indicators.models import IndexEstimate, IndexMark, Observation, RecomputeRun, Result, StaleMark
from indicators.recompute import index, run
from indicators.recompute.runner import mark_everything
from tests.builders import Cast, Quarter, make_target
from tests.conftest import ROOT, WorkerProcess, service_environment
from tests.indicators.frameworks import make_index

# Nobody listens on the discard port.
NOBODY = "redis://127.0.0.1:9/0"
NUDGE = "import django; django.setup(); from indicators.actions.marks import nudge; nudge()"


@pytest.mark.django_db
def test_without_a_broker_a_nudge_gives_up_soon_and_without_an_error() -> None:
    """What acceptance does after its commit: the marks are in the database, so the message may be lost."""
    environment = {**service_environment(), "REDIS_URL": NOBODY}
    done = subprocess.run([sys.executable, "-c", NUDGE], cwd=ROOT, env=environment, capture_output=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.django_db
def test_what_is_accepted_without_a_broker_is_marked(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    def refuse(_name: str) -> None:
        raise OperationalError

    monkeypatch.setattr(marks.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        quarter = Quarter()
        quarter.accept("12")
    assert Observation.objects.filter(indicator=quarter.indicator).count() == 1
    assert StaleMark.objects.filter(indicator=quarter.indicator).exists()


@pytest.mark.django_db
def test_the_overview_says_since_when_results_are_older_than_the_data(client: Client) -> None:
    quarter = Quarter()
    run()
    client.force_login(quarter.cast.du)
    assert "结果早于数据" not in client.get("/").content.decode()
    StaleMark.objects.create(indicator=quarter.indicator, cause="test", created_at=timezone.now() - timedelta(minutes=3))
    page = client.get("/").content.decode()
    assert "结果早于数据" in page
    assert client.get("/version/").json()["stale_since"]
    run()
    assert "结果早于数据" not in client.get("/").content.decode()


# At the worst moment: everything is computed and written, and nothing of it is committed.
KILL = """
import os, signal, django
django.setup()
from indicators.recompute import claim, index, runner
claim.finish = lambda *_marks, **_what: os.kill(os.getpid(), signal.SIGKILL)
{run}()
"""


def run_and_be_killed(run: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILL.format(run=run)], cwd=ROOT, env=service_environment(), capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_of_a_full_recomputation_loses_nothing(client: Client, django_db_reset_sequences: Any) -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "20")
    quarter.accept("12")
    StaleMark.objects.all().delete()
    marked = mark_everything(cause="test")
    run_and_be_killed("runner.run")
    assert (StaleMark.objects.filter(attempts=1).count(), Result.objects.count()) == (marked, 0)
    StaleMark.objects.update(created_at=timezone.now() - timedelta(seconds=6))
    client.force_login(quarter.cast.du)
    assert "处变动尚未重算，本页所示为重算前的结果" in client.get("/").content.decode()
    # Another worker: at once, and together again, for a kill is seldom a mark's fault.
    run()
    assert list(RecomputeRun.objects.order_by("pk").values_list("state", "marks")) == [("failed", marked), ("done", marked)]
    assert "结果早于数据" not in client.get("/").content.decode()
    assert Result.objects.current().filter(indicator=quarter.indicator, measure="completion").exists()
    mark_everything(cause="again")
    again = run()
    assert again is not None
    assert again.written == 0


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_of_an_estimate_loses_nothing(client: Client, django_db_reset_sequences: Any) -> None:
    cast = Cast()
    framework = make_index()
    run()
    run_and_be_killed("index.run")
    assert ({mark.attempts for mark in IndexMark.objects.all()}, IndexEstimate.objects.count()) == ({1}, 0)
    client.force_login(cast.du)
    assert "指数测算早于数据" not in client.get("/").content.decode()  # the next sweep may still come
    IndexMark.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    number = client.get("/version/").json()["version"]
    assert "指数测算早于数据" in client.get("/").content.decode()
    index.run()
    assert "指数测算早于数据" not in client.get("/").content.decode()
    assert client.get("/version/").json()["version"] != number
    assert IndexEstimate.objects.current().exists()
    mark_frameworks([framework.pk], cause="again", is_full=True)
    again = index.run()
    assert again is not None
    assert again.written == 0


@pytest.mark.django_db(transaction=True)
def test_a_mark_that_kills_its_process_every_time_waits_and_is_reported(client: Client, django_db_reset_sequences: Any) -> None:
    quarter = Quarter()
    StaleMark.objects.all().delete()
    StaleMark.objects.create(indicator=quarter.indicator, cause="test")
    for _attempt in range(3):
        run_and_be_killed("runner.run")
    assert run() is None  # it waits, and what comes meanwhile does not
    client.force_login(quarter.cast.guo)
    page = client.get("/reporting/rounds/").content.decode()
    assert "1 处重算多次失败，仍在定时重试" in page
    assert "进程在重算中被终止" in page


@pytest.mark.django_db
def test_the_office_reads_why_results_are_not_recomputed(client: Client) -> None:
    quarter, framework = Quarter(), make_index()
    StaleMark.objects.create(indicator=quarter.indicator, cause="test", attempts=3, error="ZeroDivisionError: <x>", retry_at=timezone.now())
    StaleMark.objects.create(task=quarter.task, cause="test", attempts=2, error="not yet")
    IndexMark.objects.create(framework=framework, cause="test", attempts=4, error="RuntimeError: broken")
    client.force_login(quarter.cast.guo)
    assert '/reporting/rounds/#h-failing">看原因' in client.get("/").content.decode()
    page = client.get("/reporting/rounds/").content.decode()
    for words in ("2 处重算多次失败", quarter.indicator.name_zh, "ZeroDivisionError: &lt;x&gt;", f"指数测算：{framework.name_zh}", "RuntimeError: broken"):
        assert words in page
    assert "not yet" not in page
    client.force_login(quarter.cast.du)
    overview = client.get("/").content.decode()
    assert "2 处重算多次失败" in overview
    assert "看原因" not in overview


@pytest.mark.worker
@pytest.mark.slow
def test_a_worker_that_was_away_catches_up(celery_worker: WorkerProcess, django_db_reset_sequences: Any) -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "20")
    celery_worker.kill()
    quarter.accept("12")
    assert StaleMark.objects.exists()
    celery_worker.start()
    from indicators.tasks import sweep_stale_marks

    sweep_stale_marks.delay()
    deadline = time.monotonic() + 20
    while not Result.objects.current().filter(indicator=quarter.indicator, measure="completion").exists():
        assert time.monotonic() < deadline, celery_worker.log.read_text()
        time.sleep(0.2)
