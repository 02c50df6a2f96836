"""The fields of the office's forms: each reads what people type, and says in Chinese what it expects."""

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Model, QuerySet, When
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area, Unit

from ..dates import NotADate, read_day, read_due_date, read_moment
from ..numbers import NotANumber, parse_number, plain
from ..periods import read_period


def name_with_mark(row: Any) -> str:
    """A choice's text; demonstration rows say so."""
    name = f"{row.name_zh}（{row.code}）" if hasattr(row, "accumulation") else str(row)
    return _("%(name)s［演示］") % {"name": name} if getattr(row, "is_demo", False) else name


class RowField(forms.ModelChoiceField):
    """A choice among rows, marked where they are demonstration. ``added_at`` names the view that adds one."""

    def __init__(self, queryset: QuerySet[Any] | None, *, empty_label: Any = None, added_at: str = "", **more: Any) -> None:
        empty = gettext_lazy("请选择") if more.get("required", True) else gettext_lazy("（无）")
        super().__init__(queryset, empty_label=empty_label or empty, **more)
        self.added_at = added_at

    default_error_messages = {"invalid_choice": gettext_lazy("没有这个选项，或已不可用。")}

    def label_from_instance(self, obj: Model) -> str:
        return name_with_mark(obj)


class RowsField(forms.ModelMultipleChoiceField):
    """Some of the rows, as checkboxes."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Model) -> str:
        return name_with_mark(obj)


def get_unit_choices() -> QuerySet[Unit]:
    """The units there are, in the order officials list them: departments, offices, prefectures, zones, others."""
    order = Case(*(When(kind=kind, then=place) for place, kind in enumerate(Unit.Kind.values)))
    return Unit.objects.filter(dissolved_on=None).order_by(order, "code")


def get_area_choices() -> QuerySet[Area]:
    return Area.objects.order_by("code")


class NumberField(forms.CharField):
    """A number as people type it (full-width digits, 1,234.5); answers a Decimal or None."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "autocomplete": "off"})

    def say_expected(self) -> str:
        return _("请填写一个数字，如 12.5：不带单位和“约”“以上”等字样，整数最多 18 位、小数最多 6 位。")

    def prepare_value(self, value: Any) -> Any:
        return plain(value) if hasattr(value, "as_tuple") else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_number(text)
        except NotANumber as error:
            raise ValidationError(self.say_expected()) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class WholeNumberField(NumberField):
    """A whole number from ``least`` to ``most``."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "class": "num", "autocomplete": "off"})

    def __init__(self, *, least: int = 1, most: int = 32_767, **more: Any) -> None:
        super().__init__(**more)
        self.least, self.most = least, most

    def say_expected(self) -> str:
        return _("请填写 %(least)s 至 %(most)s 的整数。") % {"least": self.least, "most": self.most}

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        if number is None:
            return None
        if number != int(number) or not self.least <= number <= self.most:
            raise ValidationError(self.say_expected())
        return int(number)


class PeriodField(forms.CharField):
    """A period by its label, or as people write it: 2025年, 2025年第三季度. Answers the label."""

    def clean(self, value: Any) -> str:
        typed = super().clean(value) or ""
        if not typed:
            return ""
        try:
            return read_period(typed).label
        except ValueError as error:
            raise ValidationError(_("“%(typed)s”不是期间：请写成 2025、2025-Q3、2025-S1 或 2025-12。") % {"typed": typed[:20]}) from error


def _join(help_text: Any, example: Any) -> Any:
    """A field's help, then an example of what may be typed: what is expected stands there before anybody is refused."""
    return format_lazy(gettext_lazy("{help}；{example}"), help=help_text, example=example) if help_text else example


class DayField(forms.DateField):
    """A day, typed in any of the usual ways. Text and not the browser's own control, which says nothing of half a date."""

    default_error_messages = {"invalid": gettext_lazy("“%(typed)s”不是日期：请写成 2026-12-31、2026/12/31 或 2026年12月31日。")}
    example = gettext_lazy("如 2026-12-31 或 2026年12月31日")
    read = staticmethod(read_day)

    def __init__(self, **more: Any) -> None:
        more["help_text"] = _join(more.get("help_text"), self.example)
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"autocomplete": "off", "data-picker": "date", "data-calendar": gettext_lazy("从日历选")}), **more)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        try:
            return self.read(str(value))
        except NotADate as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"typed": str(value).strip()[:30]}) from error


class DueField(DayField):
    """A day by which something is due: also a month, a quarter or a year, for its last day, as in the list that is imported."""

    default_error_messages = {"invalid": gettext_lazy("“%(typed)s”不是时限：请写成 2026-12-31、2026年12月31日，或 2026年12月、2026年底。")}
    example = gettext_lazy("如 2026-12-31、2026年12月31日；只写 2026年12月 即月末")
    read = staticmethod(read_due_date)


class MomentField(forms.DateTimeField):
    """A date and time of day in the site's time zone; a date alone is at ``default``."""

    default_error_messages = {"invalid": gettext_lazy("“%(typed)s”不是日期和时间：请写成 2026-12-31 18:00 或 2026年12月31日 18:00。")}

    def __init__(self, *, default: time, **more: Any) -> None:
        example = format_lazy(gettext_lazy("如 2026-12-31 18:00；只写日期即为当日 {}"), f"{default:%H:%M}")
        more["help_text"] = _join(more.get("help_text"), example)
        super().__init__(widget=forms.DateTimeInput(format="%Y-%m-%d %H:%M", attrs={"autocomplete": "off"}), **more)
        self.default = default

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        if isinstance(value, datetime):
            return super().to_python(value)
        try:
            return timezone.make_aware(read_moment(str(value), self.default))
        except NotADate as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"typed": str(value).strip()[:30]}) from error


class ReasonField(forms.CharField):
    """Why: kept with the change, for whoever asks later."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("label", gettext_lazy("原因"))
        super().__init__(widget=forms.Textarea(attrs={"rows": 2}), max_length=500, **more)


class FormulaField(forms.CharField):
    """A formula: shown with what is wrong with it and what it would give, as it is typed (``static/js/formula.js``)."""

    widget = forms.Textarea(attrs={"rows": 2, "class": "code", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"})
    is_checked = True
