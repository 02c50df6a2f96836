"""What stands in a cell of somebody else's table, as text."""

import re
import unicodedata
from datetime import date, datetime


def as_text(value: object) -> str:
    """A cell's value as somebody would have typed it: dates as 2025-12-31, whole numbers without a point."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def clean(text: str) -> str:
    """Full-width digits and letters as plain ones, line breaks and runs of blanks as one blank, no control characters.

    Chinese punctuation stays what it is: NFKC would turn ；and ，into ASCII.
    """
    text = "".join(unicodedata.normalize("NFKC", c) if c.isalnum() or c in "　－／．" else c for c in text)
    text = "".join(c if c.isprintable() else " " for c in text.replace("\u200b", "").replace("\ufeff", ""))
    return re.sub(r"\s+", " ", text).strip()
