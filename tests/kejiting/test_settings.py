"""Settings that are silent when wrong."""

import os
import subprocess
import sys
import urllib.parse

import pytest
from celery import current_app
from celery.app.defaults import DEFAULTS
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import RequestFactory

from kejiting.middleware import ContentSecurityPolicyMiddleware


def test_celery_has_the_settings_we_wrote() -> None:
    """A misspelt name is ignored by Celery; and `visibility_timeout` is in none of its tables."""
    conf = current_app.conf
    assert conf.visibility_timeout == conf.broker_transport_options["visibility_timeout"] == 900
    assert conf.visibility_timeout > 2 * conf.task_time_limit
    assert conf.task_acks_late
    assert conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    known = set(DEFAULTS) | {"visibility_timeout"}
    ours = {name.removeprefix("CELERY_").lower() for name in dir(settings) if name.startswith("CELERY_")}
    assert ours <= known


def test_every_scheduled_task_exists() -> None:
    current_app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(current_app.tasks)


@pytest.mark.slow
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "unix:///nowhere/redis.sock?db=0"])
def test_a_nudge_does_not_hang_without_redis(url: str) -> None:
    """In a process of its own: the broker's address is read once."""
    script = (
        "import time, kejiting\nbegun = time.monotonic()\n"
        "try:\n    kejiting.celery_app.send_task('any')\n"
        "except Exception:\n"
        "    print(time.monotonic() - begun)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "REDIS_URL": url}, capture_output=True, text=True, timeout=60
    )
    assert float(result.stdout) < 2, result.stderr


def test_policy_allows_nothing_inline() -> None:
    response = ContentSecurityPolicyMiddleware(lambda _request: HttpResponse())(RequestFactory().get("/"))
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert urllib.parse.urlsplit(settings.STATIC_URL).netloc == ""


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
