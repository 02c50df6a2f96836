"""The number an open page follows."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.reporting import submit_return
from indicators.models import StaleMark
from indicators.recompute import run
from tests.builders import Quarter

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter(client: Client) -> Quarter:
    made = Quarter()
    client.force_login(made.cast.du)
    return made


def number(client: Client) -> str:
    return client.get("/version/").json()["version"]


def test_a_page_carries_the_number_it_was_made_at(client: Client, quarter: Quarter) -> None:
    run()
    assert f'data-version="{number(client)}"' in client.get("/").content.decode()


def test_it_rises_with_a_run_and_with_a_step_of_a_return(client: Client, quarter: Quarter) -> None:
    first = number(client)
    assert number(client) == first
    quarter.fill()
    # What is being typed somewhere is nobody else's news.
    assert number(client) == first
    submit_return(quarter.report, by=quarter.cast.xie)
    second = number(client)
    assert second != first
    StaleMark.objects.create(indicator=quarter.indicator, cause="test")
    run()
    assert number(client) != second


def test_an_unchanged_number_is_not_sent_again(client: Client, quarter: Quarter) -> None:
    answer = client.get("/version/")
    assert client.get("/version/", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    StaleMark.objects.create(indicator=quarter.indicator, cause="test")
    again = client.get("/version/", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 200
    assert again.json()["pending"] == 1
    assert again.json()["stale_since"] is None


def test_it_says_since_when_results_are_older_than_the_data(client: Client, quarter: Quarter) -> None:
    since = timezone.now() - timedelta(minutes=3)
    StaleMark.objects.create(indicator=quarter.indicator, cause="test", created_at=since)
    assert client.get("/version/").json()["stale_since"] == since.isoformat()
    page = client.get("/").content.decode()
    assert "正在重算" in page
    assert "结果早于数据" in page.partition("</header>")[0]


def test_signed_out_there_is_nothing_to_follow(quarter: Quarter) -> None:
    assert Client().get("/version/").status_code == 302
    assert "data-version" not in Client().get("/accounts/login/").content.decode()
