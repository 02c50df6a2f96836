"""Who may do what: the one table of it. ``user.has_perm("return.submit", report)`` asks it.

Roles say what kind of thing a person does; the predicates say to which records. What a person may
*see* is not here but in each queryset's ``visible_to(user)``. Predicates read attributes only
(``report.unit_id``), so this module knows no other app.
"""

import rules

from .models import Role, User

# Objects are whatever the permission is about: a return, a correction, a task; typed by duck.


def _has(*roles: Role) -> rules.Predicate:
    def holds(user: User) -> bool:
        return user.is_authenticated and user.is_active and user.has_role(*roles)

    return rules.predicate(holds, name="_".join(roles))


is_reporter, is_reviewer, is_office = _has(Role.REPORTER), _has(Role.REVIEWER), _has(Role.OFFICE)
is_system_admin, is_security_admin, is_auditor = _has(Role.SYSTEM_ADMIN), _has(Role.SECURITY_ADMIN), _has(Role.AUDITOR)


@rules.predicate
def is_of_unit(user: User, report: object) -> bool:
    return bool(report) and user.unit_id == report.unit_id  # type: ignore[attr-defined]  # a return


@rules.predicate
def is_of_unit_or_above(user: User, report: object) -> bool:
    return bool(report) and user.unit_id in (report.unit_id, report.unit.parent_id)  # type: ignore[attr-defined]  # a return


@rules.predicate
def wrote_no_line(user: User, report: object) -> bool:
    """Nobody reviews their own entry: whoever typed in a line once, though a colleague typed last."""
    return report.submitted_by_id != user.pk and not report.lines.filter(entries__by=user).exists()  # type: ignore[attr-defined]  # a return


@rules.predicate
def did_not_approve(user: User, report: object) -> bool:
    return report.approved_by_id != user.pk  # type: ignore[attr-defined]  # a return


@rules.predicate
def is_another_person(user: User, correction: object) -> bool:
    return correction.requested_by_id != user.pk  # type: ignore[attr-defined]  # a correction


@rules.predicate
def corrects_other_units_line(user: User, correction: object) -> bool:
    return correction.line.report.unit_id != user.unit_id  # type: ignore[attr-defined]  # a correction


is_other_unit = ~is_of_unit

PERMISSIONS: dict[str, rules.Predicate] = {
    # the return: draft → submitted → approved → accepted, returned from the two in the middle
    "return.edit": is_reporter & is_of_unit,
    "return.submit": is_reporter & is_of_unit,
    "return.approve": is_reviewer & is_of_unit_or_above & wrote_no_line,
    "return.accept": is_office & is_other_unit & wrote_no_line & did_not_approve,
    # sending back: the reviewer what was submitted, the office what was approved
    "return.return_submitted": is_reviewer & is_of_unit_or_above & wrote_no_line,
    "return.return_approved": is_office & is_other_unit,
    # corrections of accepted lines: asked by the unit or the office, decided by another person of the office; taken back, and files put to them, by who asked
    "correction.request": (is_reporter & is_of_unit) | is_office,
    "correction.decide": is_office & is_another_person & corrects_other_units_line,
    "correction.withdraw": (is_reporter | is_office) & ~is_another_person,
    "correction.attach": (is_reporter | is_office) & ~is_another_person,
    # rounds, definitions, tasks
    "round.manage": is_office,
    "definition.manage": is_office,
    "rule.manage": is_office,
    "task.override_light": is_office,
    "statistics.import": is_office,
    # administration: three different people
    "user.manage": is_system_admin,
    "role.manage": is_security_admin,
    "audit.view": is_auditor,
}

for name, predicate in PERMISSIONS.items():
    rules.add_perm(name, predicate)
