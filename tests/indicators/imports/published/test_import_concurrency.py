"""Two people, one file: of a file of its own, since the facts of others are loaded in a transaction that stays open."""

import threading

import pytest
from django.db import connection

from indicators.errors import WrongState
from indicators.imports.published.plan import Choices
from indicators.imports.published.read import plan_statistics
from indicators.models import Observation
from tests.builders import make_area, make_indicator

from .test_import import CONTENT, sheet_of, take


@pytest.mark.django_db(transaction=True)
def test_two_people_confirm_the_same_file_and_it_is_taken_once() -> None:
    make_area()
    make_indicator("rd_exp", unit_of_measure="万元", accumulation="flow", origin="official", frequency="year")
    sheet = sheet_of(*CONTENT)
    shown = plan_statistics(sheet, choices=Choices(), by=None).fingerprint
    barrier, outcomes = threading.Barrier(2), []

    def confirm() -> None:
        barrier.wait()
        try:
            take(sheet, expected=shown)
            outcomes.append("taken")
        except WrongState:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken"]
    assert Observation.objects.count() == 2
