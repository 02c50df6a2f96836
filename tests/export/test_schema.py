"""The schema and the human page."""

from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from indicators.models import Observation
from kejiting.export.api.root import RESOURCES
from tests.builders import Cast, Quarter, make_target
from tests.export.callers import Caller
from tests.export.reading import fill_registers, make_result, make_score

pytestmark = pytest.mark.django_db


def test_the_schema_is_whole_and_without_warnings(tmp_path: object, reader: Caller) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yml")
    schema = reader.get("schema/").json()
    assert schema["openapi"].startswith("3.")
    assert {f"/api/v1/{name}/" for name in RESOURCES} <= set(schema["paths"])
    line = schema["paths"]["/api/v1/returns/{round}/{unit}/lines/{line}/"]["patch"]
    assert {"200", "403", "404", "409", "412", "422", "428"} <= set(line["responses"])
    assert "apiKey" in schema["components"]["securitySchemes"]


def test_the_schema_says_what_is_answered(reader: Caller) -> None:
    schemas = reader.get("schema/").json()["components"]["schemas"]
    assert {"value", "missing", "released_at", "source_title", "provenance"} <= set(schemas["ObservationRow"]["properties"])
    assert {"lines", "context", "history", "version"} <= set(schemas["ReturnOutput"]["properties"])


def test_the_schema_says_what_may_be_sent(reader: Caller) -> None:
    schemas = reader.get("schema/").json()["components"]["schemas"]
    entry = schemas["PatchedLineInput"]
    assert entry["additionalProperties"] is False
    assert {"$ref": "#/components/schemas/MissingEnum"} in entry["properties"]["missing"]["oneOf"]
    assert schemas["MissingEnum"]["enum"] == ["not_due", "not_available", "withheld"]
    assert {"type": "number"} in entry["properties"]["value"]["oneOf"]


def say_null(schema: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as JSON Schema says it."""
    if isinstance(schema, list):
        return [say_null(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: say_null(part) for name, part in schema.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


def check(schema: dict[str, Any], path: str, method: str, response: Any) -> None:
    """Is the answer one that the schema declares, headers and all?"""
    declared = schema["paths"][path][method]["responses"]
    assert str(response.status_code) in declared, (path, response.status_code)
    told = declared[str(response.status_code)]
    told = schema["components"]["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
    for name in told.get("headers", {}):
        assert name in response.headers, (path, name)
    root = say_null(told["content"]["application/json"]["schema"]) | {"components": say_null(schema["components"])}
    jsonschema.validate(response.json(), root)


def test_what_is_answered_is_what_the_schema_says(quarter: Quarter, machine: Caller) -> None:
    """Each address, read by the office; then refusals of each kind."""
    office, schema = Caller(user=quarter.cast.guo), machine.get("schema/").json()
    machine.patch(f"returns/2025-Q3/gxt/lines/{quarter.line().pk}/", {"value": "12.5", "note": "含一项按折半计"})
    parts = {"round": "2025-Q3", "unit": "gxt", "line": str(quarter.line().pk), "plan": "plan", "number": "1", "task": "1"}
    check(schema, "/api/v1/returns/{round}/{unit}/", "get", machine.get("returns/2025-Q3/gxt/"))
    quarter.accept("12")
    fill_registers()
    make_result(quarter.indicator, "0.5", target=make_target(quarter.indicator, "20"))
    ends = {"lower": {"80": 1.3, "95": 1.25}, "upper": {"80": 1.42, "95": 1.5}}
    make_result(quarter.indicator, "1.36", "2026", measure="projection", detail={"from": "2025", "model": "average", **ends})
    found = [{"code": "copied", "severity": "warning", "numbers": {"previous": 7.5}}]
    make_result(quarter.indicator, "1", "2026", measure="findings", detail={"findings": found})
    make_score()
    machine.post(f"returns/2025-Q3/gxt/lines/{quarter.line().pk}/correct/", {"value": "13.5", "reason": "漏报"})
    codes = {"plans": "plan", "indicators": "contracts", "areas": "620000", "units": "gxt", "rounds": "2025-Q3", "platforms": "p1", "consortia": "c1",
             "organisations": "uni", "projects": "x1", "outcomes": "o1"}  # fmt: skip
    for path, operations in schema["paths"].items():
        if "get" not in operations or path.endswith("/count/{key}/"):
            continue
        resource = path.split("/")[3]
        listed = f"{path.split('/')[4]}s" if resource == "provenance" else resource
        key = office.get(f"{listed}/").json()["results"][0]["id"] if path.endswith(("{id}/", "{key}/")) else ""
        address = path.format(**{"code": codes.get(resource, ""), "id": key, "key": key, **parts})
        response = office.client.get(address)
        assert response.status_code == 200, address
        check(schema, path, "get", response)


def test_refusals_are_what_the_schema_says(quarter: Quarter, machine: Caller, reader: Caller) -> None:
    schema = machine.get("schema/").json()
    line = f"returns/2025-Q3/gxt/lines/{quarter.line().pk}/"
    entry, submit, listed = "/api/v1/returns/{round}/{unit}/lines/{line}/", "/api/v1/returns/{round}/{unit}/submit/", "/api/v1/observations/"
    for response in (machine.get("observations/?typo=1"), Caller().get("observations/"), machine.get("observations/", Accept="text/html")):
        check(schema, listed, "get", response)
    check(schema, "/api/v1/observations/{id}/", "get", machine.get("observations/1/"))
    found = set()
    for body, tag in (("{", '"1"'), ({"value": "约3"}, '"1"'), ({"value": "3"}, '"99"'), ({"value": "3"}, None), ({"value": "3"}, '"1"')):
        response = machine.patch(line, body, tag)
        check(schema, entry, "patch", response)
        found.add(response.status_code)
    assert found == {200, 400, 412, 422, 428}
    for caller in (machine, reader):
        check(schema, submit, "post", caller.post("returns/2025-Q3/gxt/submit/"))
    check(schema, submit, "post", machine.client.post("/api/v1/returns/2025-Q3/gxt/submit/", "x", content_type="text/plain"))
    quarter.accept("3")
    check(schema, submit, "post", machine.post("returns/2025-Q3/gxt/submit/"))
    assert Observation.objects.count() == 1


def test_each_operation_says_what_it_may_refuse(reader: Caller) -> None:
    paths = reader.get("schema/").json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            expected = {"200", "400", "401", "406", "429", "500", "503"} | ({"404"} if "{" in path else set())
            expected |= {"403", "404", "409", "413", "415", "422"} if method in ("post", "patch") else set()
            expected |= {"412", "428"} if method == "patch" else set()
            assert set(operation["responses"]) == expected, path
            assert operation["tags"] != ["v1"]
    etag = paths["/api/v1/returns/{round}/{unit}/lines/{line}/"]["patch"]["responses"]["200"]["headers"]["ETag"]
    assert etag["schema"] == {"type": "string"}


def test_the_page_for_people() -> None:
    response = Caller(user=Cast().du).get("docs/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "http://testserver/api/v1/" in text
    assert "curl" in text
    assert "If-Match" in text
    assert "<script>" not in text
    assert 'style="' not in text
