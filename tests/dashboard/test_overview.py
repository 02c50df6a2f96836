"""The overview: everything at a glance, each figure with its period, source and way back."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from indicators.actions.corrections import accept_correction, request_correction
from indicators.models import HeadlineIndicator, Observation, Return, Round, Target
from indicators.queries.moments import Moment
from indicators.recompute import run
from kejiting.dashboard.queries import get_overview, get_ranks, make_ranking, make_tiles
from tests.builders import Cast, Quarter, make_area, make_indicator, make_plan, make_target, make_task, observe, open_quarter

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def page_of(client: Client, quarter: Quarter, path: str = "/") -> str:
    client.force_login(quarter.cast.du)
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def make_headline(quarter: Quarter, values: dict[str, str | None]) -> None:
    indicator = make_indicator("share", unit_of_measure="%", accumulation="stock", origin="official", frequency="year")
    HeadlineIndicator.objects.create(plan=quarter.plan, indicator=indicator, position=1)
    observe(indicator, values)
    make_target(indicator, "65")


def test_without_a_plan_it_says_what_to_do(client: Client) -> None:
    client.force_login(Cast().du)
    assert "还没有现行规划" in client.get("/").content.decode()


def test_with_nothing_reported_it_does_not_say_that_all_is_well(client: Client, quarter: Quarter) -> None:
    run()
    page = page_of(client, quarter)
    assert "1 项重点任务都无法判断" in page
    assert "正常" not in re.search(r"<h1>.*?</h1>", page, re.S)[0]  # type: ignore[index]  # there is one


def test_a_headline_shows_period_source_target_and_what_is_too_little(client: Client, quarter: Quarter) -> None:
    make_headline(quarter, {"2023": "52.8", "2024": "55.1"})
    run()
    page = page_of(client, quarter)
    newest = Observation.objects.get(period="2024")
    assert f'href="/provenance/observation/{newest.pk}/">55.1</a>' in page
    for words in ("2024年", "2023年", "52.8%", "2025年目标", "≥65%", "文件 2025", "数据不足，无法推算（已有 2 年的数值，至少需要 4 年）"):
        assert words in page


def test_a_year_that_is_missing_is_not_the_newest_value(quarter: Quarter) -> None:
    make_headline(quarter, {"2023": "52.8", "2024": None})
    headline = get_overview(quarter.cast.du).headlines[0]
    assert headline.latest is not None
    assert headline.latest.period.label == "2023"


def test_the_plans_target_stands_before_the_later_ones(quarter: Quarter) -> None:
    make_headline(quarter, {"2024": "55"})
    plans_own = Target.objects.get()
    quarter.plan.document = plans_own.document
    quarter.plan.save(update_fields=["document"])
    later = make_target(plans_own.indicator, "62", document=type(plans_own.document).objects.create(title="后来的文件"))
    found = [target for target, _judged in get_overview(quarter.cast.du).headlines[0].targets]
    assert found == [plans_own, later]


def test_what_is_accepted_arrives_with_who_accepted_it(client: Client, quarter: Quarter) -> None:
    quarter.accept("12")
    page = get_overview(quarter.cast.du)
    (arrival,) = page.arrivals
    assert (arrival.unit, arrival.by, arrival.count) == (quarter.cast.gxt, quarter.cast.guo, 1)
    correction = request_correction(quarter.line(), value="14", reason="漏计", by=quarter.cast.xie)
    accept_correction(correction, by=quarter.cast.guo)
    newest, first = get_overview(quarter.cast.du).arrivals
    assert newest.is_correction
    assert newest.first.value == 14
    assert not first.is_correction
    assert "更正" in page_of(client, quarter)


def test_returns_stand_by_state_and_the_late_ones_first(client: Client, quarter: Quarter) -> None:
    (reports,) = get_overview(quarter.cast.du).reports.rounds
    assert [(group.key, len(group.reports)) for group in reports.groups] == [("draft", 1)]
    past = timezone.now() - timedelta(days=3)
    Round.objects.update(opens_at=past - timedelta(days=9), due_at=past, grace_until=past)
    (reports,) = get_overview(quarter.cast.du).reports.rounds
    assert [(group.key, len(group.reports)) for group in reports.groups] == [("late", 1)]
    assert "1 个单位逾期未报2025年第三季度" in page_of(client, quarter)


def test_a_later_round_does_not_hide_the_one_that_is_still_open(client: Client, quarter: Quarter) -> None:
    open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    past = timezone.now() - timedelta(days=3)
    Round.objects.filter(code="2025-Q3").update(opens_at=past - timedelta(days=9), due_at=past, grace_until=past)
    reports = get_overview(quarter.cast.du).reports
    assert [each.round.code for each in reports.rounds] == ["2025-Q3", "2025-Q4"]
    assert [each.round.code for each in reports.late] == ["2025-Q3"]
    page = page_of(client, quarter)
    assert "1 个单位逾期未报2025年第三季度" in page
    assert "填报期 2025年第三季度、2025年第四季度" in page
    # Finished or locked, it makes way.
    Round.objects.filter(code="2025-Q3").update(locks_at=timezone.now())
    assert [each.round.code for each in get_overview(quarter.cast.du).reports.rounds] == ["2025-Q4"]


def test_a_round_that_is_finished_is_shown_until_the_next_opens(quarter: Quarter) -> None:
    quarter.accept("12")
    assert [each.round.code for each in get_overview(quarter.cast.du).reports.rounds] == ["2025-Q3"]
    before = timezone.now()
    open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    Round.objects.filter(code="2025-Q4").update(opens_at=timezone.now())
    assert [each.round.code for each in get_overview(quarter.cast.du).reports.rounds] == ["2025-Q4"]
    assert [each.round.code for each in get_overview(quarter.cast.du, Moment(as_of=before)).reports.rounds] == ["2025-Q3"]


def test_a_return_is_a_link_only_for_who_may_open_it(client: Client, quarter: Quarter) -> None:
    link = '<a href="/reporting/2025-Q3/gxt/">'
    assert link not in page_of(client, quarter)
    client.force_login(quarter.cast.guo)
    assert link in client.get("/").content.decode()


def test_an_earlier_moment_shows_the_states_of_then(quarter: Quarter) -> None:
    before = timezone.now()
    quarter.accept("12")
    (now,) = get_overview(quarter.cast.du).reports.rounds
    assert now.handed_in == 1
    (then,) = get_overview(quarter.cast.du, Moment(as_of=before)).reports.rounds
    assert then.handed_in == 0
    assert [group.key for group in then.groups] == ["draft"]
    assert Return.objects.get().state == "accepted"


def test_worst_first(quarter: Quarter) -> None:
    """All was due; 70, 90 and 40 of 100 were done: among the red ones the farthest behind comes first."""
    for number, value in ((2, "70"), (3, "90"), (4, "40")):
        task = make_task(quarter.plan, number, quarter.cast.gxt)
        indicator = make_indicator(f"part_{number}")
        task.task_indicators.create(indicator=indicator)
        observe(indicator, {"2025-Q4": value})
        make_target(indicator, "100")
    run()
    found = [(row.number, row.judged.colour) for row in get_overview(quarter.cast.du).attention]
    assert found == [(4, "red"), (2, "red"), (3, "red")]


def test_ranks_are_of_the_newest_report_that_ranks_others_too() -> None:
    cast = Cast()
    make_plan()
    rank = make_indicator("composite_rank", unit_of_measure="位", accumulation="stock", origin="official", frequency="year")
    for code, name, column in (("620000", "甘肃省", 1), ("610000", "陕西省", 2)):
        area = make_area(code, name=name)
        area.tile_column, area.tile_row = column, 2
        area.save(update_fields=["tile_column", "tile_row"])
        observe(
            rank,
            {"2023": "20" if code == "620000" else "9"},
            area=code,
            note="第2梯队；原文写明" if code == "620000" else "第1梯队；原文写明",
        )
    observe(rank, {"2024": "23"})
    tiles, period = make_tiles(get_ranks(cast.du, Moment()))
    assert period is not None
    assert period.label == "2023"
    ranking = make_ranking(tiles)
    assert [(row.tile.name, row.note) for row in ranking.rows] == [("陕西", "第1梯队"), ("甘肃", "第2梯队")]
    assert ranking.shared_note == "原文写明"
    assert [tile.is_home for tile in tiles] == [False, True]
