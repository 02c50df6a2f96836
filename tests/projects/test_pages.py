"""Pages of projects and outcomes: each figure as its source has it, filters, and the source's name."""

import pytest
from django.test import Client

from indicators.actions.counts import count_registers
from indicators.models import Observation
from kejiting.accounts.models import Role, Unit
from projects.models import Outcome, Project
from tests.builders import make_user

pytestmark = pytest.mark.usefixtures("facts_record", "db")


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make_user("reader", Unit.objects.get(code="kjt"), Role.LEADER))
    return client


def codes(client: Client, path: str, **query: str) -> list[str]:
    return [row.code for row in client.get(path, query).context["page"].object_list]


def test_a_project_shows_its_money_with_the_source(reader: Client) -> None:
    page = reader.get("/projects/compact-heavy-ion/").content.decode()
    assert "1.5亿元" in page
    assert "中央财政" in page
    assert "强科技行动总结" in page


def test_projects_are_filtered_by_programme(reader: Client) -> None:
    assert codes(reader, "/projects/", programme="nkrdp") == ["compact-heavy-ion"]
    assert codes(reader, "/projects/", programme="nsfc") == []


def test_outcomes_are_filtered_by_kind_and_an_unknown_kind_is_none(reader: Client) -> None:
    assert codes(reader, "/outcomes/", kind="order") == ["heavy-ion-orders"]
    assert len(codes(reader, "/outcomes/", kind="no-such-kind")) == Outcome.objects.count()


def test_an_outcome_shows_its_qualifier_and_source(reader: Client) -> None:
    page = reader.get("/outcomes/vaccine-revenue/").content.decode()
    assert "超25亿元" in page
    assert "强科技行动总结" in page


def test_a_project_that_was_stopped_or_is_of_later_years_is_not_counted() -> None:
    Project.objects.create(code="stopped", programme_id="nkrdp", name_zh="终止的", status="stopped", approved_year=2020)
    Project.objects.create(code="later", programme_id="nkrdp", name_zh="以后的", approved_year=2100)
    Project.objects.create(code="undated", programme_id="nkrdp", name_zh="年度不明的")
    count_registers()
    counted = Observation.objects.filter(indicator__code="projects.count").latest().get()
    assert counted.register_count is not None
    assert [member["code"] for member in counted.register_count.members] == ["compact-heavy-ion", "undated"]


def test_what_its_source_does_not_say_of_a_projects_money_is_unknown_not_zero(reader: Client) -> None:
    money = Project.objects.get(code="compact-heavy-ion").funding.get()
    assert (money.approved, money.paid, money.spent) == (15_000, None, None)
    assert "0万元" not in reader.get("/projects/compact-heavy-ion/").content.decode()
