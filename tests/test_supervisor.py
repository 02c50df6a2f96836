"""`manage.py run` as people use and abuse it: one life of one data directory, with real processes, in the order of the file."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


class Site:
    """A data directory and a port, and what is run on them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = data_dir.parent / "output.txt"

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT,
                env=self.environment() | environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        return given | {"DATA_DIR": str(self.data_dir), "PORT": str(self.port), "DEMO": "", "HTTPS": "0"}

    def started(self) -> subprocess.Popen[bytes]:
        process = self.start()
        deadline = time.monotonic() + 120
        while f":{self.port}/\n" not in self.said():
            assert process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return process

    def said(self) -> str:
        return self.output.read_text()

    def refused(self, process: subprocess.Popen[bytes]) -> str:
        """The sentence of a start that must fail."""
        assert process.wait(timeout=60) != 0
        assert "Traceback" not in self.said()
        return self.said()

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this data directory, whoever its parent is now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                text = " ".join([*process.cmdline(), process.environ().get("DATA_DIR", "")])
                if str(self.data_dir) in text and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def nothing_left(self, *, seconds: float = 5) -> bool:
        deadline = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="kjt-") as name:
        site = Site(Path(name) / "data")
        yield site
        for process in site.processes():
            process.kill()


@pytest.mark.parametrize(("environment", "word"), [({"SECRET_KEY": ""}, "SECRET_KEY"), ({"PORT": "none"}, "PORT")])
def test_what_is_missing_or_wrong_is_one_sentence(site: Site, environment: dict[str, str], word: str) -> None:
    assert word in site.refused(site.start(**environment))
    assert not (site.data_dir / "postgres").exists()


def test_port_in_use_is_one_sentence(site: Site) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()
        sentence = site.refused(site.start())
    assert sentence.startswith(f"端口 {site.port} 无法使用")
    assert "PORT=" in sentence
    assert site.nothing_left()


def test_first_start_second_start_and_interrupt(site: Site) -> None:
    first = site.started()
    assert site.get("/readyz") == site.get("/healthz") == 200
    names = {process.name() for process in site.processes()}
    assert {"postgres", "redis-server"} <= names

    output, site.output = site.output, site.output.with_name("second.txt")
    assert f"正被进程 {first.pid} 使用" in site.refused(site.start(PORT=str(free_port())))
    site.output = output
    assert site.get("/readyz") == 200

    begun = time.monotonic()
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=15) == 0
    assert time.monotonic() - begun < 8
    assert "Traceback" not in site.said()
    assert site.nothing_left()


def test_kill_of_the_supervisor_loses_nothing(site: Site) -> None:
    """The next start finds no stale lock; what was left over is ended; then SIGTERM stops all of it too."""
    killed = site.started()
    assert "装载事实数据" not in site.said(), "the first start's data was there"
    killed.kill()
    killed.wait()
    again = site.started()
    assert site.get("/readyz") == 200
    again.terminate()
    assert again.wait(timeout=15) == 0
    assert site.nothing_left()


def test_a_program_that_dies_is_started_again(site: Site) -> None:
    process = site.started()
    worker = next(child for child in psutil.Process(process.pid).children() if "worker" in child.cmdline())
    worker.kill()
    deadline = time.monotonic() + 15
    while not re.search(r"worker 意外退出", site.said()) or not any(
        "worker" in child.cmdline() for child in psutil.Process(process.pid).children()
    ):
        assert time.monotonic() < deadline, site.said()
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=15) == 0
    assert site.nothing_left()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_interrupt_of_make_alone_stops_the_site(tmp_path: Path) -> None:
    """GNU make waits for its child after a SIGINT and does not pass it on; the supervisor notices."""
    (tmp_path / "Makefile").write_text(f"run:\n\t@{sys.executable} watch.py\n")
    (tmp_path / "watch.py").write_text(
        f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\nimport os\nfrom kejiting.supervisor import Stopped, WatchedMake\n"
        "make = WatchedMake()\nprint('up', flush=True)\n"
        "try:\n    while True:\n        make.check()\n        time.sleep(0.05)\nexcept Stopped:\n    print('stopped', flush=True)\n"
    )
    # `make test` runs this: the make below must not think that it is that one's child.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    # A shell's background jobs ignore SIGINT, and what they start inherits that: this make must not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    make = subprocess.Popen(["make", "run"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    assert make.stdout is not None
    assert make.stdout.readline() == b"up\n"
    make.send_signal(signal.SIGINT)
    assert make.stdout.readline() == b"stopped\n"
    make.wait(timeout=5)
    make.stdout.close()
