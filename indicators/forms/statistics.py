"""The forms of an import of statistics: the file, and what is decided of names that are not on record."""

from collections import defaultdict
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ..imports.published.plan import Choices
from ..imports.published.propose import EDITABLE
from ..models import Indicator
from .base import OfficeForm
from .fields import DayField


class StatisticsFileForm(OfficeForm):
    file = forms.FileField(
        label=_("统计数据文件"),
        help_text=_("长表：.csv、.txt、.tsv 或 .xlsx，最多 100,000 行"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
    )
    source = forms.CharField(label=_("数据来源"), required=False, max_length=300, help_text=_("文件里没有“来源”一列的，在此写明出版物或公报名称"))
    published_on = DayField(label=_("发布日期"), required=False, help_text=_("文件里没有“发布日期”一列的，可在此写明"))

    @property
    def upload(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        return file


def read_choices(data: QueryDict, before: Choices) -> Choices:
    """What was chosen on the page: ``area-0-name`` and ``area-0``, ``indicator-0-name``, ``indicator-0`` and its fields."""
    areas = {name: choice for _place, name, choice in _read_group(data, "area")}
    indicators: dict[str, str] = {}
    edited: dict[str, dict[str, str]] = defaultdict(dict)
    for place, name, choice in _read_group(data, "indicator"):
        indicators[name] = choice
        for field in EDITABLE:
            if value := data.get(f"{place}-{field}", "").strip():
                edited[name][field] = value
    return Choices(
        areas={**before.areas, **areas},
        indicators={**before.indicators, **indicators},
        edited={**before.edited, **{name: _known(fields) for name, fields in edited.items()}},
        may_create=data.get("may_create") == "1",
        source=before.source,
        published_on=before.published_on,
    )


def _read_group(data: QueryDict, group: str) -> list[tuple[str, str, str]]:
    places = [key.removesuffix("-name") for key in data if key.startswith(f"{group}-") and key.endswith("-name") and key.count("-") == 2]
    return [(place, str(data[f"{place}-name"]), data.get(place, "")) for place in places]


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    """Only what the record knows: a choice that is none is left to the proposal."""
    allowed = {"accumulation": Indicator.Accumulation.values, "direction": Indicator.Direction.values}
    return {name: value for name, value in fields.items() if name not in allowed or value in allowed[name]}
