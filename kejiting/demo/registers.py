"""A few demonstration organisations, platforms, consortia, projects and outcomes, so that no page is empty."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange

from indicators.models import Task
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformStatus
from projects.models import Outcome, Project, ProjectFunding, ProjectMilestone

from .calendar import Calendar
from .tables import read

# What of a project's money each of its years gets; the newest year's is not spent yet in full.
YEARLY = (Decimal("0.3"), Decimal("0.4"), Decimal("0.3"), Decimal(0))
SPENT_SO_FAR = Decimal("0.6")

Organisations = dict[str, Organisation]


def make_registers(tasks: dict[int, Task], calendar: Calendar) -> None:
    rows = read("organisations")
    organisations = {row["code"]: Organisation(code=row["code"], kind=row["kind"], name_zh=row["name_zh"], area_id=row["area"], is_demo=True) for row in rows}
    Organisation.objects.bulk_create(organisations.values())
    platforms = _make_platforms(organisations, calendar)
    consortia = _make_consortia(organisations, calendar)
    projects = _make_projects(organisations, tasks, calendar)
    Outcome.objects.bulk_create(
        Outcome(
            **{name: row[name] for name in ("code", "kind", "name_zh", "unit_of_measure")},
            project=projects.get(row["project"]),
            platform=platforms.get(row["platform"]),
            consortium=consortia.get(row["consortium"]),
            task=tasks[int(row["task"])],
            year=calendar.quarter(0).ends_on.year,
            quantity=row["quantity"] or None,
            is_substitution=row["is_substitution"] == "1",
            is_demo=True,
        )
        for row in read("outcomes")
    )


def _make_platforms(organisations: Organisations, calendar: Calendar) -> dict[str, Platform]:
    rows, founded_on = read("platforms"), calendar.begins_on
    platforms = {
        row["code"]: Platform(
            **{name: row[name] for name in ("code", "name_zh", "field")},
            kind_id=row["kind"],
            host=organisations[row["host"]],
            area_id=row["area"],
            founded_on=founded_on,
            is_demo=True,
        )
        for row in rows
    }
    Platform.objects.bulk_create(platforms.values())
    for row in rows:
        platforms[row["code"]].cooperating.add(organisations[row["cooperating"]])
    steps = [(platform, str(PlatformStatus.Status.APPROVED), founded_on) for platform in platforms.values()]
    steps += [(platforms[row["code"]], row["status"], founded_on + timedelta(days=270)) for row in rows]
    PlatformStatus.objects.bulk_create(PlatformStatus(platform=platform, status=status, since=since) for platform, status, since in steps)
    return platforms


def _make_consortia(organisations: Organisations, calendar: Calendar) -> dict[str, Consortium]:
    rows = read("consortia")
    consortia = {
        row["code"]: Consortium(
            **{name: row[name] for name in ("code", "name_zh", "industry_chain")},
            lead=organisations[row["lead"]],
            founded_on=calendar.begins_on,
            is_demo=True,
        )
        for row in rows
    }
    Consortium.objects.bulk_create(consortia.values())
    roles = [(row["code"], row["lead"], ConsortiumMember.Role.LEAD) for row in rows]
    roles += [(row["code"], code, ConsortiumMember.Role.MEMBER) for row in rows for code in row["members"].split()]
    ConsortiumMember.objects.bulk_create(
        ConsortiumMember(consortium=consortia[code], organisation=organisations[who], role=role, valid=DateRange(calendar.begins_on, None))
        for code, who, role in roles
    )
    return consortia


def _make_projects(organisations: Organisations, tasks: dict[int, Task], calendar: Calendar) -> dict[str, Project]:
    rows, this_year = read("projects"), calendar.quarter(0).ends_on.year
    projects = {
        row["code"]: Project(
            **{name: row[name] for name in ("code", "name_zh", "field", "status")},
            programme_id=row["programme"],
            host=organisations[row["host"]],
            area_id=row["area"],
            task=tasks[int(row["task"])],
            approved_year=this_year - int(row["age"]),
            starts_on=date(this_year - int(row["age"]), 1, 1),
            ends_on=date(this_year - int(row["age"]) + int(row["years"]) - 1, 12, 31),
            budget=Decimal(row["budget"]),
            is_demo=True,
        )
        for row in rows
    }
    Project.objects.bulk_create(projects.values())
    ProjectFunding.objects.bulk_create(funding for project in projects.values() for funding in _fund(project, this_year))
    ProjectMilestone.objects.bulk_create(milestone for project in projects.values() for milestone in _plan(project, calendar.today))
    return projects


def _fund(project: Project, this_year: int) -> list[ProjectFunding]:
    source = ProjectFunding.Source.CENTRAL if project.programme_id == "nsfc" else ProjectFunding.Source.PROVINCIAL
    rows = []
    for year, share in zip(range(project.approved_year or this_year, this_year + 1), YEARLY, strict=False):
        amount = (project.budget or Decimal(0)) * share
        spent = amount * (SPENT_SO_FAR if year == this_year else 1)
        rows.append(ProjectFunding(project=project, year=year, source=source, approved=amount, paid=amount, spent=spent))
    return rows


def _plan(project: Project, today: date) -> list[ProjectMilestone]:
    if project.starts_on is None or project.ends_on is None:
        return []
    middle = project.starts_on + (project.ends_on - project.starts_on) // 2
    dates = [("演示节点：中期检查", middle), ("演示节点：结题验收", project.ends_on)]
    return [ProjectMilestone(project=project, title_zh=title, due_on=due, reached_on=due if due < today else None) for title, due in dates]
