"""Units of measure as names: one turns into another only by a power of ten that both names say."""

import re
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

# What money is kept in.
MONEY = "万元"
# What two shares differ by.
POINTS = {"%": _("个百分点"), "‰": _("个千分点")}
# What says how things stand to each other, and is no amount of anything.
_RATIOS = {"%", "‰", "个百分点", "位", "倍"}
_PREFIXES = {"百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "万亿": 12}
# Other ways to write a unit.
_SAME = {"％": "%", "百分比": "%", "百分数": "%", "百分点": "个百分点", "人·年": "人年", "人/年": "人年", "元人民币": "元", "rmb": "元", "yuan": "元"}
_SAME |= {"万元人民币": "万元", "亿元人民币": "亿元", "percent": "%"}
_SCALED = re.compile(rf"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})(.*)")


def normalise(unit: str) -> str:
    """A unit as it is written here: no blanks, no brackets around it."""
    plain = re.sub(r"\s", "", unit).strip("()（）")
    return _SAME.get(plain.lower(), plain)


def get_factor(stated: str, kept: str) -> Decimal | None:
    """What a figure in ``stated`` is multiplied by to be in ``kept``; None where neither unit says so.

    >>> get_factor("亿元", "万元"), get_factor("件", "万件"), get_factor("人", "人年")
    (Decimal('1E+4'), Decimal('0.0001'), None)
    """
    one, other = normalise(stated), normalise(kept)
    if not one:
        return None
    if one == other:
        return Decimal(1)
    (base, power), (other_base, other_power) = split_unit(one), split_unit(other)
    return Decimal(1).scaleb(power - other_power) if base == other_base else None


def split_unit(unit: str) -> tuple[str, int]:
    """万件 is 件 and 4, 万 alone nothing and 4; of a unit over another (元/万人) the first alone is scaled."""
    match = _SCALED.fullmatch(unit)
    return (match[2], _PREFIXES[match[1]]) if match else (unit, 0)


def is_ratio(unit: str) -> bool:
    """A share, a rank, a multiple, or so much of one thing for each of another."""
    return unit in _RATIOS or "/" in unit
