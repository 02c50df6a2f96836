"""What is wrong with a typed formula or rule, in words for the person who typed it, with its place and what may have been meant."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area, User

from .analysis.formula import Formula, FormulaError, parse
from .errors import RecordError
from .models import Indicator, IndicatorDependency
from .models.indicator import IndicatorQuerySet

_REFERENCE = re.compile(r"^(?P<code>.+)\.(?P<area>\d{6})$")
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fff]+(?:[\w&·／/-]*[\u4e00-\u9fff])?")

# Longer than any formula of the record by far; a pasted page is not one.
LONGEST = 1000
MOST_SUGGESTIONS = 3

# Each sign one for one, so that a column in what was typed is the same column in what is read.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x00D7: 0x2A, 0x00F7: 0x2F, 0x2212: 0x2D}
_WRITTEN_OTHERWISE = {"≤": "<=", "≥": ">=", "≠": "!=", "%": "/ 100", "、": ",", "。": "."}


class FormulaRefused(RecordError):
    """The formula cannot stand; the sentence says where it stops or which way it goes in a circle.

    ``column`` and ``length`` are of the text that is wrong, from 1; 0 where it is nowhere in the text. ``suggestions`` may have
    been meant there; ``path`` leads from the indicator back to itself.
    """

    code = "formula"

    def __init__(
        self, message: str, *, column: int = 0, length: int = 1, suggestions: Sequence[Indicator] = (), path: Sequence[Indicator | None] = ()
    ) -> None:
        super().__init__(message, field="formula")
        self.column, self.length, self.suggestions, self.path = column, length, suggestions, path


def read_formula(text: str) -> str:
    """A formula as people type it, in the signs it is written in: full-width ones become half-width, × ÷ − become * / -."""
    return text.replace("\r\n", "\n").translate(_HALF_WIDTH)


def check_formula(indicator: Indicator, text: str, *, by: User | None = None) -> list[Indicator]:
    """The indicators the formula reads, in the order of their codes. Raises ``FormulaRefused``.

    What ``by`` may not see is to them as what is not there; None sees everything. Two people at once could make a circle out of
    two formulas that each were none: that is refused when they are saved, by the database (``dependencies_make_no_circle``).
    """
    formula = _parse(text, by)
    if formula.is_rule:
        raise FormulaRefused(_("公式算出的是“成立”或“不成立”，不是数值：比较只能写在校验规则里。"))
    inputs = _find_inputs(text, formula, by, own=indicator.code)
    if path := _find_circle(indicator, inputs):
        raise _refuse_circle(path, by)
    return inputs


def check_rule(text: str, *, by: User | None = None) -> tuple[Formula, list[Indicator]]:
    """A comparison, and the indicators it reads. Raises ``FormulaRefused``; ``by`` is as in ``check_formula``."""
    formula = _parse(text, by)
    if not formula.is_rule:
        raise FormulaRefused(_("规则须是一个比较，如 a + b <= c；可用 <、<=、=、!=、>=、>。"))
    inputs = _find_inputs(text, formula, by)
    if not formula.codes & {i.code for i in inputs}:
        raise FormulaRefused(_("每个代码都限定了地区：至少有一个指标不带地区代码，规则才知道核对哪些地区。"))
    return formula, inputs


def _parse(text: str, by: User | None) -> Formula:
    if len(text) > LONGEST:
        raise FormulaRefused(_("公式太长：最多 %(n)s 个字符，现在 %(now)s 个。") % {"n": LONGEST, "now": len(text)})
    try:
        return parse(text)
    except FormulaError as error:
        if name := _IDEOGRAPHS.match(text, error.column - 1 if error.column else 0):
            raise _refuse_name(name[0], error.column, by) from error
        raise FormulaRefused(_say_error(error), column=error.column, length=len(error.found) or 1) from error


def _refuse_name(name: str, column: int, by: User | None) -> FormulaRefused:
    """A name stands where a code should: its code is what is looked for."""
    found = _get_seen(by).filter(Q(name_zh__icontains=name) | Q(short_zh__icontains=name)).order_by("code")[:MOST_SUGGESTIONS]
    return FormulaRefused(_("公式里写指标代码，不写名称“%(name)s”。") % {"name": name}, column=column, length=len(name), suggestions=list(found))


def _get_seen(by: User | None) -> IndicatorQuerySet:
    return Indicator.objects.visible_to(by) if by else Indicator.objects.all()


def _find_inputs(text: str, formula: Formula, by: User | None, *, own: str = "") -> list[Indicator]:
    """The indicators that are read, by code; ``own`` is the code of the indicator that the formula is for."""
    codes = formula.codes
    known = {i.code: i for i in _get_seen(by).filter(code__in=codes | {split_reference(code)[0] for code in codes})}
    names = {code if code in known else _check_area(code, text) for code in codes}
    inputs = [known[name] for name in sorted(names & known.keys())]
    if unknown := sorted(names - known.keys() - {own}, key=lambda code: _find_column(text, code)):
        raise _refuse_unknown(unknown, text, by)
    if not codes:
        raise FormulaRefused(_("公式没有引用任何指标。"))
    if own and own in names:
        raise FormulaRefused(_("公式不能引用指标自己（%(code)s）。") % {"code": own}, column=_find_column(text, own), length=len(own))
    return inputs


def _refuse_unknown(codes: Sequence[str], text: str, by: User | None) -> FormulaRefused:
    """The first of them is marked, with the codes that look like it."""
    first = codes[0]
    known = list(_get_seen(by).values_list("code", flat=True))
    near = get_close_matches(first, known, n=MOST_SUGGESTIONS, cutoff=0.6) or sorted(c for c in known if first in c or c in first)[:MOST_SUGGESTIONS]
    rows = {i.code: i for i in _get_seen(by).filter(code__in=near)}
    message = _("公式里有未登记的指标代码：%(codes)s。") % {"codes": "、".join(codes)}
    return FormulaRefused(message, column=_find_column(text, first), length=len(first), suggestions=[rows[code] for code in near])


def _find_column(text: str, code: str) -> int:
    """Where a code stands in the text, from 1."""
    match = re.search(rf"(?<![A-Za-z0-9_.]){re.escape(code)}(?![A-Za-z0-9_])", text)
    return match.start() + 1 if match else 0


# What the parser says it expected, in the words of the screen; it knows no language but its own.
_EXPECTED = {
    "a number, a code or an operator": gettext_lazy("这个字符不能用在公式里，应为数字、指标代码或运算符"),
    "a number, a code, a function or (": gettext_lazy("应为数字、指标代码、函数或左括号"),
    "an operator, a comma or )": gettext_lazy("应为运算符、逗号或右括号"),
    "an operator or the end": gettext_lazy("应为运算符，或到此结束"),
    "fewer brackets": gettext_lazy("括号层数太多"),
    "a whole number": gettext_lazy("prev(x, n) 的第二项应为 1 以上的整数"),
}


def _say_error(error: FormulaError) -> str:
    if error.expected.startswith("one of "):
        expected = _("没有这个函数，可用：%(names)s") % {"names": error.expected.removeprefix("one of ")}
    elif error.expected.endswith(" arguments"):
        expected = _("括号里的项数不对，应为 %(n)s 项") % {"n": error.expected.removesuffix(" arguments")}
    elif error.found in _WRITTEN_OTHERWISE:
        expected = _("请写成 %(sign)s") % {"sign": _WRITTEN_OTHERWISE[error.found]}
    else:
        expected = str(_EXPECTED.get(error.expected, error))
    found = _("“%(found)s”：") % {"found": error.found} if error.found else _("公式到此为止：")
    return _("公式第 %(column)s 个字符处有误。%(found)s%(expected)s。") % {"column": error.column, "found": found, "expected": expected}


def split_reference(code: str) -> tuple[str, str]:
    """``("rd", "000000")`` of ``rd.000000``, which is the nation's figure whatever the area; ``("rd", "")`` of ``rd``."""
    match = _REFERENCE.match(code)
    return (match["code"], match["area"]) if match else (code, "")


def _check_area(code: str, text: str) -> str:
    """The indicator's code in a reference to one area. Raises ``FormulaRefused`` for an area that is not there."""
    name, area = split_reference(code)
    if area and not Area.objects.filter(pk=area).exists():
        column = _find_column(text, code)
        raise FormulaRefused(_("公式里有未登记的地区代码：%(codes)s。") % {"codes": area}, column=column + len(name) + 1 if column else 0, length=len(area))
    return name


def _find_circle(indicator: Indicator, inputs: Iterable[Indicator]) -> list[int]:
    """The ids along a way from the indicator back to itself; empty where there is none."""
    if indicator.pk is None:
        return []
    edges: dict[int, list[int]] = {}
    for reader, read in IndicatorDependency.objects.order_by("pk").values_list("indicator", "reads"):
        edges.setdefault(reader, []).append(read)
    edges[indicator.pk] = [i.pk for i in inputs]
    return _walk(indicator.pk, edges)


def _walk(start: int, edges: Mapping[int, Sequence[int]]) -> list[int]:
    """The first way found from ``start`` back to it. On a stack of our own: a chain may be longer than the interpreter's."""
    path: dict[int, Iterator[int]] = {start: iter(edges.get(start, ()))}
    seen: set[int] = set()
    while path:
        following = next(path[next(reversed(path))], None)
        if following is None:
            path.popitem()
        elif following == start:
            return [*path, start]
        elif following not in seen:
            seen.add(following)
            path[following] = iter(edges.get(following, ()))
    return []


def _refuse_circle(path: Sequence[int], by: User | None) -> FormulaRefused:
    """What lies on the way and may not be seen is not named."""
    seen = {i.pk: i for i in _get_seen(by).filter(pk__in=path)}
    rows = [seen.get(pk) for pk in path]
    names = [_("%(code)s（%(name)s）") % {"code": row.code, "name": row.name_zh} if row else _("（您无权查看的指标）") for row in rows]
    return FormulaRefused(_("公式循环引用：%(path)s。") % {"path": " → ".join(names)}, path=rows)
