"""An indicator for figures that have none yet: what their unit, name and periods make likely. The office decides, and may edit later."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ...models import Indicator
from ...numbers import NotANumber, parse_number
from ...units import MONEY, get_factor, is_ratio, normalise
from .table import StatisticsRow

CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
# Of what there is at the year's end, not of what came about in the year.
_STOCK_WORDS = re.compile(r"有效|拥有|期末|年末|存量|保有|在册|在岗|从业人员数|强度|密度|占比|比重|率$|指数")
# What people may say of a proposal before it is made; the rest can be edited afterwards.
EDITABLE = ("code", "name_zh", "unit_of_measure", "accumulation", "direction")


@dataclass
class Sample:
    """What a file says of an indicator that is not on record: its names, units, and how its figures look."""

    key: str
    name_zh: str = ""
    name_en: str = ""
    rows: int = 0
    units: Counter[str] = field(default_factory=Counter)
    decimals: int = 0
    has_negative: bool = False
    frequencies: Counter[str] = field(default_factory=Counter)

    def add(self, row: StatisticsRow, frequency: str) -> None:
        self.rows += 1
        self.name_zh = self.name_zh or row.name_zh
        self.name_en = self.name_en or row.name_en
        if frequency:
            self.frequencies[frequency] += 1
        try:
            value = parse_number(row.value.rstrip("%％"))
        except NotANumber:
            return
        self.units[normalise(row.unit) or ("%" if row.value[-1:] in "%％" else "")] += 1
        self.has_negative |= value < 0
        self.decimals = max(self.decimals, len(row.value.rstrip("%％").partition(".")[2].rstrip("0")))


def is_code(text: str) -> bool:
    return bool(CODE.fullmatch(text)) and len(text) <= longest("code")


def longest(name: str) -> int:
    """How many characters a field of an indicator holds."""
    return Indicator._meta.get_field(name).max_length or 0  # type: ignore[union-attr]  # a plain field


def propose(sample: Sample, edited: Mapping[str, str]) -> Indicator:
    """An indicator that is not saved. ``edited`` are the fields that a person wrote otherwise."""
    unit = edited.get("unit_of_measure") or _choose_unit(sample)
    name = edited.get("name_zh") or sample.name_zh or sample.key
    accumulation = Indicator.Accumulation.STOCK if is_ratio(unit) or _STOCK_WORDS.search(name) else Indicator.Accumulation.FLOW
    frequency = sample.frequencies.most_common(1)[0][0] if sample.frequencies else "year"
    is_rank = unit == "位"
    return Indicator(
        code=edited.get("code") or (sample.key if is_code(sample.key) else ""),
        name_zh=name,
        name_en=sample.name_en,
        unit_of_measure=unit,
        decimals=_choose_decimals(sample, unit),
        direction=edited.get("direction") or (Indicator.Direction.LOWER if is_rank else Indicator.Direction.HIGHER),
        accumulation=edited.get("accumulation") or accumulation,
        origin=Indicator.Origin.OFFICIAL,
        frequency=frequency if frequency in Indicator.Frequency.values else Indicator.Frequency.IRREGULAR,
        minimum=None if sample.has_negative or unit == "个百分点" else Decimal(1 if is_rank else 0),
        maximum=None,
    )


def _choose_unit(sample: Sample) -> str:
    """Money is kept in 万元; anything else in the unit that most rows state."""
    units = [unit for unit, _count in sample.units.most_common() if unit]
    if units and get_factor(units[0], MONEY) is not None:
        return MONEY
    return units[0] if units else ""


def _choose_decimals(sample: Sample, unit: str) -> int:
    factors = [factor for stated in sample.units if (factor := get_factor(stated, unit)) is not None]
    scaled = max((sample.decimals - (factor.adjusted()) for factor in factors), default=sample.decimals)
    return min(max(scaled, 0), 4)
