"""Numbers as people type them, read strictly: a plain number is taken, anything else is answered with what to type instead."""

import re
from decimal import Decimal

from django.db.models import DecimalField, Model
from django.utils.translation import gettext as _

from .models.values import Qualifier
from .units import split_unit

INTEGER_DIGITS, DECIMAL_DIGITS = 18, 6  # what numeric(24, 6) holds

# Only what is the same number written wide: a superscript or a circled digit would become another one.
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，＋－−％　", "0123456789.,+--% ")
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
# A number inside what people write around it: 约30, 250余家, 65%以上, 1.2亿, 27 152.46, 1,23,4, .5, 1e5.
_WRITTEN = re.compile(
    r"(?P<before>约|近|超过|超|逾|不少于|至少|不超过|>=|<=|[≥≤><~≈])?\s*"
    r"(?P<number>[+-]?(?:[0-9][0-9,\s]*)?\.?[0-9]*(?:[eE][+-]?0?[0-9])?)\s*"
    r"(?P<more>[余多])?(?P<unit>[^0-9.,+\-\s]*?)(?P<more_after>[余多])?(?P<after>以上|以下|左右)?"
)
_QUALIFIERS = {
    Qualifier.ABOUT: ("约", "~", "≈", "左右"),
    Qualifier.NEARLY: ("近",),
    Qualifier.OVER: ("超", "超过", "逾", ">"),
    Qualifier.MORE_THAN_APPROX: ("余", "多"),
    Qualifier.AT_LEAST: ("以上", "≥", ">=", "不少于", "至少"),
    Qualifier.AT_MOST: ("以下", "≤", "<=", "<", "不超过"),
}
_QUALIFIER_OF = {word: qualifier for qualifier, words in _QUALIFIERS.items() for word in words}
# What people put in a cell where there is nothing to report.
_NOTHING = {"-", "--", "—", "——", "/", "\\", "无", "暂无", "没有", "空", "n/a", "na", "nan", "null", "none", "缺"}


class NotANumber(ValueError):
    """``str(error)`` is the sentence for the person who typed it."""


def parse_number(typed: object, *, unit: str = "") -> Decimal:
    """The number that was typed, exactly.

    Full-width digits and thousands separators in their right places are the same number and are taken.
    Qualifiers (约30, ≥5), units, formulas, percent signs, exponents and NaN are no plain numbers. Raises
    ``NotANumber``, which says what to type; ``unit`` is the unit of measure of the cell, for that sentence alone.
    """
    if isinstance(typed, bool) or not isinstance(typed, str | int | float | Decimal):
        raise NotANumber(_("请填写一个数字。"))
    text = str(typed).translate(_FULL_WIDTH).strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise NotANumber(_explain(text, unit))
    whole, _dot, fraction = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > INTEGER_DIGITS:
        raise NotANumber(_("数字太长：整数部分最多 %(n)s 位。请检查计量单位。") % {"n": INTEGER_DIGITS})
    if len(fraction.rstrip("0")) > DECIMAL_DIGITS:
        raise NotANumber(_("小数位太多：最多 %(n)s 位。") % {"n": DECIMAL_DIGITS})
    return Decimal(text)


def say_unfit(value: Decimal, model: type[Model], name: str) -> str:
    """Why a column that is narrower than what may be typed cannot hold a number exactly; nothing where it can."""
    column = model._meta.get_field(name)
    assert isinstance(column, DecimalField)  # noqa: S101 - a name in the code
    whole, places = column.max_digits - column.decimal_places, column.decimal_places
    if abs(value) >= Decimal(10) ** whole:
        return _("数字太大：整数部分最多 %(n)s 位。") % {"n": whole}
    return "" if value == round(value, places) else _("小数位太多：最多 %(n)s 位。") % {"n": places}


def plain(value: Decimal | None) -> str | None:
    """A stored value as a plain decimal string without trailing zeros: what programs exchange."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


# -- what to type instead --------------------------------------------------------------------------


def _explain(text: str, unit: str) -> str:
    if not text:
        return _("请填写一个数字；没有数据时请选择缺报原因，不要填 0。")
    if text.lower() in _NOTHING:
        return _("“%(typed)s”不是数字：没有发生请填 0；没有数据请留空，并选择缺报原因。") % {"typed": text}
    if text.startswith("="):
        return _("请填写算好的数字，不要填写公式。")
    if len(text) <= 40 and (written := _WRITTEN.fullmatch(text)) and (sentence := _explain_written(written, unit)):
        return sentence
    return _("“%(typed)s”不是数字：请填写如 12.5 的数字。") % {"typed": text[:40]}


def _explain_written(written: re.Match[str], unit: str) -> str:
    """Which number stands in the text and how to type it; nothing where that would be a guess."""
    if written["unit"] != unit and not (written["unit"] in ("", "%", "‰") or written["unit"].isalpha()):
        return ""
    number = re.sub(r"\s", "", written["number"])
    has_space = re.search(r"[0-9,]\s+[0-9,.]", written["number"]) is not None
    if "," in number and not _GROUPED.fullmatch(number):
        return _explain_commas(number)
    try:
        value = Decimal(number.replace(",", ""))
    except ArithmeticError:
        return ""
    amount = _in_unit(value, written["unit"], unit)
    if amount is None:
        return _("“%(unit)s”不是本行的计量单位：请填写以“%(own)s”计的数字，不带单位。") % {"unit": written["unit"], "own": unit} if unit else ""
    marks = (written["before"], written["more"] or written["more_after"], written["after"])
    qualifier = next((_QUALIFIER_OF[mark] for mark in marks if mark), None)
    return _advise(plain(amount) or "", qualifier, written["unit"], unit, has_space=has_space, is_scaled=amount != value)


def _explain_commas(number: str) -> str:
    joined = number.replace(",", "")
    if number.count(",") == 1 and "." not in number:
        return _("逗号只能作千分位：如果是 %(point)s，请用小数点；如果是 %(joined)s，请不带逗号。") % {
            "point": number.replace(",", "."),
            "joined": joined,
        }
    return _("千分位的逗号位置不对：如果是 %(joined)s，请不带逗号填写 %(joined)s。") % {"joined": joined}


def _in_unit(value: Decimal, typed: str, unit: str) -> Decimal | None:
    """The value in the cell's unit, said in the unit that was typed; None where the one is not the other."""
    if typed in ("", unit):
        return value
    (base, scale), (own_base, own_scale) = split_unit(typed), split_unit(unit)
    if base not in ("", own_base) and unit:
        return None
    if not unit and base:  # where the cell's unit is not known, only 万 and 亿 say a number
        return value if typed == "%" else None
    return value.scaleb(scale - own_scale)


def _advise(amount: str, qualifier: Qualifier | None, typed_unit: str, unit: str, *, has_space: bool, is_scaled: bool) -> str:
    words = {"amount": amount, "typed_unit": typed_unit, "unit": unit, "qualifier": qualifier.label if qualifier else ""}
    if qualifier:
        return _("请填 %(amount)s，再把“限定”选为“%(qualifier)s”。") % words
    if is_scaled and unit:
        return _("本行单位是“%(unit)s”：请填 %(amount)s。") % words
    if typed_unit and not is_scaled:
        return _("请只填数字 %(amount)s，不带“%(typed_unit)s”。") % words
    if has_space:
        return _("数字中间不能有空格：请填 %(amount)s。") % words
    return _("请写成完整的数字：%(amount)s。") % words
