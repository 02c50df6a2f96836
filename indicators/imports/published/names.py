"""What a file calls areas and indicators, against what they are called here: exactly the same, or asked."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from kejiting.accounts.models import Area

from ...models import Indicator

T = TypeVar("T", Area, Indicator)

# What a name may end with or without: 甘肃省, 甘肃; 广西壮族自治区, 广西.
_ENDINGS = re.compile(r"(?:维吾尔|壮族|回族|藏族|蒙古族|彝族)?(?:特别行政区|自治区|自治州|省|市|地区|盟)$")
# What reading by machine makes of a character; the right one first in a suggestion.
_TAKEN_FOR = {"两": "西", "酉": "西", "四": "西", "占": "古", "吉": "古", "右": "古", "束": "东", "末": "未", "千": "干", "干": "甘", "廿": "甘", "士": "土", "犬": "大"}
_LEAST_ALIKE = 0.5
MOST_SUGGESTED = 3


class Names(Generic[T]):
    """Finds a thing by any of its names. A name that is nearly one is never taken for it, only suggested."""

    def __init__(self, things: Iterable[T], names_of: dict[str, Sequence[str]]) -> None:
        self.by_code: dict[str, T] = {thing.code: thing for thing in things}
        self.by_name: dict[str, set[str]] = defaultdict(set)
        for code, names in names_of.items():
            for name in names:
                if name:
                    self.by_name[fold(name)].add(code)

    def find(self, text: str) -> list[T]:
        """All that are called so: one, several of one name, or none."""
        if text in self.by_code:
            return [self.by_code[text]]
        return [self.by_code[code] for code in sorted(self.by_name.get(fold(text), ()))]

    def suggest(self, text: str) -> list[T]:
        """The nearest, the likeliest first."""
        likeness = {name: _liken(fold(text), name) for name in self.by_name}
        codes: dict[str, None] = {}
        # Of two as near, a province before its city: its code ends in more zeros.
        for name in sorted(likeness, key=lambda n: (-likeness[n], min(len(code.rstrip("0")) for code in self.by_name[n]), n)):
            if likeness[name] >= _LEAST_ALIKE:
                codes.update(dict.fromkeys(sorted(self.by_name[name])))
        return [self.by_code[code] for code in list(codes)[:MOST_SUGGESTED]]


class AreaNames(Names[Area]):
    """Areas by code, full name, short name and English name; with the usual endings or without."""

    def __init__(self) -> None:
        areas = list(Area.objects.all())
        nation = {"中国", "全国合计", "全国总计"}
        super().__init__(
            areas,
            {a.code: [a.name_zh, a.short_zh, _bare(a.name_zh), a.name_en, *(nation if a.level == Area.Level.NATION else ())] for a in areas},
        )

    def find(self, text: str) -> list[Area]:
        return super().find(text) or super().find(_bare(text))

    def suggest(self, text: str) -> list[Area]:
        """``两藏``: 西藏, whose first character a machine reads so."""
        corrected = "".join(_TAKEN_FOR.get(c, c) for c in _bare(text))
        return list({a.code: a for a in [*self.find(corrected), *super().suggest(_bare(text))]}.values())[:MOST_SUGGESTED]


class IndicatorNames(Names[Indicator]):
    """Indicators by code, name, short name and English name."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        indicators = list(indicators)
        super().__init__(indicators, {i.code: [i.code, i.name_zh, i.short_zh, i.name_en] for i in indicators})


def fold(name: str) -> str:
    """A name without what does not tell names apart: blanks, case, the width and kind of brackets and dashes."""
    return re.sub(r"\s", "", name).lower().translate(str.maketrans("（）［］【】：，－—–・·＆", "()[][]:,---··&"))


def _bare(name: str) -> str:
    plain = re.sub(r"\s", "", name)
    bare = _ENDINGS.sub("", plain)
    # 海南省 is 海南; 市 alone is nothing.
    return bare if len(bare) >= 2 else plain


def _liken(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
