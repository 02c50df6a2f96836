"""The demonstration: made by ``manage.py demo``, taken away by ``manage.py demo --remove``.

What it holds is in ``fixtures/demo/*.csv``; here is only how that becomes accounts, tasks, rounds and figures.
The same day always gives the same demonstration.
"""
