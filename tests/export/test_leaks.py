"""What another agency's program, or another unit's, must never see: in no row, no filter, no count, no CSV."""

from datetime import timedelta

import pytest
from django.utils import timezone

from indicators.models import Observation, Result, TaskIndicator
from kejiting.accounts.models import User
from kejiting.export.api.root import RESOURCES
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind
from projects.models import Outcome
from tests.builders import FOREVER, Cast, Quarter, make_area, make_indicator, make_plan, make_target, make_task, observe
from tests.export.callers import Caller
from tests.export.reading import make_result, rows, table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


@pytest.fixture
def secrets() -> None:
    """What is internal or not released yet: each carries 机密 in its text and 777 in its number."""
    make_indicator("open")
    hidden = make_indicator("hidden.777", name_zh="机密指标", classification="internal")
    embargoed = make_indicator("embargoed")
    observe(hidden, {"2025-Q1": "777"}, stated="机密")
    observe(embargoed, {"2025-Q1": "1"})
    observe(embargoed, {"2025-Q1": "777"}, stated="机密", released_at=timezone.now() + timedelta(days=1))
    observe(embargoed, {"2025-Q2": "777"}, stated="机密", classification="internal")
    make_result(hidden, "777")
    make_result(embargoed, "777", is_released=False)
    make_result(embargoed, "777", "2025-Q2", classification="internal")
    make_target(hidden, "777", stated="机密")
    cast = Cast()
    plan = make_plan()
    open_task = make_task(plan, 1, cast.gxt)
    TaskIndicator.objects.create(task=open_task, indicator=hidden)
    task = make_task(plan, 2, cast.gxt, title_zh="机密任务", classification="internal")
    task.milestones.create(number=1, title_zh="机密节点", due_on="2025-09-30")
    host = Organisation.objects.create(code="s777", name_zh="机密机构", kind="other", classification="internal")
    kind = PlatformKind.objects.create(code="skl", level="national", name_zh="全国重点实验室")
    Platform.objects.create(code="p1", name_zh="实验室", kind=kind, host=host)
    Platform.objects.create(code="p777", name_zh="机密平台", kind=kind, classification="internal")
    consortium = Consortium.objects.create(code="c1", name_zh="联合体", lead=host)
    ConsortiumMember.objects.create(consortium=consortium, organisation=host, valid=FOREVER)
    Outcome.objects.create(code="o1", name_zh="成果", kind="product", platform=Platform.objects.get(code="p777"), task=task)


@pytest.mark.usefixtures("secrets")
def test_nothing_internal_or_unreleased_reaches_another_agency(reader: Caller) -> None:
    for name in RESOURCES:
        for query in ("", "?format=csv", "?vintages=all", "?page_size=1", "?is_demo=false"):
            response = reader.get(f"{name}/{query}")
            if response.status_code == 400:
                continue
            text = (b"".join(response.streaming_content) if response.streaming else response.content).decode()
            assert "机密" not in text, (name, query)
            assert "777" not in text, (name, query)
    assert rows(reader, "tasks/")[0]["indicators"] == []
    assert rows(reader, "platforms/")[0]["host"] is None
    assert (rows(reader, "consortia/")[0]["lead"], rows(reader, "consortia/")[0]["members"]) == (None, [])
    assert (rows(reader, "outcomes/")[0]["platform"], rows(reader, "outcomes/")[0]["task"]) == (None, None)
    # What is in force for it is the newest it may see.
    assert [(r["period"], r["value"]) for r in rows(reader, "observations/?indicator=embargoed")] == [("2025-Q1", "1")]


@pytest.mark.usefixtures("secrets")
def test_what_may_not_be_seen_cannot_be_asked_for_either(reader: Caller) -> None:
    for path in ("observations/?indicator=hidden.777", "results/?indicator=hidden.777", "targets/?indicator=hidden.777", "platforms/?host=s777",
                 "outcomes/?platform=p777", "consortia/?lead=s777", "indicators/?code=hidden.777", "milestones/?task=2", "tasks/?number=2"):  # fmt: skip
        assert rows(reader, path) == [], path
    hidden = Observation.objects.filter(value=777).values_list("pk", flat=True)
    for path in ("indicators/hidden.777/", "platforms/p777/", "organisations/s777/", "tasks/plan/2/", *(f"observations/{pk}/" for pk in hidden)):
        assert reader.get(path).status_code == 404
    assert all(reader.get(f"results/{pk}/").status_code == 404 for pk in Result.objects.values_list("pk", flat=True))


@pytest.mark.usefixtures("secrets")
def test_the_office_sees_what_is_internal() -> None:

    office = Caller(user=User.objects.get(username="guo"))
    assert [r["value"] for r in rows(office, "observations/?indicator=hidden.777")] == ["777"]
    assert rows(office, "platforms/?host=s777")[0]["host"] == "s777"


def test_what_is_typed_and_not_accepted_is_in_no_list(quarter: Quarter, reader: Caller) -> None:
    quarter.fill("777")
    city = Caller(user=quarter.cast.lin)
    for caller in (reader, city, Caller(user=quarter.cast.du)):
        for name in ("observations", "results", "indicators", "targets", "milestones"):
            assert "777" not in caller.get(f"{name}/").content.decode()
    for caller in (reader, city):
        assert rows(caller, "returns/") == []
        assert table(caller, "returns/?format=csv") == []
    quarter.accept("777")
    assert [r["value"] for r in rows(reader, "observations/")] == ["777"]


def test_nothing_is_read_without_signing_in() -> None:
    nobody = Caller()
    for name in RESOURCES:
        response = nobody.get(f"{name}/")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Api-Key"
        assert response.json()["error"]["code"] == "not_signed_in"
    assert [nobody.get(f"{name}/").status_code for name in ("docs", "schema")] == [200, 200]
