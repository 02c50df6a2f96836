"""Reading returns: what one may see, what is owed, and one return as a sheet to fill or to review."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import Role, User

from ..entry import AS_STORED, EntryRule, get_entry_rule
from ..findings import LineFinding, check_correction, check_line, get_history
from ..models import Correction, Indicator, InForce, Line, Observation, Period, Return, ReturnStep, Target, Task
from ..numbers import plain
from ..periods import shift


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


KINDS = ("indicator", "milestone", "narrative")
STEPS_A_YEAR = {"year": 1, "half": 2, "quarter": 4, "month": 12, "range": 0}


@dataclass
class SheetLine:
    """One line with everything beside it: what it was, what it should become, what looks wrong."""

    line: Line
    in_force: InForce
    findings: list[LineFinding]
    previous: Decimal | None = None
    previous_text: str = ""
    last_year: Decimal | None = None
    history: Sequence[Observation] = ()
    target: Target | None = None
    completion: float | None = None
    schedule: float | None = None
    light: str = ""
    pending: Correction | None = None
    pending_findings: list[LineFinding] = field(default_factory=list)
    observation: Observation | None = None
    entry: EntryRule = AS_STORED
    # Last quarter's and last year's value in the form that is typed, so that like stands beside like.
    previous_typed: Decimal | None = None
    last_year_typed: Decimal | None = None

    @property
    def typed(self) -> Decimal | None:
        return self.entry.to_typed(self.line.value)

    @property
    def other_value(self) -> Decimal | None:
        return self.entry.to_other(self.line.value)

    @property
    def value(self) -> Decimal | None:
        return self.in_force.value

    @property
    def change(self) -> Decimal | None:
        """Against the period before; None where either is missing."""
        return None if self.value is None or self.previous is None else self.value - self.previous

    @property
    def change_text(self) -> str:
        """The change with its sign, and in percent where the base allows."""
        change = self.change
        if change is None:
            return "—"
        if change == 0:
            return _("无变化")
        text = f"{'+' if change > 0 else '−'}{plain(abs(change))}"
        indicator = self.line.assignment.indicator
        is_relative = self.previous and indicator and indicator.unit_of_measure not in ("%", "位")
        return f"{text}（{change / abs(self.previous) * 100:+.1f}%）" if is_relative and self.previous else text

    @property
    def name(self) -> str:
        return self.line.assignment.subject

    @property
    def task(self) -> Task | None:
        """The task the line is shown under."""
        assignment = self.line.assignment
        return assignment.milestone.task if assignment.milestone else assignment.task

    @property
    def refused(self) -> list[Correction]:
        """Corrections that were asked for and sent back, with the reason."""
        return [c for c in self.line.corrections.all() if c.state == Correction.State.RETURNED]

    @property
    def has_error(self) -> bool:
        return any(f.severity == "error" for f in self.findings)


@dataclass
class Sheet:
    """A return laid out: its lines, its steps, and what is shown without being typed."""

    report: Return
    lines: list[SheetLine]
    steps: list[ReturnStep]
    context: list[Observation] = field(default_factory=list)

    @property
    def filled(self) -> int:
        return sum(row.line.is_filled for row in self.lines)

    @property
    def groups(self) -> list[tuple[Task | None, list[SheetLine]]]:
        """Lines by the task they belong to, in the plan's order, figures first; those of no task last."""
        groups: dict[int | None, tuple[Task | None, list[SheetLine]]] = {}
        for row in sorted(self.lines, key=lambda row: KINDS.index(row.line.kind)):
            groups.setdefault(row.task.pk if row.task else None, (row.task, []))[1].append(row)
        return sorted(groups.values(), key=lambda group: (group[0] is None, group[0].number if group[0] else 0))


def get_sheet(report: Return, user: User) -> Sheet:
    """A return with all that is shown beside its lines; the number of queries does not depend on the lines."""
    period = report.round.period
    lines = list(
        report.lines.select_related(
            "assignment__indicator__current_definition", "assignment__area", "assignment__milestone__task__plan", "assignment__task__plan", "entered_by__unit"
        ).prefetch_related(Prefetch("corrections", Correction.objects.select_related("requested_by__unit", "decided_by__unit")))
    )
    history = get_history(lines, period)
    targets = get_year_targets(lines, period)
    narratives = _get_previous_narratives(lines, period)
    observed = _get_own_observations(lines)
    rows = [_make_row(line, period, history.get(line.pk, []), targets, narratives, observed) for line in lines]
    steps = list(report.steps.select_related("by__unit"))
    return Sheet(report, rows, steps, get_context(report, user))


def _make_row(
    line: Line,
    period: Period,
    history: Sequence[Observation],
    targets: dict[tuple[int, str], Target],
    narratives: dict[int, Line],
    observed: dict[int, Observation],
) -> SheetLine:
    in_force = line.in_force
    row = SheetLine(line, in_force, check_line(line, period, history), history=history, observation=observed.get(line.pk))
    row.pending = next((c for c in line.corrections.all() if c.state == Correction.State.PENDING), None)
    row.pending_findings = check_correction(row.pending, period, history) if row.pending else []
    if line.assignment.indicator:
        _add_figures(row, period, targets)
    if earlier := narratives.get(line.assignment_id):
        row.previous_text, row.previous = (earlier.progress, None) if line.kind == "narrative" else ("", earlier.value)
    return row


def _add_figures(row: SheetLine, period: Period, targets: dict[tuple[int, str], Target]) -> None:
    """What stands beside a figure: how it is typed, the values before it, how far it is to the year's target."""
    indicator, area, _breakdown = row.line.assignment.cell
    row.entry = get_entry_rule(indicator, period, row.history)
    row.previous, row.previous_typed = _value_before(row, indicator, period, 1)
    row.last_year, row.last_year_typed = _value_before(row, indicator, period, STEPS_A_YEAR[period.frequency])
    if target := targets.get((indicator.pk, area)):
        row.target = target
        _judge(row, target, period)


def _judge(row: SheetLine, target: Target, period: Period) -> None:
    """Completion, schedule and light of what is typed, by the very function that judges accepted values."""
    from ..recompute.judge import judge_typed

    verdict = judge_typed(target, row.value, period, row.history)
    row.completion, row.schedule, row.light = verdict.completion, verdict.schedule, verdict.light


def _value_before(row: SheetLine, indicator: Indicator, period: Period, steps: int) -> tuple[Decimal | None, Decimal | None]:
    """The value ``steps`` periods earlier, as stored and in the form that is typed."""
    if period.frequency == "range":
        return None, None
    earlier = shift(period.span, -steps)
    stored = next((o.value for o in row.history if o.period_id == earlier.label), None)
    if not row.entry.is_converted:
        return stored, stored
    then = Period(label=earlier.label, frequency=earlier.frequency, starts_on=earlier.starts_on, ends_on=earlier.ends_on)
    rule = get_entry_rule(indicator, then, row.history)
    return stored, rule.to_typed(stored) if rule.is_converted else None


def get_year_targets(lines: Sequence[Line], period: Period) -> dict[tuple[int, str], Target]:
    """By (indicator id, area code): the target in force for the year of the period; the latest document's where several are."""
    cells = {(line.assignment.indicator_id, line.assignment.area_id) for line in lines if line.assignment.indicator_id}
    rows = (
        Target.objects.in_force()
        .filter(indicator__in={c[0] for c in cells}, area__in={c[1] for c in cells}, period__frequency="year")
        .filter(period__starts_on__lte=period.ends_on, period__ends_on__gte=period.ends_on)
        .select_related("indicator", "period", "baseline_period", "document")
        .prefetch_related("nodes__period")
        .order_by("document__issued_on", "pk")
    )
    return {(t.indicator_id, t.area_id): t for t in rows if (t.indicator_id, t.area_id) in cells}


def _get_previous_narratives(lines: Sequence[Line], period: Period) -> dict[int, Line]:
    """By assignment: what was last accepted for a narrative or milestone before this period."""
    assignments = [line.assignment_id for line in lines if line.kind != "indicator"]
    rows = Line.objects.filter(
        assignment__in=assignments, report__state=Return.State.ACCEPTED, report__round__period__ends_on__lt=period.starts_on
    ).order_by("assignment_id", "-report__round__period__ends_on").distinct("assignment_id")
    return {row.assignment_id: row for row in rows}


def _get_own_observations(lines: Sequence[Line]) -> dict[int, Observation]:
    """By line: the newest observation that was made of it, where its value can be followed."""
    rows = Observation.objects.filter(line__in=[line.pk for line in lines]).order_by("line_id", "-vintage").distinct("line_id")
    return {row.line_id: row for row in rows if row.line_id}


def get_context(report: Return, user: User) -> list[Observation]:
    """Figures of the unit's tasks that nobody types (official, counted, computed), newest period of each."""
    tasks = {row.assignment.task_id or (row.assignment.milestone.task_id if row.assignment.milestone else None)
             for row in report.lines.select_related("assignment__milestone")}
    rows = (
        Observation.objects.visible_to(user)
        .filter(indicator__tasks__in=tasks - {None}, breakdown="_T", area__code=report.unit.area_id or _home_area())
        .exclude(indicator__origin=Indicator.Origin.REPORTED)
        .filter(period__ends_on__lte=report.round.period.ends_on)
        .select_related("indicator", "period", "area")
        .order_by("indicator_id", "-period__ends_on", "-vintage")
        .distinct("indicator_id")
    )
    return list(rows)


def _home_area() -> str:
    from django.conf import settings

    return settings.HOME_AREA
