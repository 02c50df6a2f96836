"""When something is down: entry and pages go on, nothing is lost, and the page says so."""

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
from indicators.models import Observation, Result, StaleMark
from indicators.recompute import run
from tests.builders import Quarter, make_target
from tests.conftest import ROOT, WorkerProcess, service_environment

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
