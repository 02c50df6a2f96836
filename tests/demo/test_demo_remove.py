"""After the removal nothing of the demonstration is left, and the facts are as if it had never been there."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client

from indicators.evidence_files import get_path
from indicators.models import Evidence, Indicator, IndicatorDefinition, Observation, Result
from indicators.recompute.write import RESULTS
from kejiting.accounts.models import AuditEvent, Unit, User
from kejiting.demo.remove import list_demo_models, list_references

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_record")]


def _count_facts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.filter(is_demo=False).count() for model in list_demo_models() if model not in (AuditEvent, Result)}


def _read_results() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = Result.objects.current().order_by("pk")
    return {RESULTS.get_subject(row): RESULTS.get_content(row) for row in rows}


@pytest.fixture
def with_sessions(demo_record: object) -> Client:
    client = Client()
    assert client.login(username="office", password="demo-office")
    return client


def test_nothing_is_left_and_facts_are_whole(with_sessions: Client) -> None:
    counts = _count_facts()
    call_command("demo", "--remove")
    assert {m._meta.label for m in list_demo_models() if m._base_manager.filter(is_demo=True).exists()} == set()
    assert not any(m._base_manager.exists() for m in apps.get_models(include_auto_created=True) if m._meta.label in BELONGING)
    assert _count_facts() == counts
    assert AuditEvent.objects.get(verb="demo.remove").detail["rows"] > 1000
    assert with_sessions.get("/reporting/").status_code == 302

    left = _read_results()
    connection.cursor().execute("DELETE FROM indicators_result")
    call_command("recompute", "--all")
    assert _read_results() == left
    assert left


# Tables without a mark of their own that hold nothing before there are people, tasks and returns.
BELONGING = {
    "indicators.Line",
    "indicators.TaskIndicator",
    "accounts.RoleAssignment",
    "indicators.StaleMark",
    "indicators.Task_cooperating_units",
    "sessions.Session",
}


def test_removal_can_be_repeated_and_the_demonstration_comes_back() -> None:
    call_command("demo", "--remove")
    call_command("demo", "--remove")
    assert AuditEvent.objects.filter(verb="demo.remove").count() == 1
    call_command("demo", "--no-recompute")
    assert Observation.objects.filter(is_demo=True).exists()


def test_a_real_account_in_a_demonstration_unit_is_named() -> None:
    User.objects.create(username="someone", unit=Unit.objects.get(code="kjt-ghc"))
    with pytest.raises(CommandError, match="账号"):
        call_command("demo", "--remove")


def test_changed_definition_is_given_back() -> None:
    indicator = Indicator.objects.filter(is_demo=False).exclude(current_definition=None).first()
    before = indicator.current_definition_id
    indicator.current_definition = IndicatorDefinition.objects.create(
        indicator=indicator, version=99, text_zh="演示", valid_from="2030-01-01", is_demo=True
    )
    indicator.save()
    call_command("demo", "--remove", "--no-recompute")
    indicator.refresh_from_db()
    assert indicator.current_definition_id == before


def test_only_the_removal_passes_the_triggers() -> None:
    with pytest.raises(IntegrityError):
        Observation.objects.filter(is_demo=True)._raw_delete("default")


@pytest.mark.parametrize("label", ["indicators.Line", "accounts.RoleAssignment", "export.ApiKey", "platforms.PlatformStatus", "admin.LogEntry"])
def test_unmarked_rows_go_with_what_they_belong_to(label: str) -> None:
    assert label in {reference.child._meta.label for reference in list_references()}


def test_the_files_of_the_demonstration_leave_the_disk(django_capture_on_commit_callbacks: Any, settings: Any, tmp_path: Path) -> None:
    # What leaves the disk comes back with no rolled back transaction.
    settings.EVIDENCE_ROOT = shutil.copytree(settings.EVIDENCE_ROOT, tmp_path / "evidence")
    files = [get_path(key) for key in Evidence.objects.values_list("pk", flat=True)]
    assert files
    assert all(path.exists() for path in files)
    with django_capture_on_commit_callbacks(execute=True):
        call_command("demo", "--remove")
    assert not any(path.exists() for path in files)
