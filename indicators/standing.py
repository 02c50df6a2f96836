"""How a thing stands: which target it is measured against next, whether a milestone is reached, which light is the worst.

One rule each, for the recomputation, the pages and the grid alike.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, NamedTuple, cast

from django.db.models import TextField
from django.db.models.functions import Cast

from .models import Light, Line, Result, Target
from .models.result import ResultQuerySet
from .periods import Span, parse_label

Measure = Result.Measure
JUDGING = (Measure.LIGHT, Measure.COMPLETION, Measure.SCHEDULE)


class Judgement(NamedTuple):
    """As much of a result as a standing is made of: a page has hundreds, and none needs to be a model's instance."""

    pk: int
    measure: str
    value: Decimal | None
    text: str
    # As the database writes it: a page reads the detail of a few of its hundred results.
    detail_json: str
    period_id: str | None
    target_id: int | None
    task_id: int | None
    aspect_id: int | None
    indicator_id: int | None
    classification: str
    is_released: bool
    is_demo: bool

    @property
    def detail(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.detail_json)
        return found

    @property
    def period(self) -> Span | None:
        return parse_label(self.period_id) if self.period_id else None

    @property
    def ends_on(self) -> date:
        """The last day it speaks of; without a period the first day there is."""
        return parse_label(self.period_id).ends_on if self.period_id else date.min


@cache
def all_judgements() -> ResultQuerySet:
    """All results as ``read_judgements`` takes those that are asked for: a query that is put together once, for every page asks it."""
    rows = Result.objects.order_by().annotate(detail_json=Cast("detail", TextField()))
    return cast(ResultQuerySet, rows.values_list(*Judgement._fields))


def read_judgements(rows: Iterable[Any]) -> list[Judgement]:
    """``rows`` are some of ``all_judgements()``; in no order, unless they were put in one."""
    return [Judgement._make(row) for row in rows]


def group(rows: Iterable[Judgement], subject: str) -> dict[int | None, list[Judgement]]:
    """By the id of what they judge: a ``task``, an ``aspect``, an ``indicator``, a ``target``; None for those that judge none."""
    groups: dict[int | None, list[Judgement]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, f"{subject}_id")].append(row)
    return groups


@dataclass(frozen=True)
class Judged:
    """What was computed of a thing: its light, how far it is, how far it should be."""

    light: Judgement | None = None
    completion: Judgement | None = None
    schedule: Judgement | None = None

    @property
    def colour(self) -> str:
        return self.light.text if self.light else Light.GREY.value

    @property
    def done(self) -> Decimal | None:
        return self.completion.value if self.completion else None

    @property
    def due(self) -> Decimal | None:
        return self.schedule.value if self.schedule else None

    @property
    def gap(self) -> Decimal | None:
        """Completion minus schedule, as a share: of the two as they are shown, so that the three agree on a page."""
        return None if self.done is None or self.due is None else _as_shown(self.done) - _as_shown(self.due)

    @property
    def rows(self) -> list[Judgement]:
        """What it is made of, the light first."""
        return [row for row in (self.light, self.completion, self.schedule) if row is not None]


def _as_shown(share: Decimal) -> Decimal:
    """To a tenth of a percent."""
    return share.quantize(Decimal("0.001"), ROUND_HALF_UP)


def get_newest_by_measure(rows: Iterable[Judgement]) -> dict[str, Judgement]:
    """Of one subject: what is said of the newest period, by measure."""
    return {row.measure: row for row in sorted(rows, key=lambda row: (row.ends_on, row.pk))}


def judge(rows: Iterable[Judgement]) -> Judged:
    """The three measures of one subject; of several periods the newest."""
    newest = get_newest_by_measure(rows)
    return Judged(newest.get(Measure.LIGHT), newest.get(Measure.COMPLETION), newest.get(Measure.SCHEDULE))


# -- the target that comes next ------------------------------------------------------------------


def get_age(target: Target) -> tuple[date, int]:
    """Larger for a later document; one without a date is taken for older than any that has one."""
    return target.document.issued_on or date.min, target.pk


def choose_target(targets: Iterable[Target], observed: date) -> Target | None:
    """The target that comes next after what was observed, or else the last there was; of one period the latest document's."""
    by_end: dict[date, list[Target]] = defaultdict(list)
    for target in targets:
        by_end[parse_label(target.period_id).ends_on].append(target)
    if not by_end:
        return None
    end = min((end for end in by_end if end >= observed), default=max(by_end))
    return max(by_end[end], key=get_age)


def stand_against_next(rows: Collection[Judgement], targets: Mapping[int, Target]) -> tuple[Target, Judged] | None:
    """Where an indicator stands against the target that comes next; None where nothing was judged against one.

    ``targets`` by id, with their document. What was observed is what a judgement was made of; a chance or a projection
    among ``rows`` speaks of periods that nobody has observed.
    """
    observed = max((row.ends_on for row in rows if row.measure in JUDGING and row.detail.get("inputs")), default=date.min)
    target = choose_target([targets[pk] for row in rows if (pk := row.target_id) is not None and pk in targets], observed)
    return (target, judge(row for row in rows if row.target_id == target.pk)) if target else None


# -- milestones and lights -----------------------------------------------------------------------


def is_reached(line: Line | None, at: datetime | None = None) -> bool:
    """Whether the newest accepted line about a milestone says (at a moment; None: now) that it was reached."""
    return line is not None and line.in_force_at(at).value == 1


def get_worst(lights: Collection[str]) -> str | None:
    """The worst of the lights, in the order ``Light`` has them; None of none."""
    return next((light.value for light in Light if light in lights), None)
