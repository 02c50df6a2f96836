"""The facts and the demonstration as a record to read: loaded once a process, each in a database of its own.

Use with ``db`` or ``client``: each test's own changes are undone by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from tests.databases import at_database, copy, drop


@dataclass(frozen=True)
class DemoRecord:
    """Which day it was made on, and with it where its quarters are."""

    today: date

    @property
    def open_round(self) -> str:
        from kejiting.demo.calendar import Calendar  # the conftest sets the settings after it has imported this file

        return Calendar(self.today).quarter(0).label


@pytest.fixture(scope="session")
def facts_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock():
        name = copy(connection.settings_dict["TEST"]["TEMPLATE"], "facts", _load_facts)
    yield name
    with django_db_blocker.unblock():
        drop(name)


@pytest.fixture(scope="session")
def demo_database(facts_database: str, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock():
        name = copy(facts_database, "demo", _make_demo)
    yield name
    with django_db_blocker.unblock():
        drop(name)


def _load_facts() -> None:
    call_command("load_facts", verbosity=0)


def _make_demo() -> None:
    call_command("recompute", "--all")
    call_command("demo")


@pytest.fixture(scope="module")
def facts_record(facts_database: str) -> Iterator[None]:
    """The facts alone."""
    with at_database(facts_database):
        yield


@pytest.fixture(scope="module")
def demo_record(demo_database: str) -> Iterator[DemoRecord]:
    """The facts and the demonstration, computed."""
    with at_database(demo_database):
        yield DemoRecord(timezone.localdate())
