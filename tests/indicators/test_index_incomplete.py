"""The index's pages where something is missing: no framework, no estimate, no figures, no rank that may be computed."""

from datetime import date

import pytest
from django.test import Client

from indicators.models import IndexFramework, IndexNode
from indicators.queries.index import get_index_page
from indicators.queries.moments import NOW
from indicators.queries.what_if import get_what_if
from tests.builders import Cast
from tests.indicators.frameworks import HOME, VALUES, estimate, make_areas, make_framework, make_index, observe_all

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)


@pytest.fixture
def cast() -> Cast:
    return Cast()


def test_an_area_without_figures_is_listed_and_says_why(cast: Cast) -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2022": ("9", "5", "2", "3"), "2023": ("9", "5", None, "3")}, "xb": {"2022": ("9", "5", "8", None)}})
    estimate(TODAY)
    found = get_index_page(cast.du, NOW)
    assert [(row.score.area_id, row.score.reason) for row in found.ranking][-1] == ("630000", "no_value")
    earlier = get_index_page(cast.du, NOW, year="2022").ranking
    assert {row.score.area_id: [node.code for node in row.missing] for row in earlier if row.missing} == {"640000": ["b"]}
    client = Client()
    client.force_login(cast.du)
    assert "未测算：没有数据" in client.get("/index/").content.decode()
    assert "缺 1 项" in client.get("/index/?year=2022").content.decode()


def test_whoever_shares_our_place_is_no_rank_up(cast: Cast) -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", "5", "5", "3")}})
    estimate(TODAY)
    near = get_index_page(cast.du, NOW).neighbours
    assert near is not None
    assert near.next is not None
    assert near.next.score.area_id == "610000"


def test_no_framework_and_no_estimate_are_said(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.du)
    assert "还没有指数框架" in client.get("/index/").content.decode()
    make_areas()
    make_framework()
    assert "还没有测算" in client.get("/index/").content.decode()
    assert "还没有可以推演的测算" in client.get("/index/what-if/").content.decode()


def test_a_year_that_could_not_be_computed_says_what_is_wrong(cast: Cast) -> None:
    make_index(normalise="minmax", normalise_among=[])
    IndexFramework.objects.update(normalise="goalposts")
    IndexNode.objects.filter(code__in="abc").update(low=1, high=1)
    estimate(TODAY)
    client = Client()
    client.force_login(cast.du)
    text = client.get("/index/").content.decode()
    assert "2023年无法测算：框架不合计算方法的要求（the goalposts of a are missing or the same）" in text


def test_an_area_without_figures_can_be_given_some(cast: Cast) -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", None, "2", "3")}})
    estimate(TODAY)
    assert get_what_if(cast.du, framework="", year="", area="", typed={}).has_rank is False
    found = get_what_if(cast.du, framework="", year="", area="", typed={f"{HOME}.a": "10"})
    assert found.has_rank
    assert found.place is not None
    assert found.place.rank == 1


def test_of_one_figure_alone_it_says_what_cannot_be_said_and_lists_no_levers(cast: Cast) -> None:
    make_areas()
    make_framework()
    observe_all({"xa": VALUES["xa"]})
    estimate(TODAY)
    client = Client()
    client.force_login(cast.du)
    text = client.get("/index/what-if/").content.decode()
    assert "不能推演的：综合水平会怎样，哪项指标最见效。" in text
    assert "这一项的得分" in text
    assert "h-levers" not in text
