"""What the office's forms share: fields that read what people type, errors in sentences, groups of fields."""

import unicodedata
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms.models import construct_instance
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area, Unit

from ..constraints import say
from ..numbers import NotANumber, parse_number, plain
from ..periods import parse_label


class ErrorLink(NamedTuple):
    """An error for the summary at the top: which field it leads to, and what it says."""

    anchor: str
    label: str
    message: str


class FieldGroup(NamedTuple):
    title: str
    fields: list[forms.BoundField]


class OfficeFormMixin:
    """Errors as links to their fields, and fields in titled groups. The browser's own checks are off: ours speak Chinese."""

    groups: ClassVar[list[tuple[Any, list[str]]]] = []
    label_suffix = ""

    def error_links(self) -> Iterator[ErrorLink]:
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        order = [*form.fields, *form.errors]
        for name, messages in sorted(form.errors.items(), key=lambda item: order.index(item[0])):
            field = form[name] if name in form.fields else None
            for message in messages:
                yield ErrorLink(self._anchor(field), str(field.label) if field else "", str(message))

    @staticmethod
    def _anchor(field: forms.BoundField | None) -> str:
        if field is None:
            return "form"
        # Of a group of radios or checkboxes, the first one takes the focus.
        grouped = isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
        return f"{field.auto_id}_0" if grouped else str(field.auto_id)

    def offer(self, **rows: QuerySet[Any]) -> None:
        """Let the named fields choose among rows."""
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        for name, choices in rows.items():
            cast(forms.ModelChoiceField, form.fields[name]).queryset = choices

    def field_groups(self) -> Iterator[FieldGroup]:
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        for title, names in self.groups or [("", list(form.fields))]:
            if fields := [form[name] for name in names if name in form.fields]:
                yield FieldGroup(str(title), fields)


class OfficeForm(OfficeFormMixin, forms.Form):
    pass


class DefinitionForm(OfficeFormMixin, forms.ModelForm):
    """A form over a model: the model's constraints answer in sentences, at the field they are about."""

    # Constraint → the field its sentence stands at; others stand above the form.
    field_of: ClassVar[dict[str, str]] = {}

    def _post_clean(self) -> None:
        """As ``ModelForm``'s, but for the constraints: it leaves out those with a field that is not on the form, and names the rest."""
        self.instance = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]  # the stubs leave it out
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]  # likewise
        self._check_constraints()

    def _check_constraints(self) -> None:
        broken = set(self.errors)
        for constraint in self.instance._meta.constraints:
            if constraint.name.endswith("_is_known"):
                continue  # the field's own choices say that, without asking the database
            try:
                constraint.validate(type(self.instance), self.instance, exclude=broken)
            except ValidationError:
                field = self.field_of.get(constraint.name)
                self.add_error(field if field in self.fields else None, say(constraint.name) or str(constraint.name))

    def changed_values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


def name_with_mark(row: Any) -> str:
    """A choice's text; demonstration rows say so."""
    name = f"{row.name_zh}（{row.code}）" if hasattr(row, "accumulation") else str(row)
    return _("%(name)s［演示］") % {"name": name} if getattr(row, "is_demo", False) else name


class RowField(forms.ModelChoiceField):
    """A choice among rows, marked where they are demonstration."""

    def __init__(self, queryset: QuerySet[Any] | None, *, empty_label: Any = None, **more: Any) -> None:
        empty = gettext_lazy("请选择") if more.get("required", True) else gettext_lazy("（无）")
        super().__init__(queryset, empty_label=empty_label or empty, **more)

    default_error_messages = {"invalid_choice": gettext_lazy("没有这个选项，或已不可用。")}

    def label_from_instance(self, obj: Model) -> str:
        return name_with_mark(obj)


class RowsField(forms.ModelMultipleChoiceField):
    """Some of the rows, as checkboxes."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Model) -> str:
        return name_with_mark(obj)


def get_unit_choices() -> QuerySet[Unit]:
    return Unit.objects.filter(dissolved_on=None).order_by("kind", "code")


def get_area_choices() -> QuerySet[Area]:
    return Area.objects.order_by("code")


class NumberField(forms.CharField):
    """A number as people type it (full-width digits, 1,234.5); answers a Decimal or None."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if hasattr(value, "as_tuple") else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_number(text)
        except NotANumber as error:
            raise ValidationError(_("请填写一个数字，如 12.5：不带单位和“约”“以上”等字样，整数最多 18 位、小数最多 6 位。")) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class WholeNumberField(NumberField):
    """A whole number from ``least`` to ``most``."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "num", "autocomplete": "off"})

    def __init__(self, *, least: int = 1, most: int = 32_767, **more: Any) -> None:
        super().__init__(**more)
        self.least, self.most = least, most

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        if number is None:
            return None
        if number != int(number) or not self.least <= number <= self.most:
            raise ValidationError(_("请填写 %(least)s 至 %(most)s 的整数。") % {"least": self.least, "most": self.most})
        return int(number)


class PeriodField(forms.CharField):
    """A period by its label, or as people write it: 2025年, 2025年第三季度. Answers the label."""

    _CHINESE = {"第": "", "一季度": "1季度", "二季度": "2季度", "三季度": "3季度", "四季度": "4季度", "上半年": "-S1", "下半年": "-S2"}

    def clean(self, value: Any) -> str:
        typed = unicodedata.normalize("NFKC", super().clean(value) or "").strip().upper()
        if not typed:
            return ""
        try:
            return parse_label(self._as_label(typed)).label
        except ValueError as error:
            raise ValidationError(_("“%(typed)s”不是期间：请写成 2025、2025-Q3、2025-S1 或 2025-12。") % {"typed": typed[:20]}) from error

    def _as_label(self, typed: str) -> str:
        text = typed.replace(" ", "")
        for written, plain_text in self._CHINESE.items():
            text = text.replace(written, plain_text)
        year, dash, rest = text.partition("年")
        if not dash:
            return text
        if rest.endswith("季度"):
            return f"{year}-Q{rest.removesuffix('季度')}"
        if rest.endswith("月"):
            return f"{year}-{rest.removesuffix('月'):0>2}"
        return year + rest


class DayField(forms.DateField):
    """A date, by the browser's own picker or typed."""

    default_error_messages = {"invalid": gettext_lazy("请填写日期，如 2025-12-31。")}

    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"], **more)


class MomentField(forms.DateTimeField):
    """A date and time of day in the site's time zone."""

    default_error_messages = {"invalid": gettext_lazy("请填写日期和时间，如 2025-12-31 18:00。")}

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **more)


class ReasonField(forms.CharField):
    """Why: kept with the change, for whoever asks later."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("label", gettext_lazy("原因"))
        super().__init__(widget=forms.Textarea(attrs={"rows": 2}), max_length=500, **more)
