"""Liveness, readiness, and the pages for what went wrong."""

import socket
from collections.abc import Callable
from typing import NoReturn

import pytest
from django.contrib.auth import authenticate
from django.db import OperationalError, connection, connections
from django.test import Client, override_settings

from kejiting.models import FirstLoad


def test_alive_without_a_database(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready_only_when_everything_is_loaded(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, ["facts", "demo"])
    FirstLoad.objects.create(step=FirstLoad.Step.FACTS)
    assert client.get("/readyz").json()["missing"] == ["demo"]
    with override_settings(DEMO=False):
        assert client.get("/readyz").status_code == 200
    FirstLoad.objects.create(step=FirstLoad.Step.DEMO)
    assert client.get("/readyz").json() == {"ready": True, "missing": []}


@pytest.mark.django_db
def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> NoReturn:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, ["database"])


@pytest.mark.django_db
def test_not_ready_while_the_database_hangs(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and answers nothing, as a stopped process does."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = connections.settings["default"]
        monkeypatch.setitem(entry, "HOST", "127.0.0.1")
        monkeypatch.setitem(entry, "PORT", str(silent.getsockname()[1]))
        monkeypatch.setitem(entry, "OPTIONS", {**entry["OPTIONS"], "connect_timeout": 2})
        response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, ["database"])


@pytest.fixture
def demo_account(django_user_model: type, db: None) -> Callable[[], object]:
    from kejiting.accounts.models import Unit

    unit = Unit.objects.create(code="demo-unit", kind="department", name_zh="演示单位")
    django_user_model.objects.create_user("demo-person", password="demo-demo-person", unit=unit, is_demo=True)
    return lambda: authenticate(username="demo-person", password="demo-demo-person")


def test_demo_accounts_exist_in_demonstration_mode_only(demo_account: Callable[[], object]) -> None:
    assert demo_account() is not None
    with override_settings(DEMO=False):
        assert demo_account() is None
