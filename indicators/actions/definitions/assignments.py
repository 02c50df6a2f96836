"""Who reports what, from when to when."""

from datetime import date, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import Area, Unit, User

from ...changes import to_json
from ...constraints import explained
from ...errors import RecordError, WrongState
from ...models import Assignment, Breakdown, Indicator, Milestone, Round, Task
from ..rounds import add_due_lines, drop_untouched_lines
from .core import is_demo, require, require_may_change


@transaction.atomic
def assign(
    *,
    by: User,
    unit: Unit,
    starts_on: date,
    ends_on: date | None = None,
    role: str = Assignment.Role.REPORTS,
    indicator: Indicator | None = None,
    area: Area | None = None,
    breakdown: str = Breakdown.TOTAL,
    milestone: Milestone | None = None,
    task: Task | None = None,
    is_narrative: bool = False,
) -> Assignment:
    """Give a unit something to report: an indicator for an area, a milestone, or a task's narrative.

    ``ends_on`` is the last day. A round that is open and asks about a day in between gets the line at once,
    where the unit's return is still a draft.
    """
    require(by)
    if ends_on and ends_on < starts_on:
        raise RecordError(_("结束日期不能早于开始日期。"))
    row = Assignment(
        unit=unit, role=role, indicator=indicator, area=area, breakdown_id=breakdown, milestone=milestone, task=task, is_narrative=is_narrative
    )
    row.valid = DateRange(starts_on, ends_on + timedelta(days=1) if ends_on else None)
    row.is_demo = _decide_demo(row, by=by)
    _check(row)
    with explained():
        row.save(force_insert=True)
    record_event("assignment.add", row, by=by, unit=unit.code, subject=_subject_key(row), role=role, valid=_span(row))
    _add_lines(row)
    return row


def _decide_demo(row: Assignment, *, by: User) -> bool:
    """As what it is about: its values will be facts or demonstration, never a mixture."""
    subject = row.indicator or (row.milestone.task if row.milestone else row.task)
    if subject is None:
        raise RecordError(_("请选择分工的内容：指标、节点，或任务的进展情况。"))
    demo = is_demo(None, subject, row.milestone)
    if by.is_demo and not demo:
        message = _("“%(subject)s”登记的是正式数据，演示账号不能为它分工。") if row.indicator else _("“%(subject)s”是正式任务，演示账号不能为它分工。")
        require_may_change(by, subject, message % {"subject": subject})
    for part in (row.unit, row.task):
        if not demo and part is not None and part.is_demo:
            raise RecordError(_("“%(part)s”是演示数据，不能分工填报正式数据。") % {"part": part})
    return demo


def _check(row: Assignment) -> None:
    if row.unit.dissolved_on and row.valid.upper is None:
        raise RecordError(_("%(unit)s已撤销，不能再分工。") % {"unit": row.unit})
    if row.indicator and row.indicator.origin != Indicator.Origin.REPORTED:
        raise RecordError(
            _("“%(indicator)s”的来源是%(origin)s，不需要单位填报。") % {"indicator": row.indicator, "origin": row.indicator.get_origin_display()}
        )
    if row.indicator and row.area is None:
        raise RecordError(_("请选择地区：指标按地区填报。"))
    if row.milestone and row.task is None:
        row.task = row.milestone.task
    if row.role == Assignment.Role.REPORTS and (holder := get_holder(row)):
        raise WrongState(_("同一数据同期只能由一个单位填报：现由 %(unit)s 填报（%(span)s）。") % {"unit": holder.unit, "span": say_span(holder)})


def get_holder(row: Assignment) -> Assignment | None:
    """Who reports the same thing at the same time already."""
    if row.indicator:
        same = Q(indicator=row.indicator, area=row.area, breakdown=row.breakdown_id)
    elif row.milestone:
        same = Q(milestone=row.milestone)
    else:
        same = Q(task=row.task, is_narrative=True)
    rows = Assignment.objects.filter(same, role=Assignment.Role.REPORTS, valid__overlap=row.valid).exclude(pk=row.pk)
    return rows.select_related("unit").order_by("valid").first()


def say_span(row: Assignment) -> str:
    """From when to when, the last day included."""
    start = row.valid.lower.isoformat() if row.valid.lower else ""
    if row.valid.upper is None:
        return _("%(start)s 起") % {"start": start}
    return _("%(start)s 至 %(end)s") % {"start": start, "end": (row.valid.upper - timedelta(days=1)).isoformat()}


def _subject_key(row: Assignment) -> str:
    if row.indicator:
        return f"indicator {row.indicator.code} {row.area_id} {row.breakdown_id}"
    return f"milestone {row.milestone_id}" if row.milestone_id else f"narrative {row.task_id}"


def _span(row: Assignment) -> list[str | None]:
    return [to_json(row.valid.lower), to_json(row.valid.upper - timedelta(days=1)) if row.valid.upper else None]


def _get_open_rounds(row: Assignment) -> list[Round]:
    """The rounds that may still be written to, of the assignment's own kind (demonstration or not)."""
    return [r for r in Round.objects.filter(is_demo=row.is_demo).select_related("period") if not r.is_locked]


def _add_lines(row: Assignment) -> None:
    for opened in _get_open_rounds(row):
        if opened.period.ends_on in row.valid:
            add_due_lines(opened)


@transaction.atomic
def end_assignment(row: Assignment, *, by: User, last_day: date, reason: str = "") -> Assignment:
    """End an assignment on its last day. What was reported under it stays.

    A round that asks about a later day loses the line, where nothing was typed into it yet.
    """
    require(by)
    row = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=row.pk)
    if by.is_demo and not row.is_demo:
        require_may_change(by, row, _("这是正式数据的分工，演示账号不能结束它。"))
    if row.valid.lower and last_day < row.valid.lower:
        raise RecordError(_("结束日期不能早于开始日期（%(day)s）。") % {"day": row.valid.lower.isoformat()})
    upper = last_day + timedelta(days=1)
    if row.valid.upper and upper > row.valid.upper:
        raise WrongState(_("这项分工已于 %(day)s 结束。") % {"day": (row.valid.upper - timedelta(days=1)).isoformat()})
    before = _span(row)
    row.valid = DateRange(row.valid.lower, upper)
    with explained():
        row.save(update_fields=["valid"])
    record_event("assignment.end", row, by=by, reason=reason.strip(), changes={"valid": [before, _span(row)]})
    rounds = [r.pk for r in _get_open_rounds(row) if r.period.ends_on not in row.valid]
    drop_untouched_lines(row.lines.filter(report__round__in=rounds))
    return row
