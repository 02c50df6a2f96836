"""Reading: filters, pages, CSV, other moments, and what another agency's program must never see."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from indicators.models import Document, Indicator, Observation, RecomputeRun, Result, TaskIndicator
from kejiting.export.api.csv_stream import make_cell
from kejiting.export.api.root import RESOURCES
from kejiting.export.models import ApiKey
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind
from projects.models import Outcome, Programme, Project
from tests.builders import FOREVER, Cast, Quarter, make_area, make_indicator, make_plan, make_target, make_task, observe
from tests.export.callers import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


def rows(caller: Caller, path: str) -> list[dict[str, Any]]:
    response = caller.get(path)
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def table(caller: Caller, path: str) -> list[dict[str, str]]:
    response = caller.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))


def make_result(indicator: Indicator, value: str, period: str = "2025-Q1", **fields: Any) -> Result:
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="test")
    defaults = {"measure": "completion", "area": make_area(), "breakdown_id": "_T", "method": "ratio", "version": "1", "computed_at": timezone.now()}
    return Result.objects.create(indicator=indicator, value=Decimal(value), period_id=period, run=run, **{**defaults, **fields})


@pytest.fixture
def figures() -> Indicator:
    """Three quarters, of which the second was revised, and one missing."""
    indicator = make_indicator("rd", origin="official")
    document = Document.objects.create(title="公报", number="甘统〔2025〕1号", url="https://example.org/1")
    observe(indicator, {"2025-Q1": "10.50", "2025-Q2": "20", "2025-Q3": None}, stated="约10.5", document_id=document.pk)
    observe(indicator, {"2025-Q2": "21"})
    return indicator


# -- rows ----------------------------------------------------------------------------------------


def test_a_row_carries_all_that_is_known_of_a_figure(figures: Indicator, reader: Caller) -> None:
    row = rows(reader, "observations/?indicator=rd&period=2025-Q1&area=620000")[0]
    observation = Observation.objects.get(period="2025-Q1")
    expected = {
        "indicator": "rd", "area": "620000", "breakdown": "_T", "period": "2025-Q1", "value": "10.5", "unit_of_measure": "项",
        "qualifier": None, "status": "A", "missing": None, "stated": "约10.5", "vintage": 1, "definition_version": 1, "is_demo": False,
        "origin": "import", "source_title": "公报", "source_number": "甘统〔2025〕1号", "source_url": "https://example.org/1", "published_on": None,
        "provenance": f"http://testserver/provenance/observation/{observation.pk}/",
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert row["recorded_at"]
    assert row["released_at"]
    missing = rows(reader, "observations/?period=2025-Q3")[0]
    assert (missing["value"], missing["status"], missing["missing"]) == (None, "M", "not_available")
    assert reader.get(f"observations/{observation.pk}/").json() == row


def test_newest_vintage_by_default_and_all_on_request(figures: Indicator, reader: Caller) -> None:
    assert [(r["period"], r["vintage"], r["status"]) for r in rows(reader, "observations/")] == [("2025-Q1", 1, "A"), ("2025-Q3", 1, "M"), ("2025-Q2", 2, "R")]
    assert len(rows(reader, "observations/?vintages=all")) == 4
    # The newest one is found before rows are chosen by what a vintage may change.
    assert [r["value"] for r in rows(reader, "observations/?period=2025-Q2&origin=import")] == ["21"]


def test_as_of_and_known_on(figures: Indicator, reader: Caller) -> None:
    between = Observation.objects.get(vintage=2).recorded_at - timedelta(microseconds=1)
    path = "observations/?period=2025-Q2&as_of="
    assert [r["value"] for r in rows(reader, path + between.isoformat().replace("+", "%2B"))] == ["20"]
    assert [r["value"] for r in rows(reader, path + timezone.localdate().isoformat())] == ["21"]
    assert rows(reader, path + "2020-01-01") == []
    assert rows(reader, "observations/?known_on=2020-01-01") == []
    assert len(rows(reader, f"observations/?known_on={timezone.localdate()}")) == 3
    assert rows(reader, "results/?as_of=2020-01-01") == []


def test_filters_take_several_values_and_unknown_ones_find_nothing(figures: Indicator, reader: Caller) -> None:
    assert len(rows(reader, "observations/?period=2025-Q1,2025-Q2")) == 2
    for query in ("indicator=nothing", "area=110000", "period=1999", "breakdown=x", "is_demo=true", "origin=line", "frequency=year"):
        assert rows(reader, f"observations/?{query}") == []
    assert len(rows(reader, "observations/?is_demo=false&origin=import&frequency=quarter")) == 3


@pytest.mark.parametrize(
    "query",
    [
        "indicators=rd", "area=1&area=2", "period=first", "period=2025-Q5", "is_demo=1", "is_demo=yes", "vintages=old", "as_of=yesterday", "known_on=2025-13-01",
        "as_of=2025-02-30", "format=xml", "page_size=0", "page_size=9999", "page_size=x", "cursor=x", "cursor=%FF", "cursor=LTE", "origin=heaven", "ordering=value",
        "indicator=%00",
    ],
)  # fmt: skip
def test_a_parameter_that_means_nothing_is_400_and_named(figures: Indicator, reader: Caller, query: str) -> None:
    response = reader.get(f"observations/?{query}")
    assert response.status_code == 400, response.content
    body = response.json()["error"]
    assert query.split("=")[0] in body["message"] or "日期" in body["message"] or "期间" in body["message"]


def test_pages_are_stable_and_whole(reader: Caller) -> None:
    indicator = make_indicator("rd", origin="official")
    observe(indicator, {f"{year}-Q{n}": str(n) for year in range(2015, 2025) for n in (1, 2, 3, 4)})
    found: list[str] = []
    path: str | None = "observations/?indicator=rd&page_size=7"
    while path:
        body = reader.get(path).json()
        found += [row["period"] for row in body["results"]]
        path = body["next"] and body["next"].removeprefix("http://testserver/api/v1/")
        observe(make_indicator(f"other{len(found)}"), {"2025-Q1": "1"})
    assert len(found) == len(set(found)) == 40


def test_results_with_method_and_provenance(figures: Indicator, reader: Caller) -> None:
    result = make_result(figures, "0.6250")
    make_result(figures, "0.5", superseded_at=timezone.now(), computed_at=timezone.now() - timedelta(days=1))
    row = rows(reader, "results/?indicator=rd&measure=completion")[0]
    expected = {"value": "0.625", "area": "620000", "period": "2025-Q1", "method": "ratio", "version": "1", "task": None, "is_demo": False}
    assert expected.items() <= row.items()
    assert row["provenance"].endswith(f"/provenance/result/{result.pk}/")
    assert len(rows(reader, "results/?vintages=all")) == 2
    assert reader.get(f"results/{result.pk}/").json() == row


def test_results_of_tasks_are_found_by_plan(reader: Caller) -> None:
    task = make_task(make_plan(), 3, Cast().gxt)
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="test")
    Result.objects.create(measure="light", task=task, text="green", method="light", version="1", run=run, computed_at=timezone.now())
    assert [(r["task"], r["text"], r["indicator"]) for r in rows(reader, "results/?plan=plan&task=3&measure=light")] == [("plan/3", "green", None)]
    assert rows(reader, "results/?plan=other") == []


def test_every_resource_answers_in_json_and_csv(quarter: Quarter, reader: Caller) -> None:
    make_target(quarter.indicator, "20")
    quarter.accept()
    fill_registers()
    office = Caller(user=quarter.cast.guo)
    assert set(RESOURCES) <= set(office.get("").json())
    for name in RESOURCES:
        body = office.get(f"{name}/").json()
        assert set(body) == {"results", "next"}
        shown = table(office, f"{name}/?format=csv")
        assert len(shown) == len(body["results"])
        for line, row in zip(shown, body["results"], strict=True):
            assert line == {key: str(make_cell(value)) for key, value in row.items()}
        if name != "results":
            assert body["results"], name


def fill_registers() -> None:
    host = Organisation.objects.create(code="uni", name_zh="大学", kind="university")
    kind = PlatformKind.objects.create(code="skl", level="national", name_zh="全国重点实验室")
    Platform.objects.create(code="p1", name_zh="实验室", kind=kind, host=host)
    consortium = Consortium.objects.create(code="c1", name_zh="联合体", lead=host)
    ConsortiumMember.objects.create(consortium=consortium, organisation=host, valid=FOREVER)
    Project.objects.create(code="x1", name_zh="项目", programme=Programme.objects.create(code="nsfc", level="national", name_zh="基金"), host=host, budget="50.5")
    Outcome.objects.create(code="o1", name_zh="成果", kind="product")


@pytest.mark.parametrize("path", ["plans/plan/", "tasks/plan/1/", "indicators/contracts/", "areas/620000/", "units/gxt/", "rounds/2025-Q3/"])
def test_details_and_their_404(quarter: Quarter, reader: Caller, path: str) -> None:
    name = path.split("/", maxsplit=1)[0]
    assert reader.get(path).json() == rows(reader, f"{name}/")[[r.get("code") in path.split("/") or name == "tasks" for r in rows(reader, f"{name}/")].index(True)]
    head, _slash, _last = path.rstrip("/").rpartition("/")
    assert reader.get(f"{head}/99999999999999999999999/").status_code == 404
    assert reader.get(f"{path}?typo=1").status_code == 400


# -- CSV -----------------------------------------------------------------------------------------


def test_csv_says_what_json_says(figures: Indicator, reader: Caller) -> None:
    by_header = reader.get("observations/?vintages=all", Accept="text/csv")
    text = b"".join(by_header.streaming_content).decode()
    assert text.startswith("id,indicator,area,breakdown,period,value,")
    shown = list(csv.DictReader(io.StringIO(text, newline="")))
    assert shown == [{k: str(make_cell(v)) for k, v in row.items()} for row in rows(reader, "observations/?vintages=all")]
    assert shown[0]["value"] == "10.5"
    assert "attachment" in by_header.headers["Content-Disposition"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_formula_in_text_is_text_in_csv(reader: Caller, text: str) -> None:
    observe(make_indicator("rd"), {"2025-Q1": "-3.5"}, stated=text)
    row = table(reader, "observations/?format=csv")[0]
    assert row["stated"] == f"'{text}"
    assert row["value"] == "-3.5"
    assert rows(reader, "observations/")[0]["stated"] == text


def test_errors_are_json_even_where_csv_was_asked_for(reader: Caller) -> None:
    response = reader.get("observations/?typo=1&format=csv")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json")
    assert reader.get("observations/", Accept="application/xml").status_code == 406


# -- what must not be seen -----------------------------------------------------------------------


@pytest.fixture
def secrets() -> None:
    """What is internal or not released yet: each carries 机密 in its text and 777 in its number."""
    make_indicator("open")
    hidden = make_indicator("hidden.777", name_zh="机密指标", classification="internal")
    embargoed = make_indicator("embargoed")
    observe(hidden, {"2025-Q1": "777"}, stated="机密")
    observe(embargoed, {"2025-Q1": "1"})
    observe(embargoed, {"2025-Q1": "777"}, stated="机密", released_at=timezone.now() + timedelta(days=1))
    observe(embargoed, {"2025-Q2": "777"}, stated="机密", classification="internal")
    make_result(hidden, "777")
    make_result(embargoed, "777", is_released=False)
    make_result(embargoed, "777", "2025-Q2", classification="internal")
    make_target(hidden, "777", stated="机密")
    cast = Cast()
    plan = make_plan()
    open_task = make_task(plan, 1, cast.gxt)
    TaskIndicator.objects.create(task=open_task, indicator=hidden)
    task = make_task(plan, 2, cast.gxt, title_zh="机密任务", classification="internal")
    task.milestones.create(number=1, title_zh="机密节点", due_on="2025-09-30")
    host = Organisation.objects.create(code="s777", name_zh="机密机构", kind="other", classification="internal")
    kind = PlatformKind.objects.create(code="skl", level="national", name_zh="全国重点实验室")
    Platform.objects.create(code="p1", name_zh="实验室", kind=kind, host=host)
    Platform.objects.create(code="p777", name_zh="机密平台", kind=kind, classification="internal")
    consortium = Consortium.objects.create(code="c1", name_zh="联合体", lead=host)
    ConsortiumMember.objects.create(consortium=consortium, organisation=host, valid=FOREVER)
    Outcome.objects.create(code="o1", name_zh="成果", kind="product", platform=Platform.objects.get(code="p777"), task=task)


@pytest.mark.usefixtures("secrets")
def test_nothing_internal_or_unreleased_reaches_another_agency(reader: Caller) -> None:
    for name in RESOURCES:
        for query in ("", "?format=csv", "?vintages=all", "?page_size=1", "?is_demo=false"):
            response = reader.get(f"{name}/{query}")
            if response.status_code == 400:
                continue
            text = (b"".join(response.streaming_content) if response.streaming else response.content).decode()
            assert "机密" not in text, (name, query)
            assert "777" not in text, (name, query)
    assert rows(reader, "tasks/")[0]["indicators"] == []
    assert rows(reader, "platforms/")[0]["host"] is None
    assert (rows(reader, "consortia/")[0]["lead"], rows(reader, "consortia/")[0]["members"]) == (None, [])
    assert (rows(reader, "outcomes/")[0]["platform"], rows(reader, "outcomes/")[0]["task"]) == (None, None)
    # What is in force for it is the newest it may see.
    assert [(r["period"], r["value"]) for r in rows(reader, "observations/?indicator=embargoed")] == [("2025-Q1", "1")]


@pytest.mark.usefixtures("secrets")
def test_what_may_not_be_seen_cannot_be_asked_for_either(reader: Caller) -> None:
    for path in ("observations/?indicator=hidden.777", "results/?indicator=hidden.777", "targets/?indicator=hidden.777", "platforms/?host=s777",
                 "outcomes/?platform=p777", "consortia/?lead=s777", "indicators/?code=hidden.777", "milestones/?task=2", "tasks/?number=2"):  # fmt: skip
        assert rows(reader, path) == [], path
    hidden = Observation.objects.filter(value=777).values_list("pk", flat=True)
    for path in ("indicators/hidden.777/", "platforms/p777/", "organisations/s777/", "tasks/plan/2/", *(f"observations/{pk}/" for pk in hidden)):
        assert reader.get(path).status_code == 404
    assert all(reader.get(f"results/{pk}/").status_code == 404 for pk in Result.objects.values_list("pk", flat=True))


@pytest.mark.usefixtures("secrets")
def test_the_office_sees_what_is_internal() -> None:
    from kejiting.accounts.models import User

    office = Caller(user=User.objects.get(username="guo"))
    assert [r["value"] for r in rows(office, "observations/?indicator=hidden.777")] == ["777"]
    assert rows(office, "platforms/?host=s777")[0]["host"] == "s777"


def test_nothing_is_read_without_signing_in(figures: Indicator) -> None:
    nobody = Caller()
    for name in RESOURCES:
        response = nobody.get(f"{name}/")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Api-Key"
        assert response.json()["error"]["code"] == "not_signed_in"
    assert [nobody.get(f"{name}/").status_code for name in ("docs", "schema")] == [200, 200]


# -- cost and faults -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["observations", "tasks", "platforms", "consortia", "outcomes"])
def test_queries_do_not_grow_with_rows(quarter: Quarter, reader: Caller, name: str) -> None:
    fill_registers()
    observe(quarter.indicator, {"2024-Q1": "1"})

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            reader.get(f"{name}/")
        return len(queries)

    reader.get("areas/")  # stamps the key's use
    few = count()
    observe(quarter.indicator, {f"{year}-Q{n}": str(n) for year in range(2015, 2023) for n in (1, 2, 3, 4)})
    for n in range(2, 12):
        TaskIndicator.objects.create(task=make_task(quarter.plan, n, quarter.cast.gxt), indicator=quarter.indicator)
        Organisation.objects.create(code=f"u{n}", name_zh="大学", kind="university")
        host = Organisation.objects.get(code=f"u{n}")
        Platform.objects.create(code=f"q{n}", name_zh="实验室", kind_id="skl", host=host).statuses.create(status="running")
        ConsortiumMember.objects.create(consortium=Consortium.objects.create(code=f"d{n}", name_zh="联合体", lead=host), organisation=host, valid=FOREVER)
        Outcome.objects.create(code=f"o{n}", name_zh="成果", kind="product", platform=Platform.objects.get(code=f"q{n}"))
    # Prefetches run only where there is something to fetch for.
    assert count() <= few + 2
    assert count() <= 6


def test_a_lost_database_is_said_in_json(reader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_args: object, **_options: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("kejiting.export.authentication.find_key", lost)
    response = reader.get("observations/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "30")
    assert "server closed" not in response.content.decode()


def test_a_key_that_asks_too_often_waits_and_a_session_never_does(reader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from kejiting.export.throttling import KeyThrottle

    monkeypatch.setattr(KeyThrottle, "rate", "2/min")
    assert [reader.get("areas/").status_code for _ in range(3)] == [200, 200, 429]
    assert reader.get("areas/").headers["Retry-After"].isdigit()
    person = Caller(user=Cast().du)
    assert {person.get("areas/").status_code for _ in range(5)} == {200}
    assert ApiKey.objects.count() == 1
