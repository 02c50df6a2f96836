"""Reading: filters, pages, CSV, other moments, and what another agency's program must never see."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from indicators.models import (
    Document,
    Indicator,
    IndicatorDependency,
    Observation,
    RecomputeRun,
    Result,
    TargetSupersession,
    TaskIndicator,
)
from kejiting.export.api.csv_stream import make_cell
from kejiting.export.api.root import RESOURCES
from kejiting.export.models import ApiKey
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform
from projects.models import Outcome, Project
from tests.builders import (
    FOREVER,
    Cast,
    Quarter,
    make_area,
    make_indicator,
    make_plan,
    make_target,
    make_task,
    observe,
)
from tests.export.callers import Caller
from tests.export.reading import fill_registers, make_result, make_score, rows, table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


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


def test_what_came_since_is_what_was_recorded_or_released_since(figures: Indicator, reader: Caller) -> None:
    newest = Observation.objects.get(vintage=2)
    before = newest.recorded_at.isoformat().replace("+", "%2B")
    assert [(r["period"], r["vintage"]) for r in rows(reader, f"observations/?since={before}")] == [("2025-Q2", 2)]
    assert len(rows(reader, f"observations/?since={timezone.localdate()}&vintages=all")) == 4
    assert rows(reader, f"observations/?since={timezone.localdate() + timedelta(days=1)}") == []
    # An embargo that has ended brings a figure that was recorded long ago.
    observe(figures, {"2025-Q4": "9"}, released_at=timezone.now() + timedelta(seconds=1))
    late = Observation.objects.get(period="2025-Q4")
    assert rows(reader, "observations/?period=2025-Q4") == []
    after = (late.recorded_at + timedelta(milliseconds=1)).isoformat().replace("+", "%2B")
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(timezone, "now", lambda: late.released_at + timedelta(seconds=1))
        assert [r["period"] for r in rows(reader, f"observations/?since={after}")] == ["2025-Q4"]


def test_results_since_are_those_computed_or_superseded_since(figures: Indicator, reader: Caller) -> None:
    now = timezone.now()
    make_result(figures, "1", superseded_at=now, computed_at=now - timedelta(days=2))
    make_result(figures, "2", computed_at=now)
    make_result(figures, "3", "2025-Q2", computed_at=now - timedelta(days=2))
    since = (now - timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert [r["value"] for r in rows(reader, f"results/?since={since}")] == ["2"]
    assert [r["value"] for r in rows(reader, f"results/?since={since}&vintages=all")] == ["1", "2"]


def test_filters_take_several_values_and_unknown_ones_find_nothing(figures: Indicator, reader: Caller) -> None:
    assert len(rows(reader, "observations/?period=2025-Q1,2025-Q2")) == 2
    for query in ("indicator=nothing", "area=110000", "period=1999", "breakdown=x", "is_demo=true", "origin=line", "origin=line,formula,count,correction", "frequency=year"):
        assert rows(reader, f"observations/?{query}") == []
    assert len(rows(reader, "observations/?is_demo=false&origin=import&frequency=quarter&indicator_origin=official")) == 3
    assert len(rows(reader, "observations/?origin=line,import")) == 3
    assert rows(reader, "observations/?indicator_origin=reported") == []


@pytest.mark.parametrize(
    "query",
    [
        "indicators=rd", "area=1&area=2", "period=first", "period=2025-Q5", "period=2020-12/2016-01", "period=２０２５", "period=2016-1/2020-12", "is_demo=1", "is_demo=yes", "vintages=old", "as_of=yesterday", "known_on=2025-13-01",
        "as_of=2025-02-30", "format=xml", "page_size=0", "page_size=9999", "page_size=x", "cursor=x", "cursor=%FF", "cursor=LTE", "origin=heaven", "ordering=value",
        "indicator=%00", "since=yesterday", "since=2025-13-01", "since=2025-02-30", "bom=0", "bom=1", "cursor=", "as_of=", "indicator=", "is_demo=", "since=", "period=%25", "period=%25s", "frequency=%25d", "origin=%25(x)s", "indicator=%25%00", "format=csv&bom=yes", "format=csv&page_size=5",
        "format=csv&cursor=MQ",
    ],
)  # fmt: skip
def test_a_parameter_that_means_nothing_is_400_and_named(figures: Indicator, reader: Caller, query: str) -> None:
    response = reader.get(f"observations/?{query}")
    assert response.status_code == 400, response.content
    body = response.json()["error"]
    assert query.rpartition("&")[2].split("=")[0] in body["message"] or "日期" in body["message"] or "期间" in body["message"]


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


@pytest.mark.parametrize(
    ("measure", "unit", "detail", "said"),
    [
        ("completion", "项", {}, "1"),
        ("schedule", "%", {}, "1"),
        ("growth_yoy", "项", {"unit": "ratio"}, "1"),
        ("growth_yoy", "%", {"unit": "pp"}, "个百分点"),
        ("growth_qoq", "‰", {"unit": "‰"}, "个千分点"),
        ("required_pace", "项", {"of": "amount"}, "项"),
        ("required_pace", "%", {"of": "change"}, "个百分点"),
        ("year_to_date", "万元", {}, "万元"),
        ("difference", "个", {"qualifier": "over"}, "个"),
        ("progress", "万元", {}, "1"),
        ("chance", "万元", {}, "1"),
        ("projection", "万元", {}, "万元"),
        ("findings", "万元", {}, None),
    ],
)
def test_a_result_says_its_unit(reader: Caller, measure: str, unit: str, detail: dict[str, str], said: str | None) -> None:
    """-21.5 percentage points and -21.5 times are not told apart by the number."""
    make_result(make_indicator("rd", unit_of_measure=unit), "-21.5", measure=measure, detail=detail)
    row = rows(reader, "results/")[0]
    assert (row["value"], row["unit_of_measure"], row["qualifier"]) == ("-21.5", said, detail.get("qualifier"))


def test_a_projection_says_its_intervals_and_what_it_goes_on_from(figures: Indicator, reader: Caller) -> None:
    ends = {"lower": {"80": 1.3, "95": 1.25}, "upper": {"80": 1.42, "95": 1.5}}
    make_result(figures, "1.36", "2026", measure="projection", detail={"from": "2025", "model": "average", "inputs": [{"id": 1}], **ends})
    row = rows(reader, "results/?measure=projection")[0]
    assert [row[name] for name in ("lower_95", "lower_80", "value", "upper_80", "upper_95")] == ["1.25", "1.3", "1.36", "1.42", "1.5"]
    # What it was made of is told by the provenance, to who may see it.
    assert row["detail"] == {"from": "2025", "model": "average"}
    cells = table(reader, "results/?measure=projection&format=csv")[0]
    assert (cells["upper_95"], json.loads(cells["detail"])) == ("1.5", row["detail"])


@pytest.mark.parametrize(
    ("measure", "detail", "told"),
    [
        ("chance", {"from": "2025", "model": "average", "draws": 2000, "inputs": []}, {"from": "2025", "model": "average", "draws": 2000}),
        (
            "findings",
            {"findings": [{"code": "copied", "severity": "warning", "numbers": {"previous": 7.5}}], "inputs": []},
            {"findings": [{"code": "copied", "severity": "warning", "numbers": {"previous": "7.5"}}]},
        ),
        ("required_pace", {"of": "change", "periods": 2, "goal": "3"}, {"of": "change", "periods": 2, "goal": "3"}),
        ("completion", {"inputs": []}, None),
    ],
)
def test_a_result_says_what_it_has_besides_its_value(figures: Indicator, reader: Caller, measure: str, detail: dict[str, Any], told: dict[str, Any] | None) -> None:
    make_result(figures, "1", measure=measure, detail=detail)
    row = rows(reader, f"results/?measure={measure}")[0]
    assert row["detail"] == told
    assert row["lower_80"] is row["upper_95"] is None


def test_results_of_tasks_are_found_by_plan(reader: Caller) -> None:
    task = make_task(make_plan(), 3, Cast().gxt)
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="test")
    Result.objects.create(measure="light", task=task, text="green", method="light", version="1", run=run, computed_at=timezone.now())
    for query in ("plan=plan&task=3&measure=light", "task=plan/3", "task=3", "task=other/9,plan/3"):
        assert [(r["task"], r["text"], r["indicator"], r["unit_of_measure"]) for r in rows(reader, f"results/?{query}")] == [("plan/3", "green", None, None)]
    for query in ("plan=other", "task=plan/4", "task=other/3", "task=999999999", "aspect=plan/1"):
        assert rows(reader, f"results/?{query}") == []
    for query in ("task=plan", "task=plan/", "task=0", "task=plan/3/4", "aspect=-1"):
        assert reader.get(f"results/?{query}").status_code == 400


def test_every_resource_answers_in_json_and_csv(quarter: Quarter, reader: Caller) -> None:
    make_target(quarter.indicator, "20")
    quarter.accept()
    fill_registers()
    office = Caller(user=quarter.cast.guo)
    make_result(quarter.indicator, "0.5")
    make_score()
    assert set(RESOURCES) <= set(office.get("").json())
    for name in RESOURCES:
        body = office.get(f"{name}/").json()
        assert set(body) == {"results", "next"}
        shown = table(office, f"{name}/?format=csv")
        assert len(shown) == len(body["results"])
        for line, row in zip(shown, body["results"], strict=True):
            assert line == {key: str(make_cell(value)) for key, value in row.items()}
        assert body["results"], name


DETAILS = (
    "plans/plan/", "aspects/plan/1/", "tasks/plan/1/", "milestones/plan/1/1/", "indicators/contracts/", "areas/620000/", "units/gxt/", "rounds/2025-Q3/",
    "platforms/p1/", "consortia/c1/", "organisations/uni/", "projects/x1/", "outcomes/o1/",
)  # fmt: skip


@pytest.mark.parametrize("path", DETAILS)
def test_details_and_their_404(quarter: Quarter, reader: Caller, path: str) -> None:
    fill_registers()
    name, *parts = path.strip("/").split("/")
    key = "code" if len(parts) == 1 else "number"
    assert reader.get(path).json() == next(row for row in rows(reader, f"{name}/") if str(row[key]) == parts[-1])
    head, _slash, _last = path.rstrip("/").rpartition("/")
    assert reader.get(f"{head}/99999999999999999999999/").status_code == 404
    assert reader.get(f"{path}?typo=1").status_code == 400


def test_an_indicator_carries_its_definition_and_formula(reader: Caller) -> None:
    gdp, hidden = make_indicator("gdp"), make_indicator("hidden", classification="internal")
    share = make_indicator("share", origin="derived", formula="rd / gdp * 100", numerator=make_indicator("rd"), denominator=gdp)
    IndicatorDependency.objects.create(indicator=share, reads=gdp)
    row = reader.get("indicators/share/").json()
    expected = {"definition_zh": "口径", "definition_version": 1, "formula": "rd / gdp * 100", "numerator": "rd", "denominator": "gdp",
                "origin": "derived", "accumulation": "ytd", "classification": "public", "is_demo": False}  # fmt: skip
    assert expected.items() <= row.items()
    assert [(r["code"], r["formula"]) for r in rows(reader, "indicators/?origin=reported")] == [("gdp", None), ("rd", None)]
    # What it reads besides may be unknown to the asker, and with it the formula.
    IndicatorDependency.objects.create(indicator=share, reads=hidden)
    assert reader.get("indicators/share/").json()["formula"] is None
    assert Caller(user=Cast().guo).get("indicators/share/").json()["formula"] == "rd / gdp * 100"


def test_a_target_carries_its_document_baseline_and_what_superseded_it(reader: Caller) -> None:
    indicator = make_indicator("rd")
    first = make_target(indicator, "65", stated="65%以上", baseline_value=Decimal("55.1"))
    second = make_target(indicator, "62", document=Document.objects.create(title="后文", issued_on="2025-01-01"))
    assert {row["id"]: row["superseded_by"] for row in rows(reader, "targets/?indicator=rd")} == {first.pk: None, second.pk: None}
    TargetSupersession.objects.create(superseded=first, target=second, reason="调整")
    row = reader.get(f"targets/{first.pk}/").json()
    expected = {"indicator": "rd", "area": "620000", "period": "2025", "value": "65", "stated": "65%以上", "comparison": "at_least", "baseline_value": "55.1",
                "baseline_period": "2024-Q4", "superseded_by": second.pk, "source_title": "文件 2025", "source_issued_on": "2022-04-01"}  # fmt: skip
    assert expected.items() <= row.items()
    assert [r["id"] for r in rows(reader, "targets/?in_force=true")] == [second.pk]


# -- CSV -----------------------------------------------------------------------------------------


def test_csv_says_what_json_says(figures: Indicator, reader: Caller) -> None:
    by_header = reader.get("observations/?vintages=all", Accept="text/csv")
    text = b"".join(by_header.streaming_content).decode()
    assert text.startswith("id,indicator,area,breakdown,period,value,")
    shown = list(csv.DictReader(io.StringIO(text, newline="")))
    assert shown == [{k: str(make_cell(v)) for k, v in row.items()} for row in rows(reader, "observations/?vintages=all")]
    assert shown[0]["value"] == "10.5"
    assert "attachment" in by_header.headers["Content-Disposition"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＠SUM(A1)"])
def test_a_formula_in_text_is_text_in_csv(reader: Caller, text: str) -> None:
    observe(make_indicator("rd"), {"2025-Q1": "-3.5"}, stated=text)
    row = table(reader, "observations/?format=csv")[0]
    assert row["stated"] == f"'{text}"
    assert row["value"] == "-3.5"
    assert rows(reader, "observations/")[0]["stated"] == text


def test_csv_for_excel_begins_with_a_mark_and_every_line_ends_as_rfc_4180_says(figures: Indicator, reader: Caller) -> None:
    document = Document.objects.create(title='含"引号"、,逗号\n和换行')
    observe(make_indicator("quoted"), {"2025-Q1": "12345678901234567.123456"}, document_id=document.pk)
    plain, marked = (b"".join(reader.get(f"observations/?format=csv{more}").streaming_content) for more in ("", "&bom=1"))
    assert marked == b"\xef\xbb\xbf" + plain
    assert plain.startswith(b"id,")
    lines = plain.decode().split("\r\n")
    assert lines[-1] == ""
    read = list(csv.reader(io.StringIO(plain.decode(), newline=""), strict=True))
    assert len(read) == len(lines) - 1
    assert len({len(row) for row in read}) == 1
    row = table(reader, "observations/?format=csv&indicator=quoted")[0]
    assert (row["value"], row["source_title"]) == ("12345678901234567.123456", document.title)


def test_errors_are_json_even_where_csv_was_asked_for(reader: Caller) -> None:
    response = reader.get("observations/?typo=1&format=csv")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/json")
    assert reader.get("observations/", Accept="application/xml").status_code == 406


# -- cost and faults -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", RESOURCES)
def test_queries_do_not_grow_with_rows(quarter: Quarter, reader: Caller, name: str) -> None:
    fill_registers()
    observe(quarter.indicator, {"2024-Q1": "1"})
    make_target(quarter.indicator, "20")
    make_result(quarter.indicator, "1")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            reader.get(f"{name}/")
        return len(queries)

    reader.get("areas/")  # stamps the key's use
    few = count()
    observe(quarter.indicator, {f"{year}-Q{n}": str(n) for year in range(2015, 2023) for n in (1, 2, 3, 4)})
    for n in range(2, 12):
        task = make_task(quarter.plan, n, quarter.cast.gxt)
        TaskIndicator.objects.create(task=task, indicator=quarter.indicator)
        task.milestones.create(number=1, title_zh="节点", due_on="2025-09-30")
        quarter.plan.aspects.create(number=n, name_zh="方面")
        make_plan(f"plan{n}", is_current=False)
        derived = make_indicator(f"derived{n}", numerator=quarter.indicator, denominator=quarter.indicator)
        IndicatorDependency.objects.create(indicator=derived, reads=quarter.indicator)
        make_target(derived, "1")
        make_result(derived, "1")
        Project.objects.create(code=f"x{n}", name_zh="项目", programme_id="nsfc", host_id=Organisation.objects.get(code="uni").pk, task=task)
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
