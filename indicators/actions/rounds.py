"""Opening and locking reporting rounds."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..errors import NotAllowed, RecordError, WrongState
from ..models import Assignment, Line, Period, Plan, Return, Round
from ..queries.owed import get_due_assignments


@transaction.atomic
def open_round(
    *, by: User, plan: Plan, period: Period, opens_at: datetime, due_at: datetime, grace_days: int = 0, code: str = "", is_demo: bool | None = None
) -> Round:
    """Open a round, with a return for each unit that owes something and a line for each thing owed.

    Raises ``WrongState`` when the plan has a round for the period already: nothing is created twice.
    """
    if not by.has_perm("round.manage"):
        raise NotAllowed
    if due_at <= opens_at:
        raise RecordError(_("截止时间须晚于开放时间。"))
    code = code or period.label.replace("/", "--")
    demo = (by.is_demo or plan.is_demo) if is_demo is None else is_demo
    try:
        with transaction.atomic():
            opened = Round.objects.create(
                plan=plan, code=code, period=period, opens_at=opens_at, due_at=due_at, grace_until=due_at + timedelta(days=grace_days), is_demo=demo
            )
    except IntegrityError as error:
        raise WrongState(_("%(code)s 批次已经开放过，没有重复创建。") % {"code": code}) from error
    add_due_lines(opened)
    record_event("round.open", opened, by=by, due=due_at.isoformat())
    return opened


def add_due_lines(opened: Round) -> None:
    """Give each unit a return and lines for what it owes in this round; what is there already stays.

    Returns that were submitted are left as they are.
    """
    owed: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in get_due_assignments(opened.period.span, is_demo=opened.is_demo):
        owed[assignment.unit_id].append(assignment)
    Return.objects.bulk_create([Return(round=opened, unit_id=unit, is_demo=opened.is_demo) for unit in owed], ignore_conflicts=True)
    # Held until commit: none of them can be handed in while lines are added.
    reports = Return.objects.select_for_update().filter(round=opened, unit__in=owed, state__in=Return.EDITABLE).order_by("pk")
    lines = [Line(report=report, assignment=assignment) for report in reports for assignment in owed[report.unit_id]]
    Line.objects.bulk_create(lines, ignore_conflicts=True)


@transaction.atomic
def lock_round(opened: Round, *, by: User) -> Round:
    """Stop entry and submission; what was submitted may still be reviewed, accepted values only corrected."""
    if not by.has_perm("round.manage"):
        raise NotAllowed
    row = _lock(opened, by=by)
    if row.is_locked:
        raise WrongState(_("批次 %(code)s 已经锁定。") % {"code": row.code})
    row.locks_at = timezone.now()
    row.save(update_fields=["locks_at"])
    record_event("round.lock", row, by=by)
    return row


@transaction.atomic
def unlock_round(opened: Round, *, by: User, reason: str) -> Round:
    """Open a locked round again, saying why."""
    if not by.has_perm("round.manage"):
        raise NotAllowed
    if not reason.strip():
        raise RecordError(_("请写明重新开放的原因。"))
    row = _lock(opened, by=by)
    row.locks_at = None
    row.save(update_fields=["locks_at"])
    record_event("round.unlock", row, by=by, reason=reason)
    return row


@transaction.atomic
def move_due_date(opened: Round, *, by: User, due_at: datetime, reason: str) -> Round:
    """Set another due date, saying why; the grace keeps its length."""
    if not by.has_perm("round.manage"):
        raise NotAllowed
    if not reason.strip():
        raise RecordError(_("请写明调整截止时间的原因。"))
    row = _lock(opened, by=by)
    if due_at <= row.opens_at:
        raise RecordError(_("截止时间须晚于开放时间。"))
    before, row.grace_until, row.due_at = row.due_at, due_at + (row.grace_until - row.due_at), due_at
    row.save(update_fields=["due_at", "grace_until"])
    record_event("round.move_due_date", row, by=by, reason=reason, before=before.isoformat(), after=due_at.isoformat())
    return row


def _lock(opened: Round, *, by: User) -> Round:
    row = Round.objects.select_for_update().get(pk=opened.pk)
    if by.is_demo and not row.is_demo:
        raise NotAllowed(_("这是正式批次，演示账号不能改动。"))
    return row
