"""A page is in one language, whatever the browser prefers."""

import pytest
from django.test import Client

from tests.builders import Cast, make_plan

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en-GB,en;q=0.9"}


def test_a_browser_that_prefers_english_gets_chinese_sentences_of_django_too(client: Client) -> None:
    make_plan()
    client.force_login(Cast().guo)
    response = client.post("/definitions/tasks/add/", {"number": "2", "aspect": "0"}, headers=ENGLISH)
    page = response.content.decode()
    assert response.status_code == 422
    assert "This field" not in page
    assert "选择一个有效的选项" in page
    assert '<html lang="zh-Hans">' in page
    assert response["Content-Language"] == "zh-hans"


def test_a_language_without_a_catalogue_is_not_kept_from_a_cookie(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert client.get("/accounts/login/", headers=ENGLISH)["Content-Language"] == "zh-hans"
