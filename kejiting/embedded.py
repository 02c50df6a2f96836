"""PostgreSQL and Redis from wheels, for a machine that has neither. They listen on sockets in the data directory only."""

import hashlib
import os
import tempfile
from pathlib import Path

# sun_path holds 108 bytes with its terminating zero; PostgreSQL's socket is called `.s.PGSQL.5432`, and a lock beside it.
LONGEST_SOCKET_PATH = 107
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")


def socket_dir(data_dir: Path) -> Path:
    """`DATA_DIR/run`, or where that is too long for a socket a short private directory named after it."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"kejiting-{os.getuid()}-{digest}"


def database_url(data_dir: Path) -> str:
    """Where the embedded PostgreSQL of this data directory listens, running or not."""
    return f"postgres://postgres@/kejiting?host={socket_dir(data_dir)}"


def redis_url(data_dir: Path) -> str:
    """Where the embedded Redis of this data directory listens, running or not."""
    return f"unix://{socket_dir(data_dir)}/redis.sock?db=0"
