"""Making the demonstration: everything in one transaction, so that there is all of it or nothing."""

from collections.abc import Callable
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.models import Indicator, Plan, StaleMark, Task
from indicators.recompute import runner
from kejiting.accounts.models import User

from .calendar import HISTORY, Calendar, clock_at
from .content import Content
from .figures import make_figures
from .history import make_past_quarter
from .people import make_people
from .present import make_corrections, make_present_quarter
from .registers import make_registers
from .tables import read
from .tasks import make_tasks

Say = Callable[[str], object]
CAUSE = "demonstration"


class DemoRefused(Exception):
    """``str(error)`` is the sentence for whoever asked."""


def make_demo(*, today: date | None = None, recompute: bool = True, say: Say = lambda _text: None) -> bool:
    """Make the demonstration around ``today``; False where there is one already, which stays as it is.

    Raises ``DemoRefused`` where its publicly known passwords have no place, and where the facts are missing.
    """
    if not settings.DEMO:
        raise DemoRefused(_("演示账号的口令是公开的：只有设置了 DEMO=1 才生成演示数据。"))
    calendar = Calendar(today or timezone.localdate())
    if not _make(calendar):
        say(_("演示数据已存在，没有重复生成；要重新生成，请先运行 manage.py demo --remove。"))
        return False
    if recompute:
        runner.run(calendar.today)
    say(_("演示数据已生成：%(past)s 个已完成的季度，开放批次 %(open)s。") % {"past": HISTORY, "open": calendar.quarter(0).label})
    return True


@transaction.atomic
def _make(calendar: Calendar) -> bool:
    plan = Plan.objects.select_for_update().filter(is_current=True, is_demo=False).first()
    if plan is None:
        raise DemoRefused(_("没有现行规划：请先运行 manage.py load_facts。"))
    if User.objects.filter(is_demo=True).exists():
        return False
    _refuse_strangers(plan)
    people = make_people([row["unit"] for row in read("open_round")], calendar)
    # What is asked was there before the first answer, so that a page of an earlier day shows it.
    with clock_at(calendar.opens_at(min(calendar.offsets) - 1)):
        tasks, nodes = make_tasks(plan, people, calendar)
        figures = make_figures(tasks, people, calendar)
    content = Content.of(calendar, figures, nodes)
    for offset in range(-HISTORY, 0):
        make_past_quarter(plan, offset, people, content)
    make_present_quarter(plan, people, content)
    make_corrections(people, content)
    make_registers(tasks, calendar)
    mark_demo()
    return True


def _refuse_strangers(plan: Plan) -> None:
    """A record in use has tasks and rounds of its own, among which a demonstration would stand in the way."""
    if plan.tasks.exists() or plan.rounds.exists():
        raise DemoRefused(_("现行规划已有任务或填报批次，不再加入演示数据。"))


def mark_demo() -> None:
    """One mark for each indicator and task in place of those of every acceptance on the way."""
    StaleMark.objects.filter(indicator__is_demo=True).delete()
    StaleMark.objects.filter(task__is_demo=True).delete()
    indicators = Indicator.objects.filter(is_demo=True).values_list("pk", flat=True)
    tasks = Task.objects.filter(is_demo=True).values_list("pk", flat=True)
    StaleMark.objects.bulk_create(
        [*(StaleMark(indicator_id=pk, cause=CAUSE) for pk in indicators), *(StaleMark(task_id=pk, cause=CAUSE) for pk in tasks)]
    )
