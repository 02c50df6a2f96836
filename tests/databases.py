"""Databases made once and copied: migrations take twenty seconds, the facts three, the demonstration ten; a copy takes none."""

import contextlib
import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

# Any number that nobody else locks by: two processes must not make the same database at once.
LOCK = 20_221_231


def make_migrated() -> str:
    """An empty database of today's structure, kept from one run to the next for as long as no migration changes."""
    name = f"test_{connection.settings_dict['NAME']}_migrated"
    digest = _digest_migrations()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() != (digest,):
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
            with at_database(name):
                call_command("migrate", verbosity=0)
            cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{digest}'")
    return name


def _digest_migrations() -> str:
    """Of every migration's text, ours and those of the packages."""
    found = hashlib.sha256()
    for key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        found.update(repr(key).encode() + Path(sys.modules[migration.__module__].__file__ or "").read_bytes())
    return found.hexdigest()


def copy(source: str, suffix: str, fill: Callable[[], None]) -> str:
    """A copy of a database with more in it; whoever asks for it drops it."""
    name = f"{connection.settings_dict['NAME']}_{suffix}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    with at_database(name):
        fill()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # a planner that takes the tables for empty reads them row by row
    return name


def drop(name: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')


@contextlib.contextmanager
def at_database(name: str) -> Iterator[None]:
    """Everything that is asked of the database in the block is asked of this one."""
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
