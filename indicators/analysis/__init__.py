"""The numeric core: numbers in, numbers out. No Django, no database, no clock, no global state.

Series and frames carry a ``PeriodIndex`` (``Q-DEC`` or ``Y-DEC``) or units as index; missing is NaN, never 0. What cannot
be computed is a value (NaN, ``"grey"``, ``"not available"``); what makes no sense as input raises ``AnalysisError``.
"""


class AnalysisError(ValueError):
    """Input that makes no sense; the message names the offending code, unit or period."""


class NotEnoughData(AnalysisError):
    """Too few observations for what was asked."""
