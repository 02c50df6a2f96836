"""Reading returns: what one may see, and what waits for whom."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from kejiting.accounts.models import Role, User

from ..models import Correction, Return


def get_returns(user: User) -> QuerySet[Return]:
    """The returns one may see, newest round first."""
    return Return.objects.visible_to(user).select_related("round__period", "unit").order_by("-round__period__starts_on", "unit__code")


def get_return(user: User, round_code: str, unit_code: str) -> Return:
    """One return with its stamps. Raises ``Return.DoesNotExist`` for none, and for one the user may not see."""
    stamps = ("submitted_by__unit", "approved_by__unit", "accepted_by__unit")
    return Return.objects.visible_to(user).select_related("round__period", "round__plan", "unit__parent", *stamps).get(
        round__code=round_code, unit__code=unit_code
    )


@dataclass(frozen=True)
class Todo:
    """A return that waits for this person, and what for: ``fill``, ``approve`` or ``accept``."""

    report: Return
    action: str
    lines: int
    empty: int


def get_todos(user: User) -> list[Todo]:
    """What waits for a person now, the soonest due first. The one list that page, count and reminder share."""
    waiting = _waiting_for(user)
    if not waiting:
        return []
    unfilled = Q(lines__value=None, lines__missing="", lines__progress="")
    rows = (
        Return.objects.visible_to(user)
        .filter(waiting)
        .select_related("round__period", "unit")
        .annotate(line_count=Count("lines"), empty_count=Count("lines", filter=unfilled))
        .order_by("round__due_at", "unit__code")
    )
    actions = {Return.State.SUBMITTED: "approve", Return.State.APPROVED: "accept"}
    return [Todo(row, actions.get(Return.State(row.state), "fill"), row.line_count, row.empty_count) for row in rows]


def count_todos(user: User) -> int:
    """How many returns wait for a person."""
    waiting = _waiting_for(user)
    return Return.objects.visible_to(user).filter(waiting).count() if waiting else 0


def _waiting_for(user: User) -> Q:
    waiting = Q()
    if user.has_role(Role.REPORTER):
        waiting |= Q(state__in=Return.EDITABLE, unit=user.unit_id) & _open_now()
    if user.has_role(Role.REVIEWER):
        waiting |= Q(state=Return.State.SUBMITTED) & (Q(unit=user.unit_id) | Q(unit__parent=user.unit_id))
    if user.has_role(Role.OFFICE):
        waiting |= Q(state=Return.State.APPROVED) & ~Q(unit=user.unit_id)
    return waiting


def _open_now() -> Q:
    now = timezone.now()
    return Q(round__opens_at__lte=now) & (Q(round__locks_at=None) | Q(round__locks_at__gt=now))


def get_pending_corrections(user: User) -> QuerySet[Correction]:
    """Corrections that wait for this person's decision."""
    rows = Correction.objects.filter(state=Correction.State.PENDING).exclude(requested_by=user).exclude(line__report__unit=user.unit_id)
    assignment = "line__assignment__"
    related = (f"{assignment}indicator", f"{assignment}milestone", f"{assignment}task", "line__report__round", "line__report__unit")
    return (rows if user.has_role(Role.OFFICE) else rows.none()).select_related(*related, "requested_by__unit")
