"""From the unit a source states a figure in to the unit its indicator is kept in: only by a power of ten that the units' names say."""

import re
from decimal import Decimal

_PREFIXES = {"百": 2, "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "万亿": 12}
# Other ways to write a unit.
_SAME = {"％": "%", "百分比": "%", "百分数": "%", "百分点": "个百分点", "人·年": "人年", "人/年": "人年", "元人民币": "元", "rmb": "元", "yuan": "元"}
_SAME |= {"万元人民币": "万元", "亿元人民币": "亿元", "percent": "%"}
_SCALED = re.compile(rf"({'|'.join(sorted(_PREFIXES, key=len, reverse=True))})(.+)")


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
    (base, power), (other_base, other_power) = _split(one), _split(other)
    return Decimal(1).scaleb(power - other_power) if base == other_base else None


def _split(unit: str) -> tuple[str, int]:
    """万件 is 件 and 4; of a unit over another (元/万人) the first alone is scaled."""
    match = _SCALED.fullmatch(unit)
    return (match[2], _PREFIXES[match[1]]) if match else (unit, 0)
