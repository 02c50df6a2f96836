"""The numeric core: numbers in, numbers out. No Django, no database, no clock, no global state.

Series and frames carry a ``PeriodIndex`` (``Q-DEC`` or ``Y-DEC``) or units as index; missing is NaN, never 0. What cannot
be computed is a value (NaN, ``"grey"``, ``"not available"``); what makes no sense as input raises ``AnalysisError``.
"""


class AnalysisError(ValueError):
    """Input that makes no sense; the message names the offending code, unit or period."""


class NotEnoughData(AnalysisError):
    """Too few observations for what was asked."""


def check_type(value: object, name: str, *kinds: type) -> None:
    """Raise ``AnalysisError`` where the argument of this name is none of the kinds."""
    if not isinstance(value, kinds):
        raise AnalysisError(f"{name} must be a {' or a '.join(kind.__name__ for kind in kinds)}, not {type(value).__name__}")
