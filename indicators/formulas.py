"""What is wrong with a derived indicator's formula, in words for the person who typed it."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kejiting.accounts.models import Area

from .analysis.formula import FormulaError, parse
from .errors import RecordError
from .models import Indicator, IndicatorDependency

_REFERENCE = re.compile(r"^(?P<code>.+)\.(?P<area>\d{6})$")


class FormulaRefused(RecordError):
    """The formula cannot stand; the sentence says where it stops or which way it goes in a circle."""

    code = "formula"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="formula")


def check_formula(indicator: Indicator, text: str) -> list[Indicator]:
    """The indicators the formula reads, in the order of their codes. Raises ``FormulaRefused``.

    Two people at once could make a circle out of two formulas that each were none: that is refused when they are saved, by
    the database (``dependencies_make_no_circle``).
    """
    try:
        codes = parse(text).codes
    except FormulaError as error:
        raise FormulaRefused(_say_error(error)) from error
    known = {i.code: i for i in Indicator.objects.filter(code__in=codes | {split_reference(code)[0] for code in codes})}
    names = {code if code in known else _check_area(code) for code in codes}
    inputs = [known[name] for name in sorted(names & known.keys())]
    if unknown := sorted(names - known.keys() - {indicator.code}):
        raise FormulaRefused(_("公式里有未登记的指标代码：%(codes)s。") % {"codes": "、".join(unknown)})
    if not codes:
        raise FormulaRefused(_("公式没有引用任何指标。"))
    if indicator.code in names:
        raise FormulaRefused(_("公式不能引用指标自己（%(code)s）。") % {"code": indicator.code})
    if circle := _find_circle(indicator, inputs):
        raise FormulaRefused(_("公式循环引用：%(path)s。") % {"path": " → ".join(circle)})
    return inputs


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
    else:
        expected = str(_EXPECTED.get(error.expected, error))
    found = _("“%(found)s”：") % {"found": error.found} if error.found else _("公式到此为止：")
    return _("公式第 %(column)s 个字符处有误。%(found)s%(expected)s。") % {"column": error.column, "found": found, "expected": expected}


def split_reference(code: str) -> tuple[str, str]:
    """``("rd", "000000")`` of ``rd.000000``, which is the nation's figure whatever the area; ``("rd", "")`` of ``rd``."""
    match = _REFERENCE.match(code)
    return (match["code"], match["area"]) if match else (code, "")


def _check_area(code: str) -> str:
    """The indicator's code in a reference to one area. Raises ``FormulaRefused`` for an area that is not there."""
    name, area = split_reference(code)
    if area and not Area.objects.filter(pk=area).exists():
        raise FormulaRefused(_("公式里有未登记的地区代码：%(codes)s。") % {"codes": area})
    return name


def _find_circle(indicator: Indicator, inputs: Iterable[Indicator]) -> list[str]:
    """The names along a way from the indicator back to itself; empty where there is none."""
    if indicator.pk is None:
        return []
    edges: dict[int, list[int]] = {}
    for reader, read in IndicatorDependency.objects.order_by("pk").values_list("indicator", "reads"):
        edges.setdefault(reader, []).append(read)
    edges[indicator.pk] = [i.pk for i in inputs]
    path = _walk(indicator.pk, indicator.pk, edges, set())
    names = dict(Indicator.objects.filter(pk__in=path).values_list("pk", "name_zh"))
    return [names[pk] for pk in path]


def _walk(start: int, goal: int, edges: dict[int, list[int]], seen: set[int]) -> list[int]:
    for read in edges.get(start, []):
        if read == goal:
            return [start, goal]
        if read not in seen:
            seen.add(read)
            if rest := _walk(read, goal, edges, seen):
                return [start, *rest]
    return []
