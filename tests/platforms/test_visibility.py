"""An internal row of a register is named nowhere to who may see only what is public: not by a relation, a search or a count."""

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from indicators.actions.counts import count_registers
from indicators.models import Observation
from kejiting.accounts.models import Role, Unit
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformLineage, PlatformStatus
from projects.models import Outcome, Project
from tests.builders import make_user

pytestmark = pytest.mark.usefixtures("facts_record", "db")

SECRET = "某内部机构"


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(make_user("reader", Unit.objects.get(code="kjt"), Role.LEADER, clearance="public"))
    return client


@pytest.fixture
def insider() -> Client:
    client = Client()
    client.force_login(make_user("insider", Unit.objects.get(code="kjt"), Role.LEADER))
    return client


@pytest.fixture
def hidden() -> Organisation:
    """An internal organisation that public rows of every register relate to."""
    organisation = Organisation.objects.create(code="inner", kind="institute", name_zh=SECRET, classification="internal")
    Platform.objects.filter(code="thorium-reactor").update(host=organisation)
    Platform.objects.get(code="thorium-reactor").cooperating.add(organisation)
    Consortium.objects.filter(code="smart-road").update(lead=organisation)
    ConsortiumMember.objects.create(consortium_id=Consortium.objects.get(code="smart-road").pk, organisation=organisation, valid=DateRange(None, None))
    Project.objects.filter(code="compact-heavy-ion").update(host=organisation)
    return organisation


PAGES = ["/platforms/", "/platforms/thorium-reactor/", "/consortia/", "/consortia/smart-road/", "/projects/", "/projects/compact-heavy-ion/"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_do_not_name_a_hidden_organisation(reader: Client, insider: Client, hidden: Organisation, path: str) -> None:
    assert hidden.name_zh in insider.get(path).content.decode()
    assert hidden.name_zh not in reader.get(path).content.decode()


@pytest.mark.parametrize("path", ["/platforms/", "/consortia/", "/projects/"])
def test_a_search_does_not_find_by_a_hidden_name(reader: Client, insider: Client, hidden: Organisation, path: str) -> None:
    assert len(insider.get(path, {"q": hidden.name_zh}).context["page"].object_list) == 1
    assert not reader.get(path, {"q": hidden.name_zh}).context["page"].object_list


def test_an_organisation_does_not_name_what_is_hidden_of_it(reader: Client, insider: Client) -> None:
    led = Consortium.objects.get(code="steel-materials")
    hosted = Platform.objects.create(code="inner", kind_id="big-science", name_zh="内部装置", host=led.lead, classification="internal")
    Consortium.objects.filter(pk=led.pk).update(classification="internal")
    path = f"/organisations/{led.lead.code}/"
    for name in (led.name_zh, hosted.name_zh):
        assert name in insider.get(path).content.decode()
        assert name not in reader.get(path).content.decode()


def test_an_outcome_and_a_lineage_do_not_name_what_is_hidden(reader: Client, insider: Client) -> None:
    platform = Platform.objects.create(code="inner", kind_id="big-science", name_zh="内部装置", classification="internal")
    Outcome.objects.filter(code="atomic-clock").update(platform=platform)
    PlatformLineage.objects.create(predecessor=platform, successor=Platform.objects.get(code="thorium-reactor"))
    for path in ("/outcomes/atomic-clock/", "/platforms/thorium-reactor/"):
        assert platform.name_zh in insider.get(path).content.decode()
        assert platform.name_zh not in reader.get(path).content.decode()


def test_everybody_sees_how_many_were_counted_but_not_which_are_internal(reader: Client, insider: Client) -> None:
    added = Platform.objects.create(code="inner", kind_id="sci-edu-infra", name_zh="内部装置", classification="internal")
    PlatformStatus.objects.create(platform=added, status="approved")
    count_registers()
    counted = Observation.objects.filter(indicator__code="platforms.sci_edu_infra").latest().get()
    assert counted.value == 3
    path = f"/provenance/count/{counted.register_count_id}/"
    assert added.name_zh in insider.get(path).content.decode()
    page = reader.get(path).content.decode()
    assert added.name_zh not in page
    assert "基于加速器的医用同位素药物研发平台" in page
    assert "共 3 项" in page
    assert "另有 1 项不公开" in page


def test_a_member_no_longer_in_the_register_is_listed_to_who_sees_everything(reader: Client, insider: Client) -> None:
    counted = Observation.objects.filter(indicator__code="platforms.sci_edu_infra").latest().get()
    Platform.objects.get(code="isotope-drug-platform").delete()
    path = f"/provenance/count/{counted.register_count_id}/"
    assert "医用同位素" in insider.get(path).content.decode()
    assert "医用同位素" not in reader.get(path).content.decode()


def test_members_of_today_are_counted(insider: Client) -> None:
    consortium = Consortium.objects.get(code="steel-materials")
    former = Organisation.objects.get(code="lanshi")
    ConsortiumMember.objects.create(consortium=consortium, organisation=former, valid=DateRange("2021-01-01", "2022-01-01"))
    rows = {c.code: c.member_count for c in insider.get("/consortia/").context["page"].object_list}
    assert rows["steel-materials"] == 1
    assert "2022年1月1日" in insider.get("/consortia/steel-materials/").content.decode()
