"""What the office's forms share: errors and doubts in sentences, each leading to its field, and fields in groups."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.forms.models import construct_instance
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..constraints import say
from ..errors import Problem


class ErrorLink(NamedTuple):
    """An error or a doubt for the summary at the top: which field it leads to, and what it says."""

    anchor: str
    label: str
    message: str


class FieldGroup(NamedTuple):
    title: str
    fields: list[forms.BoundField]


class LengthValidator(MaxLengthValidator):
    """Says how much is too much, for whoever has to shorten it."""

    def __call__(self, value: str) -> None:
        if (over := len(value) - int(self.limit_value)) > 0:
            raise ValidationError(_("最多 %(most)s 字，已超出 %(over)s 字。") % {"most": self.limit_value, "over": over}, code=self.code)


def _refuse_rather_than_cut(field: forms.Field) -> None:
    """A browser that knows the length cuts what is pasted without a word: the whole text comes, and is answered."""
    field.widget.attrs.pop("maxlength", None)
    field.validators = [LengthValidator(each.limit_value) if type(each) is MaxLengthValidator else each for each in field.validators]


class OfficeFormMixin:
    """Errors as links to their fields, and fields in titled groups. The browser's own checks are off: ours speak Chinese.

    Some of what is typed may be meant and is more often a slip, such as a due date that is over. Such a doubt
    is put once: the form comes back with it, and sending the same again says that it is meant.
    """

    groups: ClassVar[list[tuple[Any, list[str]]]] = []
    label_suffix = ""
    # The doubts that were put and not yet answered.
    doubts: Sequence[Problem] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        for field in form.fields.values():
            _refuse_rather_than_cut(field)

    def find_doubts(self) -> Sequence[Problem]:
        """What looks like a slip in a form that stands, each at its field; a form that knows some says which."""
        return ()

    def put_doubts(self) -> bool:
        """Whether there are doubts that this very form was not sent again in spite of."""
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        self.doubts = self.find_doubts()
        if self.doubts and form.data.get("meant") == self.doubts_digest():
            self.doubts = ()
        return bool(self.doubts)

    def doubts_digest(self) -> str:
        """What a form carries to say which doubts were read: other values, other doubts."""
        return hashlib.sha256("\n".join(doubt.message for doubt in self.doubts).encode()).hexdigest()[:16]

    def doubt_links(self) -> Iterator[ErrorLink]:
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        for doubt in self.doubts:
            field = form[doubt.where] if doubt.where in form.fields else None
            yield ErrorLink(self._anchor(field), str(field.label) if field else "", doubt.message)

    def error_links(self) -> Iterator[ErrorLink]:
        form: forms.BaseForm = self  # type: ignore[assignment]  # mixed into one
        # As they stand on the page: a model's form has its model's fields before those it adds.
        order = [*(name for _title, names in self.groups for name in names), *form.fields, *form.errors]
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


def _word_required(field: forms.Field) -> None:
    """What is to be done about an empty field, in place of what it lacks; a field that has words of its own keeps them."""
    if field.error_messages["required"] != forms.Field.default_error_messages["required"]:
        return
    chosen = isinstance(field, forms.ChoiceField | forms.ModelChoiceField)
    field.error_messages["required"] = gettext_lazy("请选择。") if chosen else gettext_lazy("请填写。")


def _name_empty_choice(field: forms.Field) -> None:
    """A word in place of Django's row of dashes."""
    words = gettext_lazy("请选择") if field.required else gettext_lazy("（无）")
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == "---------":
            field.empty_label = words
    elif isinstance(field, forms.ChoiceField):
        choices = cast("list[tuple[Any, Any]]", field.choices)  # of a model's field: a flat list
        field.choices = [(value, words if label == "---------" else label) for value, label in choices]


class OfficeForm(OfficeFormMixin, forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _word_required(field)


class DefinitionForm(OfficeFormMixin, forms.ModelForm):
    """A form over a model: the model's constraints answer in sentences, at the field they are about."""

    # Constraint → the field its sentence stands at; others stand above the form.
    field_of: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            _name_empty_choice(field)
            _word_required(field)

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
