"""The first administrators: three people, set up on the machine, each once; and nobody above the rules."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from kejiting.accounts.models import AuditEvent, Role, RoleAssignment, User
from tests.builders import Cast, make_user

pytestmark = pytest.mark.django_db

WORD = "a-long-passphrase-7"


@pytest.fixture(autouse=True)
def cast() -> Cast:
    return Cast()


@pytest.fixture
def create(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, with the password on its standard input."""

    def run(username: str, *, role: str, name: str = "", unit: str = "kjt", password: str = WORD) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        call_command("create_administrator", username, role=role, unit=unit, name=name or username, stdout=out)
        return out.getvalue()

    return run


def test_three_people_are_set_up_and_can_do_their_parts_alone(create: Any, client: Client) -> None:
    pages = {"sysadmin": "/admin/accounts/user/", "secadmin": "/admin/accounts/roleassignment/", "auditor": "/audit/"}
    for role in pages:
        create(f"first-{role}", role=role)
    for role in pages:
        assert client.login(username=f"first-{role}", password=WORD)
        assert {other for other, page in pages.items() if client.get(page).status_code == 200} == {role}
    events = AuditEvent.objects.filter(verb="user.add", actor=None)
    assert {event.detail["role"] for event in events} == set(pages)


def test_there_is_one_of_a_kind(create: Any) -> None:
    create("first", role="sysadmin")
    with pytest.raises(CommandError, match="已有系统管理员"):
        create("second", role="sysadmin")
    assert not User.objects.filter(username="second").exists()
    # An account that can no longer sign in holds nothing up.
    User.objects.filter(username="first").update(is_active=False)
    create("second", role="sysadmin")


def test_the_demonstrations_administrators_are_none(create: Any, cast: Cast) -> None:
    make_user("demo-admin", cast.kjt, Role.SYSTEM_ADMIN, is_demo=True)
    create("first", role="sysadmin")
    assert RoleAssignment.objects.current().filter(role=Role.SYSTEM_ADMIN, user__is_demo=False).get().user.username == "first"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("须是三个人", {"username": "again", "role": "auditor", "name": "甲"}),
        ("已存在", {"username": "first", "role": "auditor"}),
        ("没有代码为", {"username": "second", "role": "auditor", "unit": "nowhere"}),
        ("口令太短", {"username": "second", "role": "auditor", "password": "short"}),
        ("请写明姓名", {"username": "second", "role": "auditor", "name": " "}),
    ],
)
def test_what_is_wrong_is_said_and_leaves_nothing(create: Any, said: str, fields: dict[str, str]) -> None:
    create("first", role="sysadmin", name="甲")
    before = User.objects.count()
    with pytest.raises(CommandError, match=said):
        create(fields.pop("username"), **fields)
    assert User.objects.count() == before


def test_nobody_is_a_superuser(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("someone", cast.kjt)
    with pytest.raises(IntegrityError, match="user_is_no_superuser"), transaction.atomic():
        make_user("above", cast.kjt, is_superuser=True)
    with pytest.raises(IntegrityError, match="user_is_no_superuser"), transaction.atomic():
        User.objects.update(is_superuser=True)
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", WORD)
    with pytest.raises(CommandError, match="create_administrator"):
        call_command("createsuperuser", interactive=False, username="above", email="", unit=cast.kjt.pk)
