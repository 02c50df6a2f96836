"""Recomputing: marks in, results out, exactly what depends on what changed.

The data's way through one run, a file a step::

    claim ─► graph ─► derive ─► measures, targets,     ─┐
    marks    what      derived   appraise, projections  ├─► write
             depends   values    lights ────────────────┘   what changed

``runner.run`` walks it. Numbers are made in ``indicators.analysis``, and which figures they are made of is said in
``indicators.compute``, which pages ask too; here is only what a run reads and what it writes.
"""

from .runner import run

__all__ = ["run"]
