"""The facts by REST: what another agency pulls first is what the publisher printed."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from indicators.models import Observation
from indicators.recompute import run
from kejiting.export.keys import create_key
from tests.export.callers import Caller

pytestmark = pytest.mark.usefixtures("facts_record", "db")


@pytest.fixture
def agency() -> Caller:
    return Caller(secret=create_key("统计局", scope="read")[1])


def pull(caller: Caller, path: str) -> Iterator[dict[str, Any]]:
    while path:
        body = caller.get(path).json()
        yield from body["results"]
        path = (body["next"] or "").removeprefix("http://testserver/api/v1/")


def test_the_province_in_2023_as_the_bulletin_printed_it(agency: Caller) -> None:
    (row,) = pull(agency, "observations/?indicator=rd_expenditure&area=620000&period=2023")
    expected = {"value": "1562000", "unit_of_measure": "万元", "stated": "156.2亿元", "qualifier": None, "status": "A", "origin": "import", "is_demo": False}
    assert expected.items() <= row.items()
    assert row["source_title"]
    assert row["published_on"]


def test_rank_and_share_are_derived_of_31_provinces(agency: Caller) -> None:
    run()
    ranks = {row["area"]: int(row["value"]) for row in pull(agency, "observations/?indicator=rd_expenditure_rank&period=2023&origin=formula")}
    spent = {row["area"]: int(row["value"]) for row in pull(agency, "observations/?indicator=rd_expenditure&period=2023") if row["area"] != "000000"}
    assert len(ranks) == 31
    assert ranks["620000"] == 1 + sum(value > spent["620000"] for value in spent.values())
    assert (ranks["440000"], {row["origin"] for row in pull(agency, "observations/?indicator_origin=derived")}) == (1, {"formula"})
    formulas = {row["code"]: row["formula"] for row in pull(agency, "indicators/?origin=derived")}
    assert "rd_expenditure" in formulas["rd_expenditure_rank"]


def test_pages_and_csv_hold_every_released_fact_once(agency: Caller) -> None:
    released = Observation.objects.filter(classification="public", indicator__classification="public").exclude(released_at=None)
    every = {row["id"] for row in pull(agency, "observations/?vintages=all&page_size=50")}
    assert every == set(released.values_list("pk", flat=True))
    newest = [row["id"] for row in pull(agency, "observations/?page_size=50")]
    assert sorted(newest) == sorted(released.latest().values_list("pk", flat=True))
    response = agency.get("observations/", Accept="text/csv")
    lines = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))
    assert [int(line["id"]) for line in lines] == newest


def test_what_was_known_on_a_day_is_what_had_been_published(agency: Caller) -> None:
    """The national bulletin of 2023 came out in October 2024."""
    path = "observations/?indicator=rd_expenditure&area=620000"
    assert "2023" in {row["period"] for row in pull(agency, f"{path}&known_on=2024-10-02")}
    assert "2023" not in {row["period"] for row in pull(agency, f"{path}&known_on=2024-10-01")}
    assert list(pull(agency, f"{path}&as_of=2020-01-01")) == []
