"""What every page has: navigation by role, signing in and out, and nothing a strict policy would refuse."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client, override_settings

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import Role
from kejiting.accounts.templatetags.trail import detail_rows, verb_words
from tests.builders import Cast, make_user

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
EVERYBODY = ["总览", "重点任务", "指标", "目标", "指数与位次", "平台", "联合体", "项目", "成果"]


def names_in_navigation(client: Client) -> list[str]:
    page = client.get("/").content.decode()
    (first, _second) = re.findall(r"<nav.*?</nav>", page, re.S)
    return [re.sub(r"<span.*", "", name, flags=re.S).strip() for name in re.findall(r"<a [^>]*>(.*?)</a>", first, re.S)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "more"),
    [
        (Role.LEADER, []),
        (Role.REPORTER, ["数据填报"]),
        (Role.REVIEWER, ["数据填报"]),
        (Role.OFFICE, ["数据填报", "批次管理", "定义"]),
        (Role.AUDITOR, ["审计"]),
    ],
)
def test_navigation_by_role(client: Client, role: Role, more: list[str]) -> None:
    client.force_login(make_user("somebody", Cast().gxt, role))
    assert names_in_navigation(client) == [*EVERYBODY, *more]
    # Programs read it, few people do: it is at the foot of every page.
    assert '<a href="/api/v1/docs/">开放接口</a>' in client.get("/").content.decode().partition("<footer")[2]


@pytest.mark.django_db
def test_one_item_is_current(client: Client) -> None:
    client.force_login(Cast().guo)
    page = client.get("/reporting/rounds/").content.decode().partition("</nav>")[0]
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', page) == ["/reporting/rounds/"]


@pytest.mark.django_db
def test_signing_in_and_out(client: Client) -> None:
    user = make_user("somebody", Cast().gxt, Role.LEADER, password=make_password("a-long-secret"))
    page = client.get("/accounts/login/").content.decode()
    assert "非涉密系统，严禁填报涉密信息" in page
    refused = client.post("/accounts/login/", {"username": "somebody", "password": "wrong"})
    assert "账号或密码不对" in refused.content.decode()
    assert 'value="somebody"' in refused.content.decode()
    assert client.post("/accounts/login/", {"username": "somebody", "password": "a-long-secret"})["Location"] == "/"
    assert f"{user.unit.name_zh} · somebody" in client.get("/").content.decode()
    # A link that signs out could be planted anywhere, so it takes a POST.
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(("demo", "shown"), [(True, True), (False, False)])
def test_demonstration_accounts_are_named_only_where_they_exist(client: Client, demo: bool, shown: bool) -> None:
    with override_settings(DEMO=demo):
        assert ("演示账号" in client.get("/accounts/login/").content.decode()) is shown


@pytest.mark.django_db
def test_the_trail_is_the_auditors_alone(client: Client) -> None:
    cast = Cast()
    record_event("return.returned", cast.gxt, by=cast.shen, reason="请核对口径", changes={"light": ["", "red"]})
    for person in (cast.xie, cast.shen, cast.guo, cast.du):
        client.force_login(person)
        assert client.get("/audit/").status_code == 403
    client.force_login(make_user("auditor-of-test", cast.kjt, Role.AUDITOR))
    page = client.get("/audit/").content.decode()
    for words in ("报表 · 退回", "请核对口径", "gxt shen", "— → red"):
        assert words in page
    assert "没有符合条件的记录" in client.get("/audit/?q=nothing-like-it").content.decode()


def test_what_has_no_word_says_itself() -> None:
    assert verb_words("return.accepted") == "报表 · 接收"
    assert verb_words("balloon.inflate") == "balloon · inflate"
    assert verb_words("looked") == "looked"
    assert detail_rows({"n": 3, "changes": {"unit": [None, "gxt"], "kind": "x"}}) == [
        ("n", "3"),
        ("unit", "— → gxt"),
        ("kind", "x"),
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text)
    assert not re.search(r"(?:src|href)=[\"']https?://", text)


def test_what_is_vendored_is_what_the_manifest_says() -> None:
    manifest = json.loads((VENDOR / "manifest.json").read_text())
    assert {entry["file"] for entry in manifest} == {path.name for path in VENDOR.iterdir()} - {"manifest.json"}
    for entry in manifest:
        assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]
        assert entry["name"]
        assert entry["version"] in entry["file"]
        assert entry["licence"]
