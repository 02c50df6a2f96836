"""A record of a given size, made in bulk."""

from datetime import date
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from indicators.models import HeadlineIndicator, ImportBatch, Indicator, Observation, Target, TaskIndicator
from indicators.periods import make_span
from indicators.recompute.runner import mark_everything
from tests.builders import Cast, assign, make_indicator, make_period, make_plan, make_target, make_task

TASKS, INDICATORS, YEARS, HEADLINES = 35, 120, 5, 4
QUARTERS = [make_span("quarter", year, number).label for year in range(2021, 2021 + YEARS) for number in (1, 2, 3, 4)]


class Record:
    """35 tasks, 120 indicators that measure them, five years of quarters, a target each for the last year; four of them lead the plan.

    Nothing is computed of it yet, and all of it is marked to be.
    """

    def __init__(self) -> None:
        self.cast = Cast()
        self.plan = make_plan()
        self.tasks = [make_task(self.plan, n + 1, self.cast.gxt, due_on=date(2027, 12, 31)) for n in range(TASKS)]
        for label in QUARTERS:
            make_period(label)
        self.batch = ImportBatch.objects.create(kind="bench", name="bench")
        self.indicators = self.add_indicators(INDICATORS)
        for number, indicator in enumerate(self.indicators):
            TaskIndicator.objects.create(task=self.tasks[number % TASKS], indicator=indicator)
            make_target(indicator, "400", "2025")
            if number < 15:
                assign(self.cast.gxt, indicator=indicator, task=self.tasks[number % TASKS])
        for number, indicator in enumerate(self.indicators[:HEADLINES], 1):
            HeadlineIndicator.objects.create(plan=self.plan, indicator=indicator, position=number)
        mark_everything(cause="bench")

    def add_indicators(self, count: int) -> list[Indicator]:
        start = Indicator.objects.count()
        made = [make_indicator(f"bench_{start + n}") for n in range(count)]
        for at in range(0, count, 500):
            Observation.objects.bulk_create([o for indicator in made[at : at + 500] for o in self._series(indicator)])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        return made

    def _series(self, indicator: Indicator) -> list[Observation]:
        now = timezone.now()
        return [
            Observation(
                indicator=indicator,
                area_id="620000",
                period_id=label,
                vintage=1,
                value=Decimal(10 * (at % 4 + 1) + indicator.pk % 7),
                unit_of_measure="项",
                definition_id=indicator.current_definition_id,
                batch=self.batch,
                recorded_at=now,
                released_at=now,
            )
            for at, label in enumerate(QUARTERS[:-1])
        ]

    def target_of(self, indicator: Indicator) -> Target:
        return Target.objects.get(indicator=indicator)
