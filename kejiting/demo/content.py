"""What a demonstration line says in a round."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from indicators.models import Line

from .calendar import Calendar
from .paths import Path
from .tables import read
from .tasks import Node


@dataclass(frozen=True)
class Content:
    """Every value, milestone and narrative there is, by what it is about."""

    calendar: Calendar
    paths: dict[tuple[int, str], Path]
    nodes: dict[int, Node]
    narratives: list[dict[str, str]]

    @classmethod
    def of(cls, calendar: Calendar, paths: dict[tuple[int, str], Path], nodes: dict[int, Node]) -> "Content":
        return cls(calendar, paths, nodes, read("narratives"))

    def get(self, line: Line, offset: int) -> dict[str, Any]:
        """The fields of a line of the round at ``offset``, as they are stored."""
        assignment = line.assignment
        if assignment.indicator_id and assignment.area_id:
            return {"value": self.paths[assignment.indicator_id, assignment.area_id].values[self.calendar.quarter(offset).label]}
        if assignment.milestone_id:
            node = self.nodes[assignment.milestone_id]
            return {"value": Decimal(1 if node.is_reached and node.offset <= offset else 0)}
        # In turn, so that no task says the same twice running.
        return dict(self.narratives[(assignment.task.number * 3 + offset) % len(self.narratives)] if assignment.task else {})
