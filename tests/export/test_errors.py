"""Every refusal in one shape, whichever layer it comes from."""

import pytest
from django.db import OperationalError
from django.test import Client

from tests.builders import make_area
from tests.export.callers import Caller

pytestmark = pytest.mark.django_db

PATH = "/api/v1/areas/"


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


def test_a_host_that_is_not_served_is_said_in_json() -> None:
    response = Client().get(PATH, headers={"Host": "elsewhere.example"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "malformed")
    page = Client().get("/", headers={"Host": "elsewhere.example"})
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize(("fault", "status", "code"), [(ZeroDivisionError(), 500, "fault"), (OperationalError("gone"), 503, "unavailable")])
def test_a_fault_is_said_in_json_and_gives_nothing_away(reader: Caller, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int, code: str) -> None:
    def fail(*_args: object) -> None:
        raise fault

    monkeypatch.setattr("kejiting.export.api.units.AreaRows.get_rows", fail)
    reader.client.raise_request_exception = False
    response = reader.get("areas/")
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert set(response.json()["error"]) == {"code", "message"}
    assert ("Retry-After" in response.headers) == (status == 503)


def test_a_lost_database_below_the_views_is_said_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", lost)
    response = Client(raise_request_exception=False).get(PATH)
    assert (response.status_code, response.headers["Retry-After"], response.json()["error"]["code"]) == (503, "30", "unavailable")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_what_nobody_can_do_here_is_405(reader: Caller, method: str) -> None:
    response = reader.send(method, "areas/", {})
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/areas", "/api/v1/nothing"])
def test_a_forgotten_slash_sends_a_reader_on_and_stops_a_writer(reader: Caller, path: str) -> None:
    response = reader.client.get(f"{path}?level=province")
    assert (response.status_code, response.headers["Location"]) == (301, f"{path}/?level=province")
    for method in ("post", "patch"):
        refused = getattr(reader.client, method)(path, {}, content_type="application/json")
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
