"""The fixtures that other tests lean on, each once."""

import socket
from typing import Any

import pytest
from celery import current_app

from tests.conftest import WorkerProcess


def test_outside_is_out_of_reach() -> None:
    with socket.socket() as probe, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        probe.connect(("192.0.2.1", 80))


@pytest.mark.worker
def test_worker_answers_dies_and_comes_back(celery_worker: WorkerProcess) -> None:
    inspect = current_app.control.inspect(timeout=5, limit=1)
    assert inspect.ping()
    celery_worker.kill()
    assert celery_worker.process is not None
    assert celery_worker.process.returncode == -9
    celery_worker.start()
    assert inspect.ping()


@pytest.mark.browser
def test_browser_reaches_the_site(page: Any, live_server: Any) -> None:
    response = page.goto(live_server.url + "/healthz")
    assert response.status == 200
    assert "ok" in page.content()
