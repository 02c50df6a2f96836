"""What a line said earlier: nothing that was typed is lost, whatever was chosen over it."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from indicators.actions import reporting
from indicators.actions.evidence import add_evidence
from indicators.queries.sheets import SheetLine, get_row, get_sheet
from tests.builders import Cast, Quarter, assign, make_indicator, make_plan, observe, open_quarter

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def save(quarter: Quarter, kind: str = "indicator", **changes: Any) -> SheetLine:
    reporting.save_line(quarter.line(kind), changes, by=quarter.cast.xie)
    return get_row(quarter.report, quarter.line(kind).pk)


def test_a_number_under_a_reason_is_kept_and_not_reported(quarter: Quarter) -> None:
    save(quarter, value="12.5", qualifier="about")
    save(quarter, note="初步统计")
    row = save(quarter, missing="not_available")
    assert (row.value, row.typed_or_set_aside, row.set_aside.qualifier) == (None, 12.5, "about")
    assert save(quarter, missing="withheld").typed_or_set_aside == 12.5
    assert save(quarter, missing="", value="12.5", qualifier="about").value == 12.5


def test_a_number_that_was_emptied_before_does_not_come_back(quarter: Quarter) -> None:
    save(quarter, value="12.5")
    save(quarter, value="")
    assert save(quarter, missing="not_due").typed_or_set_aside is None


def test_a_text_under_a_reason_is_kept(quarter: Quarter) -> None:
    save(quarter, "narrative", value="按计划推进")
    row = save(quarter, "narrative", missing="not_due")
    assert (row.line.progress, row.set_aside.progress) == ("", "按计划推进")


def test_what_changed_since_the_return_is_known_with_what_it_was(quarter: Quarter, settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path
    quarter.fill("12")
    assert not any(row.is_changed for row in get_sheet(quarter.report, quarter.cast.xie).lines)
    reporting.submit_return(quarter.report, by=quarter.cast.xie)
    reporting.send_back_return(quarter.report, by=quarter.cast.shen, reason="请核对")
    save(quarter, value="13")
    save(quarter, "milestone", value="0")
    save(quarter, "milestone", value="1")
    add_evidence(quarter.line("milestone"), SimpleUploadedFile("验收.pdf", b"%PDF-1.4 %%EOF"), by=quarter.cast.xie)
    changed = [row for row in get_sheet(quarter.report, quarter.cast.shen).lines if row.is_changed]
    assert [(row.line.kind, row.returned and row.returned.value) for row in changed] == [("indicator", 12), ("milestone", 1)]


def test_a_running_total_that_begins_anew_is_not_held_against_last_years_end() -> None:
    cast, plan = Cast(), make_plan()
    running, amount = make_indicator("running", accumulation="ytd"), make_indicator("amount", accumulation="flow")
    for indicator in (running, amount):
        observe(indicator, {"2025-Q4": "50"})
        assign(cast.gxt, indicator=indicator)
    report = open_quarter(cast, plan, "2026-Q1").returns.get(unit=cast.gxt)
    for line in report.lines.all():
        reporting.save_line(line, {"value": "10"}, by=cast.xie)
    said = {row.name: row.change_text for row in get_sheet(report, cast.xie).lines}
    assert (said[running.name_zh], said[amount.name_zh]) == ("本年起重新累计", "−40（−80.0%）")
