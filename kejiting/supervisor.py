"""`manage.py run`: everything one machine needs, started in order, kept running, and stopped together.

Order of starting: data directory, left-overs, port, Redis and PostgreSQL, `manage.py prepare`, worker and beat, web. The web
server starts last, so whoever is answered is answered from a complete record.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings

from kejiting import embedded, processes
from kejiting.demo_accounts import DEMO_ACCOUNTS
from kejiting.processes import Child, Program, Refused

HOST = "127.0.0.1"
STOP_SECONDS = 3.0
SERVERS_STOP_SECONDS = 30.0
WEB_START_SECONDS = 60
LONGEST_PAUSE = 30.0
# A child that ran this long was well; its next failure is a first one.
WELL_AFTER_SECONDS = 60

Start = Callable[[], Child]


class Stopped(BaseException):
    """Ctrl-C or SIGTERM; not an Exception, so that no handler in between swallows it."""


def run(*, port: int) -> int:
    """Run until stopped; returns the exit code. Whatever ends it, nothing it started stays behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    data_dir: Path = settings.DATA_DIR
    try:
        data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        with processes.exclusive(data_dir):
            _stop_left_overs(data_dir)  # before the port is tried: they may hold it
            with _listening_socket(port) as listener:
                return Supervisor(data_dir, listener).run()
    except Refused as refusal:
        say(str(refusal))
        return 1
    except OSError as error:
        say(f"无法启动：{error}。 Cannot start.")
        return 1
    except Stopped:
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Once: terminals, make and impatient people send several, and stopping is bounded anyway."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _stop_left_overs(data_dir: Path) -> None:
    left = processes.stop_left_overs(data_dir)
    if left:
        names = ", ".join(left)
        say(
            f"上次运行未正常结束，已停止其遗留进程：{names}；数据无损。 Stopped what a killed run had left: {names}; nothing is lost."
        )


class Supervisor:
    def __init__(self, data_dir: Path, listener: socket.socket) -> None:
        self.data_dir = data_dir
        self.listener = listener
        self.port = listener.getsockname()[1]
        self.servers: list[Child] = []
        self.children: list[Child] = []
        self.starts: dict[str, Start] = {}
        self.pauses: dict[str, float] = {}
        self.due: dict[str, float] = {}
        self.make = WatchedMake()

    def run(self) -> int:
        sentence = embedded.too_long(self.data_dir)
        if sentence:
            say(sentence)
        try:
            self._start_servers()
            self._prepare()
            for name, start in self._programs().items():
                self._start(name, start)
            self._wait_for_web()
            self._announce()
            while True:
                self.make.check()
                self._restart_what_died()
                time.sleep(0.5)
        except Refused as refusal:
            say(str(refusal))
            return 1
        finally:
            say("正在停止… Stopping…")
            processes.stop(self.children, seconds=STOP_SECONDS)
            processes.stop(self.servers, seconds=SERVERS_STOP_SECONDS)
            processes.forget(self.data_dir)
            say("已停止，数据已保存。 Stopped; the data is kept.")

    def _start_servers(self) -> None:
        if not os.environ.get("REDIS_URL"):
            self._start("redis", lambda: embedded.start_redis(self.data_dir), server=True)
        if not os.environ.get("DATABASE_URL"):
            self._start("postgres", lambda: embedded.start_postgres(self.data_dir), server=True)

    def _start(self, name: str, start: Start, *, server: bool = False) -> None:
        group = self.servers if server else self.children
        group.append(start())
        self.starts[name] = start
        processes.record(self.data_dir, self.servers + self.children)

    def _prepare(self) -> None:
        """In a process of its own: it may take a minute, and its memory and connections go with it."""
        process = subprocess.Popen([sys.executable, "manage.py", "prepare"], cwd=settings.BASE_DIR, start_new_session=True)
        try:
            while process.poll() is None:
                self.make.check()
                time.sleep(0.1)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # one transaction a step: killing it loses only the step
            process.wait()
        if process.returncode:
            raise Refused("准备数据未成功，原因见上；修正后再次 make run 即可继续。 Preparing the data failed, see above.")

    def _programs(self) -> dict[str, Start]:
        log = self.data_dir / "log"

        def python(name: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> Start:
            program = Program(
                name=name,
                argv=[sys.executable, "-m", *arguments],
                log=log / f"{name}.log",
                cwd=settings.BASE_DIR,
                # Also marks the process, and what it forks, as belonging to this data directory.
                env={"DATA_DIR": str(self.data_dir)},
                pass_fds=pass_fds,
            )
            return lambda: processes.start(program)

        descriptor = self.listener.fileno()
        return {
            "worker": python("worker", *worker_arguments()),
            "index": python("index", *worker_arguments("index", concurrency=1)),
            # An empty pidfile: the data directory's lock already keeps a second scheduler away.
            "beat": python("beat", "celery", "-A", "kejiting", "beat", "--pidfile="),
            "web": python("web", *web_arguments(f"fd://{descriptor}"), pass_fds=(descriptor,)),
        }

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + WEB_START_SECONDS
        web = next(child for child in self.children if child.program.name == "web")
        while not _answers(f"http://{HOST}:{self.port}/healthz"):
            if web.process.poll() is not None or time.monotonic() > deadline:
                raise Refused(f"网站未能启动，见日志 {web.program.log}。 The web server did not start; see its log.")
            self.make.check()
            time.sleep(0.1)

    def _announce(self) -> None:
        say(f"\n科技进展已启动 · running at  http://{HOST}:{self.port}/\n")
        if settings.DEMO:
            say("演示账号（口令为 demo- 加账号名） · demo accounts (password: demo- and the name)")
            for name, who in DEMO_ACCOUNTS.items():
                say(f"  {name:<10} demo-{name:<10} {who}")
        say(f"\n数据 data: {self.data_dir}   日志 logs: {self.data_dir / 'log'}\n按 Ctrl-C 停止 · Ctrl-C stops everything\n")

    def _restart_what_died(self) -> None:
        for group in (self.servers, self.children):
            for position, child in enumerate(group):
                if child.process.poll() is not None:
                    self._restart(group, position)

    def _restart(self, group: list[Child], position: int) -> None:
        """At once the first time, then after pauses that double, so that a broken program does not spin."""
        child, now = group[position], time.monotonic()
        name = child.program.name
        if name not in self.due:
            well = now - child.started > WELL_AFTER_SECONDS
            self.pauses[name] = 0.0 if well else min(LONGEST_PAUSE, max(1.0, self.pauses.get(name, 0.0) * 2))
            self.due[name] = now + self.pauses[name]
            say(f"{name} 意外退出（{child.process.returncode}），将重新启动。 {name} ended unexpectedly; restarting it.")
        if now < self.due[name]:
            return
        del self.due[name]
        try:
            group[position] = self.starts[name]()
        except Refused as refusal:
            child.started = now
            say(str(refusal))
        processes.record(self.data_dir, self.servers + self.children)


def worker_arguments(queues: str = "recompute,default", *, concurrency: int = 2) -> list[str]:
    """A worker of some queues; its children are processes, because a thread cannot be stopped at a time limit."""
    return [
        *("celery", "-A", "kejiting", "worker", "--queues", queues, "--concurrency", str(concurrency)),
        # The host's name alone would be that of two workers.
        *("--hostname", f"{queues.partition(',')[0]}@%h"),
        # One worker has nobody to gossip with; these only cost messages.
        *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ]


def web_arguments(bind: str) -> list[str]:
    """Two processes for two cores; threads, so that a slow client holds a thread and not the site."""
    return [
        *("gunicorn", "kejiting.wsgi", "--bind", bind, "--worker-class", "gthread"),
        *("--workers", "2", "--threads", "8", "--timeout", "60", "--graceful-timeout", "2"),
        *("--access-logfile", "-", "--no-control-socket"),
    ]


@contextlib.contextmanager
def _listening_socket(port: int) -> Iterator[socket.socket]:
    """Taken before anything is started, and handed to the web server: nobody can take the port in between."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise Refused(
                f"端口 {port} 无法使用（{error}），多半已被别的程序占用；请换一个端口，例如 make run PORT={port % 60000 + 1000}。 "
                f"Port {port} cannot be used, probably it is in use; choose another with PORT=…."
            ) from None
        yield listener


def _answers(url: str) -> bool:
    # No proxy from the environment: this is our own loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


class WatchedMake:
    """The `make` that runs us, if one does: told to stop by a signal to it alone, it would wait for us for ever.

    GNU make passes SIGTERM on but not SIGINT, because a terminal sends that to us too. After catching one it resets its handler,
    which shows in the list of caught signals.
    """

    def __init__(self) -> None:
        self.process: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(os.getppid())
            if parent.name() in {"make", "gmake"}:
                self.process = parent
        self.caught = self._catches_interrupt()

    def check(self) -> None:
        if self.process is not None and (not self.process.is_running() or (self.caught and not self._catches_interrupt())):
            _stop(signal.SIGINT, None)

    def _catches_interrupt(self) -> bool:
        if self.process is None:
            return False
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)
        return False


def say(sentence: str) -> None:
    """To the terminal, at once; a closed one must not stop the stopping."""
    with contextlib.suppress(OSError, ValueError):
        print(sentence, flush=True)
