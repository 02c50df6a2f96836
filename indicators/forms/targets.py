"""The forms of a target, and of one target taking another's place."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..errors import Problem
from ..formatting import format_period, format_target, format_value
from ..models import Document, Indicator, Target
from ..queries.definitions import get_newest_value
from ..standing import get_age
from .base import OfficeForm
from .fields import DayField, NumberField, PeriodField, ReasonField, RowField, get_area_choices

# Kinds whose value is in the indicator's own unit, and how many times the newest figure such a target rarely is.
_IN_ITS_UNIT = (Target.Kind.ABSOLUTE, Target.Kind.RANGE)
_FAR = 50


class TargetForm(OfficeForm):
    """What a document sets. The document is one on record, or is added with the target."""

    document = RowField(queryset=None, label=_("已有的文件"), required=False, empty_label=_("（新增一份文件）"))
    new_kind = forms.ChoiceField(label=_("新文件类别"), choices=Document.Kind.choices, initial=Document.Kind.PLAN, required=False)
    new_title = forms.CharField(label=_("新文件标题"), max_length=300, required=False, help_text=_("选了已有的文件就不填"))
    new_number = forms.CharField(label=_("文号"), max_length=80, required=False)
    new_issuer = forms.CharField(label=_("发布单位"), max_length=120, required=False)
    new_issued_on = DayField(label=_("发布日期"), required=False, help_text=_("原件未注明日期的留空"))

    indicator = RowField(queryset=None, label=_("指标"), added_at="definition-indicator-add")
    area = RowField(queryset=None, label=_("地区"), initial=settings.HOME_AREA)
    period = PeriodField(label=_("目标期"), help_text=_("到哪一期达到，如 2025、2025-Q4"))
    kind = forms.ChoiceField(label=_("类型"), choices=Target.Kind.choices, initial=Target.Kind.ABSOLUTE)
    comparison = forms.ChoiceField(label=_("比较"), choices=Target.Comparison.choices, initial=Target.Comparison.AT_LEAST)
    value = NumberField(label=_("目标值"), help_text=_("区间目标填下限"))
    upper = NumberField(label=_("上限"), required=False, help_text=_("区间目标才填"))
    unit_of_measure = forms.CharField(label=_("计量单位"), max_length=20, required=False, help_text=_("不填即与指标相同；增长率填 %"))
    stated = forms.CharField(label=_("原文"), max_length=60, required=False, help_text=_("文件中的写法，如“65%以上”"))

    basis = forms.ChoiceField(label=_("完成率算法"), choices=Target.Basis.choices, initial=Target.Basis.RATIO)
    baseline_value = NumberField(label=_("基期值"), required=False, help_text=_("不明的留空：“已缩小差距”的完成率即不能计算，显示为灰"))
    baseline_period = PeriodField(label=_("基期"), required=False, help_text=_("不明的留空：不能计算序时进度，显示为灰"))
    baseline_note = forms.CharField(label=_("基期说明"), max_length=200, required=False)
    reason = ReasonField(label=_("设定原因"), required=False, help_text=_("该指标这一期已有目标时必填"))

    groups = [
        (_("文件"), ["document", "new_title", "new_number", "new_kind", "new_issuer", "new_issued_on"]),
        (_("目标"), ["indicator", "area", "period", "kind", "comparison", "value", "upper", "unit_of_measure", "stated"]),
        (_("基期与算法"), ["basis", "baseline_value", "baseline_period", "baseline_note", "reason"]),
    ]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        indicators = Indicator.objects.visible_to(user).order_by("name_zh")
        self.offer(document=Document.objects.all(), indicator=indicators, area=get_area_choices())

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self._clean_document(said)
        value, upper = said.get("value"), said.get("upper")
        if said.get("kind") == Target.Kind.RANGE:
            if value is not None and "upper" not in self.errors and (upper is None or upper <= value):
                self.add_error("upper", _now("区间目标须填上限，且上限大于下限。"))
        elif upper is not None:
            self.add_error("upper", _now("只有区间目标才填上限。"))
        if said.get("baseline_value") is None and "baseline_value" not in self.errors:
            self._require_baseline(said)
        return said

    def _clean_document(self, said: dict[str, Any]) -> None:
        if said.get("document") and said.get("new_title"):
            self.add_error("new_title", _now("已选了文件，又填了新文件的标题：请只用一种。"))
        elif not said.get("document") and not said.get("new_title") and not {"document", "new_title"} & set(self.errors):
            self.add_error("document", _now("请选择设定目标的文件，或填写新文件的标题。"))
        elif number := said.get("new_number"):
            if Document.objects.filter(number=number).exists():
                self.add_error("new_number", _now("已有同一文号的文件，请直接选用。"))
        elif said.get("new_title") and Document.objects.filter(title=said["new_title"], issued_on=said.get("new_issued_on")).exists():
            self.add_error("new_title", _now("已有同一标题、同一日期的文件，请直接选用。"))

    def _require_baseline(self, said: dict[str, Any]) -> None:
        if said.get("baseline_period"):
            self.add_error("baseline_value", _now("填了基期就要填基期值。"))
        elif said.get("kind") == Target.Kind.CHANGE:
            self.add_error("baseline_value", _now("“较基期变化”须填基期值。"))

    def find_doubts(self) -> list[Problem]:
        """A target far from the newest figure is more often one in another unit (万元 for 亿元)."""
        said = self.cleaned_data
        newest = get_newest_value(said["indicator"], said["area"]) if said["kind"] in _IN_ITS_UNIT else None
        if newest is None or not newest.value or not said["value"]:
            return []
        times = abs(said["value"] / newest.value)
        if 1 / _FAR <= times <= _FAR:
            return []
        far = _now("%(n)s 倍") % {"n": round(times)} if times > 1 else _now("%(n)s 分之一") % {"n": round(1 / times)}
        figure = format_value(newest.value, said["indicator"].unit_of_measure)
        words = {"period": format_period(newest.period_id), "figure": figure, "far": far}
        return [Problem("value", _now("约为%(period)s的数值 %(figure)s 的 %(far)s，请核对计量单位。") % words)]

    def get_document(self) -> Document | dict[str, Any]:
        """The document chosen, or the fields of the one to add."""
        said = self.cleaned_data
        return said["document"] or {name: said[f"new_{name}"] for name in ("kind", "title", "number", "issuer", "issued_on")}

    def get_values(self) -> dict[str, Any]:
        names = ("unit_of_measure", "kind", "comparison", "value", "upper", "stated", "basis", "baseline_value", "baseline_note", "reason")
        return {name: self.cleaned_data[name] for name in names}


class TargetField(RowField):
    def label_from_instance(self, obj: Model) -> str:
        return _name_target(cast(Target, obj))


class SupersedeForm(OfficeForm):
    superseded = TargetField(queryset=None, label=_("被替代的目标"), help_text=_("同一指标、同一地区，尚未被替代的目标"))
    reason = ReasonField(help_text=_("替代的依据；两个目标都仍可查看"))

    def __init__(self, *args: Any, target: Target, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Target.objects.filter(indicator=target.indicator_id, area=target.area_id).exclude(pk=target.pk).in_force()
        self.has_choices = rows.exists()
        self.offer(superseded=rows.select_related("document"))


class SupersessionForm(OfficeForm):
    """In the ledger: which of an indicator's targets takes which one's place. The later document's is proposed, and the earlier one's with it."""

    target = TargetField(queryset=None, label=_("以此目标为准"), empty_label=None)
    superseded = TargetField(queryset=None, label=_("它替代"), empty_label=None)
    reason = ReasonField(help_text=_("替代的依据；两个目标都仍可查看"))

    def __init__(self, *args: Any, targets: Sequence[Target], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Target.objects.filter(pk__in=[target.pk for target in targets]).select_related("document")
        self.offer(target=rows, superseded=rows)
        # Named from the rows at hand: a ledger has a form for each indicator in doubt, and none asks for its choices.
        for name in ("target", "superseded"):
            cast(forms.ChoiceField, self.fields[name]).choices = [(target.pk, _name_target(target)) for target in targets]
        by_age = sorted(targets, key=get_age)
        self.initial = {"target": by_age[-1].pk, "superseded": by_age[0].pk, **self.initial}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("target") and said.get("target") == said.get("superseded"):
            self.add_error("superseded", _now("目标不能替代自己：请选另一份文件的目标。"))
        return said


def _name_target(target: Target) -> str:
    return f"{format_period(target.period_id)} {format_target(target)} · {target.document}"
