"""What a round asks, and of whom; and what it would ask, were somebody there to say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from kejiting.accounts.models import User

from ..models import Assignment, Indicator, Milestone, Plan, Task
from ..periods import Span, falls_due
from ..standing import is_reached
from .tasks import get_milestone_lines

_REPORTS = Assignment.Role.REPORTS


def get_due_assignments(span: Span, *, is_demo: bool) -> list[Assignment]:
    """The assignments a round for the period asks about: in force at its end, typed by people, and due by frequency."""
    rows = Assignment.objects.valid_on(span.ends_on).filter(role=_REPORTS, is_demo=is_demo)
    due = list(rows.select_related("unit", "indicator", "milestone", "task").order_by("task__number", "pk"))
    reached = _get_reached([row.milestone for row in due if row.milestone])
    return [row for row in due if row.milestone_id not in reached and (row.indicator is None or _is_asked(row.indicator, span))]


def _is_asked(indicator: Indicator, span: Span) -> bool:
    return indicator.origin == Indicator.Origin.REPORTED and falls_due(indicator.frequency, span)


def _get_reached(milestones: Sequence[Milestone]) -> set[int]:
    return {pk for pk, line in get_milestone_lines(milestones).items() if is_reached(line)}


@dataclass(frozen=True)
class Unassigned:
    """What is due in a period and no unit reports: a round opens without it, and nobody is ever late for it."""

    indicators: list[Indicator]
    milestones: list[Milestone]
    # Open tasks of which nobody writes how they go.
    tasks: list[Task]

    def __len__(self) -> int:
        return len(self.indicators) + len(self.milestones) + len(self.tasks)


def get_unassigned(user: User, plan: Plan, span: Span, *, is_demo: bool) -> Unassigned:
    """Of what one may see, and of one kind: a demonstration round asks nothing official, nor the other way round."""
    assigned = Assignment.objects.valid_on(span.ends_on).filter(role=_REPORTS, is_demo=is_demo)
    indicators = Indicator.objects.visible_to(user).filter(origin=Indicator.Origin.REPORTED, is_demo=is_demo)
    indicators = indicators.exclude(pk__in=assigned.exclude(indicator=None).values("indicator")).order_by("name_zh")
    tasks = Task.objects.visible_to(user).filter(plan=plan, is_demo=is_demo, state=Task.State.OPEN, starts_on__lte=span.ends_on)
    milestones = Milestone.objects.filter(task__in=tasks, due_on__lte=span.ends_on).exclude(pk__in=assigned.exclude(milestone=None).values("milestone"))
    if not is_demo:
        milestones = milestones.filter(is_demo=False)  # those that stayed marked when their task became official
    waiting = list(milestones.select_related("task").order_by("task__number", "number"))
    reached = _get_reached(waiting)
    return Unassigned(
        [indicator for indicator in indicators if falls_due(indicator.frequency, span)],
        [milestone for milestone in waiting if milestone.pk not in reached],
        list(tasks.exclude(pk__in=assigned.filter(is_narrative=True).values("task")).order_by("number")),
    )
