"""Signing in: what the page asks for again after a mistake."""

import re

import pytest
from django.test import Client

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
