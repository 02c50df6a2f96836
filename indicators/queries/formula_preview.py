"""What another formula would make of an indicator's history, before anybody saves it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from kejiting.accounts.models import Area, User

from ..analysis.formula import parse
from ..compute.formula_values import ALL, PLACES, compute_formula
from ..compute.series import FREQUENCIES, to_decimal, to_label
from ..formatting import format_signed, format_value
from ..formulas import FormulaRefused, check_formula
from ..models import Breakdown, Indicator, Observation
from .marked_text import MarkedText

# Beside home: the areas that the formula changes most. More than these are counted, not listed.
MOST_AREAS = 5
MOST_PERIODS = 12

Values = dict[tuple[str, str], Decimal]  # by area and period


@dataclass(frozen=True)
class ChangedValue:
    """One cell of the history: as it stands, as it would be, and by how much it would differ."""

    area: Area
    period: str
    old: Decimal | None
    new: Decimal | None
    unit: str
    decimals: int

    @property
    def is_changed(self) -> bool:
        return self.old != self.new

    @property
    def old_text(self) -> str:
        return format_value(self.old, self.unit, decimals=self.decimals)

    @property
    def new_text(self) -> str:
        return format_value(self.new, self.unit, decimals=self.decimals)

    @property
    def difference(self) -> str:
        """With its sign, fine enough to be seen; in words where there is nothing to subtract."""
        if self.old is None:
            return _("新有")
        if self.new is None:
            return _("不再有")
        if not self.is_changed:
            return "0"
        fine = self.decimals if abs(self.new - self.old) >= Decimal(1).scaleb(-self.decimals) else PLACES
        return format_signed(self.new - self.old, "", fine)


@dataclass
class FormulaPreview:
    """What a formula reads, and what would change. ``refusal`` says why it cannot stand."""

    text: str
    reads: list[Indicator] = field(default_factory=list)
    home: list[ChangedValue] = field(default_factory=list)
    others: list[ChangedValue] = field(default_factory=list)
    areas: int = 0
    cells: int = 0
    changed: int = 0
    gone: int = 0
    # Where some of what the formula reads is there and it gives nothing: another figure is missing, or it divides by zero.
    without: int = 0
    refusal: FormulaRefused | None = None
    # Half-years, months and irregular periods are not computed.
    is_computed: bool = True

    @property
    def marked(self) -> MarkedText:
        return MarkedText.of(self.text, self.refusal)

    @property
    def summary(self) -> str:
        """One sentence, for who listens to the page."""
        if self.refusal:
            return self.refusal.message
        if not self.is_computed:
            return _("公式可用；这个频率的指标不计算，只有年度和季度的才计算。")
        if not self.cells:
            return _("公式可用；在册的数还不齐，一个数也算不出。")
        words = {"n": self.cells, "areas": self.areas, "changed": self.changed, "gone": self.gone}
        return _("公式可用；%(areas)s 个地区共 %(n)s 个数，%(changed)s 个与现行不同，其中 %(gone)s 个不再有数值。") % words


def preview_formula(user: User, indicator: Indicator, text: str) -> FormulaPreview:
    """The indicator's history by this formula beside what it is, as far as the user may see the record. Writes nothing.

    The indicator need not be saved: what is typed of it (frequency, level of areas) is what counts.
    """
    preview = FormulaPreview(text)
    try:
        preview.reads = check_formula(indicator, text, by=user)
    except FormulaRefused as refusal:
        preview.refusal = refusal
        return preview
    if indicator.pk is None:
        indicator.is_demo = user.is_demo or any(read.is_demo for read in preview.reads)
    preview.is_computed = indicator.frequency in FREQUENCIES
    if preview.is_computed:
        new, preview.without = _compute_new(user, indicator, text, preview.reads)
        _compare(preview, indicator, _load_old(user, indicator), new)
    return preview


def _load_old(user: User, indicator: Indicator) -> Values:
    if indicator.pk is None:
        return {}
    rows = Observation.objects.visible_to(user).filter(indicator=indicator, breakdown=Breakdown.TOTAL).latest()
    return {(area, period): value for area, period, value in rows.values_list("area_id", "period_id", "value") if value is not None}


def _compute_new(user: User, indicator: Indicator, text: str, reads: Iterable[Indicator]) -> tuple[Values, int]:
    """What the formula gives, and in how many cells it gives nothing."""
    values, _inputs, _areas = compute_formula(indicator, parse(text), {read.code: read.pk for read in reads}, ALL, by=user)
    found = {
        (str(area), to_label(period)): to_decimal(float(value), PLACES)
        for area in values.columns
        for period, value in values[area].dropna().items()
    }
    return found, int(values.size) - len(found)


def _compare(preview: FormulaPreview, indicator: Indicator, old: Values, new: Values) -> None:
    cells = old.keys() | new.keys()
    codes = {area for area, _period in cells}
    preview.cells, preview.areas = len(cells), len(codes)
    preview.changed = sum(old.get(cell) != new.get(cell) for cell in cells)
    preview.gone = sum(cell not in new for cell in old)
    areas = Area.objects.in_bulk(codes)

    def make(area: str, period: str) -> ChangedValue:
        values = old.get((area, period)), new.get((area, period))
        return ChangedValue(areas[area], period, *values, indicator.unit_of_measure, indicator.decimals)

    home = sorted((period for area, period in cells if area == settings.HOME_AREA), reverse=True)
    preview.home = [make(settings.HOME_AREA, period) for period in home[:MOST_PERIODS]]
    newest = max((period for _area, period in cells), default="")
    others = [make(area, newest) for area in sorted(codes - {settings.HOME_AREA}) if (area, newest) in cells]
    preview.others = sorted(others, key=_get_change, reverse=True)[:MOST_AREAS]


def _get_change(value: ChangedValue) -> tuple[bool, Decimal, Decimal]:
    """What comes or goes before what moves, and of what stays the highest."""
    difference = abs(value.new - value.old) if value.new is not None and value.old is not None else Decimal(0)
    return (value.old is None) != (value.new is None), difference, value.new or Decimal(0)
