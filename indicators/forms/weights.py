"""The weights of an index framework: a number for each node but the whole, group by group."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import IndexNode
from .base import FieldGroup, OfficeForm
from .fields import NumberField, ReasonField, WholeNumberField

PREFIX = "w-"


class WeightsForm(OfficeForm):
    from_year = WholeNumberField(
        label=_("起用年份"), least=1990, most=2100, required=False, help_text=_("自哪一年的测算起用；不填即各年都用")
    )
    reason = ReasonField(label=_("依据或理由"), help_text=_("如公布权重的文件、专家打分的日期；与权重一起留存"))
    # Over which version they were entered: two people at once are told of each other.
    expected = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, nodes: Sequence[IndexNode], known: Mapping[int, Decimal], **kwargs: Any) -> None:
        """``nodes``: all of a framework's, in order; ``known``: what they count for now, by id."""
        super().__init__(*args, **kwargs)
        self.nodes = [node for node in nodes if node.parent_id]
        self.titles = {node.pk: node.name_zh for node in nodes}
        for node in self.nodes:
            self.fields[PREFIX + node.code] = NumberField(label=node.name_zh, initial=known.get(node.pk, Decimal(1)))

    def field_groups(self) -> Iterator[FieldGroup]:
        """The children of a node together: they are compared with each other."""
        parents = dict.fromkeys(node.parent_id for node in self.nodes)
        for parent in parents:
            fields = [self[PREFIX + node.code] for node in self.nodes if node.parent_id == parent]
            yield FieldGroup(self.titles.get(parent or 0, ""), fields)
        yield FieldGroup(str(_("起用")), [self["from_year"], self["reason"]])

    def get_weights(self) -> dict[str, Decimal]:
        return {node.code: self.cleaned_data[PREFIX + node.code] for node in self.nodes}
