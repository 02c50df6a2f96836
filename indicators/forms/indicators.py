"""The form of an indicator and its definition."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..actions.definitions.indicators import INDICATOR_FIELDS
from ..formulas import FormulaRefused, check_formula, read_formula
from ..models import Document, Indicator
from ..units import get_factor
from .base import DefinitionForm
from .fields import DayField, FormulaField, NumberField, ReasonField, RowField, WholeNumberField


class IndicatorForm(DefinitionForm):
    """An indicator's own fields, and its definition in force as the next version would say it."""

    decimals = WholeNumberField(label=_("小数位"), least=0, most=6, initial=0)
    minimum = NumberField(label=_("下限"), required=False, help_text=_("这个量不可能低于的数，如占比填 0"))
    maximum = NumberField(label=_("上限"), required=False, help_text=_("这个量不可能高于的数，如占比填 100"))
    numerator = RowField(queryset=None, label=_("分子"), required=False, help_text=_("比率才选，与分母一并选"))
    denominator = RowField(queryset=None, label=_("分母"), required=False)
    stated_as = RowField(queryset=None, label=_("公布口径"), required=False, help_text=_("台账计数才选：同一总数由哪个指标公布"))
    text_zh = forms.CharField(label=_("指标口径"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("统计范围、口径、数据来源"))
    text_en = forms.CharField(label=_("英文口径"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    formula = FormulaField(
        label=_("公式"),
        required=False,
        help_text=_("“公式计算”的指标才填，用指标代码书写，如 share(rd_expenditure, gdp) * 100；可用 + - * / ( )、sum mean min max abs prev yoy share rank"),
    )
    document = RowField(queryset=None, label=_("依据文件"), required=False, added_at="definition-document-add")
    valid_from = DayField(label=_("起用日期"), help_text=_("口径、公式或依据有改动时，从这一天起用新版本"))

    reason = ReasonField(label=_("修改的原因"), required=False, help_text=_("改了公式的必填：它会改变历年的数值"))

    groups = [
        (_("名称"), ["code", "name_zh", "short_zh", "name_en"]),
        (_("量"), ["unit_of_measure", "decimals", "direction", "minimum", "maximum"]),
        (_("怎样得来"), ["origin", "frequency", "accumulation", "entry_form", "publisher", "area_level"]),
        (_("定义"), ["text_zh", "text_en", "formula", "document", "valid_from", "reason"]),
        (_("关联与可见范围"), ["numerator", "denominator", "stated_as", "classification"]),
    ]
    field_of = {
        "indicator_code_is_an_identifier": "code",
        "indicator_minimum_below_maximum": "maximum",
        "indicator_ratio_has_both_parts": "denominator",
        "indicator_decimals_fit": "decimals",
        "indicator_entry_form_fits": "entry_form",
    }

    class Meta:
        model = Indicator
        fields = ("code", *INDICATOR_FIELDS)
        help_texts = {
            "code": _("英文字母开头，只含字母、数字、下划线和点；定下后不能改"),
            "unit_of_measure": _("金额一律以 万元 登记"),
            "accumulation": _("时点数：期末的数；当期数：本期发生的；本年累计：1 月至本期末；历史累计：规划开始以来"),
            "publisher": _("官方发布的指标填发布单位"),
            "area_level": _("公式计算的指标：为哪一级地区计算"),
            "classification": _("“内部”只有可见范围为内部的账号看得到"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        others = Indicator.objects.visible_to(user).exclude(pk=self.instance.pk).order_by("name_zh")
        self.offer(numerator=others, denominator=others, stated_as=others, document=Document.objects.all())
        self.fields["valid_from"].initial = timezone.localdate()
        # A register's counts are bound to its lists in the program; a new one cannot be made on a screen.
        if self.instance.origin != Indicator.Origin.REGISTER:
            origin = cast(forms.ChoiceField, self.fields["origin"])
            origin.choices = [c for c in Indicator.Origin.choices if c[0] != Indicator.Origin.REGISTER]
        if self.instance.pk:
            del self.fields["code"]
            self._show_definition()
        else:
            del self.fields["reason"]

    def _show_definition(self) -> None:
        current = self.instance.current_definition
        if current:
            for name in ("text_zh", "text_en", "formula", "document"):
                self.fields[name].initial = getattr(current, name)
        else:
            self.fields["formula"].initial = ""

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "reason" in self.fields and not said.get("reason") and read_formula(said.get("formula", "")) != self.fields["formula"].initial:
            self.add_error("reason", _now("改了公式，请写明原因。"))
        self._check_formula(read_formula(said.get("formula", "")).strip(), said.get("origin", ""))
        return said

    def _check_formula(self, formula: str, origin: str) -> None:
        """Together with what is wrong elsewhere. One that is not typed anew may read what the person may not see."""
        if origin != Indicator.Origin.DERIVED or not formula or formula == self.fields["formula"].initial:
            return
        try:
            check_formula(Indicator(pk=self.instance.pk, code=self.instance.code or self.cleaned_data.get("code", "")), formula, by=self.user)
        except FormulaRefused as refusal:
            self.add_error("formula", refusal.message)

    def clean_unit_of_measure(self) -> str:
        unit = str(self.cleaned_data["unit_of_measure"]).strip()
        if unit != "万元" and get_factor(unit, "万元") is not None:
            raise forms.ValidationError(_now("金额一律以 万元 登记：请写“万元”，不写“%(unit)s”；页面上大的金额会以亿元显示。") % {"unit": unit})
        return unit

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip()
        if Indicator.objects.filter(code=code).exists():
            raise forms.ValidationError(_("已有同一代码的指标，请换一个代码。"))
        return code
