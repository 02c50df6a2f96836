"""Indicators and the versions of what they mean."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import User

from ...changes import set_fields, to_json, values_of
from ...constraints import explained
from ...errors import RecordError
from ...formulas import check_formula, read_formula
from ...models import Document, Indicator, IndicatorDefinition, IndicatorDependency
from ..marks import mark_indicators
from .core import is_demo, refuse_demo_parts, require, require_known, require_may_change

INDICATOR_FIELDS = (
    "name_zh",
    "name_en",
    "short_zh",
    "unit_of_measure",
    "decimals",
    "direction",
    "accumulation",
    "entry_form",
    "origin",
    "frequency",
    "publisher",
    "minimum",
    "maximum",
    "area_level",
    "numerator",
    "denominator",
    "stated_as",
    "classification",
)
# A change of one of these would make what was observed say something else.
FIXED_BY_OBSERVATIONS = ("accumulation", "unit_of_measure", "origin")
DEFINITION_FIELDS = ("text_zh", "text_en", "formula", "document")
# Names are read where they stand; all else may change what is computed, or who may see it.
_WORDS = ("name_zh", "name_en", "short_zh", "publisher")


@transaction.atomic
def add_indicator(
    *,
    by: User | None,
    code: str,
    text_zh: str,
    text_en: str = "",
    formula: str = "",
    document: Document | None = None,
    valid_from: date | None = None,
    **values: Any,
) -> Indicator:
    """Add an indicator with the first version of its definition; a derived one with its formula. ``by`` is None for the command line."""
    if by is not None:
        require(by)
    require_known(values, INDICATOR_FIELDS)
    indicator = Indicator(code=code, **values)
    formula = read_formula(formula).strip()
    inputs = _check_formula(indicator, formula, by)
    indicator.is_demo = is_demo(by, *inputs, indicator.numerator, indicator.denominator, indicator.stated_as, document)
    with explained():
        indicator.save(force_insert=True)
    said = {"text_zh": text_zh, "text_en": text_en, "formula": formula, "document": document}
    _add_version(indicator, said, valid_from=valid_from)
    _set_dependencies(indicator, inputs)
    record_event("indicator.add", indicator, by=by, values=values_of(indicator, INDICATOR_FIELDS), definition=_as_json(said))
    mark_indicators([(indicator.pk, None)], cause=f"indicator {code}"[:120])
    return indicator


@transaction.atomic
def edit_indicator(indicator: Indicator, *, by: User, valid_from: date | None = None, reason: str = "", **values: Any) -> Indicator:
    """Change an indicator. Other words or another formula make a new version of its definition, with the reason if one is given.

    What earlier figures were observed as stays: the accumulation, unit and origin of an indicator with
    observations cannot change, and every observation keeps the definition it was made under.
    """
    require(by)
    require_known(values, (*INDICATOR_FIELDS, *DEFINITION_FIELDS))
    indicator = Indicator.objects.select_for_update(of=("self",), no_key=True).select_related("current_definition").get(pk=indicator.pk)
    require_may_change(by, indicator)
    said = _what_is_said(indicator) | {name: values[name] for name in DEFINITION_FIELDS if name in values}
    said["formula"] = read_formula(said["formula"]).strip()
    changes = set_fields(indicator, {name: value for name, value in values.items() if name in INDICATOR_FIELDS})
    _refuse_other_meaning(indicator, changes)
    # What is not typed anew is not asked anew: it may read what the person may not see.
    is_typed = said["formula"] != _what_is_said(indicator)["formula"]
    inputs = _check_formula(indicator, said["formula"], by if is_typed else None)
    refuse_demo_parts(indicator.is_demo, *inputs, indicator.numerator, indicator.denominator, indicator.stated_as, said["document"])
    if changes:
        with explained():
            indicator.save(update_fields=list(changes))
    reworded = {n: [to_json(old), to_json(said[n])] for n, old in _what_is_said(indicator).items() if old != said[n]}
    if reworded:
        _add_version(indicator, said | {"reason": reason}, valid_from=valid_from)
    if "formula" in reworded or "origin" in changes:
        _set_dependencies(indicator, inputs)
    if changes or reworded:
        record_event("indicator.edit", indicator, by=by, reason=reason, changes=changes | reworded, version=_version(indicator))
    if "formula" in reworded or set(changes) - set(_WORDS):
        mark_indicators([(indicator.pk, None)], cause=f"indicator {indicator.code}"[:120])
    return indicator


def _what_is_said(indicator: Indicator) -> dict[str, Any]:
    """The definition in force, or nothing said."""
    current = indicator.current_definition
    if current is None:
        return {"text_zh": "", "text_en": "", "formula": "", "document": None}
    return {name: getattr(current, name) for name in DEFINITION_FIELDS}


def _refuse_other_meaning(indicator: Indicator, changes: Mapping[str, Any]) -> None:
    fixed = [name for name in FIXED_BY_OBSERVATIONS if name in changes]
    if fixed and indicator.observations.exists():
        names = "、".join(str(Indicator._meta.get_field(name).verbose_name) for name in fixed)  # type: ignore[union-attr]  # plain fields
        raise RecordError(_("已有登记的数值，不能再改%(names)s：那会改变已登记数值的含义。请另建一个指标。") % {"names": names})


def _check_formula(indicator: Indicator, formula: str, by: User | None) -> list[Indicator]:
    """The indicators a formula reads; none for an indicator that is not derived."""
    derived = indicator.origin == Indicator.Origin.DERIVED
    if not derived and formula:
        raise RecordError(_("只有“公式计算”的指标才填公式。"), field="formula")
    if derived and not formula:
        raise RecordError(_("“公式计算”的指标须填公式。"), field="formula")
    return check_formula(indicator, formula, by=by) if derived else []


def _add_version(indicator: Indicator, said: Mapping[str, Any], *, valid_from: date | None) -> None:
    if not said["text_zh"].strip():
        raise RecordError(_("请填写指标口径。"))
    last = indicator.definitions.order_by("version").last()
    day = valid_from or timezone.localdate()
    if last and day < last.valid_from:
        raise RecordError(_("起用日期不能早于上一版定义的起用日期（%(day)s）。") % {"day": last.valid_from.isoformat()})
    with explained():
        indicator.current_definition = IndicatorDefinition.objects.create(
            indicator=indicator, version=last.version + 1 if last else 1, valid_from=day, is_demo=indicator.is_demo, **said
        )
    indicator.save(update_fields=["current_definition"])


def _set_dependencies(indicator: Indicator, inputs: list[Indicator]) -> None:
    indicator.dependencies.all().delete()
    with explained():
        IndicatorDependency.objects.bulk_create([IndicatorDependency(indicator=indicator, reads=read) for read in inputs])


def _version(indicator: Indicator) -> int | None:
    return indicator.current_definition.version if indicator.current_definition else None


def _as_json(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_json(value) for name, value in said.items() if value not in (None, "")}
