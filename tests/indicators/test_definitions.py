"""The office's verbs on definitions: who may, what is refused in which words, what the trail and the marks say."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from indicators.actions import definitions as actions
from indicators.errors import NotAllowed, RecordError
from indicators.models import (
    Assignment,
    Document,
    Indicator,
    IndicatorDependency,
    LightThreshold,
    Line,
    Milestone,
    Plan,
    Return,
    StaleMark,
    Target,
    Task,
    TaskIndicator,
)
from kejiting.accounts.models import AuditEvent, Role, Unit, User
from tests.builders import (
    Cast,
    assign,
    make_area,
    make_indicator,
    make_period,
    make_plan,
    make_target,
    make_task,
    make_user,
    observe,
    open_quarter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return make_plan()


@pytest.fixture
def demo_office(cast: Cast) -> User:
    """An office account of the demonstration."""
    return make_user("demo-guo", cast.ghc, Role.OFFICE, is_demo=True)


def task_values(plan: Plan, cast: Cast, **changes: Any) -> dict[str, Any]:
    values = {"number": 1, "aspect": plan.aspects.get(), "title_zh": "建设平台", "lead_unit": cast.kjt, "starts_on": date(2022, 1, 1), "due_on": date(2025, 12, 31)}
    return values | changes


INDICATOR = {
    "code": "labs",
    "name_zh": "重点实验室",
    "unit_of_measure": "个",
    "accumulation": "stock",
    "origin": "reported",
    "frequency": "quarter",
    "text_zh": "期末在册数",
}


def says(action: Callable[[], object], *words: str) -> str:
    """The action is refused with a sentence that holds the words."""
    with pytest.raises(RecordError) as caught:
        action()
    for word in words:
        assert word in caught.value.message
    return caught.value.message


def last_event(verb: str) -> AuditEvent:
    return AuditEvent.objects.filter(verb=verb).latest("pk")


def marked_tasks() -> set[int | None]:
    return set(StaleMark.objects.exclude(task=None).values_list("task", flat=True))


def marked_indicators() -> set[int | None]:
    return set(StaleMark.objects.exclude(indicator=None).values_list("indicator", flat=True))


# -- who may -----------------------------------------------------------------------------------


def test_definitions_are_the_offices_alone(cast: Cast, plan: Plan) -> None:
    task, indicator = make_task(plan, 9, cast.gxt), make_indicator()
    target, document = make_target(indicator, "10"), Document.objects.create(title="文件")
    row, milestone = assign(cast.gxt, indicator=indicator), Milestone.objects.create(task=task, number=1, title_zh="节点", due_on=date(2025, 9, 30))
    today = date(2025, 6, 1)
    verbs: list[Callable[[User], object]] = [
        lambda by: actions.add_task(by=by, plan=plan, **task_values(plan, cast)),
        lambda by: actions.edit_task(task, by=by, title_zh="改"),
        lambda by: actions.add_milestone(task, by=by, number=2, title_zh="节点二", due_on=today),
        lambda by: actions.edit_milestone(milestone, by=by, title_zh="改"),
        lambda by: actions.link_indicator(task, indicator, by=by),
        lambda by: actions.unlink_indicator(task, indicator, by=by),
        lambda by: actions.override_light(task, by=by, light="green", reason="原因"),
        lambda by: actions.add_indicator(by=by, **INDICATOR),
        lambda by: actions.edit_indicator(indicator, by=by, name_zh="改"),
        lambda by: actions.add_document(by=by, title="新文件"),
        lambda by: actions.edit_document(document, by=by, title="改"),
        lambda by: actions.set_target(by=by, document=document, indicator=indicator, area=make_area(), period=make_period("2025"), value=Decimal(1)),
        lambda by: actions.supersede_target(target, by=by, superseded=target, reason="原因"),
        lambda by: actions.assign(by=by, unit=cast.gxt, task=task, is_narrative=True, starts_on=today),
        lambda by: actions.end_assignment(row, by=by, last_day=today),
        lambda by: actions.set_threshold(by=by, plan=plan, green=Decimal(-3), red=Decimal(-9), due_soon_days=30, starts_on=today),
    ]
    for verb in verbs:
        for person in (cast.xie, cast.shen, cast.du):
            with pytest.raises(NotAllowed):
                verb(person)
    assert not AuditEvent.objects.exists()
    assert not StaleMark.objects.exists()


# -- tasks -------------------------------------------------------------------------------------


def test_a_task_is_added_with_its_units_and_leaves_a_trail(cast: Cast, plan: Plan) -> None:
    task = actions.add_task(by=cast.guo, plan=plan, cooperating_units=[cast.gxt], **task_values(plan, cast))
    assert list(task.cooperating_units.all()) == [cast.gxt]
    event = last_event("task.add")
    assert (event.actor, event.detail["values"]["title_zh"], event.detail["cooperating_units"]) == (cast.guo, "建设平台", ["gxt"])
    assert marked_tasks() == {task.pk}
    assert not task.is_demo


def test_an_edited_task_keeps_what_it_was_in_the_trail(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    actions.edit_task(task, by=cast.guo, title_zh="新的说法", due_on=date(2026, 6, 30), cooperating_units=[cast.kjt])
    task.refresh_from_db()
    assert (task.title_zh, task.due_on) == ("新的说法", date(2026, 6, 30))
    assert last_event("task.edit").detail["changes"] == {
        "title_zh": ["任务1", "新的说法"],
        "due_on": ["2025-12-31", "2026-06-30"],
        "cooperating_units": [[], ["kjt"]],
    }
    assert marked_tasks() == {task.pk}


def test_saving_without_a_change_leaves_no_trail(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    actions.edit_task(task, by=cast.guo, title_zh=task.title_zh, cooperating_units=[])
    assert not AuditEvent.objects.exists()


def test_what_is_wrong_with_a_task_is_said(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    other = make_plan("other", is_current=False)
    says(lambda: actions.add_task(by=cast.guo, plan=plan, **task_values(plan, cast)), "已有同一编号的任务")
    says(lambda: actions.edit_task(task, by=cast.guo, due_on=date(2021, 1, 1)), "不能早于开始日期")
    says(lambda: actions.edit_task(task, by=cast.guo, title_zh="  "), "请填写任务")
    says(lambda: actions.edit_task(task, by=cast.guo, aspect=other.aspects.get()), "不是这个规划的方面")
    says(lambda: actions.edit_task(task, by=cast.guo, cooperating_units=[cast.gxt]), "牵头单位")
    says(lambda: actions.edit_task(task, by=cast.guo, parent=task), "上级任务")
    child = make_task(plan, 2, cast.gxt, parent=task)
    says(lambda: actions.edit_task(task, by=cast.guo, parent=child), "上级任务")
    says(lambda: actions.edit_task(task, by=cast.guo, state="closed"), "不能修改")
    says(lambda: actions.edit_task(task, by=cast.guo, is_demo=True), "不能修改")


def test_a_milestone_is_added_and_changed(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    milestone = actions.add_milestone(task, by=cast.guo, number=1, title_zh="开工", due_on=date(2025, 6, 30))
    actions.edit_milestone(milestone, by=cast.guo, due_on=date(2025, 9, 30))
    assert last_event("milestone.edit").detail["changes"] == {"due_on": ["2025-06-30", "2025-09-30"]}
    says(lambda: actions.add_milestone(task, by=cast.guo, number=1, title_zh="又", due_on=date(2025, 6, 30)), "同一序号")
    says(lambda: actions.add_milestone(task, by=cast.guo, number=2, title_zh="早", due_on=date(2024, 6, 30)), "开始日期")
    assert marked_tasks() == {task.pk}


def test_an_indicator_is_linked_once_and_unlinked(cast: Cast, plan: Plan) -> None:
    task, indicator = make_task(plan, 1, cast.gxt), make_indicator()
    actions.link_indicator(task, indicator, by=cast.guo)
    says(lambda: actions.link_indicator(task, indicator, by=cast.guo), "已经关联")
    actions.unlink_indicator(task, indicator, by=cast.guo)
    assert not TaskIndicator.objects.exists()
    says(lambda: actions.unlink_indicator(task, indicator, by=cast.guo), "没有关联")
    assert last_event("task.unlink_indicator").detail["indicator"] == "contracts"
    assert marked_tasks() == {task.pk}


def test_a_light_is_overridden_with_a_reason_and_taken_back(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    says(lambda: actions.override_light(task, by=cast.guo, light="", reason="撤"), "没有调整过")
    says(lambda: actions.override_light(task, by=cast.guo, light="red", reason=" "), "写明原因")
    says(lambda: actions.override_light(task, by=cast.guo, light="closed", reason="办完"), "没有这种灯色")
    actions.override_light(task, by=cast.guo, light="red", reason="资金未到位")
    actions.override_light(task, by=cast.jiang, light="", reason="已到位")
    assert [o.light for o in task.light_overrides.all()] == ["red", ""]
    event = last_event("task.override_light")
    assert (event.reason, event.detail["changes"]) == ("已到位", {"light": ["red", ""]})
    assert marked_tasks() == {task.pk}


# -- indicators --------------------------------------------------------------------------------


def test_an_indicator_begins_with_the_first_version_of_its_definition(cast: Cast) -> None:
    indicator = actions.add_indicator(by=cast.guo, **INDICATOR)
    assert indicator.current_definition is not None
    assert (indicator.current_definition.version, indicator.current_definition.text_zh) == (1, "期末在册数")
    assert last_event("indicator.add").object_key == "labs"
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR), "同一代码")
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR | {"code": "1st"}), "英文字母开头")
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR | {"code": "x", "text_zh": ""}), "指标口径")
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR | {"code": "x", "entry_form": "period"}), "时点数")
    assert Indicator.objects.count() == 1


def test_other_words_make_a_new_version_and_other_names_do_not(cast: Cast) -> None:
    indicator = make_indicator()
    actions.edit_indicator(indicator, by=cast.guo, name_zh="新名")
    assert indicator.definitions.count() == 1
    assert not StaleMark.objects.exists()
    actions.edit_indicator(indicator, by=cast.guo, text_zh="新的口径", valid_from=date(2025, 1, 1))
    indicator.refresh_from_db()
    assert [d.text_zh for d in indicator.definitions.order_by("version")] == ["口径", "新的口径"]
    assert indicator.current_definition is not None
    assert indicator.current_definition.version == 2
    assert last_event("indicator.edit").detail["changes"] == {"text_zh": ["口径", "新的口径"]}
    says(lambda: actions.edit_indicator(indicator, by=cast.guo, text_zh="更早", valid_from=date(2024, 1, 1)), "2025-01-01")


@pytest.mark.parametrize(("field", "value"), [("accumulation", "flow"), ("unit_of_measure", "万元"), ("origin", "official")])
def test_what_observations_mean_does_not_change_under_them(cast: Cast, field: str, value: str) -> None:
    indicator = make_indicator()
    actions.edit_indicator(indicator, by=cast.guo, **{field: value})
    assert marked_indicators() == {indicator.pk}
    observe(indicator, {"2025-Q1": "3"})
    before = {"accumulation": "ytd", "unit_of_measure": "项", "origin": "reported"}[field]
    says(lambda: actions.edit_indicator(indicator, by=cast.guo, **{field: before}), "已有登记的数值")


def test_a_formula_is_read_and_its_inputs_are_its_dependencies(cast: Cast) -> None:
    a, b = make_indicator("a"), make_indicator("b")
    derived = actions.add_indicator(by=cast.guo, **INDICATOR | {"code": "d", "origin": "derived", "formula": "share(a, b) * 100"})
    assert set(IndicatorDependency.objects.values_list("indicator__code", "reads__code")) == {("d", "a"), ("d", "b")}
    StaleMark.objects.all().delete()
    actions.edit_indicator(derived, by=cast.guo, formula="a + prev(a, 4)")
    assert set(IndicatorDependency.objects.values_list("indicator__code", "reads__code")) == {("d", "a")}
    assert marked_indicators() == {derived.pk}
    assert derived.definitions.count() == 2
    assert {a.is_demo, b.is_demo, derived.is_demo} == {False}


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("a +", ("公式第 4 个字符", "应为数字、指标代码")),
        ("a $ b", ("公式第 3 个字符", "“$”")),
        ("median(a)", ("没有这个函数",)),
        ("(a + b", ("右括号",)),
        ("a + gdp_x", ("未登记的指标代码：gdp_x",)),
        ("d + a", ("不能引用指标自己",)),
        ("1 + 1", ("没有引用任何指标",)),
        ("", ("须填公式",)),
    ],
)
def test_what_is_wrong_with_a_formula_is_said_where_it_is(cast: Cast, formula: str, words: tuple[str, ...]) -> None:
    make_indicator("a"), make_indicator("b")
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR | {"code": "d", "origin": "derived", "formula": formula}), *words)
    assert not Indicator.objects.filter(code="d").exists()


def test_a_circle_of_formulas_is_refused_with_its_way(cast: Cast) -> None:
    make_indicator("a")
    values = INDICATOR | {"origin": "derived"}
    first = actions.add_indicator(by=cast.guo, **values | {"code": "first", "name_zh": "甲", "formula": "a"})
    second = actions.add_indicator(by=cast.guo, **values | {"code": "second", "name_zh": "乙", "formula": "first"})
    actions.add_indicator(by=cast.guo, **values | {"code": "third", "name_zh": "丙", "formula": "second + a"})
    says(lambda: actions.edit_indicator(first, by=cast.guo, formula="third"), "first（甲） → third（丙） → second（乙） → first（甲）")
    assert second.definitions.count() == 1


def test_only_a_derived_indicator_has_a_formula(cast: Cast) -> None:
    make_indicator("a")
    says(lambda: actions.add_indicator(by=cast.guo, **INDICATOR | {"formula": "a"}), "公式计算")


# -- documents and targets ---------------------------------------------------------------------


def test_a_document_is_added_once(cast: Cast) -> None:
    document = actions.add_document(by=cast.guo, title="规划", number="甘政发〔2022〕1号", issued_on=date(2022, 1, 1))
    says(lambda: actions.add_document(by=cast.guo, title="另一份", number=document.number), "同一文号")
    says(lambda: actions.add_document(by=cast.guo, title="规划", issued_on=date(2022, 1, 1)), "同一标题")
    says(lambda: actions.add_document(by=cast.guo, title=" "), "标题")
    actions.edit_document(document, by=cast.guo, issuer="省政府")
    assert last_event("document.edit").detail["changes"] == {"issuer": ["", "省政府"]}


def target_values(indicator: Indicator, **changes: Any) -> dict[str, Any]:
    values = {"document": {"title": "规划纲要"}, "indicator": indicator, "area": make_area(), "period": make_period("2025"), "value": Decimal(100)}
    return values | changes


def test_a_target_is_set_with_its_document_in_one_go(cast: Cast) -> None:
    indicator = make_indicator()
    target = actions.set_target(by=cast.guo, stated="100项以上", **target_values(indicator))
    assert (target.document.title, target.unit_of_measure, target.recorded_by) == ("规划纲要", "项", cast.guo)
    assert last_event("target.set").detail["values"]["stated"] == "100项以上"
    assert set(StaleMark.objects.values_list("indicator", "area")) == {(indicator.pk, "620000")}


def test_what_is_wrong_with_a_target_is_said_and_its_document_is_not_kept(cast: Cast) -> None:
    indicator = make_indicator()
    for changes, word in [
        ({"unit_of_measure": "万元"}, "计量单位须与指标一致"),
        ({"kind": "range"}, "上限"),
        ({"upper": Decimal(120)}, "上限"),
        ({"kind": "change"}, "基期值"),
        ({"baseline_period": make_period("2024")}, "基期值"),
        ({"baseline_period": make_period("2026"), "baseline_value": Decimal(1)}, "基期须早于目标期"),
    ]:
        says(lambda changes=changes: actions.set_target(by=cast.guo, **target_values(indicator, **changes)), word)
    assert not Document.objects.exists()
    assert not Target.objects.exists()


def test_where_lower_is_better_no_target_says_at_least(cast: Cast) -> None:
    rank = make_indicator(direction="lower", unit_of_measure="位", accumulation="stock")
    says(lambda: actions.set_target(by=cast.guo, **target_values(rank, value=Decimal(15))), "越低越好", "≤")
    assert not Target.objects.exists()
    target = actions.set_target(by=cast.guo, **target_values(rank, value=Decimal(15), comparison="at_most"))
    # A range has two ends; its comparison says nothing.
    ends = {"document": target.document, "kind": "range", "value": Decimal(10), "upper": Decimal(15)}
    actions.set_target(by=cast.guo, reason="另设", **target_values(rank, **ends))


def test_a_second_target_needs_a_reason_and_never_replaces_by_itself(cast: Cast) -> None:
    indicator = make_indicator()
    first = actions.set_target(by=cast.guo, **target_values(indicator))
    later = {"document": {"title": "2025 年的文件"}, "value": Decimal(90)}
    says(lambda: actions.set_target(by=cast.guo, **target_values(indicator, **later)), "规划纲要", "原因")
    second = actions.set_target(by=cast.guo, reason="形势变化", **target_values(indicator, **later))
    assert set(Target.objects.in_force()) == {first, second}
    says(lambda: actions.set_target(by=cast.guo, reason="再", **target_values(indicator, document=second.document)), "填错的请先撤回")


def test_one_target_supersedes_another_by_hand(cast: Cast) -> None:
    indicator = make_indicator()
    first, second, third = make_target(indicator, "100"), make_target(indicator, "90", "2026"), make_target(indicator, "80", "2027")
    elsewhere = make_target(make_indicator("other"), "1")
    says(lambda: actions.supersede_target(second, by=cast.guo, superseded=first, reason=" "), "原因")
    says(lambda: actions.supersede_target(second, by=cast.guo, superseded=elsewhere, reason="文件"), "同一指标")
    says(lambda: actions.supersede_target(second, by=cast.guo, superseded=second, reason="文件"), "替代")
    actions.supersede_target(second, by=cast.guo, superseded=first, reason="文件")
    says(lambda: actions.supersede_target(third, by=cast.guo, superseded=first, reason="文件"), "已被另一个目标替代")
    actions.supersede_target(third, by=cast.guo, superseded=second, reason="文件")
    says(lambda: actions.supersede_target(first, by=cast.guo, superseded=third, reason="文件"), "互相替代")
    assert set(Target.objects.in_force().filter(indicator=indicator)) == {third}
    assert last_event("target.supersede").detail["superseded"] == second.pk
    assert marked_indicators() == {indicator.pk}


# -- assignments -------------------------------------------------------------------------------


def test_one_figure_has_one_reporter_at_a_time(cast: Cast) -> None:
    indicator = make_indicator()
    row = actions.assign(by=cast.guo, unit=cast.gxt, indicator=indicator, area=make_area(), starts_on=date(2025, 1, 1))
    again = {"by": cast.guo, "unit": cast.city, "indicator": indicator, "area": make_area()}
    says(lambda: actions.assign(**again, starts_on=date(2025, 7, 1)), "同一数据同期只能由一个单位填报：现由 gxt 填报", "2025-01-01")
    actions.assign(**again, starts_on=date(2025, 7, 1), role="contributes")
    actions.end_assignment(row, by=cast.guo, last_day=date(2025, 6, 30), reason="机构调整")
    actions.assign(**again, starts_on=date(2025, 7, 1))
    event = last_event("assignment.end")
    assert (event.reason, event.detail["changes"]["valid"]) == ("机构调整", [["2025-01-01", None], ["2025-01-01", "2025-06-30"]])


def test_one_milestone_and_one_narrative_have_one_reporter(cast: Cast, plan: Plan) -> None:
    task = make_task(plan, 1, cast.gxt)
    milestone = Milestone.objects.create(task=task, number=1, title_zh="节点", due_on=date(2025, 9, 30))
    for what in ({"milestone": milestone}, {"task": task, "is_narrative": True}):
        actions.assign(by=cast.guo, unit=cast.gxt, starts_on=date(2025, 1, 1), **what)
        says(lambda what=what: actions.assign(by=cast.guo, unit=cast.city, starts_on=date(2025, 1, 1), **what), "现由 gxt 填报")
    assert Assignment.objects.get(milestone=milestone).task == task


def test_what_is_wrong_with_an_assignment_is_said(cast: Cast) -> None:
    indicator, counted = make_indicator(), make_indicator("counted", origin="register")
    gone = Unit.objects.create(code="gone", kind="department", name_zh="原某厅", dissolved_on=date(2024, 1, 1))
    base = {"by": cast.guo, "unit": cast.gxt, "area": make_area(), "starts_on": date(2025, 1, 1)}
    says(lambda: actions.assign(**base, indicator=indicator, ends_on=date(2024, 12, 31)), "结束日期不能早于开始日期")
    says(lambda: actions.assign(**base, indicator=counted), "台账计数", "不需要单位填报")
    says(lambda: actions.assign(**base | {"area": None}, indicator=indicator), "地区")
    says(lambda: actions.assign(**base | {"area": None}), "请选择分工的内容")
    says(lambda: actions.assign(**base | {"unit": gone}, indicator=indicator), "已撤销")
    row = actions.assign(**base, indicator=indicator, ends_on=date(2025, 6, 30))
    says(lambda: actions.end_assignment(row, by=cast.guo, last_day=date(2024, 1, 1)), "2025-01-01")
    says(lambda: actions.end_assignment(row, by=cast.guo, last_day=date(2025, 12, 31)), "已于 2025-06-30 结束")


def test_an_open_round_gets_the_line_and_loses_it_untouched(cast: Cast, plan: Plan) -> None:
    opened = open_quarter(cast, plan)
    row = actions.assign(by=cast.guo, unit=cast.gxt, indicator=make_indicator(), area=make_area(), starts_on=date(2025, 1, 1))
    report = Return.objects.get(round=opened, unit=cast.gxt)
    assert Line.objects.get(report=report).assignment == row
    actions.end_assignment(row, by=cast.guo, last_day=date(2025, 6, 30))
    assert not Line.objects.exists()
    assert not Return.objects.exists()


def test_what_was_typed_stays_when_an_assignment_ends(cast: Cast, plan: Plan) -> None:
    from indicators.actions.reporting import save_line

    open_quarter(cast, plan)
    row = actions.assign(by=cast.guo, unit=cast.gxt, indicator=make_indicator(), area=make_area(), starts_on=date(2025, 1, 1))
    save_line(Line.objects.get(), {"value": "5"}, by=cast.xie)
    actions.end_assignment(row, by=cast.guo, last_day=date(2025, 6, 30))
    assert Line.objects.get().value == 5


def test_a_line_is_not_added_where_the_period_ends_outside(cast: Cast, plan: Plan) -> None:
    open_quarter(cast, plan)
    actions.assign(by=cast.guo, unit=cast.gxt, indicator=make_indicator(), area=make_area(), starts_on=date(2025, 10, 1))
    assert not Line.objects.exists()


# -- thresholds --------------------------------------------------------------------------------


def test_thresholds_are_dated(cast: Cast, plan: Plan) -> None:
    task, target = make_task(plan, 1, cast.gxt), make_target(make_indicator(), "10")
    day = date(2025, 6, 1)
    values = {"by": cast.guo, "plan": plan, "green": Decimal(-3), "due_soon_days": 45}
    row = actions.set_threshold(**values, red=Decimal(-10), starts_on=day)
    spans = [(t.valid.lower, t.valid.upper, t.green) for t in plan.light_thresholds.order_by("valid")]
    assert spans == [(date(2022, 1, 1), day, Decimal(-5)), (day, None, Decimal(-3))]
    assert last_event("threshold.set").detail["changes"]["red"] == ["-15.00", "-10"]
    assert (marked_tasks(), marked_indicators()) == ({task.pk}, {target.indicator_id})
    says(lambda: actions.set_threshold(**values, red=Decimal(-10), starts_on=day), "须晚于")
    says(lambda: actions.set_threshold(**values, red=Decimal(-1), starts_on=day + timedelta(days=1)), "红灯上限须低于绿灯下限")
    assert LightThreshold.objects.get(valid__contains=date(2026, 1, 1)) == row


def test_the_demonstrations_thresholds_go_without_a_trace(cast: Cast, plan: Plan, demo_office: User) -> None:
    for month in (6, 7):
        values = {"green": Decimal(-month), "red": Decimal(-20), "due_soon_days": 30, "starts_on": date(2025, month, 1)}
        assert actions.set_threshold(by=demo_office, plan=plan, **values).is_demo
    assert actions.remove_demo_thresholds() == 2
    row = plan.light_thresholds.get()
    assert (row.valid.lower, row.valid.upper, row.is_demo) == (date(2022, 1, 1), None, False)


# -- the demonstration -------------------------------------------------------------------------


def test_what_a_demonstration_account_makes_is_demonstration(cast: Cast, plan: Plan, demo_office: User) -> None:
    task = actions.add_task(by=demo_office, plan=plan, **task_values(plan, cast))
    milestone = actions.add_milestone(task, by=demo_office, number=1, title_zh="节点", due_on=date(2025, 6, 30))
    indicator = actions.add_indicator(by=demo_office, **INDICATOR)
    target = actions.set_target(by=demo_office, **target_values(indicator))
    row = actions.assign(by=demo_office, unit=cast.gxt, indicator=indicator, area=make_area(), starts_on=date(2025, 1, 1))
    made = [task, milestone, indicator, indicator.current_definition, target, target.document, row]
    assert all(thing.is_demo for thing in made)
    assert all(AuditEvent.objects.values_list("is_demo", flat=True))


def test_what_hangs_on_demonstration_is_demonstration(cast: Cast, plan: Plan) -> None:
    demo = make_indicator("demo_one", is_demo=True)
    derived = actions.add_indicator(by=cast.guo, **INDICATOR | {"origin": "derived", "formula": "demo_one * 2"})
    assert derived.is_demo
    assert actions.set_target(by=cast.guo, **target_values(demo)).is_demo
    assert actions.assign(by=cast.guo, unit=cast.gxt, indicator=demo, area=make_area(), starts_on=date(2025, 1, 1)).is_demo
    task = make_task(plan, 1, cast.gxt, is_demo=True)
    assert actions.assign(by=cast.guo, unit=cast.gxt, task=task, is_narrative=True, starts_on=date(2025, 1, 1)).is_demo
    assert actions.override_light(task, by=cast.guo, light="red", reason="原因").is_demo


def test_a_demonstration_account_does_not_touch_official_data(cast: Cast, plan: Plan, demo_office: User) -> None:
    task, indicator = make_task(plan, 1, cast.gxt), make_indicator()
    target, row = make_target(indicator, "1"), assign(cast.gxt, indicator=indicator)
    later = make_target(indicator, "2", "2026")
    says(lambda: actions.edit_task(task, by=demo_office, title_zh="改"), "正式数据", "演示账号不能修改")
    says(lambda: actions.add_milestone(task, by=demo_office, number=1, title_zh="节点", due_on=date(2025, 6, 30)), "正式数据")
    says(lambda: actions.link_indicator(task, indicator, by=demo_office), "正式数据")
    says(lambda: actions.edit_indicator(indicator, by=demo_office, name_zh="改"), "正式数据")
    says(lambda: actions.edit_document(target.document, by=demo_office, title="改"), "正式数据")
    says(lambda: actions.set_target(by=demo_office, **target_values(indicator)), "正式数据", "演示账号不能为它设定目标")
    says(lambda: actions.supersede_target(later, by=demo_office, superseded=target, reason="文件"), "正式数据")
    assigning = {"by": demo_office, "unit": cast.gxt, "starts_on": date(2025, 1, 1)}
    says(lambda: actions.assign(**assigning, indicator=indicator, area=make_area()), "登记的是正式数据，演示账号不能为它分工")
    says(lambda: actions.assign(**assigning, task=task, is_narrative=True), "正式任务，演示账号不能为它分工")
    says(lambda: actions.end_assignment(row, by=demo_office, last_day=date(2025, 6, 30)), "正式数据")
    assert not Document.objects.filter(title="规划纲要").exists()
    # An override is a row of its own, which goes with the demonstration.
    assert actions.override_light(task, by=demo_office, light="red", reason="原因").is_demo


def test_official_data_does_not_stand_on_demonstration(cast: Cast, plan: Plan) -> None:
    demo_unit = Unit.objects.create(code="demo-unit", kind="department", name_zh="演示厅", is_demo=True)
    demo_indicator, indicator = make_indicator("demo_one", is_demo=True), make_indicator()
    demo_document = Document.objects.create(title="演示文件", is_demo=True)
    task = make_task(plan, 5, cast.gxt)
    says(lambda: actions.add_task(by=cast.guo, plan=plan, **task_values(plan, cast, lead_unit=demo_unit)), "演示数据，不能用在正式数据里")
    says(lambda: actions.link_indicator(task, demo_indicator, by=cast.guo), "演示数据")
    derived = make_indicator("derived", origin="derived", formula="contracts")
    says(lambda: actions.edit_indicator(derived, by=cast.guo, formula="demo_one"), "演示数据")
    says(lambda: actions.set_target(by=cast.guo, **target_values(indicator, document=demo_document)), "演示数据")
    says(lambda: actions.assign(by=cast.guo, unit=demo_unit, indicator=indicator, area=make_area(), starts_on=date(2025, 1, 1)), "演示数据")


def test_lines_are_added_to_rounds_of_the_same_kind_only(cast: Cast, plan: Plan, demo_office: User) -> None:
    real = open_quarter(cast, plan)
    now = timezone.now()
    from indicators.actions.rounds import open_round

    demo = open_round(by=demo_office, plan=plan, period=make_period("2025-Q2"), opens_at=now - timedelta(days=9), due_at=now + timedelta(days=9))
    indicator = make_indicator("demo_one", is_demo=True)
    actions.assign(by=demo_office, unit=cast.gxt, indicator=indicator, area=make_area(), starts_on=date(2025, 1, 1))
    assert Line.objects.get().report.round == demo
    assert not Return.objects.filter(round=real).exists()


# -- the words of the constraints ----------------------------------------------------------------


def test_every_constraint_of_definitions_and_reporting_has_words() -> None:
    from django.apps import apps

    from indicators.constraints import say

    written_by_programs = {"Observation", "Result", "IndexEstimate", "IndexScore", "RecomputeRun", "StaleMark", "Evidence", "Period"}
    named = {
        constraint.name
        for model in apps.get_app_config("indicators").get_models()
        if model.__name__ not in written_by_programs
        for constraint in model._meta.constraints
    }
    assert [name for name in sorted(named) if say(name) is None] == []


def test_a_constraint_that_slips_past_the_checks_is_put_into_words(cast: Cast, plan: Plan) -> None:
    from indicators.constraints import explained

    make_task(plan, 1, cast.gxt)

    def add_twice() -> None:
        with explained():
            make_task(plan, 1, cast.gxt)

    says(add_twice, "已有同一编号的任务")
    assert Task.objects.count() == 1
