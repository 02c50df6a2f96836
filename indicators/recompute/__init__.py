"""Recomputing: marks in, results out, exactly what depends on what changed.

The data's way through one run, a file a step::

    claim ─► graph ─► derive ─► series ─► measures ─┐
    marks    what      derived   figures   judge    ├─► write
             depends   values    as read   lights ──┘   what changed

``runner.run`` walks it. Numbers are made in ``indicators.analysis``; here is only what is read and what is written.
"""

from .runner import run

__all__ = ["run"]
