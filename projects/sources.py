"""What this app brings to the record: a count of projects.

The totals publishers state of projects are of one year (704 of the National Natural Science Foundation) and the register
holds the few that are named, so that their difference would say nothing: the count has no stated total beside it.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import Q
from django.urls import reverse

from indicators.sources import Member, register_counter
from platforms.queries import get_visible_codes

from .models import Project


def list_projects(day: date) -> Sequence[Member]:
    """The projects approved by the end of a day's year and not stopped. Facts only."""
    rows = Project.objects.filter(Q(approved_year=None) | Q(approved_year__lte=day.year), is_demo=False).exclude(status=Project.Status.STOPPED)
    return [{"code": p.code, "name": p.name_zh, "url": reverse("project", args=[p.code])} for p in rows]


def register() -> None:
    register_counter("projects.count", list_projects, partial(get_visible_codes, Project))
