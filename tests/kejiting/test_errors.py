"""The pages for what went wrong: in the site for who is signed in, alone where nothing else can be relied on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.http import require_POST

from indicators.models import Plan
from kejiting import urls
from kejiting.dashboard import context
from tests.builders import Cast


def fail(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def no_plan(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_object_or_404(Plan, code="none"))


urlpatterns = [
    path("x/database", fail(OperationalError("gone"))),
    path("x/broken", fail(ZeroDivisionError())),
    path("x/denied", fail(PermissionDenied("这里由主管处室管理。"))),
    path("x/none", fail(Http404("没有这张报表，或者您无权查看。"))),
    path("x/no-plan", no_plan),
    path("x/odd", fail(SuspiciousOperation("odd"))),
    path("x/large", fail(RequestDataTooBig("large"))),
    path("x/form", require_POST(fail(ZeroDivisionError()))),
    *urls.urlpatterns,
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

PAGES = [
    ("/x/broken", 500, "系统出现错误"),
    ("/x/denied", 403, "这里由主管处室管理。"),
    ("/x/none", 404, "没有这张报表，或者您无权查看。"),
    ("/x/no-plan", 404, "没有这个页面"),
    ("/no-such-page", 404, "没有这个页面"),
    ("/x/odd", 400, "无法理解这个请求"),
    ("/x/large", 413, "提交的内容太大"),
    ("/x/form", 405, "这个地址不能直接打开"),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def get(client: Client, address: str, **headers: Any) -> HttpResponse:
    client.raise_request_exception = False
    return client.get(address, headers={"accept-language": "zh-CN", **headers})


@pytest.mark.parametrize(("address", "status", "words"), PAGES)
def test_who_is_signed_in_stays_in_the_site(client: Client, address: str, status: int, words: str) -> None:
    client.force_login(Cast().guo)
    response = get(client, address)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert 'href="/reporting/rounds/"' in page  # the office's own navigation
    assert "· 强科技行动进展监测</title>" in page
    assert "data-version-url" not in page
    assert not {"Traceback", "matches the given query", "Resolver404"} & set(page.split())


@pytest.mark.parametrize(("address", "status", "words"), [*PAGES, ("/x/database", 503, "数据库暂时无法连接")])
def test_a_stranger_gets_a_page_that_stands_alone(client: Client, address: str, status: int, words: str) -> None:
    response = get(client, address)
    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert "css/error.css" in page
    assert "· 强科技行动进展监测</title>" in page
    assert "unsafe" not in response["Content-Security-Policy"]


def test_without_a_database_the_page_still_leads_on(client: Client) -> None:
    client.force_login(Cast().guo)
    response = get(client, "/x/database")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert 'href="/tasks/"' in response.content.decode()


def test_a_fault_in_what_every_page_shows_is_no_second_fault(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(Cast().guo)
    monkeypatch.setattr(context, "_get_navigation", lambda *_: 1 / 0)
    response = get(client, "/definitions/")
    assert response.status_code == 500
    assert "css/error.css" in response.content.decode()


def test_it_leads_back_to_the_page_of_ours_that_led_here(client: Client) -> None:
    client.force_login(Cast().guo)
    assert 'href="http://testserver/tasks/"' in get(client, "/no-such-page", referer="http://testserver/tasks/").content.decode()
    assert "elsewhere" not in get(client, "/no-such-page", referer="https://elsewhere.example/").content.decode()


def test_405_says_what_is_allowed(client: Client) -> None:
    assert get(client, "/x/form")["Allow"] == "POST"
    assert client.head("/x/form").content == b""


def test_an_expired_form_is_said_in_the_site() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(Cast().guo)
    response = client.post("/definitions/documents/add/", {"title": "x"})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()
    assert 'href="/reporting/rounds/"' in response.content.decode()


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100)
def test_too_much_typed_is_413(client: Client) -> None:
    client.force_login(Cast().guo)
    assert client.post("/definitions/documents/add/", {"note": "长" * 200}).status_code == 413


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/definitions/documents/add/", "2.5 MB"),
        ("/definitions/tasks/import/", "5 MB"),
        ("/definitions/statistics/", "60 MB"),
        ("/accounts/login/", "2.5 MB"),
    ],
)
def test_a_body_too_large_is_refused_before_it_is_read(client: Client, address: str, most: str) -> None:
    class Unread:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    client.force_login(Cast().guo)
    sent = {"CONTENT_LENGTH": str(61 * 1024 * 1024), "wsgi.input": Unread(), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = client.generic("POST", address, **sent)
    assert answer.status_code == 413
    assert f"这里一次最多接收 {most}。" in answer.content.decode()


@pytest.mark.parametrize("size", ["-1", "1e3", "９", "9" * 5000])
def test_a_size_that_is_none_is_refused(client: Client, size: str) -> None:
    assert client.generic("POST", "/accounts/login/", b"", CONTENT_LENGTH=size).status_code in (400, 413)


@override_settings(ALLOWED_HOSTS=["testserver"])
def test_a_host_that_is_not_ours_is_400(client: Client) -> None:
    assert get(client, "/", host="elsewhere.example", referer="https://elsewhere.example/").status_code == 400
