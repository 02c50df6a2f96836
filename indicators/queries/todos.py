"""What waits for a person: the one list that 待办, the number beside its name and the office's page share."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from kejiting.accounts.models import Role, User

from ..models import Correction, Return, ReturnStep
from ..models.line import is_empty


@dataclass(frozen=True)
class Todo:
    """A return that waits for this person, and what for: ``fill``, ``approve`` or ``accept``."""

    report: Return
    action: str
    lines: int
    empty: int
    # When it was first handed in: sending it back later does not make its unit late.
    handed_in_at: datetime | None

    @property
    def was_late(self) -> bool:
        return self.handed_in_at is not None and self.handed_in_at > self.report.round.grace_until


def get_todos(user: User) -> list[Todo]:
    """The returns that wait for a person now: the soonest due first, and of one round those that were sent back."""
    waiting = _waiting_for(user)
    if not waiting:
        return []
    handed_in = ReturnStep.objects.filter(report=OuterRef("pk"), to_state=Return.State.SUBMITTED).order_by("pk").values("at")
    rows = (
        Return.objects.visible_to(user)
        .filter(waiting)
        .select_related("round__period", "unit")
        .annotate(line_count=Count("lines"), empty_count=Count("lines", filter=is_empty("lines__")), handed_in_at=Subquery(handed_in[:1]))
        .order_by("round__due_at", Case(When(state=Return.State.RETURNED, then=0), default=1), "unit__code")
    )
    actions = {Return.State.SUBMITTED: "approve", Return.State.APPROVED: "accept"}
    return [Todo(row, actions.get(Return.State(row.state), "fill"), row.line_count, row.empty_count, row.handed_in_at) for row in rows]


def count_todos(user: User) -> int:
    """How many returns and corrections wait for a person."""
    waiting = _waiting_for(user)
    returns = Return.objects.visible_to(user).filter(waiting).count() if waiting else 0
    return returns + (get_pending_corrections(user).count() if user.has_role(Role.OFFICE) else 0)


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
