"""The plan's tasks, milestones, and who reports on them."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from indicators.models import Assignment, Milestone, Plan, Task
from kejiting.accounts.models import Unit

from .calendar import Calendar
from .people import People
from .tables import Row, read

DEPARTMENT = "省科技厅"
ALL_PREFECTURES = "各市州"


@dataclass(frozen=True)
class Node:
    """A milestone: due at the end of the quarter ``offset``, and whether it was reached then."""

    milestone: Milestone
    offset: int
    is_reached: bool


def make_tasks(plan: Plan, people: People, calendar: Calendar) -> tuple[dict[int, Task], dict[int, Node]]:
    """Tasks by number; nodes by milestone."""
    rows = read("tasks")
    aspects = {aspect.number: aspect for aspect in plan.aspects.all()}
    tasks = {
        int(row["number"]): Task(
            plan=plan,
            number=int(row["number"]),
            aspect=aspects[int(row["aspect"])],
            lead_unit=people.by_name(row["lead"]),
            responsible_office=people.units[row["office"]],
            title_zh=row["title_zh"],
            title_en=row["title_en"],
            starts_on=plan.starts_on,
            due_on=get_due_date(row["due"], calendar),
            basis=row["basis"],
            is_demo=True,
        )
        for row in rows
    }
    Task.objects.bulk_create(tasks.values())
    _add_cooperating(rows, tasks, people)
    nodes = _make_nodes(rows, tasks, calendar)
    _assign(rows, tasks, nodes, people, calendar)
    return tasks, nodes


def get_due_date(word: str, calendar: Calendar) -> date:
    # Not so near that at the turn of the year every task is due soon, or past due.
    year = (calendar.today + timedelta(days=45)).year
    return {
        "year": date(year, 12, 31),
        "next": date(year + 1, 12, 31),
        # Within the thirty days in which a light turns blue.
        "soon": calendar.today + timedelta(days=20),
        "past": calendar.quarter(-1).ends_on,
    }[word]


def get_reporting_unit(row: Row) -> str:
    """Of the department's own tasks its offices report, of others' tasks whoever leads them (by name)."""
    return row["office"] if row["lead"] == DEPARTMENT else row["lead"]


def _add_cooperating(rows: list[Row], tasks: dict[int, Task], people: People) -> None:
    prefectures = [unit for unit in people.units.values() if unit.kind == Unit.Kind.PREFECTURE]
    through = Task.cooperating_units.through
    through.objects.bulk_create(
        through(task_id=tasks[int(row["number"])].pk, unit_id=unit.pk)
        for row in rows
        for name in row["cooperating"].split(";")
        for unit in (prefectures if name == ALL_PREFECTURES else [people.by_name(name)])
    )


def _make_nodes(rows: list[Row], tasks: dict[int, Task], calendar: Calendar) -> dict[int, Node]:
    """A task's nodes are written as offsets, ``!`` marking one that was missed."""
    titles = read("milestones")
    nodes = []
    for row in rows:
        for at, word in enumerate(row["nodes"].split()):
            offset = int(word.rstrip("!"))
            milestone = Milestone(task=tasks[int(row["number"])], number=at + 1, due_on=calendar.quarter(offset).ends_on, is_demo=True, **titles[at])
            nodes.append(Node(milestone, offset, not word.endswith("!")))
    Milestone.objects.bulk_create(node.milestone for node in nodes)
    return {node.milestone.pk: node for node in nodes}


def _assign(rows: list[Row], tasks: dict[int, Task], nodes: dict[int, Node], people: People, calendar: Calendar) -> None:
    units = {unit.code: unit for unit in people.units.values()} | {unit.name_zh: unit for unit in people.units.values()}
    by_task = {tasks[int(row["number"])].pk: units[get_reporting_unit(row)] for row in rows}
    narratives = [
        Assignment(unit=unit, task_id=task, is_narrative=True, valid=DateRange(calendar.begins_on, None), is_demo=True) for task, unit in by_task.items()
    ]
    # A node is asked about from one quarter before it is due until it is reached.
    milestones = [
        Assignment(
            unit=by_task[node.milestone.task_id],
            task_id=node.milestone.task_id,
            milestone=node.milestone,
            valid=DateRange(calendar.quarter(node.offset - 1).starts_on, None),
            is_demo=True,
        )
        for node in nodes.values()
    ]
    Assignment.objects.bulk_create([*narratives, *milestones])
