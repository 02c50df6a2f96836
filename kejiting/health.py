"""For machines that watch this one: is the process alive, and may it be sent visitors."""

import contextlib

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kejiting.preparation import due_steps


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, so a dead database does not get the web server restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 once the database answers, has today's structure, and holds all of the first start's data."""
    try:
        missing = _missing()
    except DatabaseError:
        missing = ["database"]
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


def _missing() -> list[str]:
    # A new connection is given up after its time; over a kept one, a database that hangs is waited for without end.
    with contextlib.closing(connections.create_connection(DEFAULT_DB_ALIAS)) as fresh:
        fresh.ensure_connection()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return ["migrations"]
    return [str(step) for step in due_steps()]
