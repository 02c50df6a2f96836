from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from indicators.recompute import index, runner


class Command(BaseCommand):
    help = "Recompute what is marked as stale; with --all everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="mark every indicator and task first")

    def handle(self, *args: object, **options: object) -> None:
        if options["all"]:
            runner.mark_everything(cause="manage.py recompute --all")
        for name, run in (("values", runner.run()), ("index", index.run())):
            self.stdout.write(f"{name}: run {run.pk} {run.state}, {run.marks} marks, {run.written} written" if run else f"{name}: nothing to recompute")
