"""Demonstration indicators with definitions, yearly targets, who reports them, and their paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from indicators.models import Assignment, Document, Indicator, IndicatorDefinition, Period, Target, TargetNode, Task, TaskIndicator
from kejiting.accounts.models import User

from .calendar import Calendar, clock_at
from .paths import AMOUNTS, PROFILES, Path, make_path
from .people import People, get_prefectures
from .tables import Row, read

# An indicator whose target a second document of the year sets otherwise without a word of the first: which counts is for the office to say.
SET_TWICE, OTHERWISE = "demo.lab_open_projects", Decimal("1.02")


@dataclass(frozen=True)
class Cell:
    """A figure somebody reports: an indicator in an area."""

    row: Row
    indicator: Indicator
    area: str
    path: Path


def make_figures(tasks: dict[int, Task], people: People, calendar: Calendar) -> dict[tuple[int, str], Path]:
    """The paths by indicator and area."""
    rows = read("indicators")
    indicators = make_indicators(rows, calendar)
    TaskIndicator.objects.bulk_create(TaskIndicator(task=tasks[int(row["task"])], indicator=indicators[row["code"]]) for row in rows)
    cells = [cell for row in rows for cell in _make_cells(row, indicators[row["code"]], calendar)]
    _assign(cells, tasks, people, calendar)
    for year in calendar.years:
        _set_targets(year, cells, calendar, by=people.users["office"])
    _set_again(next(cell for cell in cells if cell.row["code"] == SET_TWICE), calendar, by=people.users["office"])
    return {(cell.indicator.pk, cell.area): cell.path for cell in cells}


def make_indicators(rows: list[Row], calendar: Calendar) -> dict[str, Indicator]:
    given = ("code", "name_zh", "unit_of_measure", "accumulation", "direction", "entry_form")
    indicators = {
        row["code"]: Indicator(
            **{name: row[name] for name in given},
            decimals=int(row["decimals"]),
            origin=Indicator.Origin.REPORTED,
            frequency=Indicator.Frequency.QUARTER,
            minimum=Decimal(0),
            maximum=Decimal(100) if row["unit_of_measure"] == "%" else None,
            is_demo=True,
        )
        for row in rows
    }
    Indicator.objects.bulk_create(indicators.values())
    with clock_at(calendar.opens_at(min(calendar.offsets) - 1)):
        definitions = IndicatorDefinition.objects.bulk_create(
            IndicatorDefinition(
                indicator=indicators[row["code"]], version=1, text_zh=f"演示口径：{row['definition']}。", valid_from=date(2022, 1, 1), is_demo=True
            )
            for row in rows
        )
    for indicator, definition in zip(indicators.values(), definitions, strict=True):
        indicator.current_definition = definition
    Indicator.objects.bulk_update(indicators.values(), ["current_definition"])
    return indicators


def _make_cells(row: Row, indicator: Indicator, calendar: Calendar) -> Iterator[Cell]:
    """The province's, and the prefectures' where they report too: of what can be added the province is their sum."""
    parts = []
    if row["prefectures"] == "1":
        parts = [Cell(row, indicator, area, make_path(row, area, weight, calendar)) for area, weight in get_prefectures().items()]
    whole = make_path(row, settings.HOME_AREA, 1.0, calendar)
    if parts and row["unit_of_measure"] != "%":
        whole = Path()
        for part in parts:
            whole.add(part.path)
    yield Cell(row, indicator, settings.HOME_AREA, whole)
    yield from parts


def _assign(cells: list[Cell], tasks: dict[int, Task], people: People, calendar: Calendar) -> None:
    """A department reports for the province, a prefecture for itself."""
    Assignment.objects.bulk_create(
        Assignment(
            unit=people.units[cell.row["reporter"] if cell.area == settings.HOME_AREA else cell.area],
            indicator=cell.indicator,
            area_id=cell.area,
            task=tasks[int(cell.row["task"])],
            valid=DateRange(calendar.begins_on, None),
            is_demo=True,
        )
        for cell in cells
    )


def _set_targets(year: int, cells: list[Cell], calendar: Calendar, *, by: User) -> None:
    """One document a year sets them all; where amounts come late in the year it says how much by when."""
    document = Document.objects.create(kind=Document.Kind.NOTICE, title=f"演示目标（{year}年）", issued_on=date(year, 1, 15), is_demo=True)
    period, baseline = Period.objects.get_or_add(str(year)), Period.objects.get_or_add(f"{year - 1}-Q4")
    with clock_at(calendar.opens_at(calendar.offset(year - 1, 4))):
        targets = [
            (cell, _make_target(cell, year, document=document, period=period, baseline_period=baseline, recorded_by=by))
            for cell in cells
            if _is_covered(cell, year, calendar)
        ]
        Target.objects.bulk_create(target for _cell, target in targets)
    late = [target for cell, target in targets if cell.row["profile"] == "late"]
    quarters = [Period.objects.get_or_add(f"{year}-Q{quarter}") for quarter in (1, 2, 3)]
    TargetNode.objects.bulk_create(
        TargetNode(target=target, period=period, share=Decimal(str(share)), is_demo=True)
        for target in late
        for period, share in zip(quarters, PROFILES["late"], strict=False)
    )


def _set_again(cell: Cell, calendar: Calendar, *, by: User) -> None:
    """In the newest year, by a document of the day before the open round."""
    year, at = calendar.years[-1], calendar.opens_at(0) - timedelta(days=1)
    document = Document.objects.create(kind=Document.Kind.NOTICE, title=f"演示目标调整（{year}年）", issued_on=timezone.localdate(at), is_demo=True)
    period, baseline = Period.objects.get_or_add(str(year)), Period.objects.get_or_add(f"{year - 1}-Q4")
    with clock_at(at):
        target = _make_target(cell, year, document=document, period=period, baseline_period=baseline, recorded_by=by)
        target.value = round(target.value * OTHERWISE, cell.indicator.decimals)
        target.save(force_insert=True)


def _is_covered(cell: Cell, year: int, calendar: Calendar) -> bool:
    """Of amounts by quarter a year can be judged only when all its quarters were asked about."""
    return cell.row["accumulation"] != Indicator.Accumulation.FLOW or calendar.offset(year, 1) >= min(calendar.offsets)


def _make_target(cell: Cell, year: int, **stamps: Any) -> Target:
    is_lower = cell.row["direction"] == Indicator.Direction.LOWER
    return Target(
        indicator=cell.indicator,
        area_id=cell.area,
        unit_of_measure=cell.indicator.unit_of_measure,
        comparison=Target.Comparison.AT_MOST if is_lower else Target.Comparison.AT_LEAST,
        value=cell.path.targets[year],
        basis=Target.Basis.RATIO if cell.row["accumulation"] in AMOUNTS else Target.Basis.GAP_CLOSED,
        baseline_value=cell.path.baselines[year],
        is_demo=True,
        **stamps,
    )
