"""What comes in as a file, read and judged before any of it is taken into the record: nothing here writes.

``published``: figures that somebody published; ``tasks``: the official task list; ``framework``: the structure of an index.
Taking them in is of ``actions``.
"""
