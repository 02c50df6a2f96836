"""Reading the registers of platforms, consortia and organisations."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from indicators.models import Breakdown, Observation, Result
from kejiting.accounts.models import User

from .models import Consortium, Organisation, Platform, PlatformKind, PlatformStatus


def get_platforms(user: User, *, search: str = "", kind: str = "") -> QuerySet[Platform]:
    """Platforms with their newest status, by kind."""
    newest = PlatformStatus.objects.filter(platform=OuterRef("pk")).order_by(F("since").desc(nulls_last=True), "-pk")
    rows = Platform.objects.visible_to(user).select_related("kind", "host", "area", "document").annotate(status=Subquery(newest.values("status")[:1]))
    if kind:
        rows = rows.filter(kind=kind)
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(field__icontains=word) | Q(host__name_zh__icontains=word) | Q(code__icontains=word))
    return rows.order_by("kind__position", "code")


def get_platform(user: User, code: str) -> Platform:
    """Raises ``Platform.DoesNotExist``, also for one the user may not see."""
    rows = Platform.objects.visible_to(user).select_related("kind", "host", "area", "document")
    return rows.prefetch_related("cooperating", "statuses__document", "successors", "predecessors").get(code=code)


def get_consortia(user: User, *, search: str = "") -> QuerySet[Consortium]:
    rows = Consortium.objects.visible_to(user).select_related("lead", "document").annotate(member_count=Count("members", distinct=True))
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(industry_chain__icontains=word) | Q(lead__name_zh__icontains=word) | Q(code__icontains=word))
    # Said again: grouping drops the model's own order.
    return rows.order_by("code")


def get_consortium(user: User, code: str) -> Consortium:
    """Raises ``Consortium.DoesNotExist``, also for one the user may not see."""
    return Consortium.objects.visible_to(user).select_related("lead", "document").prefetch_related("members__organisation").get(code=code)


def get_organisations(user: User, *, search: str = "") -> QuerySet[Organisation]:
    rows = Organisation.objects.visible_to(user).select_related("area", "document")
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(names__name_zh__icontains=word) | Q(code__icontains=word))
    return rows.distinct()


def get_organisation(user: User, code: str) -> Organisation:
    """Raises ``Organisation.DoesNotExist``, also for one the user may not see."""
    rows = Organisation.objects.visible_to(user).select_related("area", "document")
    return rows.prefetch_related("names", "memberships__consortium", "hosted_platforms__kind", "led_consortia").get(code=code)


@dataclass(frozen=True)
class StatedAndCounted:
    """What a publisher states, what the register holds, and the difference."""

    counted: Observation
    stated: Observation | None
    difference: Result | None


def get_counts(user: User, prefix: str) -> Sequence[StatedAndCounted]:
    """The counts of a register (indicator codes that begin with ``prefix``) beside the totals that were stated."""
    home = Observation.objects.visible_to(user).filter(area=settings.HOME_AREA, breakdown=Breakdown.TOTAL).select_related("indicator", "period", "document")
    counted = _newest(home.filter(indicator__origin="register", indicator__code__startswith=prefix))
    stated = _newest(home.filter(indicator__in=[o.indicator.stated_as_id for o in counted.values()]))
    rows = Result.objects.visible_to(user).current().filter(measure=Result.Measure.DIFFERENCE, indicator__in=counted, area=settings.HOME_AREA)
    differences = {r.indicator_id: r for r in rows.order_by("period__ends_on")}
    return [StatedAndCounted(o, stated.get(o.indicator.stated_as_id or 0), differences.get(pk)) for pk, o in counted.items()]


def _newest(rows: QuerySet[Observation]) -> dict[int, Observation]:
    """By indicator: the newest vintage of the newest period."""
    return {o.indicator_id: o for o in sorted(rows.latest(), key=lambda o: o.period.ends_on)}


def get_kinds() -> QuerySet[PlatformKind]:
    return PlatformKind.objects.all()
