from django.core.management.base import BaseCommand

from kejiting.preparation import prepare


class Command(BaseCommand):
    help = "Migrate, load what the first start loads, collect static files; may be repeated."

    def handle(self, *args: object, **options: object) -> None:
        prepare(say=self.stdout.write)
