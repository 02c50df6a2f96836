"""What a task's page says to whom."""

from typing import Any

import pytest

from indicators.queries.tasks import get_task
from indicators.recompute import run
from tests.builders import Quarter, make_area

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    make_area()
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)
    quarter = Quarter()
    quarter.accept("12")
    run()
    return quarter


def test_what_a_unit_says_of_its_troubles_is_for_those_who_see_its_return(quarter: Any) -> None:
    people = quarter.cast
    [told] = get_task(people.du, quarter.plan.code, quarter.task.number).narratives
    assert (told.unit, told.progress) == (quarter.cast.gxt.name_zh, "按计划推进")
    assert get_task(people.xie, quarter.plan.code, quarter.task.number).narratives
    assert get_task(people.lin, quarter.plan.code, quarter.task.number).narratives == []
