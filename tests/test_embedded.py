"""The servers from wheels: started, found, cleaned up. Real processes in a directory of the test's own."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from kejiting import embedded, processes
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path: pytest's own are near the limit of a socket's."""
    with tempfile.TemporaryDirectory(prefix="kjt-") as name:
        yield Path(name) / "data"


def query(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(host=str(embedded.socket_dir(data_dir)), user="postgres", dbname=embedded.DATABASE_NAME)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def test_data_stays_and_nothing_listens_outside_the_data_directory(data_dir: Path) -> None:
    with embedded.servers(data_dir):
        query(data_dir, "CREATE TABLE kept AS SELECT 1 AS one")
        assert query(data_dir, "SHOW listen_addresses") == [("",)]
        assert stat.S_IMODE(embedded.socket_dir(data_dir).stat().st_mode) == 0o700
        broker = redis.Redis.from_url(embedded.redis_url(data_dir))
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.config_get("port") == {"port": "0"}
        assert broker.config_get("save") == {"save": ""}
        broker.close()
    assert not (data_dir / "processes.json").exists()
    with embedded.servers(data_dir, redis=False):
        assert query(data_dir, "SELECT one FROM kept") == [(1,)]


def test_interrupted_first_start_is_begun_again(data_dir: Path) -> None:
    (data_dir / "postgres.unfinished" / "base").mkdir(parents=True)
    with embedded.servers(data_dir, redis=False):
        assert query(data_dir, "SELECT 1") == [(1,)]


def test_second_holder_is_told_who_is_first(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    with (
        processes.exclusive(data_dir),
        pytest.raises(processes.Refused, match=str(os.getpid())),
        processes.exclusive(data_dir),
    ):
        pass
    with processes.exclusive(data_dir):
        assert processes.is_held(data_dir)
    assert not processes.is_held(data_dir)


def test_long_path_moves_the_sockets_only() -> None:
    data_dir = Path("/srv") / ("长" * 40)
    directory = embedded.socket_dir(data_dir)
    assert not directory.is_relative_to(data_dir)
    assert len(os.fsencode(directory / ".s.PGSQL.5432")) <= embedded.LONGEST_SOCKET_PATH
    assert str(directory) in (embedded.too_long(data_dir) or "")
    assert embedded.socket_dir(data_dir) == directory != embedded.socket_dir(data_dir / "other")
    assert embedded.too_long(Path("/srv/kejiting/.data")) is None


def test_socket_directory_of_somebody_else_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "run").mkdir(mode=0o755)
    (data_dir / "run").chmod(0o777)
    with pytest.raises(processes.Refused, match="run"):
        embedded.start_redis(data_dir)


def test_broken_cluster_is_said_with_the_end_of_the_log(data_dir: Path) -> None:
    with embedded.servers(data_dir, redis=False):
        pass
    (data_dir / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(processes.Refused, match="nonsense"), embedded.servers(data_dir, redis=False):
        pass


def test_killed_holder_leaves_no_servers_and_no_stale_lock(data_dir: Path) -> None:
    """kill -9 of the holder: the kernel ends the servers (Linux), or the next start does; committed rows are there."""
    script = (
        "import pathlib, sys, time\nfrom kejiting import embedded\n"
        "with embedded.servers(pathlib.Path(sys.argv[1])):\n    print('up', flush=True)\n    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(data_dir)], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    query(data_dir, "CREATE TABLE kept AS SELECT 1 AS one")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with embedded.servers(data_dir):
        assert query(data_dir, "SELECT one FROM kept") == [(1,)]


def test_left_overs_are_ended_and_strangers_are_not(data_dir: Path) -> None:
    data_dir.mkdir()
    log = data_dir / "sleep.log"
    ours = processes.start(processes.Program(name="sleep", argv=["sleep", "60"], log=log))
    stranger = processes.start(processes.Program(name="sleep", argv=["sleep", "60"], log=log))
    processes.record(data_dir, [ours, stranger])
    # The number was used again: by a process that began at another time than the recorded one.
    path = data_dir / "processes.json"
    rows = json.loads(path.read_text())
    rows[1]["created"] -= 3600
    path.write_text(json.dumps(rows))
    assert processes.stop_left_overs(data_dir) == ["sleep"]
    assert ours.process.poll() is not None
    assert stranger.process.poll() is None
    processes.stop([stranger], seconds=5)


def test_a_child_that_does_not_go_is_killed_with_its_children(data_dir: Path) -> None:
    data_dir.mkdir()
    script = "trap '' TERM; sleep 61 & echo $!; wait; sleep 61"
    child = processes.start(processes.Program(name="deaf", argv=["sh", "-c", script], log=data_dir / "deaf.log"))
    while not (data_dir / "deaf.log").read_text().strip():
        time.sleep(0.01)
    grandchild = psutil.Process(int((data_dir / "deaf.log").read_text()))
    processes.stop([child], seconds=0.2)
    assert child.process.returncode == -signal.SIGKILL
    psutil.wait_procs([grandchild], timeout=5)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE
