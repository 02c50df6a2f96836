"""Liveness, readiness, and the pages for what went wrong."""

from collections.abc import Callable
from typing import NoReturn

import pytest
from django.contrib.auth import authenticate
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from kejiting.models import FirstLoad


def no_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("gone")


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("no-database", no_database), path("broken", broken)]
handler500 = "kejiting.errors.server_error"


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


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("address", "status", "words"), [("/no-database", 503, "数据库"), ("/broken", 500, "系统出现错误")])
def test_failure_pages(address: str, status: int, words: str) -> None:
    response = Client(raise_request_exception=False).get(address)
    assert response.status_code == status
    assert words in response.content.decode()
    assert "Traceback" not in response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]


@override_settings(ROOT_URLCONF=__name__)
def test_unknown_page_is_said_in_chinese() -> None:
    response = Client().get("/no-such-page", headers={"accept-language": "zh-CN"})
    assert response.status_code == 404
    assert "没有这个页面" in response.content.decode()


@pytest.fixture
def demo_account(django_user_model: type, db: None) -> Callable[[], object]:
    from kejiting.accounts.models import Unit

    unit = Unit.objects.create(code="demo-unit", name_zh="演示单位")
    django_user_model.objects.create_user("demo-person", password="demo-demo-person", unit=unit, is_demo=True)
    return lambda: authenticate(username="demo-person", password="demo-demo-person")


def test_demo_accounts_exist_in_demonstration_mode_only(demo_account: Callable[[], object]) -> None:
    assert demo_account() is not None
    with override_settings(DEMO=False):
        assert demo_account() is None
