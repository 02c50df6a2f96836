"""Targets: set by a document, never edited; a later one may be said to take an earlier one's place."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kejiting.accounts.audit import record_event
from kejiting.accounts.models import Area, User

from ...changes import values_of
from ...constraints import explained
from ...errors import RecordError, WrongState
from ...models import Document, Indicator, Period, Target, TargetSupersession
from ..marks import mark_indicators
from .core import is_demo, refuse_demo_parts, require, require_known, require_may_change, require_reason
from .documents import add_document

TARGET_FIELDS = (
    "unit_of_measure",
    "kind",
    "comparison",
    "value",
    "upper",
    "stated",
    "basis",
    "baseline_value",
    "baseline_period",
    "baseline_note",
    "reason",
)


@transaction.atomic
def set_target(*, by: User, document: Document | Mapping[str, Any], indicator: Indicator, area: Area, period: Period, **values: Any) -> Target:
    """Set what a document says an indicator shall be. ``document`` is one on record, or the fields of a new one.

    A second target for the same indicator, area and period needs a reason; both are in force until
    the office says that one supersedes the other.
    """
    require(by)
    require_known(values, TARGET_FIELDS)
    require_may_change(by, indicator, _("“%(indicator)s”登记的是正式数据，演示账号不能为它设定目标。") % {"indicator": indicator})
    source = document if isinstance(document, Document) else add_document(by=by, **document)
    target = Target(document=source, indicator=indicator, area=area, period=period, recorded_by=by, **values)
    target.unit_of_measure = target.unit_of_measure or indicator.unit_of_measure
    target.is_demo = is_demo(by, indicator)
    refuse_demo_parts(target.is_demo, source)
    _check(target)
    with explained():
        target.save(force_insert=True)
    said = values_of(target, ("document", "indicator", "area", "period", *TARGET_FIELDS))
    record_event("target.set", target, by=by, reason=target.reason, values=said)
    mark_indicators([(indicator.pk, area.pk)], cause=f"target {target.pk}")
    return target


def _check(target: Target) -> None:
    in_own_unit = target.kind in (Target.Kind.ABSOLUTE, Target.Kind.RANGE)
    if in_own_unit and target.unit_of_measure != target.indicator.unit_of_measure:
        raise RecordError(_("绝对值和区间目标的计量单位须与指标一致（%(unit)s）。") % {"unit": target.indicator.unit_of_measure})
    is_reversed = target.comparison == Target.Comparison.AT_LEAST and target.indicator.direction == Indicator.Direction.LOWER
    if is_reversed and target.kind != Target.Kind.RANGE:
        raise RecordError(_("“%(indicator)s”越低越好，目标不能写“≥”：请选择“≤”。") % {"indicator": target.indicator})
    if target.baseline_period and target.baseline_period.ends_on >= target.period.ends_on:
        raise RecordError(_("基期须早于目标期。"))
    if target.kind == Target.Kind.CHANGE and target.baseline_value is None:
        raise RecordError(_("“较基期变化”须填基期值。"))
    earlier = Target.objects.standing().filter(indicator=target.indicator, area=target.area, period=target.period).select_related("document").first()
    if earlier and not target.reason.strip():
        raise RecordError(_("该指标这一期已有目标（%(document)s），请写明另设目标的原因。") % {"document": earlier.document})


@transaction.atomic
def supersede_target(target: Target, *, by: User, superseded: Target, reason: str) -> TargetSupersession:
    """Say that ``target`` takes the place of ``superseded``. Both stay readable; nothing infers this."""
    require(by)
    require_may_change(by, target.indicator, _("“%(indicator)s”登记的是正式数据，演示账号不能改变它的目标。") % {"indicator": target.indicator})
    reason = require_reason(reason, _("请写明替代的原因。"))
    # One at a time, so that two links cannot close a circle.
    rows = Target.objects.standing().select_for_update().filter(indicator=target.indicator_id, area=target.area_id)
    if superseded.pk not in {row.pk for row in rows.order_by("pk")}:
        raise RecordError(_("只能替代同一指标、同一地区的目标。"))
    if superseded.pk in _get_successors(target):
        raise WrongState(_("不能互相替代：这个目标已被要替代的目标替代。"))
    with explained():
        link = TargetSupersession.objects.create(
            superseded=superseded, target=target, reason=reason, by=by, is_demo=is_demo(by, target, superseded)
        )
    record_event("target.supersede", target, by=by, reason=reason, superseded=superseded.pk)
    mark_indicators([(target.indicator_id, target.area_id)], cause=f"target {target.pk} supersedes {superseded.pk}")
    return link


def _get_successors(target: Target) -> set[int]:
    """The target itself and every one that took its place, directly or in turn."""
    links = dict(TargetSupersession.objects.filter(superseded__indicator=target.indicator_id).values_list("superseded", "target"))
    successors, current = {target.pk}, target.pk
    while (following := links.get(current)) and following not in successors:
        successors.add(following)
        current = following
    return successors
