"""The demonstration's units and accounts."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateRange

from kejiting.accounts.models import Area, Role, RoleAssignment, Unit, UnitVersion, User

from .calendar import Calendar
from .tables import read


@dataclass(frozen=True)
class People:
    """Who types and who reviews for each unit, and the two offices that accept."""

    units: dict[str, Unit]
    users: dict[str, User]
    staff: dict[str, User]
    reviewers: dict[str, User]

    def by_name(self, name: str) -> Unit:
        return next(unit for unit in self.units.values() if unit.name_zh == name)

    def accepter(self, unit: Unit) -> User:
        """No office accepts its own return."""
        office, other = self.users["office"], self.users["office2"]
        return other if unit.pk == office.unit_id else office


def make_people(reporting: Iterable[str], calendar: Calendar) -> People:
    """The offices, the accounts whose passwords are printed, and a pair of authors for each unit that reports."""
    _make_offices(calendar)
    units = {unit.code: unit for unit in Unit.objects.select_related("area", "parent")}
    rows = read("accounts")
    rows += [row for unit in reporting for row in _get_authors(unit) if not any(_is_same(row, known) for known in rows)]
    users = {row["username"]: _make_user(row, units, calendar) for row in rows}
    User.objects.bulk_create(users.values())
    _grant_roles(rows, users, calendar)
    return People(units, users, _pick(rows, users, Role.REPORTER), _pick(rows, users, Role.REVIEWER))


def _make_offices(calendar: Calendar) -> None:
    """Those of the S&T Department: their official names were not found."""
    department = Unit.objects.get(code="kjt")
    known = set(Unit.objects.values_list("code", flat=True))
    offices = [Unit(**row, kind=Unit.Kind.OFFICE, parent=department, is_demo=True) for row in read("offices") if row["code"] not in known]
    Unit.objects.bulk_create(offices)
    UnitVersion.objects.bulk_create(
        UnitVersion(unit=office, parent=department, name_zh=office.name_zh, name_en=office.name_en, valid=DateRange(calendar.begins_on, None))
        for office in offices
    )


def _get_authors(unit: str) -> list[dict[str, str]]:
    name = unit.removeprefix("kjt-")
    return [
        {"username": f"{name}-staff", "name": "演示填报员", "unit": unit, "roles": Role.REPORTER, "closed": "yes"},
        {"username": f"{name}-reviewer", "name": "演示审核人", "unit": unit, "roles": Role.REVIEWER, "closed": "yes"},
    ]


def _is_same(row: dict[str, str], known: dict[str, str]) -> bool:
    return (row["unit"], row["roles"]) == (known["unit"], known["roles"])


def _make_user(row: dict[str, str], units: dict[str, Unit], calendar: Calendar) -> User:
    """``closed`` accounts are there as authors and nobody signs in with them."""
    return User(
        username=row["username"],
        name=row["name"],
        unit=units[row["unit"]],
        password=make_password(None if row.get("closed") else f"demo-{row['username']}"),
        date_joined=calendar.opens_at(min(calendar.offsets) - 1),
        is_demo=True,
    )


def _grant_roles(rows: list[dict[str, str]], users: dict[str, User], calendar: Calendar) -> None:
    """All by the security administrator, who has got their own from nobody here."""
    granter = users["secadmin"]
    RoleAssignment.objects.bulk_create(
        RoleAssignment(
            user=users[row["username"]],
            role=role,
            granted_by=None if row["username"] == "secadmin" else granter,
            granted_at=users[row["username"]].date_joined,
        )
        for row in rows
        for role in row["roles"].split()
    )


def _pick(rows: list[dict[str, str]], users: dict[str, User], role: str) -> dict[str, User]:
    return {row["unit"]: users[row["username"]] for row in rows if row["roles"] == role}


def get_prefectures() -> dict[str, float]:
    """The prefectures' codes (of unit and area alike), each with its share of a provincial amount."""
    known = set(Area.objects.filter(level=Area.Level.PREFECTURE).values_list("pk", flat=True))
    return {row["code"]: float(row["weight"]) for row in read("prefectures") if row["code"] in known}
