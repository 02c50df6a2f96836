"""The registers' pages: search in Chinese, both totals, and nothing shown that may not be seen."""

import pytest
from django.test import Client

from kejiting.accounts.models import Role, Unit, User
from platforms.models import Organisation, Platform
from projects.models import Outcome, Project
from tests.builders import make_user

pytestmark = pytest.mark.usefixtures("facts_record", "db")

LISTS = ["/platforms/", "/consortia/", "/projects/", "/outcomes/", "/organisations/"]


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make_user("reader", Unit.objects.get(code="kjt"), Role.LEADER))
    return client


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_pages_are_there(reader: Client, path: str) -> None:
    page = reader.get(path)
    assert page.status_code == 200
    first = page.context["page"].object_list[0]
    assert reader.get(f"{path}{first.code}/").status_code == 200
    assert reader.get(f"{path}no-such-thing/").status_code == 404
    assert "没有符合条件" in reader.get(path, {"q": "查无此物"}).content.decode()


@pytest.mark.parametrize(("path", "word", "name"), [("/platforms/", "离子", "重离子加速器"), ("/outcomes/", "机床", "五轴联动数控机床"), ("/consortia/", "钢铁", "钢铁新材料企业创新联合体")])
def test_search_finds_chinese_inside_words(reader: Client, path: str, word: str, name: str) -> None:
    assert name in reader.get(path, {"q": word}).content.decode()


def test_both_totals_and_the_difference_are_shown(reader: Client) -> None:
    from indicators.recompute import run

    run()
    page = reader.get("/platforms/").content.decode()
    assert "12个" in page
    assert sorted(count.difference.value for count in reader.get("/platforms/").context["counts"]) == [0, 6, 12]


@pytest.mark.parametrize(("model", "path"), [(Platform, "/platforms/"), (Project, "/projects/"), (Outcome, "/outcomes/"), (Organisation, "/organisations/")])
def test_what_is_internal_is_hidden_from_who_may_see_only_what_is_public(reader: Client, model: type[Platform], path: str) -> None:
    User.objects.filter(username="reader").update(clearance="public")
    row = model.objects.first()
    assert row is not None
    model.objects.filter(pk=row.pk).update(classification="internal")
    assert reader.get(f"{path}{row.code}/").status_code == 404
    assert f"/{row.code}/" not in reader.get(path).content.decode()


def test_members_nobody_named_are_not_said_to_be_none(reader: Client) -> None:
    page = reader.get("/consortia/", {"q": "化工新材料"})
    assert page.context["page"].object_list[0].member_count == 0
    assert "<td>0</td>" not in page.content.decode()
