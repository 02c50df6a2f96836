"""完成率, 序时进度, 红黄绿灯: one value against one target, and a task by its parts, on readable days."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from indicators.actions.corrections import accept_correction, request_correction
from indicators.actions.marks import mark_tasks
from indicators.actions.reporting import accept_return, approve_return, save_line, submit_return
from indicators.compute.judge import judge_value
from indicators.compute.newest import judge_typed
from indicators.compute.thresholds import load_yardstick
from indicators.models import (
    Document,
    Indicator,
    LightOverride,
    LightThreshold,
    Milestone,
    Observation,
    Result,
    Return,
    Target,
    TargetNode,
    TargetSupersession,
    Task,
    TaskIndicator,
)
from indicators.recompute import calendar, run
from tests.builders import (
    Cast,
    Quarter,
    assign,
    make_area,
    make_indicator,
    make_period,
    make_plan,
    make_target,
    make_task,
    make_unit,
    make_user,
    observe,
    open_quarter,
)

pytestmark = pytest.mark.django_db
NOVEMBER = date(2025, 11, 20)


@pytest.fixture(autouse=True)
def home(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_area()
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


def light_of(target: Target, today: date = NOVEMBER) -> str:
    """The light a target shows today: that of the newest period judged."""
    calendar.mark_calendar()
    run(today)
    rows = Result.objects.current().filter(target=target, measure="light")
    return max(rows, key=lambda r: r.period.ends_on if r.period else date.min).text


def reason_of(target: Target) -> str:
    rows = Result.objects.current().filter(target=target, measure="light")
    return max(rows, key=lambda r: r.period.ends_on if r.period else date.min).detail.get("reason", "")


def values_of(target: Target, measure: str) -> dict[str | None, Decimal | None]:
    return {r.period_id: r.value for r in Result.objects.current().filter(target=target, measure=measure)}


# -- one value against one target ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "light"),
    [
        ("75", "green"),  # just on schedule: three quarters of 100
        ("70", "green"),  # five points behind is still green
        ("69", "yellow"),
        ("60", "yellow"),  # fifteen points behind is still yellow
        ("59", "red"),
        ("120", "green"),
    ],
)
def test_lights_by_the_gap(value: str, light: str) -> None:
    target = make_target(make_indicator(), "100")
    observe(target.indicator, {"2025-Q3": value})
    assert light_of(target) == light


def test_thresholds_are_the_plans_and_dated() -> None:
    plan = make_plan()
    target = make_target(make_indicator(), "100")
    observe(target.indicator, {"2025-Q2": "48", "2025-Q3": "72"})
    LightThreshold.objects.filter(plan=plan).update(valid=("2022-01-01", "2025-10-01"))
    LightThreshold.objects.create(plan=plan, green=-1, red=-2, valid=("2025-10-01", None))
    # The newest value by today's thresholds, an earlier one by those of its own time.
    assert light_of(target) == "red"
    assert Result.objects.current().get(target=target, measure="light", period="2025-Q2").text == "green"


def test_a_year_that_is_over_is_red_when_missed_and_green_when_met() -> None:
    missed, met = make_target(make_indicator("missed"), "100"), make_target(make_indicator("met"), "100")
    observe(missed.indicator, {"2025-Q3": "74", "2025-Q4": "99"})
    observe(met.indicator, {"2025-Q3": "74", "2025-Q4": "100"})
    assert light_of(missed, date(2026, 1, 10)) == "red"
    assert light_of(met, date(2026, 1, 10)) == "green"


def test_the_last_quarter_may_still_be_reported_after_the_year_is_over() -> None:
    target = make_target(make_indicator(), "100")
    observe(target.indicator, {"2025-Q3": "74"})
    assert light_of(target, date(2025, 12, 31)) == "blue"  # due within 30 days
    assert light_of(target, date(2026, 1, 1)) == "green"
    assert light_of(target, date(2026, 4, 1)) == "red"  # a whole round later nothing shows that it was met


def test_a_light_turns_with_the_calendar_alone() -> None:
    target = make_target(make_indicator(), "100")
    observe(target.indicator, {"2025-Q3": "75"})
    assert light_of(target, date(2025, 11, 30)) == "green"
    first = Result.objects.current().get(target=target, measure="completion")
    assert light_of(target, date(2025, 12, 1)) == "blue"
    assert Result.objects.current().get(target=target, measure="completion").pk == first.pk


def test_two_quarters_without_a_report_are_grey_and_a_red_stays_red() -> None:
    quiet, behind = make_target(make_indicator("quiet"), "100"), make_target(make_indicator("behind"), "100")
    observe(quiet.indicator, {"2025-Q1": "25"})
    observe(behind.indicator, {"2025-Q1": "5"})
    assert light_of(quiet, date(2025, 9, 30)) == "green"  # the second quarter may still come
    assert light_of(quiet, date(2025, 10, 1)) == "grey"
    assert reason_of(quiet) == "stale"
    # Who was far behind does not get away by reporting no more.
    assert light_of(behind, date(2025, 10, 1)) == "red"


def test_a_missing_value_and_no_value_at_all_are_grey() -> None:
    missing, nothing = make_target(make_indicator("missing"), "100"), make_target(make_indicator("nothing"), "100")
    observe(missing.indicator, {"2025-Q3": None})
    assert (light_of(missing), reason_of(missing)) == ("grey", "missing")
    assert (light_of(nothing), reason_of(nothing)) == ("grey", "no_observation")
    assert values_of(missing, "completion") == {}


def test_a_yearly_figure_its_publisher_has_not_published_is_pending_not_red() -> None:
    indicator = make_indicator(frequency="year", origin="official", accumulation="stock", unit_of_measure="%")
    target = make_target(indicator, "2", baseline_value=Decimal("1.2"), baseline_period=make_period("2020"))
    observe(indicator, {"2023": "1.32"})
    # 66 % done when 60 % is due.
    assert light_of(target) == "green"
    assert light_of(target, date(2026, 11, 20)) == "pending"
    observe(indicator, {"2025": "1.4"})
    assert light_of(target, date(2026, 11, 20)) == "red"


def test_nothing_waits_for_a_figure_when_a_later_one_is_there() -> None:
    indicator = make_indicator(frequency="year", origin="official", accumulation="stock", unit_of_measure="位", direction="lower")
    target = make_target(indicator, "22", "2022", basis="gap_closed", baseline_value=Decimal(23), baseline_period=make_period("2020"))
    observe(indicator, {"2024": "23"})
    assert (light_of(target), reason_of(target)) == ("grey", "not_published")


def test_an_unknown_baseline_gives_no_schedule_and_grey() -> None:
    indicator = make_indicator(frequency="year", accumulation="stock", unit_of_measure="%")
    target = make_target(indicator, "65", baseline_value=None, baseline_period=None)
    observe(indicator, {"2015": "40", "2024": "60"})
    # Nor is it known whether 2015 counts: only the newest value is set against the target.
    assert (light_of(target), reason_of(target)) == ("grey", "no_baseline_period")
    assert set(values_of(target, "completion")) == {"2024"}
    assert values_of(target, "schedule") == {}
    assert Decimal("0.92") < (values_of(target, "completion")["2024"] or 0) < Decimal("0.93")


def test_a_bound_is_judged_by_its_number_and_says_so() -> None:
    target = make_target(make_indicator(), "100")
    observe(target.indicator, {"2025-Q3": "80"}, qualifier="over")
    run(NOVEMBER)
    assert Result.objects.current().get(target=target, measure="completion").detail["qualifier"] == "over"


def test_a_superseded_target_is_judged_no_more() -> None:
    old = make_target(make_indicator(), "100")
    observe(old.indicator, {"2025-Q3": "60"})
    assert light_of(old) == "yellow"
    new = make_target(old.indicator, "80", document=Document.objects.create(title="新文件"))
    TargetSupersession.objects.create(superseded=old, target=new, reason="调整")
    assert light_of(new) == "green"
    assert not Result.objects.current().filter(target=old).exists()
    assert Result.objects.filter(target=old, superseded_at__isnull=False).exists()


def test_two_documents_in_force_are_judged_side_by_side() -> None:
    indicator = make_indicator(frequency="year", accumulation="stock", unit_of_measure="%")
    high = make_target(indicator, "65", baseline_value=Decimal(55), baseline_period=make_period("2020"))
    low = make_target(indicator, "62", document=Document.objects.create(title="后"), baseline_value=Decimal(55), baseline_period=make_period("2020"))
    observe(indicator, {"2025": "63"})
    assert (light_of(high, date(2026, 6, 1)), light_of(low, date(2026, 6, 1))) == ("red", "green")


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str, float | None]] = [
    # what it is, the indicator, the target, the period, the value, the completion
    ("a rank closes its gap", {"accumulation": "stock", "unit_of_measure": "位", "direction": "lower"},
     {"value": "20", "basis": "gap_closed", "baseline_value": "25", "comparison": "at_most"}, "2025-Q3", "22", 0.6),
    ("lower is better by ratio", {"accumulation": "stock", "direction": "lower"}, {"value": "20", "comparison": "at_most"}, "2025-Q3", "25", 0.8),
    ("a change counts from the baseline", {"accumulation": "stock"}, {"value": "10", "kind": "change", "baseline_value": "30"}, "2025-Q3", "36", 0.6),
    ("a growth in percent", {"accumulation": "stock"}, {"value": "50", "kind": "growth", "unit_of_measure": "%", "baseline_value": "20"}, "2025-Q3", "25", 0.5),
    ("a growth of an amount counts from nothing", {}, {"value": "50", "kind": "growth", "unit_of_measure": "%", "baseline_value": "20"}, "2025-Q3", "15", 0.5),
    ("a growth without a baseline", {"accumulation": "stock"},
     {"value": "50", "kind": "growth", "unit_of_measure": "%", "baseline_value": None, "baseline_period": None}, "2025-Q3", "25", None),
    ("inside a range", {"accumulation": "stock"}, {"value": "10", "upper": Decimal(20), "kind": "range"}, "2025-Q3", "15", 1.0),
    ("below a range", {"accumulation": "stock"}, {"value": "10", "upper": Decimal(20), "kind": "range"}, "2025-Q3", "5", 0.5),
    ("above a range", {"accumulation": "stock"}, {"value": "10", "upper": Decimal(20), "kind": "range"}, "2025-Q3", "40", 0.5),
    ("万家 against 家", {"unit_of_measure": "家"}, {"value": "2", "unit_of_measure": "万家"}, "2025-Q3", "15000", 0.75),
    ("亿元 against 万元", {"unit_of_measure": "万元"}, {"value": "2", "unit_of_measure": "亿元"}, "2025-Q3", "15000", 0.75),
    ("units that cannot be compared", {"unit_of_measure": "万元"}, {"value": "2", "unit_of_measure": "家"}, "2025-Q3", "15000", None),
]


@pytest.mark.parametrize(("indicator", "target", "period", "value", "completion"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_completion(indicator: dict[str, Any], target: dict[str, Any], period: str, value: str, completion: float | None) -> None:
    fields = {k: Decimal(v) if k == "baseline_value" and v is not None else v for k, v in target.items() if k != "value"}
    made = make_target(make_indicator(**indicator), target["value"], **fields)
    verdict = judge_value(made, Decimal(value), make_period(period))
    assert verdict.completion == (None if completion is None else pytest.approx(completion))


def test_a_yearly_average_growth_compounds() -> None:
    indicator = make_indicator(frequency="year", accumulation="flow", unit_of_measure="亿元")
    target = make_target(
        indicator, "10", kind="growth", unit_of_measure="%", stated="年均增长10%以上", baseline_value=Decimal(100), baseline_period=make_period("2020")
    )
    verdict = judge_value(target, Decimal("161.051"), make_period("2025"))
    assert (verdict.completion, verdict.light) == (pytest.approx(1), "green")


@pytest.mark.parametrize(
    ("indicator", "target", "node", "period", "schedule", "rule"),
    [
        ({}, {}, None, "2025-Q3", 0.75, "period"),
        ({}, {}, "0.64", "2025-Q3", 0.64, "nodes"),
        ({}, {}, "0.64", "2025-Q4", 1, "ended"),
        ({"accumulation": "stock"}, {"baseline_value": Decimal(1)}, None, "2025-Q2", 0.5, "baseline"),
        ({"accumulation": "stock"}, {"baseline_period": None}, None, "2025-Q2", None, ""),
    ],
)
def test_a_schedule_notes_by_which_rule_it_was_counted(
    indicator: dict[str, Any], target: dict[str, Any], node: str | None, period: str, schedule: float | None, rule: str
) -> None:
    made = make_target(make_indicator(**indicator), "100", **target)
    if node:
        TargetNode.objects.create(target=made, period=make_period("2025-Q3"), share=Decimal(node))
    verdict = judge_value(made, Decimal(50), make_period(period))
    assert (verdict.schedule, verdict.rule) == (None if schedule is None else pytest.approx(schedule), rule)


def test_quarterly_amounts_add_up_to_the_years_target_and_only_whole() -> None:
    target = make_target(make_indicator(accumulation="flow"), "100")
    observe(target.indicator, {"2025-Q1": "20", "2025-Q2": "25", "2025-Q3": "30"})
    run(NOVEMBER)
    assert values_of(target, "completion") == {"2025-Q1": Decimal("0.2"), "2025-Q2": Decimal("0.45"), "2025-Q3": Decimal("0.75")}
    observe(target.indicator, {"2025-Q2": None})
    run(NOVEMBER)
    assert values_of(target, "completion") == {"2025-Q1": Decimal("0.2")}  # two quarters of three are no sum


def test_a_target_of_several_years_gathers_all_of_them() -> None:
    target = make_target(make_indicator(), "100", "2024-01/2025-12", baseline_value=None, baseline_period=None)
    observe(target.indicator, {"2024-Q4": "40", "2025-Q1": "10", "2025-Q2": "35"})
    run(NOVEMBER)
    assert values_of(target, "completion")["2025-Q2"] == Decimal("0.75")
    assert values_of(target, "schedule")["2025-Q2"] == Decimal("0.75")


def test_planned_nodes_replace_the_even_schedule() -> None:
    target = make_target(make_indicator(), "100")
    TargetNode.objects.create(target=target, period=make_period("2025-Q2"), share=Decimal("0.1"))
    TargetNode.objects.create(target=target, period=make_period("2025-Q3"), share=Decimal("0.3"))
    observe(target.indicator, {"2025-Q1": "5", "2025-Q2": "9", "2025-Q3": "30"})
    assert light_of(target) == "green"
    assert values_of(target, "schedule") == {"2025-Q1": Decimal("0.05"), "2025-Q2": Decimal("0.1"), "2025-Q3": Decimal("0.3")}


def test_what_is_typed_is_judged_as_what_is_accepted() -> None:
    target = make_target(make_indicator(accumulation="flow"), "100")
    history = observe(target.indicator, {"2025-Q1": "20", "2025-Q2": "25"})
    book = load_yardstick(NOVEMBER)
    verdict = judge_typed(target, Decimal(30), make_period("2025-Q3"), history, book)
    assert judge_typed(target, None, make_period("2025-Q3"), history, book).light == "grey"
    observe(target.indicator, {"2025-Q3": "30"})
    run(NOVEMBER)
    assert Decimal(str(verdict.completion)) == values_of(target, "completion")["2025-Q3"]


def test_what_is_typed_is_judged_by_the_plans_thresholds_of_the_day_and_by_the_calendar() -> None:
    plan = make_plan()
    LightThreshold.objects.filter(plan=plan).update(green=-1, red=-2)
    target = make_target(make_indicator(), "100")
    third, fourth = make_period("2025-Q3"), make_period("2025-Q4")
    assert judge_typed(target, Decimal(72), third, [], load_yardstick(NOVEMBER)).light == "red"
    # After the year a value below its target is missed, however near it comes.
    january = load_yardstick(date(2026, 1, 10))
    assert judge_typed(target, Decimal("99.5"), fourth, [], january).light == "red"
    assert judge_typed(target, Decimal(100), fourth, [], january).light == "green"
    # A return of long ago is shown as it was then.
    assert judge_typed(target, Decimal(75), third, [], load_yardstick(date(2026, 9, 1))).light == "green"


def test_a_figure_from_before_the_baseline_is_no_progress() -> None:
    """The plan said in 2022 that it starts from 56.42, of a year it did not say; a figure of 2020 cannot be measured from there."""
    plan = make_plan()
    share = make_indicator("share", unit_of_measure="%", accumulation="stock", origin="official", frequency="year")
    target = make_target(share, "65", basis="gap_closed", baseline_value=Decimal("56.42"), baseline_period=None)
    plan.document = target.document
    plan.save(update_fields=["document"])
    observe(share, {"2020": "55.1"})
    assert (light_of(target), reason_of(target)) == ("grey", "before_baseline")
    assert values_of(target, "completion") == {}
    observe(share, {"2023": "60.71"})
    assert light_of(target) == "grey"
    assert values_of(target, "completion") == {"2023": Decimal("0.5")}


# -- a task by its parts -------------------------------------------------------------------------


class Work:
    """A task of a plan that ends with the year, and parts to give it."""

    def __init__(self, **fields: Any) -> None:
        self.plan = make_plan()
        self.task = make_task(self.plan, 1, make_unit("gxt"), **fields)

    def measure(self, code: str, value: str | None, **fields: Any) -> Indicator:
        """An indicator with 100 to reach in the year, of which ``value`` was done by the third quarter."""
        indicator = make_indicator(code, **fields)
        make_target(indicator, "100")
        TaskIndicator.objects.create(task=self.task, indicator=indicator)
        if value:
            observe(indicator, {"2025-Q3": value})
        return indicator

    def light(self, today: date = NOVEMBER) -> str:
        calendar.mark_calendar()
        run(today)
        return self.result("light").text

    def result(self, measure: str) -> Result:
        return Result.objects.current().get(task=self.task, measure=measure)


@pytest.mark.parametrize(
    ("parts", "light"),
    [
        (["75", "40"], "red"),
        (["75", "65"], "yellow"),
        (["75", None], "grey"),  # nothing reported of a part: the whole cannot be called right
        (["65", None], "yellow"),
        (["75", "80"], "green"),
    ],
)
def test_a_task_shows_its_worst_part(parts: list[str | None], light: str) -> None:
    work = Work()
    for number, value in enumerate(parts):
        work.measure(f"part{number}", value)
    assert work.light() == light


def test_a_tasks_completion_is_the_mean_and_more_than_all_makes_up_for_nothing() -> None:
    work = Work()
    work.measure("over", "150")
    work.measure("half", "50")
    work.measure("nothing", None)
    work.light()
    assert work.result("completion").value == Decimal("0.75")
    assert work.result("schedule").value == Decimal("0.75")


def test_a_pending_part_is_left_out() -> None:
    work = Work(due_on=date(2027, 12, 31))
    work.measure("ours", "100")
    observe(Indicator.objects.get(code="ours"), {"2025-Q4": "100"})
    official = work.measure("theirs", None, frequency="year", origin="official", accumulation="stock")
    assert work.light(date(2026, 3, 1)) == "green"
    assert Result.objects.current().get(indicator=official, measure="light").text == "pending"


@pytest.mark.parametrize(
    ("due_on", "light"),
    [
        (date(2025, 11, 19), "red"),  # yesterday, and not reached
        (date(2025, 11, 20), "blue"),  # today is still in time
        (date(2025, 12, 20), "blue"),
        (date(2025, 12, 21), "green"),
    ],
)
def test_a_milestone_that_is_not_reached(due_on: date, light: str) -> None:
    work = Work(due_on=date(2026, 12, 31))
    Milestone.objects.create(task=work.task, number=1, title_zh="节点", due_on=due_on)
    assert work.light() == light


def test_a_milestone_that_is_reached_stays_reached_until_corrected() -> None:
    quarter = Quarter()
    quarter.accept()
    run(NOVEMBER)
    assert Result.objects.current().get(task=quarter.task, measure="completion").value == 1
    line = quarter.line("milestone")
    accept_correction(request_correction(line, by=quarter.cast.xie, value="0", reason="误报"), by=quarter.cast.guo)
    run(NOVEMBER)
    assert Result.objects.current().get(task=quarter.task, measure="completion").value == 0
    assert Result.objects.current().get(task=quarter.task, measure="light").text == "red"


def test_words_alone_are_no_light_but_their_absence_is_another_reason() -> None:
    work, cast = Work(), Cast()
    assert (work.light(), work.result("light").detail["reason"]) == ("grey", "not_reported")
    assign(cast.gxt, task=work.task)
    report = Return.objects.get(round=open_quarter(cast, work.plan), unit=cast.gxt)
    save_line(report.lines.get(), {"value": "按计划推进"}, by=cast.xie)
    submit_return(report, by=cast.xie)
    approve_return(report, by=cast.shen)
    accept_return(report, by=cast.guo)
    assert (work.light(), work.result("light").detail["reason"]) == ("grey", "narrative_only")


def test_a_task_past_its_due_date_is_red_and_a_closed_one_a_tick() -> None:
    work = Work(due_on=date(2025, 11, 19))
    work.measure("part", "80")
    assert work.light() == "red"
    assert work.result("light").detail["reason"] == "overdue"
    Task.objects.filter(pk=work.task.pk).update(state="closed")
    mark_tasks([work.task.pk], cause="test")
    run(NOVEMBER)
    assert work.result("light").text == "closed"


def test_a_task_due_soon_is_blue() -> None:
    work = Work(due_on=NOVEMBER + timedelta(days=30))
    work.measure("part", "80")
    assert work.light() == "blue"


def test_an_override_shows_as_one_until_it_is_taken_back() -> None:
    work = Work()
    work.measure("part", "40")
    office = make_user("guo", make_unit("kjt-ghc"))
    LightOverride.objects.create(task=work.task, light="yellow", reason="设备已到货", by=office)
    assert work.light() == "yellow"
    assert work.result("light").detail["override"]["computed"] == "red"
    LightOverride.objects.create(task=work.task, light="", reason="撤回", by=office)
    assert work.light() == "red"
    assert "override" not in work.result("light").detail


def test_a_task_follows_its_next_target_and_of_two_documents_the_later() -> None:
    work = Work()
    indicator = work.measure("part", "75")
    assert work.light() == "green"
    later = Document.objects.create(title="后来的文件", issued_on=date(2025, 6, 1))
    make_target(indicator, "150", document=later)
    make_target(indicator, "1000", "2026", baseline_period=make_period("2025-Q4"))
    assert work.light() == "red"


def test_an_aspect_is_the_mean_of_its_tasks_with_their_lights_counted() -> None:
    work = Work()
    work.measure("part", "75")
    other = make_task(work.plan, 2, make_unit("gxt"))
    TaskIndicator.objects.create(task=other, indicator=make_target(make_indicator("other"), "100").indicator)
    observe(Indicator.objects.get(code="other"), {"2025-Q3": "45"})
    make_task(work.plan, 3, make_unit("gxt"))
    work.light()
    completion = Result.objects.current().get(aspect__plan=work.plan, measure="completion")
    assert completion.value == Decimal("0.6")
    assert completion.detail["lights"] == {"green": 1, "grey": 1, "red": 1}


def test_demonstration_and_classification_reach_the_task_and_its_aspect() -> None:
    work = Work()
    work.measure("part", "75", is_demo=True, classification="internal")
    work.light()
    for result in (work.result("light"), Result.objects.current().get(aspect__plan=work.plan, measure="completion")):
        assert (result.is_demo, result.classification) == (True, "internal")
    assert Observation.objects.filter(is_demo=True).exists()


def test_a_citys_figure_does_not_touch_a_task_of_the_province() -> None:
    work = Work()
    indicator = work.measure("part", "75")
    run(NOVEMBER)
    before = set(Result.objects.filter(task=work.task).values_list("pk", flat=True))
    observe(indicator, {"2025-Q3": "1"}, area=make_area("620100", "prefecture", make_area(), "兰州市").pk)
    run(NOVEMBER)
    assert set(Result.objects.filter(task=work.task).values_list("pk", flat=True)) == before
