"""The schema and the human page."""

import pytest
from django.core.management import call_command

from kejiting.export.api.root import RESOURCES
from tests.builders import Cast
from tests.export.callers import Caller

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


def test_the_page_for_people() -> None:
    response = Caller(user=Cast().du).get("docs/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "http://testserver/api/v1/" in text
    assert "curl" in text
    assert "If-Match" in text
    assert "<script>" not in text
    assert 'style="' not in text
