"""Marks in, results out: what depends on a change is recomputed, what does not stays, and nothing is done twice."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from indicators.actions.marks import mark_indicators
from indicators.models import Indicator, IndicatorDependency, Observation, RecomputeRun, Result, StaleMark, TaskIndicator
from indicators.queries.freshness import get_freshness
from indicators.recompute import calendar, run, runner
from kejiting.accounts.models import Area
from tests.builders import Quarter, make_area, make_indicator, make_period, make_plan, make_target, make_task, make_unit, observe

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)


@pytest.fixture(autouse=True)
def home(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home province; and no worker is nudged, since the tests run the recomputation themselves."""
    make_area()
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


def depend(derived: Indicator, *reads: Indicator) -> Indicator:
    for read in reads:
        IndicatorDependency.objects.create(indicator=derived, reads=read)
    return derived


def current(**fields: Any) -> dict[tuple[str, str | None], Any]:
    """Current results as {(measure, period): value or text}."""
    return {(r.measure, r.period_id): r.text or r.value for r in Result.objects.current().filter(**fields)}


def snapshot() -> list[tuple[Any, ...]]:
    """Current results without what may differ between two recomputations: ids and times."""
    rows = []
    for r in Result.objects.current():
        detail = {**r.detail, "inputs": sorted((i["kind"], i["id"] if i["kind"] == "observation" else 0) for i in r.detail["inputs"])}
        subject = (r.measure, r.indicator_id, r.area_id, r.breakdown_id, r.target_id, r.task_id, r.aspect_id, r.period_id)
        rows.append((subject, r.value, r.text, str(sorted(detail.items())), r.classification, r.is_released, r.is_demo, r.method, r.version))
    return sorted(rows, key=str)


def make_provinces(n: int = 3) -> list[str]:
    return [make_area(f"{code}0000", name=f"省{code}").pk for code in range(61, 61 + n)]


# -- one acceptance ------------------------------------------------------------------------------


def test_an_acceptance_gives_its_indicator_task_and_aspect_their_results() -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "16")
    observe(quarter.indicator, {"2024-Q3": "10", "2025-Q1": "3", "2025-Q2": "7"})
    quarter.accept("12")

    record = run(TODAY)

    assert record is not None
    assert (record.state, StaleMark.objects.count()) == ("done", 0)
    found = current(indicator=quarter.indicator)
    # Of the year's 16, 12 are done when three quarters are due.
    assert found["completion", "2025-Q3"] == Decimal("0.75")
    assert found["schedule", "2025-Q3"] == Decimal("0.75")
    assert found["light", "2025-Q3"] == "green"
    # 5 in the third quarter after 4 in the second.
    assert found["growth_qoq", "2025-Q3"] == Decimal("0.25")
    assert found["year_to_date", "2025-Q3"] == 12
    assert found["required_pace", "2025-Q3"] == 4
    # The milestone was reached: the task's other part.
    assert current(task=quarter.task) == {
        ("completion", "2025-Q3"): Decimal("0.875"),
        ("schedule", "2025-Q3"): Decimal("0.875"),
        ("light", "2025-Q3"): "green",
    }
    assert current(aspect__plan=quarter.plan)["completion", None] == Decimal("0.875")


def test_what_is_still_needed_follows_the_quarters_own_shares() -> None:
    indicator = make_indicator(accumulation="ytd")
    make_target(indicator, "200")
    # Half of each of two whole years came in its fourth quarter, a quarter of it in the third.
    observe(indicator, {"2023-Q1": "10", "2023-Q2": "25", "2023-Q3": "50", "2023-Q4": "100"})
    observe(indicator, {"2024-Q1": "12", "2024-Q2": "30", "2024-Q3": "60", "2024-Q4": "120", "2025-Q1": "10", "2025-Q2": "50"})
    run(TODAY)

    pace = Result.objects.current().get(measure="required_pace")

    # 150 are missing: 50 in the third quarter, 100 in the fourth, which brought 60 at best.
    assert (pace.period_id, pace.value, pace.method) == ("2025-Q2", 50, "required pace")
    assert pace.detail["needed"] == {"2025-Q3": 50, "2025-Q4": 100}
    assert pace.detail["shares"] == {"1": 0.1, "2": 0.15, "3": 0.25, "4": 0.5}
    assert pace.detail["multiple"] == pytest.approx(100 / 60, abs=1e-4)


def test_a_result_says_what_it_was_made_of() -> None:
    indicator = make_indicator()
    target = make_target(indicator, "16")
    before, now = observe(indicator, {"2025-Q2": "7", "2025-Q3": "12"})
    run(TODAY)
    growth = Result.objects.current().get(measure="light", target=target, period="2025-Q3")
    assert growth.detail["inputs"] == [{"kind": "observation", "id": now.pk}]
    assert before.pk != now.pk


def test_only_what_depends_is_recomputed() -> None:
    changed, other = make_indicator("changed"), make_indicator("other")
    for indicator in (changed, other):
        make_target(indicator, "16")
        observe(indicator, {"2025-Q1": "3", "2025-Q2": "7"})
        observe(indicator, {"2025-Q1": "2", "2025-Q2": "4"}, area=make_area("610000", name="陕西省").pk)
    run(TODAY)
    untouched = set(Result.objects.current().exclude(indicator=changed, area="620000").values_list("pk", flat=True))
    first_quarter = Result.objects.current().get(measure="completion", indicator=changed, period="2025-Q1")

    observe(changed, {"2025-Q2": "8"})
    run(TODAY)

    assert set(Result.objects.current().exclude(indicator=changed, area="620000").values_list("pk", flat=True)) == untouched
    # And of the indicator itself only the periods that read the new figure.
    assert Result.objects.current().get(measure="completion", indicator=changed, period="2025-Q1").pk == first_quarter.pk
    assert current(indicator=changed, area="620000")["completion", "2025-Q2"] == Decimal("0.5")
    superseded = Result.objects.get(measure="completion", indicator=changed, period="2025-Q2", superseded_at__isnull=False)
    assert superseded.value == Decimal("0.4375")


def test_a_message_delivered_twice_does_nothing_the_second_time() -> None:
    observe(make_indicator(), {"2025-Q1": "3", "2025-Q2": "7"})
    assert run(TODAY) is not None
    before = list(Result.objects.order_by("pk").values_list("pk", "superseded_at"))
    assert run(TODAY) is None
    assert list(Result.objects.order_by("pk").values_list("pk", "superseded_at")) == before


def test_recomputing_what_did_not_change_writes_nothing() -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "16")
    quarter.accept("12")
    run(TODAY)
    runner.mark_everything(cause="test")
    record = run(TODAY)
    assert record is not None
    assert record.written == 0


def test_deleting_all_results_and_recomputing_gives_the_same() -> None:
    quarter = Quarter()
    make_target(quarter.indicator, "16")
    observe(quarter.indicator, {"2024-Q4": "11", "2025-Q1": "3", "2025-Q2": "7"})
    quarter.accept("12")
    provinces = make_provinces()
    money = make_indicator("money", frequency="year", origin="official", accumulation="flow", unit_of_measure="万元")
    depend(make_indicator("money_rank", frequency="year", origin="derived", accumulation="stock", unit_of_measure="位", formula="rank(money)", area_level="province"), money)
    for number, area in enumerate(provinces):
        observe(money, {"2022": f"{number + 1}.5", "2023": f"{5 - number}"}, area=area)
    run(TODAY)
    before = snapshot()
    assert len(before) > 10
    Result.objects.all().delete()
    runner.mark_everything(cause="test")
    run(TODAY)
    assert snapshot() == before


# -- growth, totals, shares ----------------------------------------------------------------------


def test_shares_change_in_points_and_ranks_do_not_grow() -> None:
    share = make_indicator("share", unit_of_measure="%", accumulation="stock", frequency="year", origin="official")
    rank = make_indicator("place", unit_of_measure="位", accumulation="stock", frequency="year", origin="official", direction="lower")
    observe(share, {"2022": "1.29", "2023": "1.32"})
    observe(rank, {"2022": "22", "2023": "23"})
    run(TODAY)
    growth = Result.objects.current().get(indicator=share, measure="growth_yoy")
    assert (growth.measure, growth.value, growth.detail["unit"]) == ("growth_yoy", Decimal("0.03"), "pp")
    assert not Result.objects.filter(indicator=rank).exists()


def test_annual_and_running_totals_follow_the_accumulation() -> None:
    flow = make_indicator("flow", accumulation="flow")
    observe(flow, {"2024-Q1": "1", "2024-Q2": "2", "2024-Q3": "3", "2024-Q4": "4", "2025-Q1": "5"})
    run(TODAY)
    found = current(indicator=flow)
    assert found["annual", "2024"] == 10
    assert ("annual", "2025") not in found
    assert found["year_to_date", "2024-Q3"] == 6
    assert found["growth_yoy", "2025-Q1"] == 4
    stock = make_indicator("stock", accumulation="stock")
    observe(stock, {"2024-Q3": "8", "2024-Q4": "9"})
    run(TODAY)
    assert current(indicator=stock) == {("growth_qoq", "2024-Q4"): Decimal("0.125"), ("annual", "2024"): 9}


def test_growth_agrees_with_an_obvious_twin_on_generated_figures() -> None:
    draw = random.Random(7)
    labels = [f"{year}-Q{n}" for year in (2022, 2023, 2024) for n in (1, 2, 3, 4)]
    for accumulation in ("stock", "flow", "ytd", "total"):
        indicator = make_indicator(f"twin_{accumulation}", accumulation=accumulation)
        values: dict[str, str | None] = {label: str(draw.randint(-3, 40)) for label in labels if draw.random() > 0.15}
        observe(indicator, {label: value if draw.random() > 0.1 else None for label, value in values.items()})
        run(TODAY)
        kept = {o.period_id: o.value for o in Observation.objects.filter(indicator=indicator) if o.value is not None}
        amounts = {label: amount for label in labels if (amount := amount_of(label, kept, accumulation, labels)) is not None}
        expected = {}
        for lag, measure in ((4, "growth_yoy"), (1, "growth_qoq")):
            for position, label in enumerate(labels):
                base = amounts.get(labels[position - lag]) if position >= lag else None
                if label in amounts and base and base * amounts[label] >= 0:
                    expected[measure, label] = (amounts[label] - base) / abs(base)
        found = {key: value for key, value in current(indicator=indicator).items() if key[0].startswith("growth")}
        assert found.keys() == expected.keys()
        assert all(abs(found[key] - value) < Decimal("1e-9") for key, value in expected.items())


def amount_of(label: str, kept: dict[str, Decimal], accumulation: str, labels: list[str]) -> Decimal | None:
    """The amount of one quarter, the slow way."""
    value, position = kept.get(label), labels.index(label)
    if value is None or accumulation in ("stock", "flow") or (accumulation == "ytd" and label.endswith("Q1")):
        return value
    before = kept.get(labels[position - 1]) if position else None
    return None if before is None else value - before


def test_a_publishers_total_is_set_against_the_registers_count() -> None:
    stated = make_indicator("labs_stated", accumulation="stock", frequency="irregular", origin="official")
    counted = make_indicator("labs", accumulation="stock", origin="register", stated_as=stated)
    observe(counted, {"2025-Q2": "9", "2025-Q3": "10"})
    observe(stated, {"2025-Q2": "12"})
    run(TODAY)
    assert current(measure="difference") == {("difference", "2025-Q2"): 3, ("difference", "2025-Q3"): 2}
    observe(stated, {"2025-Q2": "11"})  # only the publisher's side changes
    run(TODAY)
    assert current(measure="difference")["difference", "2025-Q3"] == 1


def test_the_largest_and_the_smallest_figure_stop_no_run() -> None:
    """Whatever can be typed: a run that failed for it would leave everybody's results old."""
    tiny, huge = "0.000001", "9" * 18
    a = make_indicator("a", frequency="year", origin="official", accumulation="flow")
    square = depend(make_indicator("square", frequency="year", origin="derived", accumulation="flow", formula="a * a"), a)
    ratio = depend(make_indicator("ratio", frequency="year", origin="derived", accumulation="flow", formula="a / (prev(a, 1) * prev(a, 1))"), a)
    make_target(a, tiny, period="2024", baseline_period=make_period("2021"))
    observe(a, {"2022": tiny, "2023": huge, "2024": huge})
    run()
    assert not StaleMark.objects.exists()
    assert current(indicator=a)["growth_yoy", "2023"] > 10**23
    assert current(indicator=a)["completion", "2024"] > 10**23
    assert not Observation.objects.filter(indicator__in=[square, ratio], value__gt=10**18).exists()


# -- derived indicators --------------------------------------------------------------------------


def test_ranks_and_shares_agree_with_an_obvious_twin() -> None:
    draw = random.Random(11)
    provinces = make_provinces(9)
    money = make_indicator("money", frequency="year", origin="official", accumulation="flow", unit_of_measure="亿元")
    rank = depend(make_indicator("money_rank", frequency="year", origin="derived", accumulation="stock", unit_of_measure="位", formula="rank(money)", area_level="province"), money)
    share = depend(make_indicator("money_share", frequency="year", origin="derived", accumulation="stock", unit_of_measure="%", formula="share(money, money.000000) * 100"), money)
    values = {area: Decimal(draw.randint(10, 900)) / 10 for area in provinces}
    for area, value in values.items():
        observe(money, {"2023": str(value)}, area=area)
    observe(money, {"2023": "1000"}, area="000000")
    run(TODAY)

    ranks = {o.area_id: o.value for o in Observation.objects.filter(indicator=rank)}
    assert ranks == {area: 1 + sum(other > value for other in values.values()) for area, value in values.items()}
    shares = {o.area_id: o.value for o in Observation.objects.filter(indicator=share)}
    assert shares == {**{area: value / 10 for area, value in values.items()}, "000000": 100}
    assert all(o.run_id and o.document_id is None for o in Observation.objects.filter(indicator=rank))


def test_a_code_that_sounds_like_a_rank_ranks_nobody() -> None:
    low, _middle, high = make_provinces()
    Area.objects.filter(pk=high).update(is_ranked=False)
    score = make_indicator("rank_score", frequency="year", origin="official", accumulation="stock")
    half = depend(make_indicator("half", frequency="year", origin="derived", accumulation="stock", formula="rank_score / 2", area_level="province"), score)
    place = depend(make_indicator("place", frequency="year", origin="derived", accumulation="stock", formula="rank(rank_score)", area_level="province"), score)
    for area, value in ((low, "2"), (high, "6")):
        observe(score, {"2023": value}, area=area)
    run(TODAY)

    # Every province has its half; only those that take part have a place.
    assert dict(Observation.objects.filter(indicator=half).values_list("area", "value")) == {low: 1, high: 3}
    assert dict(Observation.objects.filter(indicator=place).values_list("area", "value")) == {low: 1}


def test_a_rank_is_as_open_as_the_least_open_of_all_it_is_among_and_a_growth_as_its_base() -> None:
    low, _middle, high = make_provinces()
    money = make_indicator("money", frequency="year", origin="official", accumulation="flow")
    fields = {"frequency": "year", "origin": "derived", "accumulation": "stock"}
    rank = depend(make_indicator("place", **fields, formula="rank(money)", area_level="province"), money)
    growth = depend(make_indicator("growth", **fields, formula="yoy(money)"), money)
    observe(money, {"2022": "2", "2023": "4"}, area=low)
    observe(money, {"2022": "1"}, area=high, classification="internal")
    observe(money, {"2023": "3"}, area=high)
    run(TODAY)

    def classes(indicator: Indicator) -> dict[tuple[str, str], str]:
        return {(o.area_id, o.period_id): o.classification for o in Observation.objects.filter(indicator=indicator)}

    assert classes(rank) == {(low, "2022"): "internal", (high, "2022"): "internal", (low, "2023"): "public", (high, "2023"): "public"}
    assert classes(growth) == {(low, "2023"): "public", (high, "2023"): "internal"}


def test_one_provinces_figure_moves_every_provinces_rank_and_only_its_own_share() -> None:
    low, middle, high = make_provinces()
    money = make_indicator("money", frequency="year", origin="official", accumulation="flow")
    people = make_indicator("people", frequency="year", origin="official", accumulation="stock")
    rank = depend(make_indicator("place", frequency="year", origin="derived", accumulation="stock", formula="rank(money)", area_level="province"), money)
    each = depend(make_indicator("each", frequency="year", origin="derived", accumulation="stock", formula="money / people"), money, people)
    for area, value in ((low, "1"), (middle, "2"), (high, "3")):
        observe(money, {"2023": value}, area=area)
        observe(people, {"2023": "2"}, area=area)
    run(TODAY)
    observe(money, {"2023": "9"}, area=low)
    run(TODAY)

    def vintages(indicator: Indicator) -> dict[str, list[Decimal | None]]:
        return {area: list(Observation.objects.filter(indicator=indicator, area=area).order_by("vintage").values_list("value", flat=True)) for area in (low, middle, high)}

    assert vintages(rank) == {low: [3, 1], middle: [2, 3], high: [1, 2]}
    assert vintages(each) == {low: [Decimal("0.5"), Decimal("4.5")], middle: [1], high: [Decimal("1.5")]}


def test_derived_of_derived_is_computed_in_order_and_withdrawn_when_its_input_is() -> None:
    a = make_indicator("a", frequency="year", origin="official", accumulation="flow")
    b = depend(make_indicator("b", frequency="year", origin="derived", accumulation="flow", formula="a * 2"), a)
    # Its primary key is lower than that of what it reads in neither order.
    c = depend(make_indicator("c", frequency="year", origin="derived", accumulation="flow", formula="b + a"), b, a)
    observe(a, {"2023": "5"})
    run(TODAY)
    assert Observation.objects.get(indicator=c).value == 15
    observe(a, {"2023": None})
    run(TODAY)
    newest = Observation.objects.filter(indicator=c).latest().get()
    assert (newest.value, newest.missing, newest.vintage) == (None, "not_available", 2)


def test_a_fact_is_never_computed_of_demonstration_values() -> None:
    demo = make_indicator("demo", frequency="year", accumulation="flow", is_demo=True)
    fact = depend(make_indicator("fact", frequency="year", origin="derived", accumulation="flow", formula="demo * 2"), demo)
    marked = depend(make_indicator("marked", frequency="year", origin="derived", accumulation="flow", formula="demo * 2", is_demo=True), demo)
    observe(demo, {"2023": "5"})
    run(TODAY)
    assert not Observation.objects.filter(indicator=fact).exists()
    assert Observation.objects.get(indicator=marked).is_demo


def test_results_inherit_the_strictest_of_their_inputs() -> None:
    inner = make_indicator("inner", frequency="year", accumulation="flow", classification="internal")
    outer = depend(make_indicator("outer", frequency="year", origin="derived", accumulation="flow", formula="inner * 2"), inner)
    soon = timezone.now() + timedelta(days=1)
    observe(inner, {"2022": "5"})
    observe(inner, {"2023": "6"}, released_at=soon)
    run(TODAY)
    growth = Result.objects.current().get(indicator=outer, measure="growth_yoy")
    assert (growth.classification, growth.is_released) == ("internal", False)
    assert set(Observation.objects.filter(indicator=outer).values_list("classification", flat=True)) == {"internal"}
    calendar.mark_calendar(soon + timedelta(hours=1))
    assert StaleMark.objects.filter(indicator=outer).exists()


# -- failures ------------------------------------------------------------------------------------


def test_a_mark_that_fails_spoils_no_other_and_is_tried_ever_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = make_indicator("good"), make_indicator("bad")
    observe(good, {"2025-Q1": "3", "2025-Q2": "7"})
    observe(bad, {"2025-Q1": "3"})

    def expand(marks: list[StaleMark]) -> Any:
        if any(m.indicator_id == bad.pk for m in marks):
            raise ZeroDivisionError("poison")
        return real(marks)

    real = runner.expand
    monkeypatch.setattr(runner, "expand", expand)
    run(TODAY)
    assert Result.objects.filter(indicator=good).exists()
    assert [m.indicator_id for m in StaleMark.objects.all()] == [bad.pk]
    assert run(TODAY) is None  # it waits
    pauses = []
    for attempts in (3, 4, 5, 6):
        StaleMark.objects.update(retry_at=timezone.now())
        before = timezone.now()
        run(TODAY)
        mark = StaleMark.objects.get()
        assert (mark.attempts, mark.error) == (attempts, "ZeroDivisionError: poison")
        assert mark.retry_at is not None
        pauses.append(round((mark.retry_at - before) / timedelta(minutes=1)))
    assert pauses == [4, 16, 60, 60]
    assert get_freshness().failing == 1
    failed = RecomputeRun.objects.filter(state="failed").latest("pk")
    assert "poison" in failed.error
    assert not Result.objects.filter(run=failed).exists()
    # What comes meanwhile does not wait for it.
    observe(good, {"2025-Q3": "9"})
    run(TODAY)
    assert [m.indicator_id for m in StaleMark.objects.all()] == [bad.pk]
    monkeypatch.undo()
    StaleMark.objects.update(retry_at=timezone.now())
    run(TODAY)
    assert (StaleMark.objects.count(), get_freshness().failing) == (0, 0)


def test_a_killed_run_is_found_and_its_marks_are_done() -> None:
    observe(make_indicator(), {"2025-Q1": "3", "2025-Q2": "7"})
    dead = RecomputeRun.objects.create(today=TODAY, code_version="1")
    StaleMark.objects.update(attempts=1)  # it had begun
    run(TODAY)
    dead.refresh_from_db()
    assert (dead.state, dead.error) == ("failed", "the process was killed")
    assert StaleMark.objects.count() == 0
    assert Result.objects.exists()


def test_freshness_says_since_when_results_are_older_than_the_data() -> None:
    assert get_freshness().version == ""
    observe(make_indicator(), {"2025-Q1": "3"})
    assert not get_freshness().is_stale  # a worker has not had its five seconds yet
    StaleMark.objects.update(created_at=timezone.now() - timedelta(seconds=6))
    stale = get_freshness()
    assert (stale.is_stale, stale.pending) == (True, 1)
    record = run(TODAY)
    fresh = get_freshness()
    assert record is not None
    assert (fresh.version, fresh.is_stale, fresh.pending, fresh.oldest_pending_at) == (str(record.pk), False, 0, None)


def test_a_mark_without_an_area_means_all_of_them() -> None:
    indicator = make_indicator()
    for area in make_provinces():
        observe(indicator, {"2025-Q1": "3", "2025-Q2": "7"}, area=area)
    StaleMark.objects.all().delete()
    mark_indicators([(indicator.pk, None)], cause="test")
    run(TODAY)
    assert Result.objects.current().filter(measure="year_to_date", period="2025-Q2").count() == 3


def test_a_run_makes_as_many_queries_for_many_indicators_as_for_one(django_assert_max_num_queries: Any) -> None:
    task = make_task(make_plan(), 1, make_unit("gxt"))
    indicators = [make_indicator(f"i{n}") for n in range(15)]
    for indicator in indicators:
        make_target(indicator, "16")
        observe(indicator, {"2025-Q1": "3", "2025-Q2": "7"})
        TaskIndicator.objects.create(task=task, indicator=indicator)
    with django_assert_max_num_queries(48):
        run(TODAY)



def test_a_run_that_began_earlier_and_ended_later_is_news_too() -> None:
    """The index takes seconds: a run of values may begin after it and end before."""
    slow = RecomputeRun.objects.create(kind=RecomputeRun.Kind.INDEX, today=TODAY, code_version="1")
    observe(make_indicator(), {"2025-Q1": "3"})
    run(TODAY)
    before = get_freshness().version
    slow.state, slow.finished_at = RecomputeRun.State.DONE, timezone.now()
    slow.save()
    assert get_freshness().version != before
