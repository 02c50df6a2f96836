"""The demonstration's words and numbers, from ``fixtures/demo``."""

import csv

from django.conf import settings

Row = dict[str, str]


def read(name: str) -> list[Row]:
    """The rows of ``fixtures/demo/<name>.csv``."""
    with (settings.BASE_DIR / "fixtures" / "demo" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
