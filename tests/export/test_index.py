"""Our estimate for programs: what a row says, how it is found, and that it never passes for the published index."""

from datetime import date

import pytest

from tests.export.callers import Caller
from tests.export.reading import rows, table
from tests.indicators.frameworks import HOME, estimate, make_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def estimated(db: None) -> None:
    make_index()
    estimate(date(2025, 11, 20))


@pytest.mark.usefixtures("estimated")
def test_a_whole_comes_with_interval_and_move(reader: Caller) -> None:
    row = rows(reader, f"index/?framework=test&period=2023&area={HOME}&node=total")[0]
    assert (row["is_official"], row["score"], row["rank"], row["parent"], row["reason"]) == (False, "43.75", 3, None, None)
    assert 1 <= float(row["rank_low"]) <= float(row["rank_median"]) <= float(row["rank_high"]) <= 4
    assert (row["previous_period"], row["previous_score"], row["previous_rank"]) == ("2022", "37.5", 3)
    moved = [float(row[f"score_change_{group}"]) for group in ("own", "others", "restated", "method")]
    assert sum(moved) == pytest.approx(43.75 - 37.5)
    assert row["provenance"].endswith(f"/index/test/2023/{HOME}/")


@pytest.mark.usefixtures("estimated")
def test_indicators_carry_their_figure_and_points_that_add_up(reader: Caller) -> None:
    leaves = rows(reader, f"index/?period=2023&area={HOME}&node=a,b,c")
    assert {(r["node"], r["indicator"], r["value"], r["unit_of_measure"]) for r in leaves} == {
        ("a", "xa", "5", "项"),
        ("b", "xb", "9", "项"),
        ("c", "xc", "2", "项"),
    }
    assert sum(float(r["points"]) for r in leaves) == 43.75
    assert {r["rank_low"] for r in leaves} == {None}


@pytest.mark.usefixtures("estimated")
def test_json_and_csv_have_the_same_columns(reader: Caller) -> None:
    body = rows(reader, "index/?node=total&period=2022")
    lines = table(reader, "index/?node=total&period=2022&format=csv")
    assert [line["score"] for line in lines] == [row["score"] for row in body]
    assert list(lines[0]) == list(body[0])


@pytest.mark.usefixtures("estimated")
def test_an_unknown_filter_is_refused_and_an_unknown_code_finds_nothing(reader: Caller) -> None:
    assert reader.get("index/?indicator=xa").status_code == 400
    assert reader.get("index/?period=last").status_code == 400
    assert rows(reader, "index/?framework=nosuch") == []
    assert rows(reader, "index/?as_of=2020-01-01") == []
