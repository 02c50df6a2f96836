"""A page, caches off, against the bare SQL it needs plus rendering the base template."""

from collections.abc import Callable

from django.db import connection
from django.template import Context, loader
from django.test import Client
from django.test.utils import CaptureQueriesContext

from indicators.recompute import run

from .measure import pair
from .record import Record


def measure_pages(record: Record) -> list[str]:
    run()
    client = Client()
    client.force_login(record.cast.du)
    pages = {
        "overview /": "/",
        "task page": f"/plans/plan/tasks/{record.tasks[0].number}/",
        "indicator page": f"/indicators/{record.indicators[0].code}/",
    }
    return [pair(_open(client, path), _bare(client, path)).say(f"{name} against SQL + base template", "≤ 3") for name, path in pages.items()]


def _open(client: Client, path: str) -> Callable[[], object]:
    def work() -> None:
        response = client.get(path)
        assert response.status_code == 200, response.status_code

    return work


def _bare(client: Client, path: str) -> Callable[[], object]:
    """The same statements by a bare cursor, every row fetched, and the base template with what it shows."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    statements = [query["sql"] for query in captured.captured_queries if query["sql"].lstrip().startswith(("SELECT", "WITH"))]
    context = {name: response.context.get(name) for name in ("site", "user", "request", "csrf_token", "messages")}
    base = loader.get_template("base.html").template

    def work() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()
        base.render(Context(context))

    return work
