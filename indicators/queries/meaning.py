"""What an indicator means: its definition, what it is computed of, and what is computed of it, as far as a user may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import FilteredRelation, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.models import User

from ..analysis.formula import parse
from ..formulas import split_reference
from ..models import Indicator, IndicatorDefinition, Task
from .moments import Moment, NotRecordedYet
from .tasks import TaskLink, read_links


class IndicatorLink(NamedTuple):
    """As much of an indicator as a link to it says, and how it hangs together with the one at hand; ``edge`` where it is computed of that."""

    pk: int
    code: str
    name_zh: str
    stated_as_id: int | None
    edge: int | None


@dataclass(frozen=True)
class Meaning:
    """``definitions`` in the order of their versions; a formula is empty where it names an indicator the user may not see."""

    definitions: Sequence[IndicatorDefinition]
    reads: Sequence[IndicatorLink]
    read_by: Sequence[IndicatorLink]
    numerator: IndicatorLink | None
    denominator: IndicatorLink | None
    # The indicator that states or counts the same total as this one.
    counterpart: IndicatorLink | None
    tasks: Sequence[TaskLink]

    @property
    def current(self) -> IndicatorDefinition | None:
        return self.definitions[-1] if self.definitions else None


def get_meaning(user: User, indicator: Indicator, moment: Moment) -> Meaning:
    """Three queries."""
    definitions = _get_definitions(indicator, moment)
    codes = {definition.pk: _list_codes(definition.formula) for definition in definitions}
    near = {row.pk: row for row in _get_related(user, indicator, {code for found in codes.values() for code in found})}
    by_code = {row.code: row for row in near.values()}
    for definition in definitions:
        if not codes[definition.pk] <= by_code.keys() | {indicator.code}:
            definition.formula = ""
    current = codes[definitions[-1].pk] if definitions else set()
    return Meaning(
        definitions,
        [by_code[code] for code in sorted(current & by_code.keys())],
        [row for row in near.values() if row.edge],
        near.get(indicator.numerator_id or 0),
        near.get(indicator.denominator_id or 0),
        near.get(indicator.stated_as_id or 0) or next((row for row in near.values() if row.stated_as_id == indicator.pk), None),
        _get_tasks(user, indicator, moment),
    )


def _get_tasks(user: User, indicator: Indicator, moment: Moment) -> list[TaskLink]:
    """Those it measures, or measured at a moment."""
    link = {"task_indicators__indicator": indicator} | ({"task_indicators__recorded_at__lte": moment.as_of} if moment.as_of else {})
    return read_links(Task.objects.visible_to(user).filter(**link).order_by("plan_id", "number"))


def get_counterpart(user: User, indicator: Indicator) -> Indicator | None:
    """The indicator that states or counts the same total."""
    return Indicator.objects.visible_to(user).filter(Q(pk=indicator.stated_as_id) | Q(stated_as=indicator)).first()


def _get_definitions(indicator: Indicator, moment: Moment) -> list[IndicatorDefinition]:
    """Those there were at a moment, up to the one in force then. Raises ``NotRecordedYet`` where there was none."""
    found = list(moment.recorded(indicator.definitions.select_related("document")).order_by("version"))
    if moment.as_of and not found:
        raise NotRecordedYet(_("%(day)s 时这个指标还没有登记。") % {"day": timezone.localdate(moment.as_of).isoformat()})
    if moment.as_of:
        return found
    # The newest may be written before it is put in force.
    newest = next((at for at, row in enumerate(found, 1) if row.pk == indicator.current_definition_id), len(found))
    return found[:newest]


def _list_codes(formula: str) -> set[str]:
    """The indicators a formula names, without the areas it may name with them."""
    return {split_reference(code)[0] for code in parse(formula).codes} if formula else set()


def _get_related(user: User, indicator: Indicator, codes: set[str]) -> list[IndicatorLink]:
    """All that the page may lead to, read once."""
    edge = FilteredRelation("dependencies", condition=Q(dependencies__reads=indicator))
    parts = [pk for pk in (indicator.numerator_id, indicator.denominator_id, indicator.stated_as_id) if pk]
    near = Q(code__in=codes) | Q(pk__in=parts) | Q(stated_as=indicator) | Q(edge__isnull=False)
    rows = Indicator.objects.visible_to(user).annotate(edge=edge).filter(near).order_by("code")
    links = [IndicatorLink._make(row) for row in rows.values_list("pk", "code", "name_zh", "stated_as_id", "edge")]
    return [link for link in links if link.pk != indicator.pk]
