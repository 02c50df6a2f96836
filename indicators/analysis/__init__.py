"""The numeric core: numbers in, numbers out. No Django, no database, no clock, no global state."""


class AnalysisError(ValueError):
    """Input no result can be computed of; the message names the offending code, unit or period."""


class NotEnoughData(AnalysisError):
    """Fewer observations than the method needs."""
