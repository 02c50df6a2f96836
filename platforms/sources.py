"""What this app brings to the record: counts of platforms and consortia."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse

from indicators.sources import Member, register_counter

from .models import Consortium, Platform, PlatformStatus
from .queries import get_visible_codes

# Indicator → the kind of platform it counts.
KINDS = {
    "platforms.state_key_lab": "state-key-lab",
    "platforms.national_eng_centre": "national-eng-centre",
    "platforms.sci_edu_infra": "sci-edu-infra",
}


def list_platforms(kind: str, day: date) -> Sequence[Member]:
    """The platforms of a kind that existed on a day: newest status approved, in trial or running. Facts only."""
    statuses = PlatformStatus.objects.filter(Q(since=None) | Q(since__lte=day), platform=OuterRef("pk"))
    rows = Platform.objects.filter(kind=kind, is_demo=False).annotate(status=Subquery(statuses.order_by(F("since").desc(nulls_last=True), "-pk").values("status")[:1]))
    return [_member("platform", p) for p in rows.filter(status__in=PlatformStatus.ACTIVE)]


def list_consortia(day: date) -> Sequence[Member]:
    """The consortia that existed on a day. Facts only."""
    rows = Consortium.objects.filter(is_demo=False).exclude(dissolved_on__lte=day).exclude(founded_on__gt=day)
    return [_member("consortium", c) for c in rows]


def _member(view: str, thing: Platform | Consortium) -> Member:
    return {"code": thing.code, "name": thing.name_zh, "url": reverse(view, args=[thing.code])}


def register() -> None:
    for indicator, kind in KINDS.items():
        register_counter(indicator, partial(list_platforms, kind), partial(get_visible_codes, Platform))
    register_counter("consortia.count", list_consortia, partial(get_visible_codes, Consortium))
