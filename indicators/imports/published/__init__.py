"""Statistics from a file: a long table of figures that somebody published, taken into the record as vintages.

A file's way, a module a step::

    sheet ─► names, units ─► plan ─► checks ─► actions.statistics_import
    rows     what each cell   what     what       all of it, or nothing
    as text  is called here   would    looks
                              happen   wrong
"""
