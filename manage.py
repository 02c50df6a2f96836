#!/usr/bin/env python
"""Django's commands for this site; `manage.py help` lists ours too. `manage.py run` is what `make run` calls."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from kejiting import embedded, processes


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kejiting.settings")
    try:
        with _database(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, processes.Refused) as refusal:
        sys.exit(str(refusal))


def _database(arguments: list[str]) -> AbstractContextManager[None]:
    """A single command on the embedded database while `make run` is not running: start it for the command."""
    from django.conf import settings

    data_dir = settings.DATA_DIR
    if arguments[:1] == ["run"] or os.environ.get("DATABASE_URL") or not (data_dir / "postgres").exists():
        return nullcontext()
    if processes.is_held(data_dir):
        return nullcontext()
    return embedded.servers(data_dir, redis=False)


if __name__ == "__main__":
    main()
