"""Child processes that are stopped together, leave nothing behind, and are found again after a kill -9 of their parent."""

import contextlib
import ctypes
import fcntl
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
LARGEST_LOG = 10_000_000
# A recorded process is ours if it began when we recorded it; a number used again belongs to a later process.
# The clock may have been set in between, hence a minute and not a tick.
SAME_START_SECONDS = 60


class Refused(Exception):
    """Start-up cannot go on; the text is the whole answer to the user."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to end it."""

    name: str
    argv: Sequence[str]
    log: Path
    cwd: Path = Path("/")
    env: Mapping[str, str] = field(default_factory=dict)
    account: pwd.struct_passwd | None = None
    pass_fds: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    # What the kernel sends when the supervisor is killed. SIGKILL is right for whatever keeps its state in PostgreSQL.
    death_signal: signal.Signals = signal.SIGKILL


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    started: float


def start(program: Program) -> Child:
    """Run in a session of its own, so that Ctrl-C reaches the supervisor alone and it decides the order of stopping."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > LARGEST_LOG:
        program.log.replace(program.log.with_suffix(".log.1"))
    account = program.account
    with program.log.open("ab") as log:
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env={**os.environ, **program.env},
            pass_fds=program.pass_fds,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with_parent(program.death_signal),
        )
    return Child(program, process, time.monotonic())


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Linux only; elsewhere the next start finds the left-overs. Runs after the change of user, which clears the setting."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # died between fork and here
            os._exit(1)

    return set_death_signal


def stop(children: Iterable[Child], *, seconds: float) -> None:
    """Ask all at once, wait for all together, kill the process groups of those that do not go."""
    children = list(children)
    for child in children:
        if child.process.poll() is None:
            child.process.send_signal(child.program.stop_signal)
    deadline = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        # Also when the leader is gone: what it started must not outlive it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data directory. The kernel lets go of the lock when the holder dies in whatever way, so it cannot be stale."""
    with (data_dir / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "?"
            raise Refused(
                f"数据目录 {data_dir} 正被进程 {holder} 使用，请先停止它（在它的窗口按 Ctrl-C），或用 DATA_DIR=… 另指定一个目录。 "
                f"The data directory is in use by process {holder}; stop it first, or give another DATA_DIR."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def is_held(data_dir: Path) -> bool:
    """Somebody holds the data directory now."""
    with contextlib.suppress(FileNotFoundError), (data_dir / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def record(data_dir: Path, children: Iterable[Child]) -> None:
    """Write down what runs, so that the next start can find it if this one is killed."""
    rows = []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            created = psutil.Process(child.process.pid).create_time()
            rows.append(
                {
                    "name": child.program.name,
                    "pid": child.process.pid,
                    "created": created,
                    "signal": int(child.program.stop_signal),
                }
            )
    path = data_dir / "processes.json"
    path.with_suffix(".new").write_text(json.dumps(rows, indent=1))
    path.with_suffix(".new").replace(path)


def forget(data_dir: Path) -> None:
    (data_dir / "processes.json").unlink(missing_ok=True)


def stop_left_overs(data_dir: Path, *, seconds: float = 20) -> list[str]:
    """End what an earlier, killed run left behind; call with the data directory held. Returns their names."""
    left = list(_left_overs(data_dir))
    for _name, process, stop_signal in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
    _gone, alive = psutil.wait_procs([process for _name, process, _signal in left], timeout=seconds)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
    forget(data_dir)
    return sorted({name for name, _process, _signal in left})


def _left_overs(data_dir: Path) -> Iterator[tuple[str, psutil.Process, int]]:
    """The recorded processes that still live, and the children of those that do not."""
    try:
        rows = json.loads((data_dir / "processes.json").read_text())
    except (FileNotFoundError, ValueError):
        return
    for row in rows:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(row["pid"])
            if abs(process.create_time() - row["created"]) < SAME_START_SECONDS and process.status() != psutil.STATUS_ZOMBIE:
                yield row["name"], process, row["signal"]
    names = {row["pid"]: row["name"] for row in rows}
    for process in psutil.process_iter():
        # Sessions are named after the process that opened them, also when it is gone; the number alone would not prove it ours.
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            session = os.getsid(process.pid)
            if session in names and session != process.pid and process.environ().get("DATA_DIR") == str(data_dir):
                yield names[session], process, signal.SIGKILL
