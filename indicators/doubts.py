"""What of a definition may be meant and is more often a slip: asked once, and refused never."""

from datetime import date

from django.utils.translation import gettext as _

from .errors import Problem
from .models import Plan


def question_dates(plan: Plan, starts_on: date, due_on: date, today: date) -> list[Problem]:
    """What of a task's dates looks like a slip, at its field."""
    doubts = []
    if starts_on < plan.starts_on:
        doubts.append(Problem("starts_on", _("早于规划期（%(day)s 起）。") % {"day": plan.starts_on.isoformat()}))
    if due_on < today:
        doubts.append(Problem("due_on", _("%(day)s 已过：保存后该任务即为到期未办结，亮红灯。") % {"day": due_on.isoformat()}))
    elif due_on > plan.ends_on:
        doubts.append(Problem("due_on", _("%(day)s 晚于规划期（%(end)s 止）。") % {"day": due_on.isoformat(), "end": plan.ends_on.isoformat()}))
    return doubts
