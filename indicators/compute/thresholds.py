"""By what lights are judged: the thresholds in force on a day, and the day that stands for today."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ..models import LightThreshold


@dataclass(frozen=True)
class Thresholds:
    """Where lights change, in percentage points, and how near a due date is near."""

    green: Decimal = Decimal(-5)
    red: Decimal = Decimal(-15)
    due_soon_days: int = 30


DEFAULT = Thresholds()


@dataclass
class Yardstick:
    """``rows`` by plan. ``plan`` is the current one, where it has thresholds: targets hang on no plan, and are judged by them."""

    today: date
    plan: int | None = None
    rows: dict[int, list[LightThreshold]] = field(default_factory=dict)

    def thresholds(self, day: date, plan: int | None = None) -> Thresholds:
        """A plan's thresholds on a day; the defaults where it has none for the day."""
        row = next((r for r in self.rows.get(plan or self.plan or 0, []) if day in r.valid), None)
        return Thresholds(row.green, row.red, row.due_soon_days) if row else DEFAULT


def load_yardstick(today: date) -> Yardstick:
    rows: dict[int, list[LightThreshold]] = defaultdict(list)
    current = None
    for row in LightThreshold.objects.select_related("plan").order_by("pk"):
        rows[row.plan_id].append(row)
        current = row.plan_id if row.plan.is_current else current
    return Yardstick(today, current, rows)
