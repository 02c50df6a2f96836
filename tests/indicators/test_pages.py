"""Pages of the record: what they leave out for whom, how they keep the moment, and how far back a figure can be followed."""

import re
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.corrections import accept_correction, request_correction
from indicators.actions.definitions import edit_indicator
from indicators.actions.marks import mark_tasks
from indicators.models import HeadlineIndicator, IndicatorDependency, LightOverride, Observation, Plan, Result, TaskIndicator
from indicators.queries.provenance import get_observation_origin
from indicators.recompute import run
from kejiting.accounts.models import Role, User
from tests.builders import Quarter, make_area, make_indicator, make_target, make_task, make_unit, make_user, observe

pytestmark = pytest.mark.django_db
YEARLY = {"frequency": "year", "origin": "official", "accumulation": "flow"}
DERIVED = {**YEARLY, "origin": "derived"}


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def read(client: Client, user: User, path: str) -> str:
    client.force_login(user)
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


# -- who may see what ----------------------------------------------------------------------------


def test_names_of_what_is_internal_reach_no_account_of_public_clearance(client: Client, quarter: Quarter) -> None:
    """By every way an indicator or a task leads to another."""
    reader = make_user("pub", make_unit("other"), Role.LEADER, clearance="public")
    secret = make_indicator("secret", name_zh="机密指标", classification="internal", **YEARLY)
    shown = make_indicator("shown", numerator=secret, denominator=quarter.indicator, stated_as=secret, **YEARLY)
    made = make_indicator("made", formula="secret * 2", **DERIVED)
    hidden_reader = make_indicator("reader", name_zh="机密合成", formula="shown * 2", classification="internal", **DERIVED)
    make_indicator("counter", name_zh="机密台账", stated_as=shown, classification="internal", origin="register", accumulation="stock")
    for indicator, reads in ((made, secret), (hidden_reader, shown)):
        IndicatorDependency.objects.create(indicator=indicator, reads=reads)
    observe(secret, {"2023": "2"})
    observe(shown, {"2023": "1"})
    task = make_task(quarter.plan, 2, quarter.cast.gxt, title_zh="机密任务", classification="internal")
    TaskIndicator.objects.create(task=task, indicator=shown)
    TaskIndicator.objects.create(task=quarter.task, indicator=secret)
    earlier = Plan.objects.create(code="earlier", name_zh="前一规划", starts_on=date(2016, 1, 1), ends_on=date(2020, 12, 31))
    aspect = earlier.aspects.create(number=1, name_zh="方面")
    quarter.task.predecessor = make_task(earlier, 1, quarter.cast.gxt, title_zh="机密旧任务", classification="internal", aspect=aspect)
    quarter.task.save(update_fields=["predecessor"])
    make_task(quarter.plan, 3, quarter.cast.gxt, title_zh="机密子任务", classification="internal", parent=quarter.task)
    run()
    paths = ["/indicators/", "/indicators/shown/", "/indicators/made/", "/tasks/", "/plans/plan/tasks/1/"]
    paths += [f"/provenance/observation/{o.pk}/" for o in Observation.objects.visible_to(reader)]
    paths += [f"/provenance/result/{r.pk}/" for r in Result.objects.visible_to(reader)]
    for path in paths:
        page = read(client, reader, path)
        assert "机密" not in page, path
        assert "secret" not in page, path
    assert "机密指标" in read(client, quarter.cast.du, "/indicators/shown/")
    assert "secret * 2" in read(client, quarter.cast.du, "/indicators/made/")


def test_what_people_wrote_to_each_other_is_for_those_who_see_the_return(client: Client, quarter: Quarter) -> None:
    quarter.accept("12")
    line = quarter.line()
    correction = request_correction(line, by=quarter.cast.xie, value="13", reason="漏报一项")
    accept_correction(correction, by=quarter.cast.guo, reason="同意更正")
    path = f"/provenance/observation/{Observation.objects.get(correction=correction).pk}/"
    page = read(client, quarter.cast.guo, path)
    for words in ("漏报一项", "同意更正", f"#line-{line.pk}"):
        assert words in page
    # Another unit's reporter sees the stamps: who asked and who agreed.
    page = read(client, quarter.cast.lin, path)
    for words in ("漏报一项", "同意更正", f"#line-{line.pk}"):
        assert words not in page
    assert "gxt xie" in page
    assert "kjt-ghc guo" in page


# -- the moment ----------------------------------------------------------------------------------


def links_of(page: str) -> list[str]:
    return re.findall(r'href="(/(?:tasks|plans|indicators|provenance|index)/[^"]*)"', page.partition("<main")[2].partition("</main>")[0])


def test_every_link_of_a_page_of_an_earlier_moment_stays_at_it(client: Client, quarter: Quarter) -> None:
    quarter.accept("12")
    HeadlineIndicator.objects.create(plan=quarter.plan, indicator=quarter.indicator, position=1)
    make_target(quarter.indicator, "20")
    run()
    then = timezone.now().isoformat().replace("+", "%2B")
    observation, result = Observation.objects.first(), Result.objects.filter(task__isnull=False).first()
    assert observation
    assert result
    paths = ["/", "/tasks/", "/tasks/?order=worst", "/plans/plan/tasks/1/", "/indicators/", "/indicators/contracts/"]
    for path in [*paths, f"/provenance/observation/{observation.pk}/", f"/provenance/result/{result.pk}/"]:
        page = read(client, quarter.cast.du, f"{path}{'&' if '?' in path else '?'}as_of={then}")
        assert "不是现在的情况" in page, path
        assert "回到现在" in page, path
        links = links_of(page)
        assert links, path
        assert [link for link in links if "as_of=" not in urlsplit(link).query] == [], path
    assert "as_of=" not in "".join(links_of(read(client, quarter.cast.du, "/")))


def test_a_day_stays_a_day_and_forms_keep_it(client: Client, quarter: Quarter) -> None:
    today = timezone.localdate().isoformat()
    page = read(client, quarter.cast.du, f"/tasks/?as_of={today}")
    assert f'/plans/plan/tasks/1/?as_of={today}"' in page
    assert f'<input type="hidden" name="as_of" value="{today}">' in page


# -- the way back --------------------------------------------------------------------------------


def test_a_rank_leads_to_every_figure_it_is_among(client: Client, quarter: Quarter) -> None:
    money = make_indicator("money", name_zh="经费", **YEARLY)
    rank = make_indicator("place", unit_of_measure="位", formula="rank(money)", area_level="province", **DERIVED)
    IndicatorDependency.objects.create(indicator=rank, reads=money)
    areas = [make_area(f"{number}0000", name=f"第{number}省") for number in range(11, 31)]
    for at, area in enumerate(areas):
        observe(money, {"2022": "1", "2023": str(at + 1)}, area=area.pk)
    run()
    place = Observation.objects.get(indicator=rank, area=areas[0], period="2023")
    inputs = get_observation_origin(quarter.cast.du, place.pk).inputs
    assert [o.value for o in inputs] == list(range(20, 0, -1))
    page = read(client, quarter.cast.du, f"/provenance/observation/{place.pk}/")
    assert "用到的 20 个数" in page
    for o in inputs:
        assert f"/provenance/observation/{o.pk}/" in page


def test_a_computed_figure_leads_to_those_it_was_made_of_then_and_to_no_others(quarter: Quarter) -> None:
    money = make_indicator("money", **YEARLY)
    share = make_indicator("share", formula="yoy(money) + money / money.000000", **DERIVED)
    IndicatorDependency.objects.create(indicator=share, reads=money)
    observe(money, {"2020": "1", "2021": "2", "2022": "3", "2023": "6"})
    observe(money, {"2022": "90", "2023": "100"}, area="000000")
    run()
    first = Observation.objects.get(indicator=share, area="620000", period="2023")
    observe(money, {"2023": "7"})
    run()
    said = [(o.area_id, o.period_id, o.value) for o in get_observation_origin(quarter.cast.du, first.pk).inputs]
    assert said == [("000000", "2023", 100), ("620000", "2023", 6), ("620000", "2022", 3)]


def test_a_result_says_its_formula_in_words_its_method_and_its_thresholds(client: Client, quarter: Quarter) -> None:
    make_target(quarter.indicator, "20", basis="gap_closed", baseline_value=Decimal(10))
    quarter.accept("12")
    run()
    completion = Result.objects.current().get(measure="completion", target__isnull=False)
    page = read(client, quarter.cast.du, f"/provenance/result/{completion.pk}/")
    assert "（当前值 − 基期值）÷（目标值 − 基期值）" in page
    assert "progress v" in page
    assert "用到的 1 个数" in page
    light = Result.objects.current().get(measure="light", target__isnull=False)
    assert "绿灯下限 −5个百分点，红灯上限 −15个百分点" in read(client, quarter.cast.du, f"/provenance/result/{light.pk}/")


def test_what_the_checks_found_of_a_figure_stands_beside_it_and_leads_to_its_result(client: Client, quarter: Quarter) -> None:
    total = make_indicator("total", accumulation="total")
    observe(total, {"2025-Q1": "10", "2025-Q2": "30", "2025-Q3": "20"})
    run()
    found = Result.objects.current().get(measure="findings", indicator=total)
    page = read(client, quarter.cast.du, f"/indicators/{total.code}/")
    [note] = re.findall(r'<a class="quiet" href="([^"]+)">核查：([^<]+)</a>', page)
    assert note == (f"/provenance/result/{found.pk}/", "累计 20 小于上期累计 30：累计数不会下降。")


def test_what_an_indicator_meant_before_stays_on_its_page(client: Client, quarter: Quarter) -> None:
    client.force_login(quarter.cast.du)
    assert "定义的沿革" not in client.get("/indicators/contracts/").content.decode()
    edit_indicator(quarter.indicator, by=quarter.cast.guo, text_zh="新的口径")
    page = client.get("/indicators/contracts/").content.decode()
    history = page[page.index("定义的沿革") :]
    assert history.index("：口径") < history.index("：新的口径")


def test_an_adjusted_light_says_by_whom_and_what_it_would_be(client: Client, quarter: Quarter) -> None:
    LightOverride.objects.create(task=quarter.task, light="yellow", reason="设备已到货", by=quarter.cast.guo)
    mark_tasks([quarter.task.pk], cause="test")
    run(date(2025, 11, 20))
    page = read(client, quarter.cast.du, "/plans/plan/tasks/1/")
    assert "灯色由主管处室人工调整：设备已到货（kjt-ghc guo" in page
    assert re.search(r"按数据判断为(严重滞后|无法判断)", page)


def test_a_stated_total_stands_beside_its_count_with_the_difference(client: Client, quarter: Quarter) -> None:
    stated = make_indicator("stated", name_zh="公布的总数", unit_of_measure="个", **{**YEARLY, "accumulation": "stock"})
    counted = make_indicator("counted", name_zh="在册数", unit_of_measure="个", accumulation="stock", origin="register", stated_as=stated)
    observe(stated, {"2024": "12"})
    observe(counted, {"2025-Q1": "9"})
    run()
    difference = Result.objects.current().get(measure="difference", indicator=counted)
    for indicator, other in ((stated, "9个"), (counted, "12个")):
        origin = Observation.objects.get(indicator=indicator)
        for path in (f"/indicators/{indicator.code}/", f"/provenance/observation/{origin.pk}/"):
            page = read(client, quarter.cast.du, path)
            assert f">{other}</a>" in page, path
            assert f'/provenance/result/{difference.pk}/">3个</a>' in page, path
