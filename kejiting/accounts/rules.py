"""Found by django-rules at start; the table itself has the better name."""

from . import permissions  # noqa: F401 - importing registers the table
