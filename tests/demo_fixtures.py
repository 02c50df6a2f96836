"""The facts and the demonstration as a record to read: loaded once a file, taken back after it.

Use with ``db`` or ``client``: each test's own changes are undone by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone


@dataclass(frozen=True)
class DemoRecord:
    """Which day it was made on, and with it where its quarters are."""

    today: date

    @property
    def open_round(self) -> str:
        from kejiting.demo.calendar import Calendar  # the conftest sets the settings after it has imported this file

        return Calendar(self.today).quarter(0).label


@pytest.fixture(scope="module")
def facts_record(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The facts alone."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_facts", verbosity=0)
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def demo_record(facts_record: None) -> DemoRecord:
    """The facts and the demonstration, computed."""
    call_command("recompute", "--all")
    call_command("demo")
    return DemoRecord(timezone.localdate())
