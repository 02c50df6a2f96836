"""What must be true of the database and the static files before the first page is served."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import connection

from kejiting.models import FirstLoad

# Any constant will do; it only has to differ from other advisory locks of this database ("kjt" in ASCII).
PREPARE_LOCK = 0x6B6A74

Say = Callable[[str], None]


def prepare(*, say: Say) -> None:
    """Migrate, load what the first start loads, collect static files. Safe to call again, and by several at once."""
    with _one_at_a_time():
        say("更新数据库结构… Migrating…")
        call_command("migrate", verbosity=0, interactive=False)
        for step in due_steps():
            _load(step, say=say)
    _collect_static(say=say)


def due_steps() -> list[FirstLoad.Step]:
    """What the first start still owes; empty means the record is complete."""
    wanted = [FirstLoad.Step.FACTS, *([FirstLoad.Step.DEMO] if settings.DEMO else [])]
    done = set(FirstLoad.objects.values_list("step", flat=True))
    return [step for step in wanted if step not in done]


def _load(step: FirstLoad.Step, *, say: Say) -> None:
    """The commands can be repeated, so a start that is cut off before the mark simply loads once more."""
    if step == FirstLoad.Step.FACTS:
        say("装载事实数据… Loading the facts…")
        call_command("load_facts")
    else:
        say("生成演示数据… Making the demonstration data…")
        call_command("demo")
    FirstLoad.objects.get_or_create(step=step)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARE_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARE_LOCK])


def _collect_static(*, say: Say) -> None:
    """Hashing and compressing takes seconds, so only when a file has changed."""
    stamp = settings.DATA_DIR / "static.sha256"
    fingerprint = _static_fingerprint()
    if settings.STATIC_ROOT.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return
    say("整理静态文件… Collecting static files…")
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(fingerprint)


def _static_fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
