"""The form of a validation rule."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kejiting.accounts.models import User

from ..formulas import FormulaRefused, check_rule, read_formula
from ..models import Rule
from .base import OfficeForm
from .fields import FormulaField, ReasonField


class RuleForm(OfficeForm):
    """A new rule, or with ``rule`` its next version."""

    code = forms.CharField(
        label=_("代码"), max_length=64, help_text=_("小写英文字母开头，只含小写英文字母、数字和下划线；定下后不能改"), widget=forms.TextInput(attrs={"class": "code", "spellcheck": "false", "autocomplete": "off"})
    )
    formula = FormulaField(
        label=_("规则"),
        help_text=_("一个应当成立的比较，用指标代码书写，如 rd_basic <= rd_exp_total；逐地区、逐期核对，缺数的不核对。"),
    )
    sentence_zh = forms.CharField(
        label=_("说明"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("不符合时照此提示填报人，后面自动附上地区、期间和各数；级别为“提醒”的，请写明可能的原因"),
    )
    severity = forms.ChoiceField(
        label=_("级别"), choices=Rule.Severity.choices, initial=Rule.Severity.WARNING, help_text=_("错误：不改正不能提交、不能导入；提醒：写明原因即可提交")
    )
    is_withdrawn = forms.BooleanField(label=_("停用"), required=False, help_text=_("不再用来核对；停用后仍可查看，也可再启用"))
    reason = ReasonField(label=_("修改的原因"))

    def __init__(self, *args: Any, user: User, rule: Rule | None = None, **kwargs: Any) -> None:
        initial = {name: getattr(rule, name) for name in ("formula", "severity", "sentence_zh", "is_withdrawn")} if rule else {}
        super().__init__(*args, **{**kwargs, "initial": initial | (kwargs.get("initial") or {})})
        for name in ["code"] if rule else ["is_withdrawn", "reason"]:
            del self.fields[name]
        self.user, self.rule = user, rule

    def clean_formula(self) -> str:
        """Together with what is wrong elsewhere. One that is not typed anew may read what the person may not see."""
        typed = str(self.cleaned_data["formula"])
        if self.rule is None or read_formula(typed).strip() != self.rule.formula:
            try:
                check_rule(read_formula(typed).strip(), by=self.user)
            except FormulaRefused as refusal:
                raise forms.ValidationError(refusal.message) from refusal
        return typed
