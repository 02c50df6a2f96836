"""Which target comes next, and what is worst: the rules that recomputation, pages and grid share."""

from datetime import date
from decimal import Decimal
from typing import Any

from indicators.models import Document, Light, Period, Target
from indicators.periods import parse_label
from indicators.standing import Judgement, choose_target, get_worst, judge, stand_against_next


def target(pk: int, label: str, issued_on: date | None = date(2022, 4, 24)) -> Target:
    span = parse_label(label)
    period = Period(label=label, frequency=span.frequency, starts_on=span.starts_on, ends_on=span.ends_on)
    return Target(pk=pk, period=period, document=Document(title=f"文件{pk}", issued_on=issued_on))


def judgement(pk: int, measure: str, period: str | None, **fields: Any) -> Judgement:
    row = {"value": None, "text": "", "detail_json": '{"inputs": [{"kind": "observation", "id": 1}]}', "target_id": 1, "task_id": None, "aspect_id": None}
    return Judgement(pk=pk, measure=measure, period_id=period, **{**row, "indicator_id": 1, "classification": "public", "is_released": True, "is_demo": False, **fields})


def chosen(*targets: Target, observed: str = "2024") -> int | None:
    found = choose_target(targets, parse_label(observed).ends_on)
    return found.pk if found else None


def test_the_target_that_comes_next() -> None:
    near, far, past = target(1, "2025"), target(2, "2030"), target(3, "2020")
    assert chosen(far, past, near) == 1
    assert chosen(far, past, near, observed="2025") == 1  # at its own end it is still the one
    assert chosen(far, past, near, observed="2026-Q1") == 2
    assert chosen() is None


def test_where_none_comes_any_more_it_is_the_last_there_was() -> None:
    assert chosen(target(1, "2020"), target(2, "2025"), observed="2026") == 2


def test_of_one_period_the_latest_document_and_one_without_a_date_is_the_oldest() -> None:
    undated, later, earlier = target(9, "2025", None), target(2, "2025", date(2025, 3, 3)), target(3, "2025", date(2021, 12, 2))
    assert chosen(undated, later, earlier) == 2
    assert chosen(undated, earlier) == 3
    assert chosen(target(4, "2025", None), undated) == 9  # as good as each other: the one recorded last


def test_an_indicator_stands_where_its_newest_judgement_against_that_target_says() -> None:
    targets = {1: target(1, "2025"), 2: target(2, "2030")}
    rows = [
        judgement(1, "completion", "2024-Q3", value=Decimal("0.7")),
        judgement(2, "completion", "2024-Q4", value=Decimal("0.8")),
        judgement(3, "light", "2024-Q4", text="green"),
        judgement(4, "light", "2024-Q4", text="red", target_id=2),
        # The target's own period, of which nothing is known: it says nothing about what was observed.
        judgement(5, "light", "2030", text="pending", target_id=2, detail_json="{}"),
    ]
    # So does a chance, which is made of what is known and speaks of what is not.
    rows.append(judgement(6, "chance", "2030", value=Decimal("0.4"), target_id=2))
    found = stand_against_next(rows, targets)
    assert found is not None
    assert (found[0].pk, found[1].colour, found[1].done, found[1].due) == (1, "green", Decimal("0.8"), None)
    assert stand_against_next([], targets) is None


def test_of_several_periods_the_newest_counts() -> None:
    found = judge([judgement(7, "light", "2025-Q3", text="red"), judgement(8, "light", "2025-Q2", text="green")])
    assert (found.colour, [row.pk for row in found.rows]) == ("red", [7])
    assert judge([]).colour == "grey"


def test_the_worst_light() -> None:
    assert get_worst({Light.GREEN, Light.GREY, Light.YELLOW}) == "yellow"
    assert get_worst({Light.PENDING, Light.GREEN}) == "green"  # what is not published yet hides nothing
    assert get_worst({Light.PENDING}) == "pending"
    assert get_worst(set()) is None
