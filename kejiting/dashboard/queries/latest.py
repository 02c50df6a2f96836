"""What came in last: returns and corrections that the office accepted, and the register's newest outcomes."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db.models import F

from indicators.models import Line, Observation, Return
from indicators.queries.moments import Moment
from kejiting.accounts.models import Unit, User
from projects.models import Outcome

# How many arrivals are shown, how many figures of each, and among how many newest figures they are looked for:
# a unit reports 5 to 30 lines.
ARRIVALS, FIGURES, WINDOW = 5, 3, 150
OUTCOMES = 5


@dataclass
class Arrival:
    """What entered the record by one acceptance: a return's figures, or one corrected figure."""

    figures: list[Observation]
    count: int

    @property
    def first(self) -> Observation:
        return self.figures[0]

    @property
    def is_correction(self) -> bool:
        return self.first.correction_id is not None

    @property
    def report(self) -> Return:
        return cast(Line, self.first.line).report  # only what has a line arrives

    @property
    def unit(self) -> Unit:
        return self.report.unit

    @property
    def at(self) -> datetime:
        return self.first.recorded_at

    @property
    def by(self) -> User | None:
        correction = self.first.correction
        return correction.decided_by if correction else self.report.accepted_by

    @property
    def more(self) -> int:
        return self.count - len(self.figures)


def get_arrivals(user: User, moment: Moment) -> list[Arrival]:
    """Two queries: the newest figures' keys by the index, then only what is shown of them."""
    rows = moment.observations(Observation.objects.visible_to(user).filter(line__isnull=False)).order_by("-recorded_at", "-pk")
    groups: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    keys = list(rows.values_list("pk", "line__report_id", "correction_id")[:WINDOW])
    for pk, report, correction in keys:
        groups[report, correction].append(pk)
    if len(keys) == WINDOW and len(groups) > 1:
        # The window's edge may have cut the oldest: its number of figures is not known.
        groups.popitem()
    newest = list(groups.values())[:ARRIVALS]
    related = ("indicator", "area", "line__report__unit", "line__report__accepted_by__unit", "correction__decided_by__unit")
    found = Observation.objects.select_related(*related).in_bulk([pk for keys in newest for pk in keys[:FIGURES]])
    return [Arrival([found[pk] for pk in keys[:FIGURES]], len(keys)) for keys in newest]


def get_new_outcomes(user: User, moment: Moment) -> list[Outcome]:
    """Facts before demonstration, the newest year first. Registers keep no earlier states, so an earlier moment shows none."""
    if not moment.is_now:
        return []
    return list(
        Outcome.objects.visible_to(user)
        .select_related("document")
        .order_by("is_demo", F("year").desc(nulls_last=True), "pk")[:OUTCOMES]
    )
