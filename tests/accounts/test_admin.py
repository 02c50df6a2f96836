"""System administration by role: three different people, and nothing of the record."""

import pytest
from django.test import Client

from kejiting.accounts.models import AuditEvent, Role, RoleAssignment, User
from tests.builders import Cast, make_user

pytestmark = pytest.mark.django_db

PAGES = {
    "/admin/accounts/user/": {"system"},
    "/admin/accounts/user/add/": {"system"},
    "/admin/accounts/unit/": {"system"},
    "/admin/accounts/roleassignment/": {"security"},
    "/admin/accounts/roleassignment/add/": {"security"},
}


@pytest.fixture
def people() -> dict[str, User]:
    cast = Cast()
    roles = {"system": Role.SYSTEM_ADMIN, "security": Role.SECURITY_ADMIN, "auditor": Role.AUDITOR, "office": Role.OFFICE}
    return {name: make_user(name, cast.kjt, role) for name, role in roles.items()}


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_for_its_administrator_alone(client: Client, people: dict[str, User], path: str) -> None:
    for name, user in people.items():
        client.force_login(user)
        assert (client.get(path).status_code == 200) == (name in PAGES[path]), name


def test_a_role_is_given_by_somebody_else_and_leaves_a_trail(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["security"])
    path = "/admin/accounts/roleassignment/add/"
    client.post(path, {"user": people["office"].pk, "role": Role.REVIEWER, "ends_at_0": "", "ends_at_1": ""})
    given = RoleAssignment.objects.get(user=people["office"], role=Role.REVIEWER)
    assert given.granted_by == people["security"]
    assert AuditEvent.objects.filter(verb="roleassignment.add", actor=people["security"]).exists()
    client.post(path, {"user": people["security"].pk, "role": Role.OFFICE, "ends_at_0": "", "ends_at_1": ""})
    assert not RoleAssignment.objects.filter(user=people["security"], role=Role.OFFICE).exists()


def test_a_new_account_has_no_role(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["system"])
    word = "a-long-passphrase-7"
    answer = client.post(
        "/admin/accounts/user/add/",
        {"username": "new", "name": "新", "unit": people["system"].unit_id, "password1": word, "password2": word, "usable_password": "true"},
    )
    assert answer.status_code == 302
    assert not User.objects.get(username="new").roles


def test_the_sign_in_of_the_site_is_the_one_there_is(client: Client, people: dict[str, User]) -> None:
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    client.force_login(people["office"])
    assert client.get("/admin/").status_code in (302, 403)
    assert client.get("/admin/login/").status_code == 403


def test_an_administrators_password_is_nobody_elses_to_set(client: Client, people: dict[str, User]) -> None:
    client.force_login(people["system"])
    words = {"password1": "a-long-passphrase-7", "password2": "a-long-passphrase-7", "usable_password": "true"}
    assert client.post(f"/admin/accounts/user/{people['security'].pk}/password/", words).status_code == 403
    assert client.post(f"/admin/accounts/user/{people['office'].pk}/password/", words).status_code == 302
    assert AuditEvent.objects.filter(verb="user.set_password", actor=people["system"]).count() == 1


def test_an_ended_role_is_not_prolonged(client: Client, people: dict[str, User]) -> None:
    from datetime import timedelta

    from django.utils import timezone

    now = timezone.now()
    ended = RoleAssignment.objects.create(user=people["office"], role=Role.REVIEWER, granted_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    own = RoleAssignment.objects.create(user=people["security"], role=Role.REVIEWER, granted_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    client.force_login(people["security"])
    for row in (ended, own):
        client.post(f"/admin/accounts/roleassignment/{row.pk}/change/", {"ends_at_0": "", "ends_at_1": ""})
        row.refresh_from_db()
        assert row.ends_at is not None


def test_a_renamed_unit_keeps_its_earlier_name(client: Client, people: dict[str, User]) -> None:
    from datetime import date

    from kejiting.accounts.actions import keep_unit_version
    from kejiting.accounts.models import UnitVersion

    unit = people["office"].unit
    keep_unit_version(unit, on=date(2022, 1, 1))
    client.force_login(people["system"])
    client.post(f"/admin/accounts/unit/{unit.pk}/change/", {"code": unit.code, "kind": unit.kind, "name_zh": "新名称", "name_en": ""})
    assert list(UnitVersion.objects.filter(unit=unit).order_by("valid").values_list("name_zh", flat=True)) == ["kjt", "新名称"]
