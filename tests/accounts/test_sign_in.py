"""Signing in: what the page asks for again after a mistake."""

import re

import pytest
from django.test import Client

from kejiting.accounts.models import User
from tests.builders import Cast

pytestmark = pytest.mark.django_db


def focused(page: str) -> str:
    """The name of the field that has the focus when the page opens."""
    found = re.findall(r'<input[^>]*name="(\w+)"[^>]*\bautofocus\b', page)
    assert len(found) == 1
    return found[0]


def test_the_account_is_asked_first(client: Client) -> None:
    assert focused(client.get("/accounts/login/").content.decode()) == "username"


def test_after_a_wrong_password_only_the_password_is_typed_again(client: Client) -> None:
    page = client.post("/accounts/login/", {"username": "xie", "password": "wrong"}).content.decode()
    assert focused(page) == "password"
    assert 'value="xie"' in page
    assert "wrong" not in page


@pytest.mark.parametrize(("name", "place"), [("xie", "/reporting/"), ("shen", "/reporting/"), ("guo", "/reporting/"), ("du", "/")])
def test_whom_returns_wait_for_begins_with_what_waits(client: Client, name: str, place: str) -> None:
    set_password(getattr(Cast(), name))
    for asked in ("", "/"):  # the address of signing in itself, and the site's front door
        answer = client.post("/accounts/login/", {"username": name, "password": "right-1", "next": asked})
        assert (answer.status_code, answer["Location"]) == (302, place)
        client.logout()


def test_a_page_that_was_asked_for_comes_after_signing_in(client: Client) -> None:
    set_password(Cast().xie)
    answer = client.post("/accounts/login/", {"username": "xie", "password": "right-1", "next": "/tasks/?q=3"})
    assert answer["Location"] == "/tasks/?q=3"


def set_password(user: User) -> None:
    user.set_password("right-1")
    user.save()
