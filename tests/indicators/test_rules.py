"""Validation rules: versioned, judged over the record before they are saved, and put to work where figures come in."""


import pytest
from django.db import IntegrityError, transaction

from indicators.actions import corrections
from indicators.actions.definitions import add_rule, edit_rule
from indicators.actions.reporting import save_line, submit_return
from indicators.actions.rounds import add_due_lines
from indicators.compute.rules import get_rules, judge_rules, load_figures
from indicators.errors import NotAllowed, NotReady, RecordError, WrongState
from indicators.findings import find_findings
from indicators.formulas import FormulaRefused
from indicators.models import Indicator, Line, Rule
from indicators.queries.rules import get_rules_seen, preview_rule
from indicators.queries.sheets import get_sheet
from kejiting.accounts.classification import Classification
from kejiting.accounts.models import AuditEvent, User
from tests.builders import Cast, Quarter, assign, make_area, make_indicator, make_user, observe

pytestmark = pytest.mark.django_db

PART, WHOLE = {"2023": "3", "2024": "9"}, {"2023": "5", "2024": "8"}


def make_parts() -> None:
    """A part that is more than its whole in 2024, and only then."""
    make_area()
    for code, values in (("part", PART), ("whole", WHOLE)):
        observe(make_indicator(code, frequency="year", accumulation="flow"), values)


def make_rule(formula: str = "part <= whole", **fields: str) -> Rule:
    return Rule.objects.create(version=1, **{"code": "parts", "formula": formula, "severity": "error", "sentence_zh": "部分不能大于总体。", **fields})


# -- versions ------------------------------------------------------------------------------------


def test_a_change_is_a_version_with_who_when_and_why() -> None:
    make_parts()
    cast = Cast()
    first = add_rule(by=cast.guo, code="parts", formula="part <= whole", severity="error", sentence_zh="部分不能大于总体。")
    second = edit_rule(first, by=cast.guo, formula="part <= whole * 2", severity="warning", sentence_zh="相差太大。", reason="口径不同")
    assert (second.version, second.reason, second.set_by) == (2, "口径不同", cast.guo)
    assert [each.rule.pk for each in get_rules()] == [second.pk]
    assert Rule.objects.get(pk=first.pk).formula == "part <= whole"
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", "actor", "reason")) == [("rule.add", cast.guo.pk, ""), ("rule.edit", cast.guo.pk, "口径不同")]


def test_a_version_is_never_changed() -> None:
    make_parts()
    rule = make_rule()
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(formula="part >= whole")
    with pytest.raises(IntegrityError), transaction.atomic():
        rule.delete()


def test_what_is_taken_out_of_use_judges_nothing_and_may_come_back() -> None:
    make_parts()
    cast, rule = Cast(), make_rule()
    said = {"formula": rule.formula, "severity": rule.severity, "sentence_zh": rule.sentence_zh}
    gone = edit_rule(rule, by=cast.guo, **said, is_withdrawn=True, reason="不再适用")
    assert get_rules() == []
    edit_rule(gone, by=cast.guo, **said, reason="又适用了")
    assert len(get_rules()) == 1


def test_saying_the_same_again_makes_no_version() -> None:
    make_parts()
    rule = make_rule()
    assert edit_rule(rule, by=Cast().guo, formula=" part <= whole ", severity="error", sentence_zh=rule.sentence_zh, reason="") == rule


def test_a_change_without_a_reason_and_one_of_an_old_version_are_refused() -> None:
    make_parts()
    cast, rule = Cast(), make_rule()
    said = {"severity": "error", "sentence_zh": "部分不能大于总体。"}
    with pytest.raises(RecordError, match="原因"):
        edit_rule(rule, by=cast.guo, formula="part < whole", reason="  ", **said)
    edit_rule(rule, by=cast.guo, formula="part < whole", reason="更严", **said)
    with pytest.raises(WrongState, match="另一人"):
        edit_rule(rule, by=cast.jiang, formula="part != whole", reason="同时", **said)


def test_only_the_office_sets_rules() -> None:
    make_parts()
    with pytest.raises(NotAllowed):
        add_rule(by=Cast().xie, code="parts", formula="part <= whole", severity="error", sentence_zh="…")


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("part + whole", "须是一个比较"),
        ("part <= whole.620000 <= 3", "应为运算符，或到此结束"),
        ("part.620000 <= whole.620000", "至少有一个指标不带地区代码"),
        ("part <= whol", "whol"),
        ("1 <= 2", "没有引用任何指标"),
        ("部分 <= whole", "不写名称“部分”"),
        ("part ≤ whole", "请写成 <="),
        ("(" * 61 + "part" + ")" * 61 + " <= whole", "括号层数太多"),
        ("part <= whole" + " " * 5000, "公式太长：最多 1000 个字符，现在 5013 个"),
        ("", "公式到此为止"),
    ],
)
def test_what_is_no_rule_is_refused_in_words(formula: str, said: str) -> None:
    make_parts()
    preview = preview_rule(Cast().guo, formula)
    assert preview.refusal
    assert said in preview.refusal.message
    assert preview.outcome is None


# -- over the record -----------------------------------------------------------------------------


def test_a_rule_says_where_the_record_breaks_it_and_with_which_figures() -> None:
    make_parts()
    make_rule()
    (outcome,) = judge_rules(get_rules(), load_figures(get_rules()))
    (broken,) = outcome.broken
    assert (outcome.held, broken.area.pk, broken.period) == (1, "620000", "2024")
    assert broken.sentence == "部分不能大于总体。甘肃2024年：指标 part 9项；指标 whole 8项。"


def test_figures_of_an_earlier_period_are_told_with_it() -> None:
    make_parts()
    make_rule("abs(yoy(part)) <= 1")
    (outcome,) = judge_rules(get_rules(), load_figures(get_rules()))
    assert outcome.broken[0].sentence.endswith("甘肃2024年：指标 part 9项；2023年指标 part 3项。")


def test_what_is_missing_breaks_nothing() -> None:
    make_parts()
    observe(make_indicator("other", frequency="year", accumulation="flow"), {"2023": None})
    observe(make_indicator("none", frequency="year", accumulation="flow"), {"2023": "0", "2024": "0"})
    make_rule("part <= other")
    make_rule("part / none <= 1", code="by_nothing")
    assert [(o.held, o.broken) for o in judge_rules(get_rules(), load_figures(get_rules()))] == [(0, []), (0, [])]


def test_a_rule_over_an_indicator_that_is_gone_is_left_out() -> None:
    make_parts()
    make_rule("part <= gone")
    assert get_rules() == []


def test_the_preview_stands_beside_the_rule_in_force() -> None:
    make_parts()
    preview = preview_rule(Cast().guo, "part <= whole * 2", sentence="太大", current=make_rule())
    assert preview.outcome
    assert preview.before
    assert (len(preview.before.broken), len(preview.outcome.broken)) == (1, 0)
    assert preview.is_other
    assert Rule.objects.count() == 1


# -- what one may not see ------------------------------------------------------------------------


def make_public_office(cast: Cast) -> User:
    return make_user("public_office", cast.ghc, "office", clearance=Classification.PUBLIC)


def test_an_internal_indicator_is_to_others_as_one_that_is_not_there() -> None:
    make_parts()
    observe(make_indicator("secret", frequency="year", accumulation="flow", classification="internal"), WHOLE)
    cast = Cast()
    by = make_public_office(cast)
    hidden, absent = preview_rule(by, "part <= secret").refusal, preview_rule(by, "part <= secrez").refusal
    assert hidden
    assert absent
    assert hidden.message.replace("secret", "secrez") == absent.message
    assert "secret" not in [near.code for near in absent.suggestions]
    with pytest.raises(FormulaRefused, match="未登记"):
        add_rule(by=by, code="leak", formula="part <= secret", severity="error", sentence_zh="…")
    make_rule("part <= secret")
    assert get_rules_seen(by) == []
    assert len(get_rules_seen(cast.guo)) == 1


def test_an_internal_figure_is_no_part_of_a_preview() -> None:
    make_parts()
    observe(Indicator.objects.get(code="whole"), {"2025": "1"}, classification="internal")
    observe(Indicator.objects.get(code="part"), {"2025": "2"})
    cast = Cast()
    seen_by_office, seen_by_public = (preview_rule(by, "part <= whole").outcome for by in (cast.guo, make_public_office(cast)))
    assert seen_by_office
    assert seen_by_public
    assert [b.period for b in seen_by_office.broken] == ["2025", "2024"]
    assert [b.period for b in seen_by_public.broken] == ["2024"]


# -- at work -------------------------------------------------------------------------------------


class Parts(Quarter):
    """The industry department also owes a part of what it reports: two lines under one rule."""

    def __init__(self) -> None:
        super().__init__()
        self.part = make_indicator("part")
        assign(self.cast.gxt, indicator=self.part, task=self.task)
        add_due_lines(self.round)

    def part_line(self) -> Line:
        return self.report.lines.select_related("assignment").get(assignment__indicator=self.part)


def test_an_error_stops_submission_and_not_entry() -> None:
    quarter = Parts()
    make_rule("part <= contracts", sentence_zh="部分不能大于合同数。")
    quarter.fill("12")
    save_line(quarter.part_line(), {"value": "13"}, by=quarter.cast.xie)
    with pytest.raises(NotReady) as refused:
        submit_return(quarter.report, by=quarter.cast.xie)
    assert {p.where for p in refused.value.problems} == {str(quarter.line().pk), str(quarter.part_line().pk)}
    assert "部分不能大于合同数。甘肃2025年第三季度：指标 part 13项；指标 contracts 12项。" in {p.message for p in refused.value.problems}
    save_line(quarter.part_line(), {"value": "12"}, by=quarter.cast.xie)
    submit_return(quarter.report, by=quarter.cast.xie)


def test_a_warning_asks_for_a_note_on_each_line_it_is_about() -> None:
    quarter = Parts()
    make_rule("part <= contracts", severity="warning")
    quarter.fill("12")
    save_line(quarter.part_line(), {"value": "13", "note": "含往年结转"}, by=quarter.cast.xie)
    with pytest.raises(NotReady) as refused:
        submit_return(quarter.report, by=quarter.cast.xie)
    assert [p.where for p in refused.value.problems] == [str(quarter.line().pk)]
    save_line(quarter.line(), {"note": "部分含往年结转"}, by=quarter.cast.xie)
    submit_return(quarter.report, by=quarter.cast.xie)


def test_a_rule_made_after_entry_is_asked_about_at_submission() -> None:
    quarter = Parts()
    quarter.fill("12")
    save_line(quarter.part_line(), {"value": "13"}, by=quarter.cast.xie)
    assert not any(f for _line, found in find_findings(quarter.report) for f in found)
    rule = add_rule(by=quarter.cast.guo, code="parts", formula="part <= contracts", severity="error", sentence_zh="不能大于。")
    with pytest.raises(NotReady):
        submit_return(quarter.report, by=quarter.cast.xie)
    row = next(row for row in get_sheet(quarter.report, quarter.cast.xie).lines if row.line.pk == quarter.part_line().pk)
    assert [f.rule for f in row.findings] == [rule]


def test_a_figure_of_the_record_is_held_against_a_line_and_an_internal_one_is_not_told() -> None:
    quarter = Quarter()
    observe(make_indicator("most", classification="internal"), {"2025-Q3": "10"})
    make_rule("contracts <= most", sentence_zh="超过了上限。")
    quarter.fill("12")
    with pytest.raises(NotReady) as refused:
        submit_return(quarter.report, by=quarter.cast.xie)
    assert [p.message for p in refused.value.problems] == ["超过了上限。甘肃2025年第三季度：指标 contracts 12项。"]


def test_a_correction_to_what_an_error_forbids_is_refused() -> None:
    quarter = Quarter()
    observe(make_indicator("most"), {"2025-Q3": "20"})
    make_rule("contracts <= most")
    quarter.accept("12")
    with pytest.raises(RecordError, match="部分不能大于总体"):
        corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="21", reason="漏报了几项")
    corrections.request_correction(quarter.line(), by=quarter.cast.xie, value="19", reason="漏报了几项")


def test_a_missing_line_hides_what_the_record_held() -> None:
    quarter = Parts()
    observe(quarter.part, {"2025-Q3": "99"})
    make_rule("part <= contracts")
    quarter.fill("12")
    save_line(quarter.part_line(), {"missing": "not_available", "note": "尚未统计出来"}, by=quarter.cast.xie)
    submit_return(quarter.report, by=quarter.cast.xie)
