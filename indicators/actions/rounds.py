"""Opening and locking reporting rounds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ..constraints import explained
from ..errors import NotAllowed, RecordError, WrongState
from ..models import Assignment, Line, Period, Plan, Return, Round
from ..queries.owed import get_due_assignments


@transaction.atomic
def open_round(
    *, by: User, plan: Plan, period: Period, opens_at: datetime, due_at: datetime, grace_days: int = 0, code: str = "", is_demo: bool | None = None
) -> Round:
    """Open a round, with a return for each unit that owes something and a line for each thing owed.

    The period is a month, quarter, half-year or year. Raises ``WrongState`` when the plan has a round for it already:
    nothing is created twice.
    """
    if not by.has_perm("round.manage"):
        raise NotAllowed
    if due_at <= opens_at:
        raise RecordError(_("截止时间须晚于开放时间。"))
    if period.frequency == Period.Frequency.RANGE:
        raise RecordError(_("批次的期间须是一个月、季度、半年或年，不能是 %(label)s 这样的区间。") % {"label": period.label})
    demo = (by.is_demo or plan.is_demo) if is_demo is None else is_demo
    # One opening in a plan at a time: of two the second finds the first's round.
    list(Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).values_list("pk"))
    if plan.rounds.filter(period=period).exists():
        raise WrongState(_("%(period)s的批次已经开放过，没有重复创建。") % {"period": period.label})
    opened = Round(plan=plan, code=code or period.label, period=period, opens_at=opens_at, due_at=due_at, is_demo=demo)
    opened.grace_until = due_at + timedelta(days=grace_days)
    with explained():
        opened.save(force_insert=True)
    add_due_lines(opened)
    record_event("round.open", opened, by=by, due=due_at.isoformat())
    return opened


def add_due_lines(opened: Round) -> None:
    """Give each unit a return and lines for what it owes in this round; what is there already stays.

    Returns that were submitted are left as they are, and so is a round that is locked. A return that gets a line has changed:
    its version rises, and with it the ETag of all it lists.
    """
    if Round.objects.hold(opened.pk).is_locked:
        return
    owed: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in get_due_assignments(opened.period.span, is_demo=opened.is_demo):
        owed[assignment.unit_id].append(assignment)
    Return.objects.bulk_create([Return(round=opened, unit_id=unit, is_demo=opened.is_demo) for unit in owed], ignore_conflicts=True)
    # Held until commit: none of them can be handed in while lines are added.
    reports = Return.objects.select_for_update().filter(round=opened, unit__in=owed, state__in=Return.EDITABLE).order_by("pk")
    _add_lines(reports, owed)


def _add_lines(reports: Iterable[Return], owed: Mapping[int, Sequence[Assignment]]) -> None:
    known: dict[int, set[int]] = defaultdict(set)
    for line in Line.objects.filter(report__in=reports).only("report", "assignment"):
        known[line.report_id].add(line.assignment_id)
    lines, grown = [], []
    for report in reports:
        new = [assignment for assignment in owed[report.unit_id] if assignment.pk not in known[report.pk]]
        if new and known[report.pk]:
            report.version += 1
            grown.append(report)
        lines += [Line(report=report, assignment=assignment, version=report.version) for assignment in new]
    Return.objects.bulk_update(grown, ["version"])
    Line.objects.bulk_create(lines)


def drop_untouched_lines(lines: QuerySet[Line]) -> None:
    """Take lines out of returns that are still with their unit, where nothing was ever typed into them; a return of none goes too."""
    open_now = Q(report__round__locks_at=None) | Q(report__round__locks_at__gt=timezone.now())
    lines = lines.filter(open_now, report__state__in=Return.EDITABLE, entries=None, entered_by=None)
    # Held first, so that nobody types into a line that goes.
    reports = list(Return.objects.select_for_update().filter(lines__in=lines).order_by("pk").values_list("pk", flat=True))
    lines.all().delete()
    Return.objects.filter(pk__in=reports, state=Return.State.DRAFT, lines=None, steps=None).delete()
    # Those that stay have changed, and with them the ETag of all they list.
    Return.objects.filter(pk__in=reports).update(version=F("version") + 1)


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
    if not row.is_locked:
        raise WrongState(_("批次 %(code)s 没有锁定，不必重新开放。") % {"code": row.code})
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
