"""What the demonstration holds: read from a record made once for this file."""

from collections import Counter

import pytest
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Q
from django.test import Client
from django.utils import timezone

from indicators.models import Correction, Indicator, Line, Observation, Plan, Result, Return, Round, StaleMark, Target, Task
from indicators.queries.targets import get_ledger
from kejiting.accounts.models import Role, RoleAssignment, Unit, User
from kejiting.demo.calendar import HISTORY
from kejiting.demo.make import make_demo
from kejiting.demo.remove import list_demo_models
from kejiting.demo_accounts import DEMO_ACCOUNTS
from platforms.models import Consortium, Platform
from projects.models import Outcome, Project
from tests.demo_fixtures import DemoRecord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_record")]
State = Return.State
WAITING = (State.DRAFT, State.RETURNED)


def _get_open_return(unit: str, record: DemoRecord) -> Return:
    return Return.objects.get(unit__code=unit, round__code=record.open_round)


# -- accounts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*DEMO_ACCOUNTS, "ghc-staff", "ghc-reviewer", "jcc-staff", "jcc-reviewer"])
def test_account_signs_in(name: str) -> None:
    user = authenticate(username=name, password=f"demo-{name}")
    assert user is not None
    assert user.is_demo
    assert user.roles


def test_nobody_signs_in_as_an_author_of_other_units() -> None:
    assert not User.objects.get(username="czt-staff").has_usable_password()


def test_people_sit_where_they_belong() -> None:
    units = dict(User.objects.filter(username__in=DEMO_ACCOUNTS).values_list("username", "unit__code"))
    assert units["staff"] == units["reviewer"] == "gxt"
    assert units["staff2"] == units["reviewer2"] == "620100"
    assert (units["office"], units["office2"]) == ("kjt-ghc", "kjt-jcc")
    assert User.objects.get(username="office").roles == {Role.OFFICE, Role.REPORTER}


def test_no_role_was_granted_by_a_stranger_or_to_oneself() -> None:
    granters = set(RoleAssignment.objects.exclude(granted_by=None).values_list("granted_by__username", flat=True))
    assert granters == {"secadmin"}
    assert not RoleAssignment.objects.filter(granted_by=F("user")).exists()


# -- rounds and returns --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["staff", "staff2"])
def test_each_staff_owes_exactly_one_untouched_return(name: str, demo_record: DemoRecord) -> None:
    waiting = Return.objects.get(unit=User.objects.get(username=name).unit_id, state__in=WAITING)
    assert waiting.round.code == demo_record.open_round
    assert waiting.state == State.DRAFT
    assert not waiting.lines.exclude(entered_by=None).exists()
    assert waiting.lines.filter(assignment__indicator__isnull=False).count() >= 5
    assert not waiting.lines.filter(assignment__indicator__is_demo=False).exists()


def test_lines_of_the_department_are_of_every_kind(demo_record: DemoRecord) -> None:
    kinds = Counter(line.kind for line in _get_open_return("gxt", demo_record).lines.select_related("assignment"))
    assert 8 <= kinds["indicator"] <= 12
    assert kinds["narrative"] == 4
    assert 1 <= kinds["milestone"] <= 2


def test_previous_values_are_there(demo_record: DemoRecord) -> None:
    for line in _get_open_return("gxt", demo_record).lines.filter(assignment__indicator__isnull=False).select_related("assignment"):
        figures = Observation.objects.filter(indicator=line.assignment.indicator_id, area=line.assignment.area_id)
        assert figures.latest().count() == HISTORY


def test_past_rounds_are_accepted_and_locked(demo_record: DemoRecord) -> None:
    past = Round.objects.exclude(code=demo_record.open_round)
    assert past.count() == HISTORY
    assert all(opened.is_locked for opened in past)
    assert set(Return.objects.filter(round__in=past).values_list("state", flat=True)) == {State.ACCEPTED}


def test_open_round_is_open_and_not_due(demo_record: DemoRecord) -> None:
    opened = Round.objects.get(code=demo_record.open_round)
    assert opened.is_open
    assert opened.due_at > timezone.now() + timezone.timedelta(days=9)
    assert set(opened.returns.values_list("state", flat=True)) == set(State.values)


def test_offices_accept_each_others_returns_only(demo_record: DemoRecord) -> None:
    office, office2 = User.objects.get(username="office"), User.objects.get(username="office2")
    report = _get_open_return("kjt-ghc", demo_record)
    assert report.state == State.APPROVED
    assert not office.has_perm("return.accept", report)
    assert office2.has_perm("return.accept", report)
    assert _get_open_return("kjt-jcc", demo_record).state == State.SUBMITTED


def test_nothing_is_stamped_in_the_future_or_out_of_order() -> None:
    assert not Line.objects.filter(entered_at__gt=timezone.now()).exists()
    accepted = Return.objects.filter(state=State.ACCEPTED)
    assert not accepted.exclude(submitted_at__lte=F("approved_at"), approved_at__lte=F("accepted_at")).exists()
    assert not accepted.filter(accepted_at__gt=timezone.now()).exists()
    assert not Line.objects.filter(report__state=State.ACCEPTED, entered_at__gt=F("report__submitted_at")).exists()


def test_figures_entered_the_record_when_their_return_was_accepted() -> None:
    first = Observation.objects.filter(is_demo=True, correction=None)
    assert first.exists()
    assert not first.exclude(recorded_at=F("line__report__accepted_at"), released_at=F("recorded_at")).exists()


def test_one_correction_is_in_force_and_one_is_pending() -> None:
    accepted = Correction.objects.get(state=Correction.State.ACCEPTED)
    assert accepted.observation.vintage == 2
    assert accepted.value != accepted.previous
    assert Correction.objects.filter(state=Correction.State.PENDING).count() == 1


# -- tasks and figures ---------------------------------------------------------------------------


def test_plan_has_its_tasks() -> None:
    plan = Plan.objects.get(is_current=True)
    assert not plan.is_demo
    assert dict(plan.tasks.order_by("aspect__number").values_list("aspect__number").annotate(Count("pk"))) == {1: 7, 2: 10, 3: 6, 4: 6, 5: 6}
    counts = Task.objects.annotate(n=Count("milestones", distinct=True), m=Count("task_indicators", distinct=True)).values_list("n", "m")
    assert all(2 <= n <= 4 and m <= 3 for n, m in counts)
    assert sum(m == 0 for _n, m in counts) >= 12


def test_one_target_is_set_twice_for_the_office_to_say_which_counts() -> None:
    office = User.objects.get(username="office")
    rows = [row for table in get_ledger(office, only_parallel=True).tables if table.is_demo for row in table.rows]
    assert [row.indicator.code for row in rows] == ["demo.lab_open_projects"]
    earlier, later = rows[0].in_force[-2:]
    assert earlier.target.period_id == later.target.period_id
    assert earlier.target.value < later.target.value


def test_no_demonstration_on_facts() -> None:
    assert not Observation.objects.filter(~Q(is_demo=F("indicator__is_demo"))).exists()
    facts = Indicator.objects.filter(is_demo=False)
    assert not Target.objects.filter(indicator__in=facts, is_demo=True).exists()
    assert not Indicator.objects.filter(is_demo=True, name_zh__in=facts.values("name_zh")).exists()
    assert not Result.objects.filter(indicator__in=facts, is_demo=True).exists()


def test_province_is_the_sum_of_its_prefectures() -> None:
    shared = Indicator.objects.filter(is_demo=True, observations__area__level="prefecture").exclude(unit_of_measure="%").distinct()
    assert shared.count() >= 5
    for indicator in shared:
        values = dict.fromkeys(("province", "prefecture"), 0)
        for row in indicator.observations.filter(period__in=Round.objects.order_by("period__starts_on").values("period")[:1]).select_related("area"):
            values[row.area.level] += row.value
        assert values["province"] == values["prefecture"] > 0


def test_running_totals_never_fall() -> None:
    rows = Observation.objects.filter(is_demo=True, indicator__accumulation="total").select_related("period").latest()
    series: dict[tuple[int, str], list[tuple[str, object]]] = {}
    for row in rows:
        series.setdefault((row.indicator_id, row.area_id), []).append((row.period_id, row.value))
    assert all([v for _label, v in sorted(values)] == sorted(v for _label, v in values) for values in series.values())


def test_lights_are_of_several_colours() -> None:
    """On a day in December everything is due soon, so green is not counted on."""
    lights = Counter(Result.objects.current().filter(task__isnull=False, measure="light").values_list("text", flat=True))
    assert lights.total() == 35
    assert lights["red"] in range(2, 7)
    assert lights["yellow"] >= 1
    assert lights["blue"] >= 1
    assert lights["green"] + lights["blue"] >= 20
    assert "grey" not in lights
    assert not StaleMark.objects.filter(attempts__gt=0).exists()


def test_registers_are_alive_and_counts_are_of_facts() -> None:
    for model in (Platform, Consortium, Project, Outcome):
        assert model.objects.filter(is_demo=True).exists()
        assert all(name.startswith("演示") for name in model.objects.filter(is_demo=True).values_list("name_zh", flat=True))
    assert not Observation.objects.filter(register_count__is_demo=True).exists()


# -- the command ---------------------------------------------------------------------------------


def test_second_time_changes_nothing() -> None:
    before = {model: model.objects.count() for model in list_demo_models()}
    assert not make_demo()
    call_command("demo")
    assert {model: model.objects.count() for model in list_demo_models()} == before


def test_refused_without_demo_mode(settings: object) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demo")


def test_staff_opens_the_return(client: Client, demo_record: DemoRecord) -> None:
    assert client.login(username="staff", password="demo-staff")
    assert client.get("/reporting/").status_code == 200
    page = client.get(f"/reporting/{demo_record.open_round}/gxt/")
    assert page.status_code == 200
    assert "演示" in page.content.decode()


def test_home_area_is_reported_by_one_unit_each() -> None:
    lines = Line.objects.filter(assignment__indicator__isnull=False, assignment__area=settings.HOME_AREA)
    assert lines.values("assignment__indicator").distinct().count() == Indicator.objects.filter(is_demo=True).count()
    assert Unit.objects.filter(assignments__area=settings.HOME_AREA).distinct().count() >= 8
