"""A figure's chain for programs: the link beside every figure leads back to who said it, by a key alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from indicators.actions.corrections import accept_correction, request_correction
from indicators.models import Document, Evidence, IndicatorDependency, Observation, RecomputeRun, RegisterCount
from indicators.sources import register_counter
from tests.builders import Quarter, make_area, make_indicator, make_target, make_unit, make_user, observe
from tests.export.callers import Caller
from tests.export.reading import make_result, rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


def follow(caller: Caller, link: str, **headers: str) -> Any:
    """What a row's link answers, as a program asks for it."""
    response = caller.client.get(link.removeprefix("http://testserver"), headers=headers)
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


def attach(name: str, **to: Any) -> Evidence:
    by = to.pop("by", None) or make_user(f"up{name[:4]}", make_unit("gxt"))
    return Evidence.objects.create(name=name, content_type="application/pdf", size=9, sha256="a" * 64, uploaded_by=by, **to)


def test_a_reported_figure_leads_back_to_line_steps_and_evidence(quarter: Quarter, reader: Caller, machine: Caller) -> None:
    machine.patch(f"returns/2025-Q3/gxt/lines/{quarter.line().pk}/", {"value": "12", "note": "内部说明"})
    attach("open.pdf", line=quarter.line(), classification="public", title="合同清单")
    attach("closed.pdf", line=quarter.line())
    quarter.accept("12")
    chain = follow(reader, rows(reader, "observations/")[0]["provenance"])
    assert chain["observation"] == rows(reader, "observations/")[0]
    assert {"round": "2025-Q3", "unit": "gxt", "line": str(quarter.line().pk), "entered_by": "gxt gxt"}.items() <= chain["reported"].items()
    assert [(s["to"], s["by"]) for s in chain["steps"]] == [("submitted", "gxt xie"), ("approved", "gxt shen"), ("accepted", "kjt-ghc guo")]
    assert [(e["of"], e["title"], e["name"], e["sha256"]) for e in chain["evidence"]] == [("line", "合同清单", "open.pdf", "a" * 64)]
    assert (chain["definition"]["version"], chain["definition"]["text_zh"]) == (1, "口径")
    assert (chain["correction"], chain["document"], chain["imported"], chain["count"], chain["formula"], chain["run"]) == (None,) * 6
    # What people wrote to each other is for those who see the return.
    assert (chain["reported"]["note"], chain["entries"]) == ("", [])
    mine = follow(machine, chain["observation"]["provenance"])
    assert mine["reported"]["note"] == "内部说明"
    assert [entry["content"]["value"] for entry in mine["entries"]] == ["12"]
    assert [e["name"] for e in follow(Caller(user=quarter.cast.guo), chain["observation"]["provenance"], Accept="application/json")["evidence"]] == ["open.pdf", "closed.pdf"]


def test_a_corrected_figure_says_who_asked_and_who_agreed(quarter: Quarter, reader: Caller) -> None:
    quarter.accept("12")
    correction = request_correction(quarter.line(), by=quarter.cast.xie, value="13", reason="漏报一项")
    attach("why.pdf", correction=correction, by=quarter.cast.xie, classification="public")
    attach("closed.pdf", correction=correction, by=quarter.cast.xie)
    accept_correction(correction, by=quarter.cast.guo, reason="同意")
    row = rows(reader, "observations/")[0]
    chain = follow(reader, row["provenance"])
    said = {name: chain["correction"][name] for name in ("previous", "requested_by", "accepted_by", "reason", "words")}
    assert said == {"previous": "12", "requested_by": "gxt xie", "accepted_by": "kjt-ghc guo", "reason": "", "words": ""}
    assert [(v["vintage"], v["value"]) for v in chain["vintages"]] == [(2, "13"), (1, "12")]
    assert [(e["of"], e["name"], e["by"], bool(e["at"])) for e in chain["evidence"]] == [("correction", "why.pdf", "gxt xie", True)]
    before = follow(reader, chain["vintages"][1]["provenance"])
    assert (before["correction"], before["evidence"]) == (None, [])
    office = follow(Caller(user=quarter.cast.guo), row["provenance"], Accept="application/json")
    assert (office["correction"]["reason"], office["correction"]["words"]) == ("漏报一项", "同意")
    assert [e["name"] for e in office["evidence"]] == ["why.pdf", "closed.pdf"]


def test_an_imported_figure_names_its_document(reader: Caller) -> None:
    document = Document.objects.create(title="公报", number="甘统〔2025〕1号", issuer="省统计局", url="https://example.org/1")
    observe(make_indicator("rd", origin="official"), {"2025-Q1": "10"}, document_id=document.pk)
    chain = follow(reader, rows(reader, "observations/")[0]["provenance"])
    assert (chain["document"]["title"], chain["document"]["issuer"], chain["imported"]["name"]) == ("公报", "省统计局", "test")
    assert (chain["reported"], chain["steps"]) == (None, [])


def test_a_computed_figure_names_formula_and_inputs_that_may_be_seen(reader: Caller) -> None:
    rd, hidden = make_indicator("rd"), make_indicator("hidden", classification="internal")
    share = make_indicator("share", origin="derived", formula="rd * 2")
    IndicatorDependency.objects.create(indicator=share, reads=rd)
    observe(rd, {"2025-Q1": "5"})
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="0.1.0/test")
    computed = Observation.objects.create(
        indicator=share, area_id="620000", period_id="2025-Q1", vintage=1, value=10, unit_of_measure="项",
        definition=share.current_definition, run=run, released_at=timezone.now(),
    )  # fmt: skip
    chain = reader.get(f"provenance/observation/{computed.pk}/").json()
    assert (chain["formula"], chain["run"]["code_version"]) == ("rd * 2", "0.1.0/test")
    assert [(i["indicator"], i["period"], i["value"]) for i in chain["inputs"]] == [("rd", "2025-Q1", "5")]
    IndicatorDependency.objects.create(indicator=share, reads=hidden)
    observe(hidden, {"2025-Q1": "777"})
    text = reader.get(f"provenance/observation/{computed.pk}/").content.decode()
    assert "rd * 2" not in text
    assert "777" not in text


def test_a_result_names_method_target_and_what_it_was_made_of(quarter: Quarter, reader: Caller, machine: Caller) -> None:
    target = make_target(quarter.indicator, "20")
    quarter.accept("12")
    made_of = Observation.objects.get()
    line = quarter.line("milestone")
    inputs = [{"kind": "observation", "id": made_of.pk}, {"kind": "line", "id": line.pk}]
    result = make_result(quarter.indicator, "0.6", "2025-Q3", target=target, method="progress", detail={"inputs": inputs, "reason": "due_soon"})
    chain = follow(reader, rows(reader, "results/")[0]["provenance"])
    assert chain["result"] == reader.get(f"results/{result.pk}/").json()
    assert (chain["reason"], chain["override"], chain["run"]["code_version"]) == ("due_soon", None, "test")
    assert chain["how"] == "完成数 ÷ 目标数。"
    assert (chain["target"]["value"], chain["target"]["source_title"]) == ("20", "文件 2025")
    assert [o["id"] for o in chain["observations"]] == [made_of.pk]
    assert (chain["lines"], chain["hidden"]) == ([], 1)
    assert [row["name"] for row in follow(machine, chain["result"]["provenance"])["lines"]] == ["节点一"]


def test_earlier_results_are_read_at_once(quarter: Quarter, reader: Caller, django_assert_num_queries: Any) -> None:
    now, whose = timezone.now(), {"area": None, "breakdown_id": None, "task": quarter.task, "measure": "light", "text": "green"}

    def judge(days: int, **more: Any) -> int:
        result = make_result(None, "1", computed_at=now - timedelta(days=days), **whose, **more)
        return result.pk

    newest = judge(0)
    judge(1, superseded_at=now)
    reader.get("")  # a key's first use is written down
    with CaptureQueriesContext(connection) as with_one:
        reader.get(f"provenance/result/{newest}/")
    for days in range(2, 6):
        judge(days, superseded_at=now)
    with django_assert_num_queries(len(with_one)):
        chain = reader.get(f"provenance/result/{newest}/").json()
    assert [row["task"] for row in chain["earlier"]] == ["plan/1"] * 5


@pytest.mark.usefixtures("own_counters")
def test_a_count_names_its_members(reader: Caller) -> None:
    register_counter("listed", lambda day: [], lambda user, codes: [code for code in codes if code != "p777"])
    indicator = make_indicator("listed", origin="register")
    members = [{"code": "p1", "name": "实验室", "url": "/"}, {"code": "p777", "name": "机密平台", "url": "/"}]
    count = RegisterCount.objects.create(source="listed", members=members)
    Observation.objects.create(
        indicator=indicator, area_id="620000", period=observe(indicator, {"2025-Q1": "1"})[0].period, vintage=2, value=2,
        unit_of_measure="个", register_count=count, released_at=timezone.now(),
    )  # fmt: skip
    chain = follow(reader, rows(reader, "observations/")[0]["provenance"])
    counted = follow(reader, chain["count"]["provenance"])
    assert (counted["source"], counted["members"], counted["hidden"]) == ("listed", [{"code": "p1", "name": "实验室"}], 1)
    assert [o["value"] for o in counted["observations"]] == ["2"]


def test_what_may_not_be_seen_has_no_chain(reader: Caller) -> None:
    hidden, embargoed = make_indicator("hidden", classification="internal"), make_indicator("embargoed")
    observe(hidden, {"2025-Q1": "777"})
    observe(embargoed, {"2025-Q1": "777"}, released_at=timezone.now() + timedelta(days=1))
    result = make_result(hidden, "777")
    paths = [f"observation/{pk}" for pk in Observation.objects.values_list("pk", flat=True)] + [f"result/{result.pk}", "count/1"]
    for path in (*paths, "observation/0", "observation/x", f"observation/{'9' * 30}", "observation/１", "heaven/1"):
        for address in (f"/api/v1/provenance/{path}/", f"/provenance/{path}/"):
            response = reader.client.get(address)
            assert (response.status_code, response.headers["Content-Type"]) == (404, "application/json"), address
            assert "777" not in response.content.decode()


def test_one_address_is_a_page_for_people_and_json_for_programs(quarter: Quarter, reader: Caller) -> None:
    quarter.accept("12")
    path = f"/provenance/observation/{Observation.objects.get().pk}/"
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert Client().get(path, headers=browser).status_code == 302
    assert Client().get(path, headers={"Accept": "application/json"}).status_code == 401
    assert Client().get(path, headers={"Authorization": "Api-Key kjt_wrong"}).json()["error"]["code"] == "bad_key"
    person = Caller(user=quarter.cast.du).client
    page = person.get(path, headers=browser)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert {"Accept", "Authorization"} <= {name.strip() for name in page.headers["Vary"].split(",")}
    assert person.get(path, headers={"Accept": "application/json"}).json()["reported"]["unit"] == "gxt"
    assert person.get(path).headers["Content-Type"] == "text/html; charset=utf-8"
    # A key is answered in JSON whatever else the program's library asks for.
    assert reader.client.get(path, headers=browser).status_code == 200
    assert reader.client.get(path).json()["observation"]["value"] == "12"
