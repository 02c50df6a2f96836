"""What the office sees of reporting rounds: how far each has come, who is late, and which comes next."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from kejiting.accounts.models import AuditEvent, Unit, User

from ..models import Assignment, Line, Plan, Return, Round
from ..periods import Span, last_ended, shift
from .owed import Unassigned, get_due_assignments, get_unassigned

_State = Return.State
# Without an earlier round to go by: three weeks after the period, then three days of grace.
_DUE_AFTER, _GRACE = timedelta(days=20, hours=18), 3


def get_rounds() -> QuerySet[Round]:
    """All rounds, newest first, with how many returns there are, were accepted, and wait for the office."""
    return (
        Round.objects.select_related("period", "plan")
        .annotate(
            n_returns=Count("returns"),
            n_accepted=Count("returns", filter=Q(returns__state=_State.ACCEPTED)),
            n_approved=Count("returns", filter=Q(returns__state=_State.APPROVED)),
            n_with_unit=Count("returns", filter=Q(returns__state__in=(*Return.EDITABLE, _State.SUBMITTED))),
        )
        .order_by("-period__ends_on", "-code")
    )


def get_open_rounds(now: datetime) -> QuerySet[Round]:
    """What is asked for now: opened, not locked and not finished, the earliest first; with ``n_late`` beside the other counts."""
    rows = get_rounds().filter(opens_at__lte=now).exclude(locks_at__lte=now)
    unfinished = Return.objects.exclude(state=_State.ACCEPTED)
    rows = rows.filter(pk__in=unfinished.values("round")).annotate(n_late=Count("returns", filter=is_late_at(now, "returns__")))
    return rows.order_by("period__ends_on", "code")


def get_round(code: str) -> Round:
    """Raises ``Round.DoesNotExist``."""
    return Round.objects.select_related("period", "plan").get(code=code)


def is_late(report: Return, at: datetime) -> bool:
    """Not handed in when the grace was over. Late for the office, the overview and 待办 alike."""
    return report.state in Return.EDITABLE and report.round.grace_until < at


def is_late_at(at: datetime, returns: str = "") -> Q:
    """``is_late``, for a query over returns, or through the name of its relation to them."""
    return Q(**{f"{returns}state__in": Return.EDITABLE, f"{returns}round__grace_until__lt": at})


def is_in_grace(report: Return, at: datetime) -> bool:
    """Not handed in when it was due, and not late yet."""
    return report.state in Return.EDITABLE and report.round.due_at < at <= report.round.grace_until


@dataclass(frozen=True)
class ReturnRow:
    """A unit's return in a round: what it asks, how much of it is filled, and whether it is late."""

    report: Return
    lines: list[Line]
    is_late: bool
    is_in_grace: bool

    @property
    def filled(self) -> int:
        return sum(line.is_filled for line in self.lines)

    @property
    def waits_for_office(self) -> bool:
        return self.report.state == _State.APPROVED


@dataclass(frozen=True)
class RoundProgress:
    rows: list[ReturnRow]
    counts: list[tuple[_State, int]]
    late: int

    @property
    def accepted(self) -> int:
        return dict(self.counts)[_State.ACCEPTED]

    @property
    def with_unit(self) -> list[ReturnRow]:
        """What a lock would leave unreported."""
        return [row for row in self.rows if row.report.state in Return.EDITABLE]


# Among the returns that are not late: what waits for the office, then what is still with the unit.
_ORDER = [_State.APPROVED, _State.RETURNED, _State.DRAFT, _State.SUBMITTED, _State.ACCEPTED]


def get_progress(opened: Round, now: datetime) -> RoundProgress:
    """Each unit's return, the late ones first: not handed in when the grace was over, then when it was due."""
    lines = Line.objects.select_related("assignment__indicator", "assignment__milestone", "assignment__task").order_by("pk")
    reports = Return.objects.filter(round=opened).select_related("round", "unit", "submitted_by__unit", "approved_by__unit", "accepted_by__unit")
    reports = reports.prefetch_related(Prefetch("lines", lines))
    rows = [ReturnRow(report, list(report.lines.all()), is_late(report, now), is_in_grace(report, now)) for report in reports]
    rows.sort(key=lambda r: (not r.is_late, not r.is_in_grace, _ORDER.index(_State(r.report.state)), r.report.unit.code))
    counts = [(state, sum(r.report.state == state for r in rows)) for state in _State]
    return RoundProgress(rows, counts, sum(r.is_late for r in rows))


def get_history(opened: Round) -> QuerySet[AuditEvent]:
    """Who opened, locked and moved the round, when and why, the newest first."""
    rows = AuditEvent.objects.filter(object_kind="round", object_key=opened.code, verb__startswith="round.")
    return rows.select_related("actor__unit")


@dataclass(frozen=True)
class UnitOwes:
    """How much of each kind a unit would be asked."""

    unit: Unit
    counts: Counter[str]

    @property
    def total(self) -> int:
        return self.counts.total()


def count_owed(assignments: Iterable[Assignment]) -> list[UnitOwes]:
    """By unit, those that owe most first."""
    owed: dict[int, UnitOwes] = {}
    for row in assignments:
        owed.setdefault(row.unit_id, UnitOwes(row.unit, Counter())).counts[row.kind] += 1
    return sorted(owed.values(), key=lambda each: (-each.total, each.unit.code))


@dataclass(frozen=True)
class ForeseenRound:
    """What a round asks of each unit, and what nobody reports."""

    owed: list[UnitOwes]
    unassigned: Unassigned

    @property
    def total(self) -> int:
        return sum(each.total for each in self.owed)


def foresee_round(user: User, plan: Plan, span: Span) -> ForeseenRound:
    """What a round that ``user`` would open now for the period would be: a demonstration account opens those of its kind."""
    is_demo = plan.is_demo or user.is_demo
    return ForeseenRound(count_owed(get_due_assignments(span, is_demo=is_demo)), get_unassigned(user, plan, span, is_demo=is_demo))


@dataclass(frozen=True)
class ProposedRound:
    """The round that would come next, with dates as the latest one had them."""

    label: str
    opens_at: datetime
    due_at: datetime
    grace_days: int
    has_ended: bool


def propose_next_round(plan: Plan, now: datetime) -> ProposedRound:
    """The period after the plan's latest round's; the last ended quarter where there was none.

    It opens now, or, where the period is still running, when it is over; it is due as long after
    the period's end (or the opening) as the latest one was.
    """
    latest = Round.objects.filter(plan=plan).exclude(period__frequency="range").select_related("period").order_by("-period__ends_on").first()
    today = timezone.localdate(now)
    span = shift(latest.period.span, 1) if latest else last_ended("quarter", today)
    begin = _midnight(span.ends_on + timedelta(days=1))
    opens_at = max(begin, timezone.localtime(now).replace(second=0, microsecond=0))
    gap, grace = _get_custom(latest) if latest else (_DUE_AFTER, _GRACE)
    due_at = max(begin + gap, _midnight(timezone.localdate(opens_at)) + timedelta(days=7, hours=18))
    return ProposedRound(span.label, opens_at, due_at, grace, span.ends_on < today)


def _get_custom(latest: Round) -> tuple[timedelta, int]:
    """How long after its period's end the latest round was due, if that is a usual length, and its grace."""
    gap = latest.due_at - _midnight(latest.period.ends_on + timedelta(days=1))
    grace = (latest.grace_until - latest.due_at).days
    return (gap if timedelta(days=1) <= gap <= timedelta(days=60) else _DUE_AFTER), grace


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
