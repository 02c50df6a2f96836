"""The index's pages: what is said of our estimate, that it never passes for the published rank, what a change would bring."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from indicators.actions.definitions import set_weights
from indicators.analysis.composite import levers
from indicators.models import IndexFramework, IndexMark, IndexScore, Indicator, WeightVersion
from indicators.queries.estimates import choose, get_estimate
from indicators.queries.index import get_index_page
from indicators.queries.moments import NOW
from indicators.queries.what_if import get_what_if
from indicators.recompute import index, run
from tests.builders import Cast, make_user, observe
from tests.databases import at_database, copy, drop
from tests.indicators.frameworks import (
    AREAS,
    HOME,
    NODES,
    VALUES,
    estimate,
    get_score,
    make_framework,
    make_index,
)

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The people and the index, made and estimated once for this file, in a database of their own."""
    people = []

    def make() -> None:
        people.append(Cast())
        make_index()
        estimate(TODAY)

    with django_db_blocker.unblock():
        name = copy(connection.settings_dict["TEST"]["TEMPLATE"], "index", make)
    with at_database(name):
        yield people[0]
    with django_db_blocker.unblock():
        drop(name)


@pytest.fixture
def cast(made: Cast) -> Cast:
    return deepcopy(made)


@pytest.fixture
def framework(made: Cast) -> IndexFramework:
    return IndexFramework.objects.get()


@pytest.fixture
def page(cast: Cast, framework: IndexFramework) -> Callable[..., str]:
    """A page as the leader gets it."""
    client = Client()
    client.force_login(cast.du)

    def get(path: str = "/index/", status: int = 200) -> str:
        response = client.get(path)
        assert response.status_code == status, path
        return " ".join(response.content.decode().split())

    return get


# -- the page ------------------------------------------------------------------------------------


def test_the_estimate_says_score_rank_interval_and_coverage_and_that_it_is_not_official(page: Callable[..., str]) -> None:
    text = page()
    assert "2023年甘肃 <b>43.8</b> 分，4 个省区市中第 <b>3</b> 位" in text
    assert "覆盖框架 4 项三级指标中的 <b>3</b> 项" in text
    # Each panel of it says so by itself: a picture of one is cut out and passed on.
    assert text.count("测算，非官方</span>") >= 5
    assert "同级等权" in text


def test_published_rank_and_estimate_stand_in_sections_of_their_own(page: Callable[..., str]) -> None:
    official, ours = page().split('<section class="estimate"')
    assert 'id="official"' in official
    assert "测算位次" not in official
    assert "公布的位次是两回事" in ours


def test_every_figure_of_the_estimate_leads_to_where_it_comes_from(page: Callable[..., str]) -> None:
    text = page()
    leaf = get_score("2023", node="a")
    assert f'href="/provenance/observation/{leaf.observation_id}/"' in text
    assert f'href="/index/test/2023/{HOME}/"' in text
    assert 'href="/indicators/xa/"' in text


def test_ranking_has_every_area_and_its_whisker(page: Callable[..., str]) -> None:
    text = page().split('id="h-estimated-ranks"')[1].split("</section>")[0]
    assert text.count('class="whisker"') == len(AREAS)
    assert text.count('class="me"') == 1


def test_the_waterfall_ends_where_the_score_is(cast: Cast, framework: IndexFramework) -> None:
    fall = get_index_page(cast.du, NOW).waterfall
    assert fall is not None
    leaves = [step for step in fall.steps if step.node.is_leaf]
    assert (
        sum(step.width for step in leaves)
        == pytest.approx(fall.share)
        == pytest.approx(float(fall.total.score or 0) / float(fall.top))
    )
    for before, after in pairwise(leaves):
        assert after.start == pytest.approx(before.start + before.width)
    assert fall.top == 50
    assert fall.share <= 1


@pytest.mark.parametrize(("score", "top"), [("0", 10), ("10", 10), ("10.01", 20), ("39.36", 40), ("100", 100)])
def test_the_axis_of_the_waterfall_holds_the_score(cast: Cast, framework: IndexFramework, score: str, top: int) -> None:
    from indicators.queries.index import make_waterfall

    choice = choose(cast.du, NOW)
    assert choice.framework is not None
    assert choice.header is not None
    found = get_estimate(cast.du, choice.framework, choice.header, NOW)
    total = found.scores[HOME]["total"]
    total.score = Decimal(score)
    fall = make_waterfall(found, total)
    assert fall is not None
    assert fall.top == top


def test_the_next_rank_up_is_set_beside_us_leaf_by_leaf(cast: Cast, framework: IndexFramework) -> None:
    near = get_index_page(cast.du, NOW).neighbours
    assert near is not None
    assert [row.score.area_id for row in near.rows] == ["610000", "630000", "640000"]
    assert near.next is not None
    assert (near.next.score.area_id, near.next.gap) == ("630000", Decimal("1.25"))
    for row in near.rows:
        assert sum(gap or 0 for gap in row.by_leaf) == row.gap


def test_the_move_is_said_in_words_and_adds_up(page: Callable[..., str], cast: Cast) -> None:
    move = get_index_page(cast.du, NOW).move
    assert move is not None
    assert sum(part.rank or 0 for part in move.parts) == move.places
    assert sum(part.score or 0 for part in move.parts) == move.gap
    assert "2022年第 3 位（37.5 分，当时的数）→ 2023年第 <b>3</b> 位（43.8 分）" in page()


def test_the_first_year_has_nothing_to_compare_with(page: Callable[..., str]) -> None:
    text = page("/index/?year=2022")
    assert "2022年甘肃 <b>37.5</b> 分" in text
    assert "上一年没有测算，或有一年没有得分，无从比较。" in text


def test_another_framework_is_set_beside_it(page: Callable[..., str], cast: Cast) -> None:
    second = make_framework(code="second", name_zh="第二框架", normalise="minmax", position=200)
    estimate(TODAY)
    text = page("/index/?framework=second")
    assert "“另一框架”一列是同一年按“试验框架”测算的位次" in text
    other = {row.score.area_id: row.other and row.other.rank for row in get_index_page(cast.du, NOW, framework="second").ranking}
    assert other == {
        row.area_id: row.rank
        for row in IndexScore.objects.current().filter(framework__code="test", period="2023", node__code="total")
    }
    assert second.code in text


@pytest.mark.parametrize(
    ("query", "says"),
    [("framework=nosuch", "没有代码为“nosuch”的框架"), ("year=1850", "没有“1850”年的测算"), ("year=2023%27--", "年的测算")],
)
def test_what_is_asked_for_and_not_there_is_said(page: Callable[..., str], query: str, says: str) -> None:
    assert says in page(f"/index/?{query}")


def test_the_page_says_that_it_is_being_computed_anew_until_it_is(page: Callable[..., str]) -> None:
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME)
    assert "正在重算" in page().split('<section class="estimate"')[1]
    run(TODAY)
    assert IndexMark.objects.exists()
    assert "正在重算：" in page().split('<section class="estimate"')[1]
    before = page().split('data-digest="')[-1].split('"')[0]
    index.run(TODAY)
    ours = page().split('<section class="estimate"')[1]
    assert "正在重算：" not in ours
    assert before not in ours


def test_an_estimate_that_fails_again_and_again_says_so_and_not_that_it_is_under_way(page: Callable[..., str], framework: IndexFramework) -> None:
    IndexMark.objects.create(framework=framework, cause="test", attempts=3)
    text = page()
    assert "重算多次失败：有新的数据或权重没有算进来" in text
    assert "正在重算：" not in text
    assert "1 处重算多次失败，仍在定时重试，请联系系统管理员" in text


def test_a_page_of_an_earlier_moment_shows_what_was_estimated_then(page: Callable[..., str]) -> None:
    before = timezone.now()
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME)
    estimate(TODAY)
    assert "<b>46.3</b>" in page()
    then = page(f"/index/?as_of={before.isoformat().replace('+', '%2B')}")
    assert "<b>43.8</b>" in then
    assert "正在重算：" not in then
    assert f'href="/index/test/2023/{HOME}/?as_of=' in then


def test_an_estimate_of_internal_figures_is_for_those_who_may_see_them(cast: Cast, framework: IndexFramework) -> None:
    observe(Indicator.objects.get(code="xb"), {"2023": "9.5"}, area=HOME, classification="internal")
    estimate(TODAY)
    outsider = make_user("wai", cast.gxt, "leader", clearance="public")
    assert get_index_page(cast.du, NOW).header is not None
    seen = get_index_page(outsider, NOW)
    assert [header.period_id for header in seen.headers] == ["2022"]


def test_which_internal_indicator_supplies_a_node_is_not_told(cast: Cast, framework: IndexFramework) -> None:
    outsider = make_user("wai", cast.gxt, "leader", clearance="public")
    Indicator.objects.filter(code="xa").update(classification="internal", name_zh="机密指标")
    client = Client()
    client.force_login(outsider)
    for path in ("/index/", "/index/what-if/", f"/index/test/2023/{HOME}/"):
        assert "机密指标" not in client.get(path).content.decode()


# -- where it comes from -------------------------------------------------------------------------


def test_an_areas_estimate_is_followed_down_to_method_run_and_figures(page: Callable[..., str]) -> None:
    text = page(f"/index/test/2023/{HOME}/")
    row = get_score("2023")
    assert f"重算 #{row.run_id}" in text
    assert "标准值法，加权算术平均" in text
    assert "抽样 500 次，随机种子 1；权重各 ±25%" in text
    assert f'href="/provenance/observation/{get_score("2023", node="c").observation_id}/"' in text


def test_what_was_estimated_before_stays_in_reach(page: Callable[..., str]) -> None:
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME)
    estimate(TODAY)
    text = page(f"/index/test/2023/{HOME}/")
    assert "以前的测算" in text
    assert "43.8 分，第 3 位" in text
    old = IndexScore.objects.exclude(superseded_at=None).get(period="2023", area=HOME, node__code="total")
    link = text.split("以前的测算")[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert "43.8 分，第 3 位，位次区间" in page(f"/index/test/2023/{HOME}/{link}")
    assert old.score == Decimal("43.75")


@pytest.mark.parametrize(
    "path", [f"/index/nosuch/2023/{HOME}/", f"/index/test/1999/{HOME}/", "/index/test/2023/999999/", "/index/test/x/y/"]
)
def test_what_is_not_there_is_not_found(page: Callable[..., str], path: str) -> None:
    page(path, 404)


# -- what if -------------------------------------------------------------------------------------


def ask(user: Any, **typed: str) -> Any:
    return get_what_if(user, framework="", year="", area="", typed={f"{HOME}.{leaf}": text for leaf, text in typed.items()})


def test_without_a_change_it_says_what_the_estimate_says(cast: Cast, framework: IndexFramework) -> None:
    found = ask(cast.du, a="5", b="9", c="2")
    assert found.place is not None
    assert (found.changes, found.place.score, found.place.rank, found.place.gap) == ([], 43.75, 3, 0)


def test_a_change_moves_score_and_rank_by_hand(cast: Cast, framework: IndexFramework) -> None:
    # a 5 → 6: 10 points of it, half of input, half of the whole: 2.5.
    found = ask(cast.du, a="６", c="")
    assert found.place is not None
    assert (found.place.score, found.place.gap, found.place.rank, found.place.places) == (46.25, 2.5, 2, 1)
    assert [(place.area.pk, place.rank_before, place.rank) for place in found.moved] == [("630000", 2, 3)]


def test_several_changes_of_several_provinces_count_together(cast: Cast, framework: IndexFramework) -> None:
    found = get_what_if(
        cast.du, framework="test", year="2023", area="640000", typed={f"{HOME}.a": "6", "640000.a": "10", "640000.c": "5"}
    )
    assert found.place is not None
    assert (found.place.area.pk, found.place.rank) == ("640000", 1)
    assert {(change.area.pk, change.leaf.code) for change in found.changes} == {(HOME, "a"), ("640000", "a"), ("640000", "c")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc", "“abc”不是这里要的数字"),
        ("约6", "不带单位和“约”"),
        ("1e5", "数字"),
        ("-3", "不能小于 0"),
        ("9" * 40, "请写如 12.5"),
        ("=1+1", "请写如 12.5"),
        ("NaN", "数字"),
    ],
)
def test_what_is_no_number_is_said_stays_and_spoils_nothing(cast: Cast, framework: IndexFramework, text: str, says: str) -> None:
    found = ask(cast.du, a=text, b="10")
    assert [problem for problem in found.problems if says in problem], found.problems
    dial = next(dial for dial in found.dials if dial.leaf.code == "a")
    assert dial.shown == text
    # b alone counts.
    assert found.place is not None
    assert found.place.gap == pytest.approx(1.25)


def test_keys_that_are_none_are_ignored(cast: Cast, framework: IndexFramework) -> None:
    found = get_what_if(
        cast.du,
        framework="",
        year="",
        area="nowhere",
        typed={"999999.a": "6", f"{HOME}.d": "1", f"{HOME}.": "1", ".a": "1", "x.y.z": "1"},
    )
    assert found.changes == []
    assert "没有代码为“nowhere”的省份" in found.problem


def test_levers_are_the_cores_and_start_from_the_changes(cast: Cast, framework: IndexFramework) -> None:
    choice = choose(cast.du, NOW)
    assert choice.framework is not None
    assert choice.header is not None
    base = get_estimate(cast.du, choice.framework, choice.header, NOW)
    values = base.values
    values.loc[HOME, "a"] = 6
    expected = levers(values, base.structure, base.method, HOME, 1.0)
    found = ask(cast.du, a="6")
    assert [(lever.leaf.code, lever.score, lever.places) for lever in found.levers] == [
        (code, row["score"], row["places"]) for code, row in expected.iterrows()
    ]


def test_the_page_and_its_fragment_say_the_same_without_a_script(page: Callable[..., str]) -> None:
    query = f"framework=test&year=2023&area={HOME}&{HOME}.a=6&630000.b=abc"
    whole, part = page(f"/index/what-if/?{query}"), page(f"/index/what-if/?{query}&fragment")
    assert part in whole
    assert part.startswith('<section class="panel outcome"')
    assert "<b>46.3</b>" in part
    # What was typed for another province goes along.
    assert '<input type="hidden" name="630000.b" value="abc" data-other>' in whole
    assert "青海 指标乙：“abc”不是这里要的数字" in whole


def test_nothing_of_a_what_if_is_kept(page: Callable[..., str]) -> None:
    before = list(IndexScore.objects.values_list("pk", "score"))
    page(f"/index/what-if/?{HOME}.a=6")
    assert list(IndexScore.objects.values_list("pk", "score")) == before
    assert not IndexMark.objects.exists()


def test_a_script_in_a_field_is_text(page: Callable[..., str]) -> None:
    assert "<script>alert" not in page(f"/index/what-if/?{HOME}.a=%3Cscript%3Ealert(1)%3C/script%3E&area=%3Cscript%3Ealert(1)")


@pytest.mark.parametrize("path", ["/index/", "/index/what-if/", f"/index/test/2023/{HOME}/"])
def test_signed_out_nobody_sees_it(path: str) -> None:
    assert Client().get(path).status_code == 302


# -- the office ----------------------------------------------------------------------------------


def weights_form(**changed: str) -> dict[str, str]:
    return {**{f"w-{node['code']}": "1" for node in NODES[1:]}, "expected": "0", "from_year": "", "reason": "厅务会议定", **changed}


@pytest.fixture
def office(cast: Cast, framework: IndexFramework) -> Client:
    client = Client()
    client.force_login(cast.guo)
    return client


def test_the_office_enters_weights_and_the_page_says_whose_they_are(office: Client, page: Callable[..., str]) -> None:
    assert "权重未见公布，现为同级等权" in office.get("/definitions/index/test/").content.decode()
    answer = office.post("/definitions/index/test/", weights_form(**{"w-input": "3"}), follow=True)
    assert "已保存第 1 版权重，正在重新测算。" in answer.content.decode()
    estimate(TODAY)
    text = page()
    # input 47.5 × 3 and output 40.
    assert "<b>45.6</b>" in text
    assert "第 1 版，kjt-ghc" in text
    assert "厅务会议定" in text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reason": ""}, "依据或理由"),
        ({"w-a": "-1"}, "“指标甲”的权重是 -1：不能小于 0。"),
        ({"w-a": "多"}, "请填写一个数字"),
        ({"w-a": ""}, "指标甲"),
        ({"w-a": "0", "w-b": "0"}, "“投入”下各项的权重都是 0：至少有一项须大于 0。"),
        ({"from_year": "1850"}, "请填写 1990 至 2100 的整数"),
    ],
)
def test_wrong_weights_are_answered_at_their_field_and_stay(office: Client, changed: dict[str, str], says: str) -> None:
    answer = office.post("/definitions/index/test/", weights_form(**{"w-c": "7", **changed}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text
    assert 'name="w-c" value="7"' in text
    assert not WeightVersion.objects.exists()


def test_two_people_at_once_are_told_of_each_other(office: Client, cast: Cast, framework: IndexFramework) -> None:
    set_weights(framework, by=cast.jiang, weights={node["code"]: Decimal(2) for node in NODES[1:]}, reason="依据")
    answer = office.post("/definitions/index/test/", weights_form())
    assert answer.status_code == 412
    assert "另一人刚刚保存了这个框架的权重（第 1 版）" in answer.content.decode()


def test_frameworks_are_the_offices(office: Client, cast: Cast) -> None:
    text = " ".join(office.get("/definitions/index/").content.decode().split())
    assert "4 项，其中 3 项可由系统指标供数" in text
    client = Client()
    client.force_login(cast.xie)
    for path in ("/definitions/index/", "/definitions/index/test/"):
        assert client.get(path).status_code == 403
    assert office.get("/definitions/index/nosuch/").status_code == 404


def test_values_of_both_years_are_the_builders(framework: IndexFramework) -> None:
    """The hand-made numbers above rest on these."""
    assert {code: years["2023"][1] for code, years in VALUES.items()} == {"xa": "5", "xb": "9", "xc": "2"}
    assert timezone.now() - IndexScore.objects.earliest("computed_at").computed_at < timedelta(minutes=5)
