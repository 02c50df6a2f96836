"""The house rules of every test: embedded PostgreSQL and Redis, no network, and the fixtures that need a process."""

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import hypothesis
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from xdist.scheduler import LoadFileScheduling

from tests.databases import make_migrated
from tests.demo_fixtures import demo_database, demo_record, facts_database, facts_record  # noqa: F401 - fixtures for every test

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("TEST_DATA_DIR") or ROOT / ".data-test")
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

# Before pytest-django reads the settings, which is why they are not named in pyproject.toml.
os.environ["DATA_DIR"] = str(DATA_DIR)
os.environ["DEMO"] = "1"
os.environ.setdefault("SECRET_KEY", "only-for-tests-and-therefore-no-secret-at-all")
os.environ["DJANGO_SETTINGS_MODULE"] = "kejiting.settings"
# Playwright's loop makes Django believe that a browser test is asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# The machine is shared: how long an example takes says nothing about the code.
hypothesis.settings.register_profile("shared-machine", deadline=None)
hypothesis.settings.load_profile("shared-machine")

_servers = contextlib.ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the servers; the parallel ones inherit their addresses and get databases of their own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker and not config.option.collectonly:
        _start_servers()
    from django.conf import settings

    from kejiting import environment

    # Hashed names need `collectstatic`; tests read the files as they are.
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # As slow to guess as they are to check: nothing that a test needs.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
    settings.EVIDENCE_ROOT = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="kejiting-evidence-")))
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
    # A message for one process's worker must not reach another's.
    settings.REDIS_URL = _redis_database(settings.REDIS_URL, int(worker.removeprefix("gw") or 0))
    settings.CELERY_BROKER_URL = environment.celery_broker(settings.REDIS_URL)


def pytest_unconfigure() -> None:
    _servers.close()


def _start_servers() -> None:
    from kejiting import embedded, processes

    postgres, redis = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    if not postgres and not redis:
        return
    try:
        _servers.enter_context(embedded.servers(DATA_DIR, postgres=postgres, redis=redis, durable=False))
    except processes.Refused as refusal:
        pytest.exit(str(refusal), returncode=4)
    if postgres:
        os.environ["DATABASE_URL"] = embedded.database_url(DATA_DIR)
    if redis:
        os.environ["REDIS_URL"] = embedded.redis_url(DATA_DIR)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """The database of this process begins as a copy of one that is migrated already."""
    from django.db import connection

    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = make_migrated()


def _redis_database(url: str, offset: int) -> str:
    """The same server's database `offset` further on, of the 16 that Redis has."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        number = int(dict(parse_qsl(parts.query)).get("db", 0))
        return f"unix://{parts.path}?db={(number + offset) % 16}"  # urlunsplit drops the empty host
    number = int(parts.path.strip("/") or 0)
    return urlunsplit(parts._replace(path=f"/{(number + offset) % 16}"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # A long file that begins last keeps one core idle.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if CHROMIUM.exists() or os.environ.get("CI", "").lower() in {"1", "true"}:
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed (apt-get install chromium fonts-noto-cjk)"))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return Schedule(config, log)


class Schedule(LoadFileScheduling):
    """Whole files to one process, since the fixtures of a file are shared; what reads the demonstration to the one that makes it."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/demo" if nodeid.startswith("tests/demo/") else super()._split_scope(nodeid)


@pytest.fixture(scope="session", autouse=True)
def no_outside_network() -> Iterator[None]:
    """Everything must work without it, so a test that reaches out is a failing test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def service_environment() -> dict[str, str]:
    """The environment with which another process works on this test's database and Redis."""
    from django.conf import settings
    from django.db import connection

    found = connection.settings_dict
    account = quote(found["USER"], safe="") + (f":{quote(found['PASSWORD'], safe='')}" if found["PASSWORD"] else "")
    query = urlencode({"host": found["HOST"], **({"port": found["PORT"]} if found["PORT"] else {})})
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{account}@/{quote(found['NAME'], safe='')}?{query}",
        "REDIS_URL": settings.REDIS_URL,
    }


class WorkerProcess:
    """A real Celery worker on this test's database. Kill it, stop it, start it again; the log says what it did."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from kejiting import supervisor

        # Looking for "ready" in what an earlier start wrote would be wrong.
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *supervisor.worker_arguments()],
                cwd=ROOT,
                env=service_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while b" ready." not in self.log.read_bytes()[seen:]:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not start:\n{self.log.read_text()}")
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of the whole group, as the out-of-memory killer or a power cut would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        self.kill()


@pytest.fixture
def celery_worker(transactional_db: None, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A running worker; the database is a committed one, since another process must see it."""
    import redis
    from django.conf import settings

    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("recompute", "default", "unacked", "unacked_index")  # what an earlier test's process left
    broker.close()
    worker = WorkerProcess(tmp_path / "worker.log")
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One headless Chromium for the file's tests (Playwright's `Browser`)."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing; browser tests are not skipped in CI")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page in a context of its own, in Chinese; for more people at once open more contexts of `chromium`."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def people(chromium: Any, live_server: Any) -> Iterator[Any]:
    """Who signs in at browsers of their own (``tests.browsers.People``); nothing may have gone wrong in any of their pages."""
    from tests.browsers import at_browsers

    with at_browsers(chromium, live_server.url) as people:
        yield people


@pytest.fixture
def own_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers as a register's counter is gone after it."""
    from indicators import sources

    for name in ("_counters", "_screens"):
        monkeypatch.setattr(sources, name, dict(getattr(sources, name)))
