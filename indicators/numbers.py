"""Numbers as people type them, read strictly: a plain number is taken, anything else is answered with a sentence."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

INTEGER_DIGITS, DECIMAL_DIGITS = 18, 6  # what numeric(24, 6) holds

# Only what is the same number written wide: a superscript or a circled digit would become another one.
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，＋－−％　", "0123456789.,+--% ")
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_QUALIFIED = re.compile(r"^[约近超≥≤><=~]|[余多]$|以[上下]$")


class NotANumber(ValueError):
    """``str(error)`` is the sentence for the person who typed it."""


def parse_number(typed: object) -> Decimal:
    """The number that was typed, exactly.

    Full-width digits and thousands separators in their right places are the same number and are taken.
    Qualifiers (约30, ≥5), formulas, percent signs, exponents and NaN are no plain numbers. Raises ``NotANumber``.
    """
    if isinstance(typed, bool) or not isinstance(typed, str | int | float | Decimal):
        raise NotANumber(_("请填写一个数字。"))
    text = str(typed).translate(_FULL_WIDTH).strip()
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise NotANumber(_explain(text))
    whole, _dot, fraction = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > INTEGER_DIGITS:
        raise NotANumber(_("数字太长：整数部分最多 %(n)s 位。请检查计量单位。") % {"n": INTEGER_DIGITS})
    if len(fraction.rstrip("0")) > DECIMAL_DIGITS:
        raise NotANumber(_("小数位太多：最多 %(n)s 位。") % {"n": DECIMAL_DIGITS})
    return Decimal(text)


def _explain(text: str) -> str:
    if not text:
        return _("请填写一个数字；没有数据时请选择缺报原因，不要填 0。")
    if text.endswith("%"):
        return _("请只填数字，不带“%”。")
    if _QUALIFIED.search(text) and not text.startswith("="):
        return _("请只填数字；“约”“超”“以上”等限定请在“限定”一栏选择。")
    return _("“%(typed)s”不是数字：请填写如 12.5 的数字。") % {"typed": text[:40]}


def plain(value: Decimal | None) -> str | None:
    """A stored value as a plain decimal string without trailing zeros: what programs exchange."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
