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
