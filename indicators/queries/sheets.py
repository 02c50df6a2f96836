"""One return as a sheet to fill or to review: its lines with all that stands beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ..compute.judge import get_goal, get_upper
from ..compute.newest import judge_typed
from ..compute.thresholds import Yardstick, load_yardstick
from ..entry import AS_STORED, EntryRule, get_entry_rule
from ..findings import (
    LineFinding,
    check_correction,
    check_line,
    get_history,
    get_lines_beside,
    get_rule_findings,
    get_year_targets,
    is_blocking,
    is_explained,
    say_what_blocks,
)
from ..formatting import format_number, format_signed
from ..models import (
    Breakdown,
    Correction,
    Evidence,
    Indicator,
    InForce,
    Line,
    Observation,
    Period,
    Return,
    ReturnStep,
    Target,
    Task,
)
from ..models.line import is_empty
from ..periods import A_YEAR, shift
from .entries import NOTHING, Said, get_refiled, get_said_at, get_set_aside

KINDS = ("indicator", "milestone", "narrative")


@dataclass(frozen=True)
class Beside:
    """What stands beside the lines of a return, read once for all of them; by line, or by assignment where it says so."""

    period: Period
    history: dict[int, list[Observation]]
    targets: dict[int, Target]
    broken: dict[int, list[LineFinding]]  # by validation rules
    broken_by_pending: dict[int, list[LineFinding]]
    narratives: dict[int, Line]  # by assignment
    observed: dict[int, Observation]
    set_aside: dict[int, Said]
    returned: dict[int, Said] | None  # what each line said when the return was sent back; None: it never was
    refiled: set[int]
    yardstick: Yardstick


@dataclass
class SheetLine:
    """One line with everything beside it: what it was, what it should become, what looks wrong."""

    line: Line
    in_force: InForce
    findings: list[LineFinding]
    previous: Decimal | None = None
    previous_text: str = ""
    # Whose value stands as the previous one: of a figure the period before, of the rest the last that was accepted.
    previous_period: str = ""
    last_year: Decimal | None = None
    # The year's running total counts from nothing: last year's is no measure of it.
    begins_anew: bool = False
    history: Sequence[Observation] = ()
    target: Target | None = None
    completion: float | None = None
    schedule: float | None = None
    schedule_rule: str = ""
    light: str = ""
    pending: Correction | None = None
    pending_findings: list[LineFinding] = field(default_factory=list)
    observation: Observation | None = None
    entry: EntryRule = AS_STORED
    # The year's target in the unit of the line, and of a range the other end.
    goal: Decimal | None = None
    goal_upper: Decimal | None = None
    evidence: Sequence[Evidence] = ()
    # What a reason for having no value covers, and what the line said when the return was sent back.
    set_aside: Said = NOTHING
    returned: Said | None = None
    is_refiled: bool = False
    # Last quarter's and last year's value in the form that is typed, so that like stands beside like.
    previous_typed: Decimal | None = None
    last_year_typed: Decimal | None = None

    @property
    def typed(self) -> Decimal | None:
        return self.entry.to_typed(self.line.value)

    @property
    def typed_or_set_aside(self) -> Decimal | None:
        """What stands in the cell: a number under a reason for having none is kept there, and not reported."""
        return self.entry.to_typed(self.set_aside.value) if self.line.missing else self.typed

    @property
    def has_set_aside(self) -> bool:
        return bool(self.line.missing) and (self.set_aside.value is not None or bool(self.set_aside.progress))

    @property
    def is_changed(self) -> bool:
        """Whether the line says something else than when its return was last sent back."""
        return self.returned is not None and (self.is_refiled or self.returned.differs(self.line))

    @property
    def other_value(self) -> Decimal | None:
        return self.entry.to_other(self.line.value)

    @property
    def value(self) -> Decimal | None:
        return self.in_force.value

    @property
    def change(self) -> Decimal | None:
        """Against the period before; None where either is missing, and where a running total begins anew."""
        return None if self.value is None or self.previous is None or self.begins_anew else self.value - self.previous

    @property
    def change_text(self) -> str:
        """The change with its sign, and in percent where the base allows."""
        change = self.change
        if change is None:
            return _("本年起重新累计") if self.begins_anew else "—"
        if change == 0:
            return _("无变化")
        text = f"{'+' if change > 0 else '−'}{format_number(abs(change))}"
        indicator = self.line.assignment.indicator
        is_relative = self.previous and indicator and indicator.unit_of_measure not in ("%", "位")
        return f"{text}（{format_signed(change / abs(self.previous) * 100, '%')}）" if is_relative and self.previous else text

    @property
    def unit(self) -> str:
        """The unit of measure that everything of the line is said in; nothing where it holds no figure."""
        return self.line.assignment.indicator.unit_of_measure if self.line.assignment.indicator else ""

    @property
    def name(self) -> str:
        return self.line.assignment.subject

    @property
    def label(self) -> str:
        """What the line is called where its task is named already."""
        return _("工作进展") if self.line.kind == "narrative" else self.name

    @property
    def task(self) -> Task | None:
        """The task the line is shown under."""
        assignment = self.line.assignment
        return assignment.milestone.task if assignment.milestone else assignment.task

    @property
    def without_effect(self) -> list[Correction]:
        """Corrections that were asked for and sent back, with the reason, or taken back."""
        return [c for c in self.line.corrections.all() if c.state in (Correction.State.RETURNED, Correction.State.WITHDRAWN)]

    @property
    def is_explained(self) -> bool:
        return is_explained(self.line.note)

    @property
    def is_ready(self) -> bool:
        """Whether nothing about the line stops submission."""
        return not any(is_blocking(self.line, finding) for finding in self.findings)

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
    def ordered(self) -> list[SheetLine]:
        """The lines in the order in which they stand in the grid."""
        return [row for _task, rows in self.groups for row in rows]

    @property
    def sent_back(self) -> ReturnStep | None:
        """The last time that the return was sent back."""
        return next((step for step in reversed(self.steps) if step.to_state == Return.State.RETURNED), None)

    @property
    def missing(self) -> list[SheetLine]:
        return [row for row in self.ordered if row.line.missing]

    @property
    def reported(self) -> list[SheetLine]:
        return [row for row in self.ordered if row.line.is_filled and not row.line.missing]

    @property
    def warned(self) -> list[SheetLine]:
        return [row for row in self.ordered if any(f.severity == "warning" for f in row.findings)]

    @property
    def blocking(self) -> list[tuple[SheetLine, str, str]]:
        """What keeps the return from being handed in, in the grid's order: the line, what to do, and in which cell (v or t)."""
        return [
            (row, say_what_blocks(row.line, finding), "v" if finding.severity == "error" else "t")
            for row in self.ordered
            for finding in row.findings
            if is_blocking(row.line, finding)
        ]

    @property
    def files(self) -> int:
        return sum(len(row.evidence) for row in self.lines)

    @property
    def groups(self) -> list[tuple[Task | None, list[SheetLine]]]:
        """Lines by the task they belong to, in the plan's order, figures first; those of no task last."""
        groups: dict[int | None, tuple[Task | None, list[SheetLine]]] = {}
        for row in sorted(self.lines, key=lambda row: KINDS.index(row.line.kind)):
            groups.setdefault(row.task.pk if row.task else None, (row.task, []))[1].append(row)
        return sorted(groups.values(), key=lambda group: (group[0] is None, group[0].number if group[0] else 0))


def get_sheet(report: Return, user: User) -> Sheet:
    """A return with all that is shown beside its lines; the number of queries does not depend on the lines."""
    to_corrections = Prefetch("corrections__evidence", Evidence.objects.visible_to(user).select_related("uploaded_by__unit"))
    lines = list(_list_lines(report).prefetch_related(to_corrections))
    steps = list(report.steps.select_related("by__unit"))
    sheet = Sheet(report, [], steps, get_context(report, user))
    beside = _read_beside(lines, report, sent_back=sheet.sent_back.at if sheet.sent_back else None)
    files = _get_evidence(lines, user)
    for line in lines:
        row = _make_row(line, beside)
        row.evidence = files.get(line.pk, ())
        sheet.lines.append(row)
    return sheet


def get_row(report: Return, line: int) -> SheetLine:
    """One line of the sheet as it stands now. Raises ``Line.DoesNotExist`` for one of another return."""
    found = _list_lines(report).get(pk=line)
    return _make_row(found, _read_beside([found], report))


def get_rows_beside(report: Return, line: Line) -> list[SheetLine]:
    """The other lines whose figures a validation rule reads together with this one's: what it says may mend or break them."""
    return [get_row(report, pk) for pk in get_lines_beside(report, line)]


def count_filled(report: Return) -> int:
    """How many lines of a return say something."""
    return report.lines.exclude(is_empty()).count()


def _list_lines(report: Return) -> QuerySet[Line]:
    task = ("assignment__milestone__task__plan", "assignment__task__plan")
    return report.lines.select_related("assignment__indicator__current_definition", "assignment__area", *task, "entered_by__unit").prefetch_related(
        Prefetch("corrections", Correction.objects.select_related("requested_by__unit", "decided_by__unit"))
    )


def _read_beside(lines: Sequence[Line], report: Return, *, sent_back: datetime | None = None) -> Beside:
    period = report.round.period
    pending = {line: correction for line in lines if (correction := _get_pending(line))}
    corrected = {line.pk: correction.value for line, correction in pending.items()}
    return Beside(
        period=period,
        history=get_history(lines, period),
        targets=get_year_targets(lines, period),
        broken=get_rule_findings(report, lines),
        broken_by_pending=get_rule_findings(report, list(pending), corrected),
        narratives=_get_previous_narratives(lines, period),
        observed=_get_own_observations(lines),
        set_aside=get_set_aside(lines),
        returned=get_said_at(lines, sent_back) if sent_back else None,
        refiled=get_refiled(lines, sent_back) if sent_back else set(),
        yardstick=load_yardstick(timezone.localdate()),
    )


def _make_row(line: Line, beside: Beside) -> SheetLine:
    history, target = beside.history.get(line.pk, []), beside.targets.get(line.pk)
    findings = check_line(line, beside.period, history, target) + beside.broken.get(line.pk, [])
    row = SheetLine(line, line.in_force, findings, history=history, target=target, observation=beside.observed.get(line.pk))
    row.pending = _get_pending(line)
    if row.pending:
        row.pending_findings = check_correction(row.pending, beside.period, history, target) + beside.broken_by_pending.get(line.pk, [])
    row.set_aside = beside.set_aside.get(line.pk, NOTHING)
    row.returned = beside.returned[line.pk] if beside.returned else None
    row.is_refiled = line.pk in beside.refiled
    if line.assignment.indicator:
        _add_figures(row, line.assignment.indicator, beside)
    if earlier := beside.narratives.get(line.assignment_id):
        row.previous_text, row.previous = (earlier.progress, None) if line.kind == "narrative" else ("", earlier.in_force.value)
        row.previous_period = earlier.report.round.period_id
    return row


def _get_pending(line: Line) -> Correction | None:
    return next((c for c in line.corrections.all() if c.state == Correction.State.PENDING), None)


def _add_figures(row: SheetLine, indicator: Indicator, beside: Beside) -> None:
    """What stands beside a figure: how it is typed, the values before it, how far it is to the year's target."""
    period = beside.period
    row.entry = get_entry_rule(indicator, period, row.history)
    row.previous, row.previous_typed = _value_before(row, indicator, period, 1)
    row.previous_period = "" if row.previous is None else shift(period.span, -1).label
    row.begins_anew = indicator.accumulation == Indicator.Accumulation.YTD and period.starts_on.month == 1
    row.last_year, row.last_year_typed = _value_before(row, indicator, period, A_YEAR[period.frequency])
    if row.target:
        row.goal = get_goal(row.target)
        row.goal_upper = get_upper(row.target) if row.target.kind == Target.Kind.RANGE else None
        _judge(row, row.target, beside)


def _judge(row: SheetLine, target: Target, beside: Beside) -> None:
    """Completion, schedule and light of what is typed: what they will be once it is accepted."""
    verdict = judge_typed(target, row.value, beside.period, row.history, beside.yardstick)
    row.completion, row.schedule, row.schedule_rule, row.light = verdict.completion, verdict.schedule, verdict.rule, verdict.light


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


def _get_previous_narratives(lines: Sequence[Line], period: Period) -> dict[int, Line]:
    """By assignment: what was last accepted for a narrative or milestone before this period."""
    assignments = [line.assignment_id for line in lines if line.kind != "indicator"]
    rows = Line.objects.filter(
        assignment__in=assignments, report__state=Return.State.ACCEPTED, report__round__period__ends_on__lt=period.starts_on
    ).order_by("assignment_id", "-report__round__period__ends_on").distinct("assignment_id")
    return {row.assignment_id: row for row in rows.select_related("report__round").prefetch_related("corrections")}


def _get_own_observations(lines: Sequence[Line]) -> dict[int, Observation]:
    """By line: the newest observation that was made of it, where its value can be followed."""
    rows = Observation.objects.filter(line__in=[line.pk for line in lines]).order_by("line_id", "-vintage").distinct("line_id")
    return {row.line_id: row for row in rows if row.line_id}


def _get_evidence(lines: Sequence[Line], user: User) -> dict[int, list[Evidence]]:
    """By line: the files that bear it out."""
    files: dict[int, list[Evidence]] = {}
    for file in Evidence.objects.visible_to(user).filter(line__in=[line.pk for line in lines]).select_related("uploaded_by__unit"):
        if file.line_id:
            files.setdefault(file.line_id, []).append(file)
    return files


def get_context(report: Return, user: User) -> list[Observation]:
    """Figures of the unit's tasks that nobody types (official, counted, computed), newest period of each."""
    tasks = {row.assignment.task_id or (row.assignment.milestone.task_id if row.assignment.milestone else None)
             for row in report.lines.select_related("assignment__milestone")}
    rows = (
        Observation.objects.visible_to(user)
        .filter(indicator__tasks__in=tasks - {None}, breakdown=Breakdown.TOTAL, area__code=report.unit.area_id or settings.HOME_AREA)
        .exclude(indicator__origin=Indicator.Origin.REPORTED)
        .filter(period__ends_on__lte=report.round.period.ends_on)
        .select_related("indicator", "period", "area")
        .order_by("indicator_id", "-period__ends_on", "-vintage")
        .distinct("indicator_id")
    )
    return list(rows)

