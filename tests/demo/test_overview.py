"""The overview of the facts and the whole demonstration."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kejiting.accounts.models import User
from kejiting.dashboard.queries import get_overview
from tests.demo_fixtures import DemoRecord

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15


@pytest.fixture
def leader(demo_record: DemoRecord, db: None, client: Client) -> User:
    user = User.objects.get(username="leader")
    client.force_login(user)
    return user


def test_it_reads_in_few_queries(leader: User) -> None:
    with CaptureQueriesContext(connection) as captured:
        page = get_overview(leader)
    assert len(captured) <= MOST_QUERIES
    assert len(page.rows) == 35
    assert [len(aspect.rows) for aspect in page.aspects] == [7, 10, 6, 6, 6]
    assert len(page.headlines) == 4


def test_the_trends_target_is_on_the_chart_and_in_the_table(client: Client, leader: User) -> None:
    page = get_overview(leader)
    assert page.trend is not None
    names = [trace.get("name") for trace in page.trend.spec["data"]]
    assert names[:2] == ["甘肃", "全国"]
    assert "2025年目标" in names[2]
    table = client.get("/").content.decode().partition('id="trend-data"')[2].partition("</table>")[0]
    assert "2025年 目标" in table
    drawn = [value for value in page.trend.spec["data"][0]["y"] if value is not None]
    assert len(drawn) == sum(1 for _period, (home, _nation) in page.trend_rows if home)


def test_everything_that_is_demonstration_says_so(client: Client, leader: User) -> None:
    page = client.get("/").content.decode()
    assert "含演示数据" in page
    for panel in ("panel-tasks", "panel-attention", "panel-reports", "panel-latest"):
        assert "演示</span>" in page.partition(f'id="{panel}"')[2].partition("</section>")[0], panel
    # Facts are not marked.
    assert "演示" not in page.partition('id="panel-headlines"')[2].partition("</section>")[0]
    assert "演示" not in page.partition('id="panel-trend"')[2].partition("</section>")[0]
