import sys

from django.core.management.base import BaseCommand

from kejiting import environment, supervisor


class Command(BaseCommand):
    help = "Run the whole site on this machine: servers, first data, worker, scheduler, web."
    # Checks need a database that is not there yet; `prepare` runs them.
    requires_system_checks = []

    def handle(self, *args: object, **options: object) -> None:
        sys.exit(supervisor.run(port=environment.number("PORT", 8000)))
