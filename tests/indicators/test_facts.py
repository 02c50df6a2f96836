"""The facts are in the record, with source, once; what is computed of them is what a reader would compute."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import Sum

from indicators.facts import load_facts, read
from indicators.models import Document, Indicator, Observation, Result, Target
from indicators.recompute import run
from indicators.templatetags.figures import amount
from kejiting.accounts.models import Area
from platforms.models import ConsortiumMember
from projects.models import Outcome

HOME = "620000"

# Every figure written in the province's summary, in reading order: indicator, value, unit, qualifier.
# 65% and above is the target of three indicators and stands in the targets.
SUMMARY = [
    ("composite_rank", "23", "位", ""),
    ("plan_aspects", "5", "个", ""),
    ("plan_key_tasks", "35", "项", ""),
    ("hightech_zones_rising", "2", "家", ""),
    ("state_key_labs", "12", "个", ""),
    ("national_eng_centres", "6", "个", ""),
    ("new_sci_edu_infra", "2", "个", ""),
    ("labs_restructured", "4", "家", ""),
    ("labs_cas_trial", "4", "家", ""),
    ("bases_before", "82", "家", ""),
    ("bases_after", "42", "家", ""),
    ("basic_discipline_centres", "4", "家", ""),
    ("consortia", "11", "家", ""),
    ("consortium_members", "250", "家", "more_than_approx"),
    ("consortium_substitution", "74", "项", ""),
    ("consortium_leading_tech", "89", "项", ""),
    ("consortium_needs_solved", "71", "项", ""),
    ("nsfc_projects", "704", "项", ""),
    ("nsfc_funding", "42000", "万元", ""),
    ("nkrdp_funding", "15000", "万元", ""),
    ("battery_projects", "30", "个", "more_than_approx"),
    ("battery_local_supply", "77", "%", ""),
    ("vet_vaccines", "3", "种", ""),
    ("vaccine_sales", "250000", "万元", "over"),
    ("pathogen_permits", "16", "种", ""),
    ("heavy_ion_orders", "7", "台", ""),
]

pytestmark = pytest.mark.usefixtures("facts_record", "db")


@pytest.mark.parametrize(("code", "value", "unit", "qualifier"), SUMMARY)
def test_each_figure_of_the_summary_is_there_with_its_source(code: str, value: str, unit: str, qualifier: str) -> None:
    row = Observation.objects.get(indicator__code=code, area=HOME, period="2023", document__kind="summary")
    assert (row.value, row.unit_of_measure, row.qualifier) == (Decimal(value), unit, qualifier)
    assert row.stated
    assert "2023年" in row.note


def test_the_summarys_target_is_that_of_three_indicators() -> None:
    rows = Target.objects.filter(stated="65%以上", period="2025", document__plans__is_current=True)
    assert {t.indicator.code for t in rows} == {"tfp_contribution", "composite_index", "enterprise_rd_share"}
    assert all(t.comparison == "at_least" and t.baseline_value for t in rows)


def test_two_documents_are_in_force_for_one_year() -> None:
    """A later and lower target does not take the earlier one's place by itself."""
    rows = Target.objects.in_force().filter(indicator__code="tfp_contribution", period="2025")
    assert sorted(t.value for t in rows) == [62, 65]


@pytest.mark.parametrize("year", range(2018, 2024))
def test_the_provinces_add_up_to_the_nation(year: int) -> None:
    rows = Observation.objects.filter(indicator__code="rd_expenditure", period=str(year))
    provinces = rows.filter(area__level=Area.Level.PROVINCE)
    assert provinces.count() == 31
    total = provinces.aggregate(total=Sum("value"))["total"]
    assert abs(total - rows.get(area="000000").value) <= 3_000  # 0.3 亿元, by rounding


def test_what_is_derived_is_what_a_reader_would_compute() -> None:
    run()

    def value(code: str, period: str, area: str = HOME) -> Decimal:
        found = Observation.objects.filter(indicator__code=code, period=period, area=area).latest().get().value
        assert found is not None
        return found

    amounts = {row["area"]: Decimal(row["rd_expenditure_yi_yuan"]) for row in read("provinces_rd") if row["year"] == "2023"}
    before = next(Decimal(row["rd_expenditure_yi_yuan"]) for row in read("provinces_rd") if (row["area"], row["year"]) == (HOME, "2022"))
    nation = amounts.pop("000000")
    assert value("rd_expenditure_rank", "2023") == 1 + sum(other > amounts[HOME] for other in amounts.values())
    assert abs(value("rd_expenditure_share", "2023") - amounts[HOME] / nation * 100) < Decimal("0.00001")
    assert abs(value("rd_expenditure_growth", "2023") - (amounts[HOME] / before - 1) * 100) < Decimal("0.00001")
    assert value("rd_intensity_change", "2023") == Decimal("0.03")
    for code in ("rd_expenditure_rank", "rd_intensity_rank", "rd_expenditure_share"):
        assert Observation.objects.filter(indicator__code=code).count() == 31 * 6


def test_a_stated_total_and_the_register_differ_and_both_are_there() -> None:
    run()
    counted = Observation.objects.filter(indicator__code="platforms.state_key_lab").latest().get()
    assert (counted.value, counted.register_count.members) == (0, [])
    assert Result.objects.current().get(indicator__code="platforms.state_key_lab", measure="difference").value == 12
    named = Observation.objects.filter(indicator__code="platforms.sci_edu_infra").latest().get()
    assert [m["code"] for m in named.register_count.members] == ["isotope-drug-platform", "lubrication-seal-platform"]


def test_projects_are_counted_by_name() -> None:
    counted = Observation.objects.filter(indicator__code="projects.count").latest().get()
    assert counted.register_count is not None
    assert [m["code"] for m in counted.register_count.members] == ["compact-heavy-ion"]


def test_a_day_that_no_source_names_is_not_made_up() -> None:
    """Where only the year is known, neither the document nor its figure nor a membership has a day."""
    assert Observation.objects.get(indicator__code="tfp_contribution", period="2019").published_on is None
    assert not Document.objects.filter(issued_on__month=1, issued_on__day=1).exists()
    spans = [member.valid for member in ConsortiumMember.objects.all()]
    assert spans
    assert all((span.lower, span.upper) == (None, None) for span in spans)


@pytest.mark.parametrize(("code", "words"), [("vaccine-revenue", "超25亿元"), ("battery-projects", "30余个"), ("heavy-ion-orders", "7台"), ("uhmwpe", "—")])
def test_an_outcome_is_shown_as_the_summary_qualifies_it(code: str, words: str) -> None:
    assert amount(Outcome.objects.get(code=code)) == words


def test_only_what_its_source_calls_a_substitution_is_one() -> None:
    assert [o.code for o in Outcome.objects.filter(is_substitution=True)] == ["uhmwpe"]


def test_loading_twice_adds_nothing() -> None:
    before = {model: model.objects.count() for model in apps.get_models() if model._meta.label != "indicators.StaleMark"}
    load_facts()
    assert {model: model.objects.count() for model in before} == before


def test_no_fact_is_marked_as_demonstration() -> None:
    for model in apps.get_models():
        if any(field.name == "is_demo" for field in model._meta.fields):
            assert not model._default_manager.filter(is_demo=True).exists(), model


def test_every_observation_names_its_source() -> None:
    imported = Observation.objects.filter(batch__isnull=False)
    assert imported.exists()
    assert not imported.filter(document=None).exists()
    assert not Indicator.objects.filter(current_definition=None).exists()


def test_the_bulletin_holds_where_the_press_has_a_digit_more() -> None:
    row = Observation.objects.get(indicator__code="rd_expenditure", period="2022", area=HOME)
    assert (row.value, row.stated, row.document.kind) == (Decimal(1_441_000), "144.1亿元", "bulletin")
    assert "144.15亿元" in row.note
    others = Observation.objects.filter(indicator__code="rd_expenditure", batch__isnull=False).exclude(pk=row.pk)
    assert not others.exclude(note="").exists()


def test_a_rank_says_whether_it_was_stated_or_listed() -> None:
    rows = Observation.objects.filter(indicator__code="composite_rank", period="2024")
    assert sorted(row.value for row in rows) == list(range(1, 32))
    assert rows.filter(note__contains="原文写明").count() == 12
    assert rows.filter(note__contains="按列举次序").count() == 19
    assert all("报告年度为2024年" in row.note for row in rows)
