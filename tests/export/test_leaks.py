"""What another agency's program, or another unit's, must never see: in no row, no filter, no count, no CSV."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.utils import timezone

from indicators.actions.corrections import accept_correction, request_correction
from indicators.actions.reporting import accept_return, approve_return, save_line, send_back_return, submit_return
from indicators.models import (
    Correction,
    Evidence,
    IndexScore,
    Indicator,
    IndicatorDependency,
    Line,
    Observation,
    Plan,
    RecomputeRun,
    RegisterCount,
    Result,
    Round,
    Target,
    TaskIndicator,
)
from indicators.sources import register_counter
from kejiting.accounts.models import Area, Unit, User
from kejiting.export.api.root import RESOURCES
from kejiting.export.keys import create_key
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind
from platforms.queries import get_visible_codes
from projects.models import Outcome, Programme, Project
from tests.builders import (
    FOREVER,
    Quarter,
    assign,
    make_area,
    make_indicator,
    make_period,
    make_target,
    make_task,
    observe,
    open_quarter,
)
from tests.export.callers import Caller
from tests.export.reading import make_result, make_score, rows, table

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _province() -> None:
    make_area()


@pytest.fixture
def secrets(own_counters: None) -> Quarter:
    """What is internal, embargoed or still being written: each carries 机密 in its words and 7770777 in its number."""
    quarter = Quarter()
    make_indicator("open")
    _hide_figures(quarter)
    _hide_registers(quarter)
    _hide_a_return(quarter)
    return quarter


def _hide_figures(quarter: Quarter) -> None:
    hidden = make_indicator("hidden.7770777", name_zh="机密指标", classification="internal")
    embargoed = make_indicator("embargoed", numerator=hidden, denominator=hidden, stated_as=hidden, origin="derived", formula="hidden.7770777 * 2")
    IndicatorDependency.objects.create(indicator=embargoed, reads=hidden)
    observe(hidden, {"2025-Q1": "7770777"}, stated="机密")
    observe(embargoed, {"2025-Q1": "1"})
    observe(embargoed, {"2025-Q1": "7770777"}, stated="机密", released_at=timezone.now() + timedelta(days=1))
    observe(embargoed, {"2025-Q2": "7770777"}, stated="机密", classification="internal")
    made_of = [{"kind": "observation", "id": pk} for pk in Observation.objects.filter(indicator=hidden).values_list("pk", flat=True)]
    make_result(hidden, "7770777")
    make_result(embargoed, "7770777", is_released=False)
    make_result(embargoed, "7770777", "2025-Q2", classification="internal")
    make_result(embargoed, "2", "2025-Q3", target=make_target(embargoed, "5"), detail={"inputs": made_of})
    make_target(hidden, "7770777", stated="机密")
    make_score(score=Decimal("7770777"), classification="internal")
    make_score("a", value=Decimal("7770777"), observation=Observation.objects.get(indicator=hidden), is_released=False)
    # Computed of what is hidden, and itself open: neither formula nor inputs may tell.
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="test")
    Observation.objects.create(
        indicator=embargoed, area_id="620000", period=make_period("2024-Q4"), vintage=1, value=2, unit_of_measure="项",
        definition=embargoed.current_definition, run=run, released_at=timezone.now(),
    )  # fmt: skip
    TaskIndicator.objects.create(task=quarter.task, indicator=hidden)


def _hide_registers(quarter: Quarter) -> None:
    task = make_task(quarter.plan, 2, quarter.cast.gxt, title_zh="机密任务", classification="internal")
    task.milestones.create(number=1, title_zh="机密节点", due_on="2025-09-30")
    make_task(quarter.plan, 3, quarter.cast.gxt, parent=task)
    host = Organisation.objects.create(code="s7770777", name_zh="机密机构", kind="other", classification="internal")
    kind = PlatformKind.objects.create(code="skl", level="national", name_zh="全国重点实验室")
    Platform.objects.create(code="p1", name_zh="实验室", kind=kind, host=host)
    hidden = Platform.objects.create(code="p7770777", name_zh="机密平台", kind=kind, classification="internal")
    consortium = Consortium.objects.create(code="c1", name_zh="联合体", lead=host)
    ConsortiumMember.objects.create(consortium=consortium, organisation=host, valid=FOREVER)
    programme = Programme.objects.create(code="nsfc", level="national", name_zh="基金")
    Project.objects.create(code="x1", name_zh="项目", programme=programme, host=host, task=task)
    Outcome.objects.create(code="o1", name_zh="成果", kind="product", platform=hidden, task=task)
    register_counter("counted", lambda day: [], lambda user, codes: get_visible_codes(Platform, user, codes))
    count = RegisterCount.objects.create(source="counted", members=[{"code": p.code, "name": p.name_zh, "url": ""} for p in Platform.objects.all()])
    Observation.objects.create(
        indicator=make_indicator("counted", origin="register"), area_id="620000", period=make_period("2025-Q1"), vintage=1, value=2,
        unit_of_measure="个", register_count=count, released_at=timezone.now(),
    )  # fmt: skip


def _hide_a_return(quarter: Quarter) -> None:
    """One accepted, with what people wrote to each other; one being written."""
    cast, lines = quarter.cast, quarter.report.lines
    for line in lines.select_related("assignment"):
        save_line(line, {"note": "机密说明：一项按折半计"}, by=cast.xie)
        Evidence.objects.create(name="机密.pdf", content_type="application/pdf", size=9, sha256="a" * 64, uploaded_by=cast.xie, line=line)
    quarter.fill("12")
    submit_return(quarter.report, by=cast.xie, reason="机密理由")
    send_back_return(quarter.report, by=cast.shen, reason="机密理由")
    submit_return(quarter.report, by=cast.xie)
    approve_return(quarter.report, by=cast.shen, reason="机密理由")
    accept_return(quarter.report, by=cast.guo, reason="机密理由")
    accept_correction(_ask(quarter, "13"), by=cast.guo, reason="机密原因")
    _ask(quarter, "7770777")
    draft = open_quarter(cast, quarter.plan, "2025-Q4").returns.get(unit=cast.gxt)
    for line in draft.lines.select_related("assignment"):
        save_line(line, {"value": "7770777" if line.kind == "indicator" else "1", "note": "机密说明：一项按折半计"}, by=cast.xie)


def _ask(quarter: Quarter, value: str) -> Correction:
    file = SimpleUploadedFile("机密凭证.pdf", b"%PDF-1.4 %%EOF")
    return request_correction(quarter.line(), by=quarter.cast.xie, value=value, reason="机密原因", files=[file])


@pytest.fixture
def caller(request: pytest.FixtureRequest, secrets: Quarter) -> Caller:
    """Whoever must not see it."""
    options = {"reader": {"scope": "read"}, "agency": {"scope": "read", "unit_code": "gxt"}, "neighbour": {"scope": "report", "unit_code": "620100"}}
    return Caller(secret=create_key(request.param, **options[request.param])[1]) if request.param in options else Caller()


OUTSIDERS = ("nobody", "reader", "agency", "neighbour")
QUERIES = ("", "?format=csv", "?vintages=all", "?page_size=1", "?is_demo=false", "?since=2020-01-01&vintages=all", "?format=csv&vintages=all&bom=1")


FOUND: dict[str, dict[str, type[Model]]] = {
    "{code}": {
        "plans": Plan, "indicators": Indicator, "areas": Area, "units": Unit, "rounds": Round, "platforms": Platform, "consortia": Consortium,
        "organisations": Organisation, "projects": Project, "outcomes": Outcome,
    },
    "{id}": {"targets": Target, "observations": Observation, "results": Result, "index": IndexScore},
    "{key}": {"observation": Observation, "result": Result, "count": RegisterCount},
}  # fmt: skip


def list_addresses(path: str) -> Iterator[str]:
    """An address of the schema with everything there is in the record in its place."""
    resource, last = path.strip("/").split("/")[-2:]
    if last in FOUND:
        values = list(FOUND[last][resource]._default_manager.values_list("code" if last == "{code}" else "pk", flat=True))
        assert values, path
        yield from (path.replace(last, str(value)) for value in values)
    elif "{round}" in path:
        for line in Line.objects.select_related("report__round", "report__unit"):
            yield path.format(round=line.report.round.code, unit=line.report.unit.code, line=line.pk)
    elif "{plan}" in path:
        yield from (path.format(plan="plan", task=task, number=number) for task in (1, 2, 3) for number in (1, 2, 3))
    else:
        yield from (f"{path}{query}" for query in QUERIES)


@pytest.mark.parametrize("caller", OUTSIDERS, indirect=True)
def test_no_address_tells_an_outsider_what_is_hidden(caller: Caller) -> None:
    statuses = Counter[int]()
    for path, operations in caller.get("schema/").json()["paths"].items():
        for method, address in product(operations, dict.fromkeys(list_addresses(path))):
            response = caller.client.generic(method.upper(), address, "{}", content_type="application/json", headers={"If-Match": '"1"'})
            text = (b"".join(response.streaming_content) if response.streaming else response.content).decode()
            assert "机密" not in text, (method, address)
            assert "7770777" not in text, (method, address)
            statuses[response.status_code] += 1
    assert set(statuses) <= ({200, 400, 403, 404} if caller.client.defaults else {400, 401})
    assert statuses[200 if caller.client.defaults else 401] > 100
    assert {line.value for line in Line.objects.filter(report__state="draft", assignment__indicator__isnull=False)} == {7770777}


@pytest.mark.usefixtures("secrets")
def test_nothing_internal_or_unreleased_reaches_another_agency(reader: Caller) -> None:
    for name in RESOURCES:
        for query in ("", "?format=csv", "?vintages=all", "?page_size=1", "?is_demo=false"):
            response = reader.get(f"{name}/{query}")
            if response.status_code == 400:
                continue
            text = (b"".join(response.streaming_content) if response.streaming else response.content).decode()
            assert "机密" not in text, (name, query)
            assert "7770777" not in text, (name, query)
    assert rows(reader, "tasks/")[0]["indicators"] == ["contracts"]
    assert rows(reader, "platforms/")[0]["host"] is None
    assert (rows(reader, "consortia/")[0]["lead"], rows(reader, "consortia/")[0]["members"]) == (None, [])
    assert (rows(reader, "outcomes/")[0]["platform"], rows(reader, "outcomes/")[0]["task"]) == (None, None)
    # What is in force for it is the newest it may see.
    assert [(r["period"], r["value"]) for r in rows(reader, "observations/?indicator=embargoed")] == [("2025-Q1", "1"), ("2024-Q4", "2")]


@pytest.mark.usefixtures("secrets")
def test_what_may_not_be_seen_cannot_be_asked_for_either(reader: Caller) -> None:
    for path in ("observations/?indicator=hidden.7770777", "results/?indicator=hidden.7770777", "targets/?indicator=hidden.7770777", "platforms/?host=s7770777",
                 "outcomes/?platform=p7770777", "consortia/?lead=s7770777", "indicators/?code=hidden.7770777", "milestones/?task=2", "tasks/?number=2"):  # fmt: skip
        assert rows(reader, path) == [], path
    hidden = Observation.objects.filter(value=7770777).values_list("pk", flat=True)
    for path in ("indicators/hidden.7770777/", "platforms/p7770777/", "organisations/s7770777/", "tasks/plan/2/", *(f"observations/{pk}/" for pk in hidden)):
        assert reader.get(path).status_code == 404
    assert all(reader.get(f"results/{pk}/").status_code == 404 for pk in Result.objects.filter(value=7770777).values_list("pk", flat=True))


@pytest.mark.usefixtures("secrets")
def test_the_office_sees_what_is_internal() -> None:

    office = Caller(user=User.objects.get(username="guo"))
    assert [r["value"] for r in rows(office, "observations/?indicator=hidden.7770777")] == ["7770777"]
    assert rows(office, "platforms/?host=s7770777")[0]["host"] == "s7770777"


def test_a_units_key_sees_of_what_is_internal_what_its_own_unit_is_asked_for(quarter: Quarter, machine: Caller) -> None:
    for code in ("own.7770777", "other.7770777"):
        make_indicator(code, classification="internal")
        make_target(Indicator.objects.get(code=code), "9")
    own, other = Indicator.objects.get(code="own.7770777"), Indicator.objects.get(code="other.7770777")
    task = make_task(quarter.plan, 2, quarter.cast.gxt, classification="internal")
    assign(quarter.cast.gxt, indicator=own, task=task)
    assign(quarter.cast.city, indicator=other, area=make_area("620100"))
    observe(own, {"2025-Q1": "1"})  # from elsewhere: internal, and not what the unit said
    observe(other, {"2025-Q1": "1"})
    opened = open_quarter(quarter.cast, quarter.plan, "2025-Q4")
    report = opened.returns.get(unit=quarter.cast.gxt)
    for line in report.lines.select_related("assignment"):
        save_line(line, {"value": "1", "note": "年初集中签订，已逐项核对合同"}, by=quarter.cast.xie)
    submit_return(report, by=quarter.cast.xie)
    approve_return(report, by=quarter.cast.shen)
    accept_return(report, by=quarter.cast.guo)
    assert "own.7770777" in [r["indicator"] for r in machine.get("returns/2025-Q4/gxt/").json()["lines"]]
    assert [r["code"] for r in rows(machine, "indicators/?code=own.7770777,other.7770777")] == ["own.7770777"]
    assert [r["indicator"] for r in rows(machine, "targets/")] == ["own.7770777"]
    assert [r["number"] for r in rows(machine, "tasks/?number=2")] == [2]
    said = rows(machine, "observations/?indicator=own.7770777,other.7770777")
    assert [(r["indicator"], r["period"], r["origin"]) for r in said] == [("own.7770777", "2025-Q4", "line")]
    assert machine.client.get(said[0]["provenance"]).json()["reported"]["unit"] == "gxt"
    # A key to read, though it is of that unit, is another agency's program.
    agency = Caller(secret=create_key("gxt-read", scope="read", unit_code="gxt")[1])
    assert rows(agency, "indicators/?code=own.7770777") == rows(agency, "observations/?indicator=own.7770777") == rows(agency, "tasks/?number=2") == []


def test_a_units_key_waits_for_an_embargo_as_any_program(quarter: Quarter, machine: Caller) -> None:
    observe(quarter.indicator, {"2025-Q1": "1", "2025-Q2": "2"}, released_at=timezone.now() + timedelta(days=1))
    assert rows(machine, "observations/") == []
    assert len(rows(Caller(user=quarter.cast.xie), "observations/")) == 2


def test_what_is_typed_and_not_accepted_is_in_no_list(quarter: Quarter, reader: Caller) -> None:
    quarter.fill("7770777")
    city = Caller(user=quarter.cast.lin)
    for caller in (reader, city, Caller(user=quarter.cast.du)):
        for name in ("observations", "results", "indicators", "targets", "milestones"):
            assert "7770777" not in caller.get(f"{name}/").content.decode()
    for caller in (reader, city):
        assert rows(caller, "returns/") == []
        assert table(caller, "returns/?format=csv") == []
    quarter.accept("7770777")
    assert [r["value"] for r in rows(reader, "observations/")] == ["7770777"]


def test_nothing_is_read_without_signing_in() -> None:
    nobody = Caller()
    for name in RESOURCES:
        response = nobody.get(f"{name}/")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Api-Key"
        assert response.json()["error"]["code"] == "not_signed_in"
    assert [nobody.get(f"{name}/").status_code for name in ("docs", "schema")] == [200, 200]
