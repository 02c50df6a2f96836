"""What a file would do to the record: each row read, each figure set against what is there. Changes nothing."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from kejiting.accounts.models import Area

from ...models import Breakdown, Indicator, Observation, Status
from .propose import Sample
from .sheet import StatisticsSheet

NEW, REVISED, UNCHANGED = "new", "revised", "unchanged"
# What may be chosen where a name is not known: leave its rows out, or make the indicator.
SKIP, CREATE = "-", "+"
# Nobody means to define more at once; a file that asks for it has something else in its column.
MOST_CREATED = 100
_MOST_ROWS = 12


@dataclass(frozen=True)
class Choices:
    """What a person decided where the file alone does not say; where nothing is decided, nothing is taken.

    ``areas``: a name of the file → an area's code or ``SKIP``. ``indicators``: likewise, or ``CREATE``, which
    holds only with ``may_create``; ``edited`` are the fields written otherwise for an indicator to be made.
    ``source`` and ``published_on`` are of the rows that state none.
    """

    areas: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, str] = field(default_factory=dict)
    edited: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    may_create: bool = False
    source: str = ""
    published_on: date | None = None


class Source(NamedTuple):
    """A publication, and where in it or by which way the figure came."""

    title: str
    note: str


class Before(NamedTuple):
    """The vintage in force of a cell."""

    value: Decimal | None
    qualifier: str
    status: str
    published_on: date | None
    vintage: int


@dataclass(slots=True)
class ImportedFigure:
    """A row that can be taken. ``value`` is in the indicator's unit, ``stated`` as the file has it."""

    row: int
    indicator: Indicator
    area: str
    period: str
    value: Decimal
    stated: str
    unit: str
    source: Source
    status: str
    published_on: date | None
    outcome: str = NEW
    before: Before | None = None

    @property
    def cell(self) -> tuple[str, str, str]:
        return self.indicator.code, self.area, self.period


@dataclass
class UnknownArea:
    """A name in the file that no area has."""

    name: str
    rows: int = 0
    suggestions: list[Area] = field(default_factory=list)
    choice: str = ""


@dataclass
class UnknownIndicator:
    """A code or name in the file that no indicator has; ``proposal`` is the one that would be made."""

    sample: Sample
    proposal: Indicator
    suggestions: list[Indicator] = field(default_factory=list)
    choice: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        return self.sample.key


@dataclass
class StatisticsPlan:
    sheet: StatisticsSheet
    choices: Choices
    figures: list[ImportedFigure] = field(default_factory=list)
    # (column, reason) → rows; the same fault in a thousand rows is one thing to mend.
    refused: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    # How often each mark for "no figure" stands there; how many rows say again what another says; how many were chosen to be left out.
    missing: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    skipped: int = 0
    areas: list[UnknownArea] = field(default_factory=list)
    indicators: list[UnknownIndicator] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # A sentence among the reasons or the warnings → the rule that says it.
    rules: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> int:
        return sum(f.outcome == outcome for f in self.figures)

    @property
    def changes(self) -> list[ImportedFigure]:
        return [f for f in self.figures if f.outcome != UNCHANGED]

    @property
    def created(self) -> list[Indicator]:
        """The indicators that would be made, as proposed."""
        return [i.proposal for i in self.indicators if i.choice == CREATE]

    @property
    def too_many(self) -> bool:
        return len(self.created) > MOST_CREATED

    @property
    def refused_rows(self) -> int:
        return sum(map(len, self.refused.values()))

    @property
    def open_questions(self) -> int:
        return sum(not a.choice for a in self.areas) + sum(not i.choice or bool(i.problem) for i in self.indicators)

    @property
    def is_ready(self) -> bool:
        """Whether everything of it can be taken, and something of it is worth taking."""
        may_create = (self.choices.may_create and not self.too_many) or not self.created
        return not self.refused and not self.open_questions and may_create and bool(self.changes)

    @property
    def fingerprint(self) -> str:
        """What was decided row by row, and against which vintages: another one means another look."""
        digest = hashlib.sha256()
        for f in self.figures:
            digest.update(repr((f.row, *f.cell, f.value, f.stated, f.source, f.status, f.published_on, f.outcome, f.before)).encode())
        made = [[getattr(i, name) for name in ("code", "name_zh", "unit_of_measure", "accumulation", "direction")] for i in self.created]
        digest.update(repr((made, sorted(self.refused.items()), self.skipped, self.choices.may_create)).encode())
        return digest.hexdigest()


def name_rows(rows: Sequence[int]) -> str:
    """第 5、9、13 行; of many the first ones, and how many: 第 5、9、13 等 120 行."""
    shown = "、".join(str(row) for row in rows[:_MOST_ROWS])
    return _("第 %(rows)s 行") % {"rows": shown} if len(rows) <= _MOST_ROWS else _("第 %(rows)s 等 %(n)s 行") % {"rows": shown, "n": len(rows)}


def compare(plan: StatisticsPlan, known: Mapping[tuple[str, str, str], Before]) -> None:
    """Say of each figure whether it is new, revises the vintage in force, or says the same. An older publication revises nothing."""
    kept = []
    for figure in plan.figures:
        before = figure.before = known.get(figure.cell)
        figure.outcome = _judge(figure, before)
        if figure.outcome == REVISED and before and before.published_on and figure.published_on and figure.published_on < before.published_on:
            reason = _("在册数值发布于 %(day)s，较早发布的数值不能取代它。") % {"day": before.published_on.isoformat()}
            plan.refused[_("发布日期"), reason].append(figure.row)
        else:
            kept.append(figure)
    plan.figures = kept


def _judge(figure: ImportedFigure, before: Before | None) -> str:
    if before is None or before.value is None:
        return NEW
    same_day = figure.published_on in (None, before.published_on)
    same_status = figure.status == before.status or {figure.status, before.status} == {Status.FINAL, Status.REVISED}
    says_the_same = before.value == figure.value and not before.qualifier
    return UNCHANGED if says_the_same and same_day and same_status else REVISED


def load_newest(codes: Mapping[int, str]) -> dict[tuple[str, str, str], Before]:
    """By cell: the vintage in force of every figure of some indicators."""
    columns = ("value", "qualifier", "status", "published_on", "vintage")
    rows = Observation.objects.filter(indicator__in=codes, breakdown=Breakdown.TOTAL).latest()
    return {
        (codes[indicator], area, period): Before(*rest)
        for indicator, area, period, *rest in rows.values_list("indicator_id", "area_id", "period_id", *columns)
    }
