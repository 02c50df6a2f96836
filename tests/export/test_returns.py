"""Reporting by machine: each status code of the contract, and the exact JSON."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from indicators.actions import rounds
from indicators.models import Line, LineEntry, Observation, Rule
from kejiting.export.keys import create_key
from tests.builders import Quarter, make_indicator, observe, open_quarter
from tests.export.callers import Caller

pytestmark = pytest.mark.django_db

RETURN = "returns/2025-Q3/gxt/"


def line_path(quarter: Quarter, kind: str = "indicator") -> str:
    return f"{RETURN}lines/{quarter.line(kind).pk}/"


def error(response: Any) -> dict[str, Any]:
    body = response.json()["error"]
    assert body["code"]
    assert len(body["message"]) > 4
    return body


def current_tag(caller: Caller) -> str:
    return str(caller.get(RETURN).headers["ETag"])


# -- reading -------------------------------------------------------------------------------------


def test_the_list_holds_what_one_may_see(quarter: Quarter, machine: Caller, reader: Caller) -> None:
    body = machine.get("returns/").json()
    assert body["next"] is None
    assert [(r["round"], r["unit"], r["state"], r["version"]) for r in body["results"]] == [("2025-Q3", "gxt", "draft", quarter.report.version)]
    assert reader.get("returns/").json() == {"results": [], "next": None}
    assert len(Caller(user=quarter.cast.guo).get("returns/?state=draft").json()["results"]) == 1
    assert Caller(user=quarter.cast.guo).get("returns/?unit=nobody").json()["results"] == []


def test_a_return_has_the_agreed_shape(quarter: Quarter, machine: Caller) -> None:
    observe(quarter.indicator, {"2025-Q2": "11"})
    response = machine.get(RETURN)
    body = response.json()
    assert response.status_code == 200
    assert response.headers["ETag"] == f'"{body["version"]}"'
    assert {name: body[name] for name in ("round", "unit", "state", "context", "history")} == {
        "round": "2025-Q3", "unit": "gxt", "state": "draft", "context": [], "history": [],
    }  # fmt: skip
    lines = {line["kind"]: line for line in body["lines"]}
    assert set(lines) == {"indicator", "milestone", "narrative"}
    figure = lines["indicator"]
    assert {name: figure[name] for name in ("line", "indicator", "area", "name", "unit_of_measure", "value", "previous", "missing", "note")} == {
        "line": str(quarter.line().pk),
        "indicator": "contracts",
        "area": "620000",
        "name": "指标 contracts",
        "unit_of_measure": "项",
        "value": None,
        "previous": "11",
        "missing": None,
        "note": "",
    }
    assert [set(f) for f in figure["findings"]] == [{"code", "severity", "message"}]
    assert "problems" not in figure
    assert (lines["narrative"]["value"], lines["narrative"]["problems"], lines["narrative"]["next_steps"]) == (None, "", "")


def test_a_line_says_which_task_and_milestone_it_is_of(quarter: Quarter, machine: Caller) -> None:
    names = ("name", "task", "task_title", "milestone", "due_on")
    assert {line["kind"]: tuple(line[name] for name in names) for line in machine.get(RETURN).json()["lines"]} == {
        "indicator": ("指标 contracts", "plan/1", "任务1", None, None),
        "milestone": ("节点一", "plan/1", "任务1", 1, "2025-09-30"),
        "narrative": ("任务1", "plan/1", "任务1", None, "2025-12-31"),
    }
    assert machine.get("tasks/?plan=plan&number=1").json()["results"][0]["title_zh"] == "任务1"


def test_previous_is_the_period_before_in_the_same_form(quarter: Quarter, machine: Caller) -> None:
    """Of a figure that runs through the year, the first quarter's previous one is the whole of last year, and says so."""
    observe(quarter.indicator, {"2024-Q4": "40"})
    first = open_quarter(quarter.cast, quarter.plan, "2025-Q1")
    line = next(r for r in machine.get(f"returns/{first.code}/gxt/").json()["lines"] if r["kind"] == "indicator")
    assert (line["previous"], line["previous_period"]) == ("40", "2024-Q4")
    third = next(r for r in machine.get(RETURN).json()["lines"] if r["kind"] == "indicator")
    assert (third["previous"], third["previous_period"]) == (None, None)


def test_previous_of_the_rest_is_what_was_last_accepted(quarter: Quarter, machine: Caller) -> None:
    quarter.accept("12")
    office = Caller(user=quarter.cast.guo)
    machine.post(f"{line_path(quarter, 'milestone')}correct/", {"value": "0", "reason": "尚未验收"})
    assert office.post(f"{line_path(quarter, 'milestone')}accept/").status_code == 200
    later = open_quarter(quarter.cast, quarter.plan, "2026-Q1")
    lines = {r["kind"]: r for r in machine.get(f"returns/{later.code}/gxt/").json()["lines"]}
    assert [(lines[kind]["previous"], lines[kind]["previous_period"]) for kind in ("milestone", "narrative")] == [
        ("0", "2025-Q3"),
        ("按计划推进", "2025-Q3"),
    ]


def test_an_accepted_figure_leads_to_its_chain(quarter: Quarter, machine: Caller) -> None:
    before = machine.get(line_path(quarter)).json()["provenance"]
    quarter.accept("12")
    link = machine.get(line_path(quarter)).json()["provenance"]
    assert (before, link) == (None, f"http://testserver/provenance/observation/{Observation.objects.get().pk}/")
    assert machine.client.get(link).json()["reported"]["line"] == str(quarter.line().pk)


def test_a_nul_in_text_is_left_out_in_steps_as_in_entry(quarter: Quarter, machine: Caller) -> None:
    quarter.fill()
    assert machine.patch(line_path(quarter), '{"note": "含\\u0000折半"}', current_tag(machine)).json()["note"] == "含折半"
    body = machine.send("POST", f"{RETURN}submit/", '{"reason": "补\\u0000报"}').json()
    assert body["history"][0]["reason"] == "补报"
    for typed in (5, ["x"], "长" * 2001):
        assert Caller(user=quarter.cast.shen).post(f"{RETURN}return/", {"reason": typed}).status_code == 422
    assert machine.patch(line_path(quarter), '{"va\\u0000lue": "1"}', current_tag(machine)).status_code in (409, 422)


@pytest.mark.parametrize("path", ["returns/2031-Q1/gxt/", "returns/2025-Q3/nobody/", "returns/2025-Q3/gxt/lines/999999/", f"returns/2025-Q3/gxt/lines/{'9' * 40}/"])
def test_what_does_not_exist_is_404(quarter: Quarter, machine: Caller, path: str) -> None:
    response = machine.get(path)
    assert response.status_code == 404
    assert error(response)["code"] == "not_found"


def test_another_units_return_does_not_exist(quarter: Quarter, reader: Caller) -> None:
    city = Caller(secret=create_key("city", scope="report", unit_code="620100")[1])
    for caller in (city, reader, Caller(user=quarter.cast.lin)):
        assert caller.get(RETURN).status_code == 404
        assert caller.get(line_path(quarter)).status_code == 404
    assert city.patch(line_path(quarter), {"value": "1"}).status_code == 404
    assert city.post(f"{RETURN}submit/").status_code == 404
    assert quarter.line().value is None


# -- entry ---------------------------------------------------------------------------------------


def test_a_saved_line_is_answered_with_its_findings_and_the_new_version(quarter: Quarter, machine: Caller) -> None:
    response = machine.patch(line_path(quarter), {"value": "12.5", "note": "含折半"}, current_tag(machine))
    body = response.json()
    assert response.status_code == 200
    assert (body["value"], body["note"], body["kind"], body["missing"]) == ("12.5", "含折半", "indicator", None)
    assert [f["code"] for f in body["findings"] if f["severity"] == "warning"]
    assert response.headers["ETag"] == f'"{body["version"]}"' == current_tag(machine)
    assert {"completion", "schedule", "light"} <= set(body)
    assert machine.get(line_path(quarter)).json() == body


def test_a_finding_of_a_validation_rule_names_the_rule(quarter: Quarter, machine: Caller) -> None:
    observe(make_indicator("most"), {"2025-Q3": "10"})
    Rule.objects.create(code="not_more", version=1, formula="contracts <= most", severity="warning", sentence_zh="超过了上限。")
    body = machine.patch(line_path(quarter), {"value": "12"}, current_tag(machine)).json()
    found = {f["code"]: f for f in body["findings"]}["rule"]
    assert found == {"code": "rule", "severity": "warning", "rule": "not_more", "message": "超过了上限。甘肃2025年第三季度：指标 contracts 12项；指标 most 10项。"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("１２．５", "12.5"), ("1,234", "1234"), ("１，２３４．５", "1234.5"), ("-3", "-3"), (12, "12"), (0.1, "0.1"), ("123456789012345678.123456", "123456789012345678.123456")],
)
def test_any_number_the_field_can_hold_is_taken(quarter: Quarter, machine: Caller, typed: object, stored: str) -> None:
    response = machine.patch(line_path(quarter), {"value": typed}, current_tag(machine))
    assert (response.status_code, response.json()["value"]) == (200, stored)
    assert quarter.line().value == Decimal(stored)


@pytest.mark.parametrize(
    "body",
    [
        *({"value": typed} for typed in ("约30", "≥5", "=1+1", "NaN", "9" * 40, "1e5", "12%", "十二", True, [1], {"a": 1})),
        {"missing": "lost"},
        {"missing": ["not_available"]},
        {"missing": []},
        {"qualifier": 0},
        {"value": "1", "missing": "not_available"},
        {"qualifier": "roughly"},
        {"note": 5},
        {"note": "长" * 2001},
        {"worth": "1"},
        {"value": "1", "problems": "只有任务才有"},
        [1, 2],
        "[]",
        '"12.5"',
        "null",
        '{"value": NaN}',
        '{"value": 1e5}',
        '{"value": 1e-05}',
        '{"value": 1e99999999999999999999}',
        '{"value": -Infinity}',
        '{"note": 1e5}',
        '{"value": ' + "9" * 40 + "}",
    ],
)
def test_what_cannot_be_stored_is_refused_in_words(quarter: Quarter, machine: Caller, body: Any) -> None:
    response = machine.patch(line_path(quarter), body, current_tag(machine))
    assert response.status_code == 422, response.content
    assert any("\u4e00" <= letter <= "\u9fff" for letter in error(response)["message"])
    assert quarter.line().value is None
    assert not LineEntry.objects.exists()


def test_a_line_says_whether_it_stops_submission_and_in_which_form_it_is(quarter: Quarter, machine: Caller) -> None:
    line = machine.get(line_path(quarter)).json()
    assert (line["is_ready"], line["accumulation"], line["decimals"]) == (False, "ytd", 0)
    doubtful = machine.patch(line_path(quarter), {"value": "12.5"}, current_tag(machine)).json()
    explained = machine.patch(line_path(quarter), {"note": "含一项按折半计"}, current_tag(machine)).json()
    assert [row["is_ready"] for row in (doubtful, explained)] == [False, True]
    # Explained is not gone.
    assert [f["code"] for f in explained["findings"]] == ["not_whole"]
    milestone = machine.get(line_path(quarter, "milestone")).json()
    assert (milestone["accumulation"], milestone["decimals"]) == (None, None)


def test_a_number_in_scientific_notation_is_told_how_to_be_written(quarter: Quarter, machine: Caller) -> None:
    for body, digits in (('{"value": 1e-05}', "0.00001"), ({"value": "1E5"}, "100000")):
        assert digits in error(machine.patch(line_path(quarter), body, current_tag(machine)))["message"]


def test_unknown_fields_are_named(quarter: Quarter, machine: Caller) -> None:
    assert "worth" in error(machine.patch(line_path(quarter), {"worth": 1}, current_tag(machine)))["message"]
    assert "because" in error(machine.post(f"{RETURN}submit/", {"because": "x"}))["message"]


@pytest.mark.parametrize("body", ["{", "value=1", '{"value": "1"', "[" * 100_000, '{"note": "\\ud800"}', "\xff", ""])
def test_malformed_json_is_400(quarter: Quarter, machine: Caller, body: str) -> None:
    response = machine.patch(line_path(quarter), body, current_tag(machine))
    assert response.status_code == 400
    assert error(response)["code"] == "malformed"


def test_other_content_types_are_415_and_too_much_is_413(quarter: Quarter, machine: Caller) -> None:
    path = f"/api/v1/{line_path(quarter)}"
    assert machine.client.patch(path, "value=1", content_type="application/x-www-form-urlencoded").status_code == 415
    assert machine.patch(line_path(quarter), '{"note": "' + "a" * 3_000_000 + '"}').status_code == 413


def test_missing_with_its_reason_and_back(quarter: Quarter, machine: Caller) -> None:
    body = machine.patch(line_path(quarter), {"missing": "not_available", "note": "统计口径调整"}, current_tag(machine)).json()
    assert (body["value"], body["missing"], body["findings"]) == (None, "not_available", [])
    body = machine.patch(line_path(quarter), {"value": "30", "qualifier": "about"}, current_tag(machine)).json()
    assert (body["value"], body["missing"], body["qualifier"]) == ("30", None, "about")


def test_milestone_and_narrative(quarter: Quarter, machine: Caller) -> None:
    assert machine.patch(line_path(quarter, "milestone"), {"value": "1"}, current_tag(machine)).json()["value"] == "1"
    assert machine.patch(line_path(quarter, "milestone"), {"value": "2"}, current_tag(machine)).status_code == 422
    told = {"value": "<script>alert(1)</script>", "problems": "缺口", "next_steps": "补齐"}
    body = machine.patch(line_path(quarter, "narrative"), told, current_tag(machine)).json()
    assert {name: body[name] for name in told} == told
    assert quarter.line("narrative").progress == "<script>alert(1)</script>"


def test_a_value_says_its_qualifier_anew(quarter: Quarter, machine: Caller) -> None:
    """What is sent of a value is the whole statement; what is not a value leaves it as it was."""
    path = line_path(quarter)
    assert machine.patch(path, {"value": "30", "qualifier": "about"}, current_tag(machine)).json()["qualifier"] == "about"
    assert machine.patch(path, {"note": "初步统计"}, current_tag(machine)).json()["qualifier"] == "about"
    assert machine.patch(path, {"qualifier": "over"}, current_tag(machine)).json()["qualifier"] == "over"
    assert machine.patch(path, {"value": "31"}, current_tag(machine)).json()["qualifier"] is None
    machine.patch(path, {"value": "30", "qualifier": "about"}, current_tag(machine))
    body = machine.patch(path, {"missing": "not_available"}, current_tag(machine)).json()
    assert (body["value"], body["missing"], body["qualifier"]) == (None, "not_available", None)


def test_only_a_figure_has_a_qualifier(quarter: Quarter, machine: Caller) -> None:
    for kind, value in (("milestone", "1"), ("narrative", "按计划推进")):
        body = {"value": value, "qualifier": "about"}
        assert "限定" in error(machine.patch(line_path(quarter, kind), body, current_tag(machine)))["message"]
        assert machine.patch(line_path(quarter, kind), {"value": value, "qualifier": None}, current_tag(machine)).status_code == 200
    assert machine.patch(line_path(quarter), {"missing": "withheld", "qualifier": "about"}, current_tag(machine)).status_code == 422
    machine.patch(line_path(quarter), {"missing": "withheld"}, current_tag(machine))
    assert machine.patch(line_path(quarter), {"qualifier": "about"}, current_tag(machine)).status_code == 422
    assert quarter.line().qualifier == ""


def test_a_script_in_a_note_is_text(quarter: Quarter, machine: Caller) -> None:
    response = machine.patch(line_path(quarter), {"value": "1", "note": "<script>alert(1)</script>\x00"}, current_tag(machine))
    assert response.json()["note"] == "<script>alert(1)</script>"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


# -- versions ------------------------------------------------------------------------------------


def test_without_a_version_nothing_is_saved(quarter: Quarter, machine: Caller) -> None:
    response = machine.patch(line_path(quarter), {"value": "1"}, tag=None)
    assert response.status_code == 428
    assert error(response)["code"] == "version_required"
    assert quarter.line().value is None


@pytest.mark.parametrize("tag", ['"999"', '"0"', '"abc"', "1", "*", 'W/"1"', '"-1"', '"1', '"１"', f'"{"9" * 5000}"'])
def test_an_unknown_version_is_412(quarter: Quarter, machine: Caller, tag: str) -> None:
    response = machine.patch(line_path(quarter), {"value": "1"}, tag)
    assert response.status_code == 412
    assert error(response)["version"] == quarter.report.version
    assert quarter.line().value is None


def test_two_programs_on_one_line(quarter: Quarter, machine: Caller) -> None:
    person = Caller(user=quarter.cast.xie)
    seen = current_tag(machine)
    assert person.patch(line_path(quarter), {"value": "1"}, seen).status_code == 200
    assert machine.patch(line_path(quarter), {"value": "2"}, seen).status_code == 412
    # An earlier version is good for every line that has not changed since.
    assert machine.patch(line_path(quarter, "milestone"), {"value": "1"}, seen).status_code == 200
    assert machine.patch(line_path(quarter), {"value": "2"}, f'{seen}, {current_tag(machine)}').status_code == 200
    assert quarter.line().value == 2


def test_what_is_sent_again_because_the_answer_was_lost_is_answered_again(quarter: Quarter, machine: Caller) -> None:
    seen, sent = current_tag(machine), {"value": "12.5", "note": "含折半"}
    first = machine.patch(line_path(quarter), sent, seen)
    again = machine.patch(line_path(quarter), sent, seen)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json(), again.headers["ETag"]) == (first.json(), first.headers["ETag"])
    assert LineEntry.objects.count() == 1
    # Anything else, and the same from anybody else, is a conflict still; an unknown version is one always.
    assert machine.patch(line_path(quarter), {"value": "12.5", "note": ""}, seen).status_code == 412
    assert Caller(user=quarter.cast.xie).patch(line_path(quarter), sent, seen).status_code == 412
    assert machine.patch(line_path(quarter), sent, '"999"').status_code == 412


# -- steps ---------------------------------------------------------------------------------------


def test_the_whole_way(quarter: Quarter, machine: Caller) -> None:
    for kind, value in (("indicator", "12"), ("milestone", "1"), ("narrative", "按计划推进")):
        assert machine.patch(line_path(quarter, kind), {"value": value}, current_tag(machine)).status_code == 200
    response = machine.post(f"{RETURN}submit/", {"reason": ""})
    assert (response.status_code, response.json()["state"]) == (200, "submitted")
    assert response.headers["ETag"] == f'"{response.json()["version"]}"'
    reviewer, office = Caller(user=quarter.cast.shen), Caller(user=quarter.cast.guo)
    assert reviewer.post(f"{RETURN}return/").status_code == 422
    assert reviewer.post(f"{RETURN}return/", {"reason": "请核对"}).json()["state"] == "returned"
    assert machine.post(f"{RETURN}submit/").status_code == 200
    assert reviewer.post(f"{RETURN}approve/").status_code == 200
    body = office.post(f"{RETURN}accept/", {"reason": "同意"}).json()
    assert body["state"] == "accepted"
    assert [step["to"] for step in body["history"]] == ["submitted", "returned", "submitted", "approved", "accepted"]
    assert set(body["history"][1]) == {"to", "by", "at", "reason"}
    assert (body["history"][1]["reason"], body["history"][0]["by"]) == ("请核对", "gxt gxt")
    assert Observation.objects.get().value == 12


def test_steps_in_the_wrong_state_are_409(quarter: Quarter, machine: Caller) -> None:
    quarter.fill()
    reviewer, office = Caller(user=quarter.cast.shen), Caller(user=quarter.cast.guo)
    assert reviewer.post(f"{RETURN}approve/").status_code == 409
    assert office.post(f"{RETURN}accept/").status_code == 409
    assert machine.post(f"{RETURN}submit/").status_code == 200
    response = machine.post(f"{RETURN}submit/")
    assert response.status_code == 409
    assert error(response)["state"] == "submitted"
    assert machine.patch(line_path(quarter), {"value": "13"}, current_tag(machine)).status_code == 409


def test_what_is_not_ready_is_422_and_named(quarter: Quarter, machine: Caller) -> None:
    response = machine.post(f"{RETURN}submit/")
    assert response.status_code == 422
    assert {p["where"] for p in error(response)["problems"]} == {str(line.pk) for line in Line.objects.all()}
    quarter.fill("12.5")  # not whole: a warning, and no note
    assert machine.post(f"{RETURN}submit/").status_code == 422
    machine.patch(line_path(quarter), {"note": "含一项按折半计"}, current_tag(machine))
    assert machine.post(f"{RETURN}submit/").status_code == 200


def test_who_may_not_is_403(quarter: Quarter, machine: Caller, reader: Caller) -> None:
    quarter.fill()
    reviewer, office = Caller(user=quarter.cast.shen), Caller(user=quarter.cast.guo)
    tag = current_tag(machine)
    for caller in (reviewer, office):
        assert caller.patch(line_path(quarter), {"value": "1"}, tag).status_code == 403
        assert caller.post(f"{RETURN}submit/").status_code == 403
    machine.post(f"{RETURN}submit/")
    for verb in ("approve", "accept", "return"):
        assert machine.post(f"{RETURN}{verb}/", {"reason": "自审"}).status_code == 403
    assert error(reader.post(f"{RETURN}submit/"))["code"] == "not_allowed"
    assert reader.patch(line_path(quarter), {"value": "1"}, tag).status_code == 403


def test_a_closed_round_is_409(quarter: Quarter, machine: Caller) -> None:
    quarter.fill()
    rounds.lock_round(quarter.round, by=quarter.cast.guo)
    assert machine.patch(line_path(quarter), {"value": "1"}, current_tag(machine)).status_code == 409
    assert error(machine.post(f"{RETURN}submit/"))["code"] == "wrong_state"


# -- corrections ---------------------------------------------------------------------------------


def test_a_correction_is_asked_by_one_and_answered_by_another(quarter: Quarter, machine: Caller) -> None:
    line, office = line_path(quarter), Caller(user=quarter.cast.guo)
    assert machine.post(f"{line}correct/", {"value": "13", "reason": "漏报"}).status_code == 409
    quarter.accept("12")
    assert machine.post(f"{line}correct/", {"value": "13"}).status_code == 422
    assert machine.post(f"{line}correct/", {"value": "约13", "reason": "漏报"}).status_code == 422
    assert machine.post(f"{line}correct/", {"value": "13", "missing": "withheld", "reason": "漏报"}).status_code == 422
    assert office.post(f"{line}accept/").status_code == 409
    body = machine.post(f"{line}correct/", {"value": "13", "reason": "漏报一项"}).json()
    row = next(r for r in body["lines"] if r["kind"] == "indicator")
    assert (row["value"], row["correction"]["value"], row["correction"]["reason"]) == ("12", "13", "漏报一项")
    assert machine.post(f"{line}correct/", {"value": "14", "reason": "再改"}).status_code == 409
    assert machine.post(f"{line}accept/").status_code == 403
    assert office.post(f"{line}return/").status_code == 422
    assert office.post(f"{line}return/", {"reason": "请附材料"}).status_code == 200
    machine.post(f"{line}correct/", {"value": "31", "reason": "漏报一项，已附材料"})
    assert office.post(f"{line}withdraw/").status_code == 403
    assert machine.post(f"{line}withdraw/").status_code == 200
    machine.post(f"{line}correct/", {"value": "13", "reason": "漏报一项，已附材料"})
    body = office.post(f"{line}accept/").json()
    row = next(r for r in body["lines"] if r["kind"] == "indicator")
    assert (row["value"], row["correction"]) == ("13", None)
    assert sorted(Observation.objects.values_list("vintage", "value")) == [(1, Decimal(12)), (2, Decimal(13))]


def test_what_became_of_a_correction_is_told(quarter: Quarter, machine: Caller) -> None:
    line, office = line_path(quarter), Caller(user=quarter.cast.guo)
    assert machine.get(line).json()["corrections"] == []
    quarter.accept("12")
    machine.post(f"{line}correct/", {"value": "13", "reason": "漏报一项"})
    assert [(c["state"], c["answered_by"], c["answer"]) for c in machine.get(line).json()["corrections"]] == [("pending", None, None)]
    office.post(f"{line}return/", {"reason": "请附材料"})
    machine.post(f"{line}correct/", {"missing": "withheld", "reason": "依规不予公布"})
    machine.post(f"{line}withdraw/", {"reason": "改回来了"})
    machine.post(f"{line}correct/", {"value": "13", "reason": "漏报一项，已附材料"})
    office.post(f"{line}accept/")
    rows = next(r for r in machine.get(RETURN).json()["lines"] if r["kind"] == "indicator")["corrections"]
    names = ("value", "missing", "previous", "reason", "state", "answer")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("13", None, "12", "漏报一项", "returned", "请附材料"),
        (None, "withheld", "12", "依规不予公布", "withdrawn", "改回来了"),
        ("13", None, "12", "漏报一项，已附材料", "accepted", None),
    ]
    assert [row["answered_by"] for row in rows] == [quarter.cast.guo.stamp, rows[1]["requested_by"], quarter.cast.guo.stamp]
    assert all(row["requested_at"] <= row["answered_at"] for row in rows)


@pytest.mark.parametrize(("typed", "stored"), [(13, "13"), (13.5, "13.5"), ("１３．５", "13.5"), ("1,300", "1300")])
def test_a_correction_reads_a_number_as_entry_does(quarter: Quarter, machine: Caller, typed: object, stored: str) -> None:
    quarter.accept("12")
    body = machine.post(f"{line_path(quarter)}correct/", {"value": typed, "reason": "漏报"}).json()
    assert next(r for r in body["lines"] if r["kind"] == "indicator")["correction"]["value"] == stored


@pytest.mark.parametrize("typed", ["约30", "1e5", True, [1], {"a": 1}, "十二"])
def test_a_correction_refuses_in_the_words_of_entry(quarter: Quarter, machine: Caller, typed: object) -> None:
    entered = error(machine.patch(line_path(quarter), {"value": typed}, current_tag(machine)))["message"]
    quarter.accept("12")
    response = machine.post(f"{line_path(quarter)}correct/", {"value": typed, "reason": "漏报"})
    assert (response.status_code, error(response)["message"]) == (422, entered)


def test_a_correction_is_answered_with_its_findings(quarter: Quarter, machine: Caller) -> None:
    quarter.accept("12")
    impossible = machine.post(f"{line_path(quarter)}correct/", {"value": "-1", "reason": "漏报"})
    assert impossible.status_code == 422
    body = machine.post(f"{line_path(quarter)}correct/", {"value": "12.5", "reason": "一项按折半计"}).json()
    row = next(r for r in body["lines"] if r["kind"] == "indicator")
    assert [(f["code"], f["severity"]) for f in row["correction"]["findings"]] == [("not_whole", "warning")]
    assert row["findings"] == []


def test_a_correction_to_missing_has_no_qualifier(quarter: Quarter, machine: Caller) -> None:
    quarter.accept("12")
    assert machine.post(f"{line_path(quarter)}correct/", {"missing": "withheld", "qualifier": "about", "reason": "依规"}).status_code == 422


def test_a_correction_to_missing(quarter: Quarter, machine: Caller) -> None:
    quarter.accept("12")
    machine.post(f"{line_path(quarter)}correct/", {"missing": "withheld", "reason": "依规不予公布"})
    body = Caller(user=quarter.cast.guo).post(f"{line_path(quarter)}accept/").json()
    row = next(r for r in body["lines"] if r["kind"] == "indicator")
    assert (row["value"], row["missing"]) == (None, "withheld")


# -- signing in ----------------------------------------------------------------------------------


def test_a_session_needs_its_csrf_token_and_a_key_does_not(quarter: Quarter) -> None:
    quarter.fill()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(quarter.cast.xie)
    path = f"/api/v1/{RETURN}submit/"
    refused = browser.post(path, content_type="application/json")
    assert refused.status_code == 403
    assert "error" in refused.json()
    browser.cookies["csrftoken"] = token = "a" * 32
    assert browser.post(path, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 200


def test_unknown_addresses_under_api_are_json(quarter: Quarter, machine: Caller) -> None:
    for path in ("nothing/", "returns/2025-Q3/gxt/lines/abc/", "returns/2025~Q3/gxt/", "returns/%00/gxt/", "indicators/%00/", "projects/a%0A/", "projects/%0Aa/", "areas/%0A/", "returns/2025-Q3/gxt/publish/"):
        response = machine.get(path)
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "application/json"
