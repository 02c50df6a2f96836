"""Estimating an index: a framework's marks in, scores and ranks with their intervals out.

The way through one run, a file a step::

    runner ─► figures ─► selection ─► estimate ─► runner
    marks     what the   what of it   scores,     what changed
              record     counts in    ranks,      is written
              holds      a year       the move

``runner.run`` walks it, on a queue and under a lock of its own (docs/decisions/0006). Numbers are made in
``indicators.analysis``.
"""

from .runner import run

__all__ = ["run"]
