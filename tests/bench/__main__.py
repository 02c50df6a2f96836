"""`make bench`: starts a database of its own, measures, prints, and takes it away."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[2]
DATA_DIR = Path(os.environ.get("TEST_DATA_DIR") or ROOT / ".data-test")
DATABASE = "kjt_bench"


def main() -> None:
    # Playwright runs a loop of its own, for which Django would refuse its database calls.
    os.environ.update({"DATA_DIR": str(DATA_DIR), "DEMO": "1", "DJANGO_SETTINGS_MODULE": "kejiting.settings", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"})
    os.environ.setdefault("SECRET_KEY", "only-for-benchmarks-and-therefore-no-secret-at-all")
    from kejiting import embedded

    postgres, redis = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    with contextlib.ExitStack() as stack:
        if postgres or redis:
            stack.enter_context(embedded.servers(DATA_DIR, postgres=postgres, redis=redis))
        os.environ["DATABASE_URL"] = _named(os.environ.get("DATABASE_URL") or embedded.database_url(DATA_DIR))
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or embedded.redis_url(DATA_DIR)
        with _database():
            _measure()


def _named(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}"))


@contextlib.contextmanager
def _database() -> Iterator[None]:
    """An empty database with the current tables, dropped afterwards."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_test_environment

    def administer(statement: str) -> None:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)

    administer(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    administer(f"CREATE DATABASE {DATABASE}")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    setup_test_environment()
    try:
        yield
    finally:
        administer(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _measure() -> None:
    from tests.bench.full import measure_full
    from tests.bench.index import measure_index
    from tests.bench.pages import measure_pages
    from tests.bench.project_many import measure_project_many
    from tests.bench.recompute import measure_recompute
    from tests.bench.record import Record
    from tests.bench.visible import measure_visible

    record = Record()
    for lines in (
        lambda: measure_pages(record),
        lambda: measure_visible(record, {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"]}),
        lambda: measure_recompute(record),
        measure_full,
        measure_index,
        measure_project_many,
    ):
        print(*lines(), sep="\n", flush=True)


if __name__ == "__main__":
    main()
