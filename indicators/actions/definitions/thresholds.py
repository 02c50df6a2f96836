"""How far behind schedule turns a light: dated, so that a past verdict keeps the thresholds it was judged by."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...changes import values_of
from ...constraints import explained
from ...errors import WrongState
from ...models import LightThreshold, Plan, Target, Task
from ..marks import mark_indicators, mark_tasks
from .core import is_demo, require

THRESHOLD_FIELDS = ("green", "red", "due_soon_days")


@transaction.atomic
def set_threshold(*, by: User, plan: Plan, green: Decimal, red: Decimal, due_soon_days: int, starts_on: date) -> LightThreshold:
    """Set a plan's thresholds from a day on; those before it end the day before."""
    require(by)
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    last = plan.light_thresholds.order_by("valid").last()
    if last and last.valid.lower and starts_on <= last.valid.lower:
        raise WrongState(_("起用日期须晚于最近一套阈值的起用日期（%(day)s）。") % {"day": last.valid.lower.isoformat()})
    with explained():
        if last and (last.valid.upper is None or last.valid.upper > starts_on):
            last.valid = DateRange(last.valid.lower, starts_on)
            last.save(update_fields=["valid"])
        row = LightThreshold.objects.create(
            plan=plan, green=green, red=red, due_soon_days=due_soon_days, valid=DateRange(starts_on, None), is_demo=is_demo(by, plan)
        )
    changes = {name: [str(getattr(last, name)) if last else None, str(getattr(row, name))] for name in THRESHOLD_FIELDS}
    record_event("threshold.set", row, by=by, plan=plan.code, starts_on=starts_on.isoformat(), changes=changes, values=values_of(row, THRESHOLD_FIELDS))
    _mark(plan, cause=f"thresholds {row.pk}")
    return row


@transaction.atomic
def remove_demo_thresholds() -> int:
    """Take the demonstration's thresholds away: those they ended go on as if they had not been."""
    rows = list(LightThreshold.objects.filter(is_demo=True).select_related("plan").order_by("-valid"))
    for row in rows:
        row.refresh_from_db(fields=["valid"])  # a later one, gone just now, may have been its end
        upper = row.valid.upper
        before = row.plan.light_thresholds.filter(valid__adjacent_to=row.valid, valid__fully_lt=row.valid).first()
        row.delete()
        if before:
            before.valid = DateRange(before.valid.lower, upper)
            before.save(update_fields=["valid"])
        _mark(row.plan, cause="thresholds")
    return len(rows)


def _mark(plan: Plan, *, cause: str) -> None:
    """Every light of the plan may change: its tasks', and those of all figures with a target."""
    mark_tasks(Task.objects.filter(plan=plan).values_list("pk", flat=True), cause=cause)
    mark_indicators(Target.objects.values_list("indicator", "area").distinct(), cause=cause)
