"""Take a structure into the record that an index can be estimated by, beside those that are there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from indicators.actions.frameworks import load_framework
from indicators.errors import RecordError
from indicators.imports.framework import COLUMNS, FrameworkRefused, check_shares, read_table
from indicators.models import Aggregate, Document, IndexFramework, Normalise


class Command(BaseCommand):
    help = (
        "Load an index framework from a UTF-8 CSV file with these columns (the first three must be there): "
        f"{', '.join(COLUMNS)}. One row without a parent is the whole. 载入指数框架。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument("--code", help="the framework's code; the file's name unless given")
        parser.add_argument("--name", required=True, help="its name as pages show it")
        parser.add_argument("--note", default="", help="what readers must know of it")
        parser.add_argument("--document", help="the title of the document on record that publishes it; without one it is our own")
        parser.add_argument("--normalise", choices=Normalise.values, default=Normalise.MINMAX)
        parser.add_argument("--aggregate", choices=Aggregate.values, default=Aggregate.ARITHMETIC)
        parser.add_argument("--min-coverage", default="0", help="a group with less of its weight present is not estimated (0 to 1)")
        parser.add_argument("--weight-noise", default="0.25", help="how far the draws move each weight (0 to 1)")
        parser.add_argument(
            "--normalise-among", nargs="*", default=[], choices=Normalise.values, help="methods the draws choose from"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what is wrong with it")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                table = read_table(file)
            with transaction.atomic():
                framework = load_framework(table, by=None, **_read_fields(path, options))
                transaction.set_rollback(options["dry_run"])
        except OSError as error:
            raise CommandError(_("打不开文件 %(path)s：%(reason)s") % {"path": path, "reason": error.strerror}) from error
        except FrameworkRefused as refused:
            for problem in refused.problems:
                self.stderr.write(f"{problem.where}：{problem.message}" if problem.where else problem.message)
            raise CommandError(refused.message) from refused
        except RecordError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            _("试运行，没有保存。")
            if options["dry_run"]
            else _("已载入框架“%(framework)s”，共 %(n)s 行。") % {"framework": framework, "n": len(table)}
        )


def _read_fields(path: Path, options: dict[str, Any]) -> dict[str, Any]:
    document = _find_document(options["document"])
    return {
        "code": options["code"] or path.stem.lower(),
        "name_zh": options["name"],
        "note": options["note"],
        "document": document,
        "basis": IndexFramework.Basis.PUBLISHED if document else IndexFramework.Basis.OWN,
        "normalise": options["normalise"],
        "aggregate": options["aggregate"],
        "normalise_among": options["normalise_among"],
        **check_shares(min_coverage=options["min_coverage"], weight_noise=options["weight_noise"]),
    }


def _find_document(title: str | None) -> Document | None:
    if not title:
        return None
    document = Document.objects.filter(title=title).first()
    if document is None:
        raise CommandError(_("没有标题为“%(title)s”的文件：请先登记文件。") % {"title": title})
    return document
