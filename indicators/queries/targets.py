"""Targets with what was computed of them: those of one indicator, and the ledger of all, with their documents side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.conf import settings
from django.db.models import F, Q

from kejiting.accounts.models import Area, User

from ..models import Breakdown, Document, Indicator, Result, Target, TargetSupersession
from ..models.result import ResultQuerySet
from ..models.target import TargetQuerySet
from ..periods import parse_label
from ..standing import JUDGING, Judged, Judgement, all_judgements, get_age, get_newest_by_measure, group, judge, read_judgements
from .moments import NOW, Moment
from .vintages import Vintage, get_newest

Measure = Result.Measure


@dataclass(frozen=True)
class TargetRow:
    """A target with what was computed of it, and the later one that was said to take its place."""

    target: Target
    judged: Judged
    supersession: TargetSupersession | None
    # What still has to be done for it, and how likely it is reached; of the newest period.
    pace: Judgement | None = None
    chance: Judgement | None = None


def get_targets_of(user: User, indicator: Indicator, area: Area, judgements: Mapping[int | None, list[Judgement]], moment: Moment) -> list[TargetRow]:
    """All targets of an indicator, those in force and those said to be superseded, by period and age of their document."""
    rows = _get_standing(user, moment).filter(indicator=indicator, area=area)
    return [_make_row(target, judgements.get(target.pk, ()), moment) for target in _sort(rows)]


def _get_standing(user: User, moment: Moment) -> TargetQuerySet:
    rows = Target.objects.visible_to(user).standing(moment.as_of).select_related("document", "superseded_by__target__document")
    return rows.exclude(document__issued_on__gt=moment.known_on) if moment.known_on else rows


def _sort(rows: TargetQuerySet) -> list[Target]:
    return sorted(rows.order_by(), key=lambda target: (parse_label(target.period_id).ends_on, *get_age(target)))


def _make_row(target: Target, judgements: Sequence[Judgement], moment: Moment) -> TargetRow:
    newest = get_newest_by_measure(judgements)
    return TargetRow(target, judge(judgements), _get_supersession(target, moment), newest.get(Measure.REQUIRED_PACE), newest.get(Measure.CHANCE))


def _get_supersession(target: Target, moment: Moment) -> TargetSupersession | None:
    said: TargetSupersession | None = getattr(target, "superseded_by", None)
    if said is None or (moment.as_of and said.at > moment.as_of):
        return None
    issued_on = said.target.document.issued_on
    return None if moment.known_on and issued_on and issued_on > moment.known_on else said


# -- the ledger ----------------------------------------------------------------------------------


@dataclass
class LedgerRow:
    """What all documents set for an indicator, with its newest value."""

    indicator: Indicator
    newest: Vintage | None
    targets: list[TargetRow]

    @cached_property
    def by_document(self) -> dict[int, list[TargetRow]]:
        found: dict[int, list[TargetRow]] = defaultdict(list)
        for row in self.targets:
            found[row.target.document_id].append(row)
        return found

    @cached_property
    def in_force(self) -> list[TargetRow]:
        return [row for row in self.targets if row.supersession is None]

    @cached_property
    def parallel(self) -> list[str]:
        """The periods for which several documents' targets are in force together, and nobody said which counts."""
        documents: dict[str, set[int]] = defaultdict(set)
        for row in self.in_force:
            documents[row.target.period_id].add(row.target.document_id)
        return sorted(period for period, found in documents.items() if len(found) > 1)


@dataclass
class LedgerTable:
    """The rows that share documents, which are the columns, the oldest first. Facts and demonstration never share a table."""

    is_demo: bool
    documents: list[Document]
    rows: list[LedgerRow]


@dataclass
class Ledger:
    """All targets of an area."""

    area: Area
    areas: list[Area]
    tables: list[LedgerTable] = field(default_factory=list)

    @property
    def rows(self) -> list[LedgerRow]:
        return [row for table in self.tables for row in table.rows]

    @property
    def targets(self) -> int:
        return sum(len(row.targets) for row in self.rows)

    @property
    def parallel(self) -> int:
        return sum(len(row.parallel) for row in self.rows)

    @property
    def superseded(self) -> int:
        return sum(len(row.targets) - len(row.in_force) for row in self.rows)


def get_ledger(user: User, area: str = "", *, search: str = "", only_parallel: bool = False, moment: Moment = NOW) -> Ledger:
    """The ledger of an area, home unless another is named. Raises ``Area.DoesNotExist``. Five queries, however many targets."""
    standing = _get_standing(user, moment)
    areas = list(Area.objects.filter(Q(pk__in=standing.order_by().values("area")) | Q(pk=settings.HOME_AREA)).order_by("code"))
    place = next((each for each in areas if each.pk == (area or settings.HOME_AREA)), None)
    if place is None:
        raise Area.DoesNotExist
    rows = standing.filter(area=place).select_related("indicator", "superseded_by__by__unit")
    for word in search.split():
        rows = rows.filter(Q(indicator__name_zh__icontains=word) | Q(indicator__code__icontains=word) | Q(document__title__icontains=word) | Q(document__number__icontains=word))
    found = _make_rows(user, _sort(rows), place, moment)
    if only_parallel:
        found = [row for row in found if row.parallel]
    return Ledger(place, areas, [table for is_demo in (False, True) if (table := _make_table(found, is_demo=is_demo)).rows])


def _make_rows(user: User, targets: Sequence[Target], area: Area, moment: Moment) -> list[LedgerRow]:
    judgements = group(read_judgements(_get_newest_judgements(user, targets, moment)), "target")
    indicators = {target.indicator_id: target.indicator for target in targets}
    newest = get_newest(user, list(indicators.values()), area.pk, moment)
    by_indicator: dict[int, list[TargetRow]] = defaultdict(list)
    for target in targets:
        by_indicator[target.indicator_id].append(_make_row(target, judgements.get(target.pk, ()), moment))
    return [LedgerRow(indicator, newest.get(pk), by_indicator[pk]) for pk, indicator in indicators.items()]


def _get_newest_judgements(user: User, targets: Sequence[Target], moment: Moment) -> ResultQuerySet:
    """Light, completion, schedule and the chance to reach it, for each target, of the newest period."""
    rows = all_judgements().visible_to(user).filter(target__in=[target.pk for target in targets], breakdown=Breakdown.TOTAL, measure__in=[*JUDGING, Measure.CHANCE])
    return moment.results(rows).order_by("target_id", "measure", F("period__ends_on").desc(nulls_last=True), "-pk").distinct("target_id", "measure")


def _make_table(rows: Sequence[LedgerRow], *, is_demo: bool) -> LedgerTable:
    """Of one kind: where documents differ most comes first, so that what is to be decided is on top."""
    own = [row for row in rows if row.indicator.is_demo == is_demo]
    documents = {row.target.document_id: row.target.document for each in own for row in each.targets}
    columns = sorted(documents.values(), key=lambda document: (document.issued_on or date.min, document.pk))
    return LedgerTable(is_demo, columns, sorted(own, key=lambda row: (-len(row.parallel), -len(row.by_document), row.indicator.code)))
