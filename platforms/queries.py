"""Reading the registers of platforms, consortia and organisations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from indicators.models import Breakdown, Observation, Result
from indicators.models.observation import ObservationQuerySet
from kejiting.accounts.classification import Classification
from kejiting.accounts.models import User

from .models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind, PlatformStatus, RegisterEntry


def prefetch_visible(user: User, **relations: type[RegisterEntry]) -> "list[Prefetch[str, QuerySet[RegisterEntry], str]]":
    """Related rows as far as the user may see them: one that is hidden reads as none, so that no page names it."""
    return [Prefetch(name, model._default_manager.visible_to(user)) for name, model in relations.items()]


def named(user: User, word: str) -> QuerySet[Organisation]:
    """The organisations with a word in their name; a search must not find by a name the user may not see."""
    return Organisation.objects.visible_to(user).filter(name_zh__icontains=word).order_by()


def get_platforms(user: User, *, search: str = "", kind: str = "") -> QuerySet[Platform]:
    """Platforms with their newest status, by kind."""
    newest = PlatformStatus.objects.filter(platform=OuterRef("pk")).order_by(F("since").desc(nulls_last=True), "-pk")
    rows = Platform.objects.visible_to(user).select_related("kind", "area", "document").annotate(status=Subquery(newest.values("status")[:1]))
    if kind:
        rows = rows.filter(kind=kind)
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(field__icontains=word) | Q(host__in=named(user, word)) | Q(code__icontains=word))
    return rows.order_by("kind__position", "code").prefetch_related(*prefetch_visible(user, host=Organisation))


def get_platform(user: User, code: str) -> Platform:
    """Raises ``Platform.DoesNotExist``, also for one the user may not see."""
    rows = Platform.objects.visible_to(user).select_related("kind", "area", "document").prefetch_related("statuses__document")
    related = prefetch_visible(user, host=Organisation, cooperating=Organisation, predecessors=Platform, successors=Platform)
    return rows.prefetch_related(*related).get(code=code)


def get_consortia(user: User, *, search: str = "") -> QuerySet[Consortium]:
    """Consortia with how many members they have today."""
    members = Q(members__organisation__in=Organisation.objects.visible_to(user).order_by(), members__valid__contains=timezone.localdate())
    rows = Consortium.objects.visible_to(user).select_related("document").annotate(member_count=Count("members", filter=members, distinct=True))
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(industry_chain__icontains=word) | Q(lead__in=named(user, word)) | Q(code__icontains=word))
    # Said again: grouping drops the model's own order.
    return rows.order_by("code").prefetch_related(*prefetch_visible(user, lead=Organisation))


def get_consortium(user: User, code: str) -> Consortium:
    """Raises ``Consortium.DoesNotExist``, also for one the user may not see."""
    members = ConsortiumMember.objects.filter(organisation__in=Organisation.objects.visible_to(user).order_by()).select_related("organisation")
    related = (*prefetch_visible(user, lead=Organisation), Prefetch("members", members))
    return Consortium.objects.visible_to(user).select_related("document").prefetch_related(*related).get(code=code)


def get_organisations(user: User, *, search: str = "") -> QuerySet[Organisation]:
    rows = Organisation.objects.visible_to(user).select_related("area", "document")
    for word in search.split():
        rows = rows.filter(Q(name_zh__icontains=word) | Q(name_en__icontains=word) | Q(names__name_zh__icontains=word) | Q(code__icontains=word))
    return rows.distinct()


def get_organisation(user: User, code: str) -> Organisation:
    """Raises ``Organisation.DoesNotExist``, also for one the user may not see."""
    rows = Organisation.objects.visible_to(user).select_related("area", "document")
    memberships = ConsortiumMember.objects.filter(consortium__in=Consortium.objects.visible_to(user).order_by()).select_related("consortium")
    related = (*prefetch_visible(user, hosted_platforms=Platform, led_consortia=Consortium), Prefetch("memberships", memberships))
    return rows.prefetch_related("names", *related).get(code=code)


@dataclass(frozen=True)
class StatedAndCounted:
    """What a publisher states, what the register holds, and the difference."""

    counted: Observation
    stated: Observation | None
    difference: Result | None

    @property
    def name_zh(self) -> str:
        """What is counted, as its publisher calls it."""
        indicator = self.counted.indicator
        return indicator.stated_as.name_zh if indicator.stated_as else indicator.name_zh


def get_counts(user: User, prefix: str) -> Sequence[StatedAndCounted]:
    """The counts of a register (indicator codes that begin with ``prefix``) beside the totals that were stated."""
    home = Observation.objects.visible_to(user).filter(area=settings.HOME_AREA, breakdown=Breakdown.TOTAL).select_related("indicator__stated_as", "period", "document")
    counted = _newest(home.filter(indicator__origin="register", indicator__code__startswith=prefix))
    stated = _newest(home.filter(indicator__in=[o.indicator.stated_as_id for o in counted.values()]))
    rows = Result.objects.visible_to(user).current().filter(measure=Result.Measure.DIFFERENCE, indicator__in=counted, area=settings.HOME_AREA)
    differences = {r.indicator_id: r for r in rows.order_by("period__ends_on")}
    return [StatedAndCounted(o, stated.get(o.indicator.stated_as_id or 0), differences.get(pk)) for pk, o in counted.items()]


def _newest(rows: ObservationQuerySet) -> dict[int, Observation]:
    """By indicator: the newest vintage of the newest period."""
    return {o.indicator_id: o for o in sorted(rows.latest(), key=lambda o: o.period.ends_on)}


def get_kinds() -> QuerySet[PlatformKind]:
    return PlatformKind.objects.all()


def get_visible_codes(model: type[RegisterEntry], user: User, codes: Collection[str]) -> set[str]:
    """Which of the codes a count once held the user may see; one no longer in the register is for those who see everything."""
    if user.clearance == Classification.INTERNAL:
        return set(codes)
    return set(model._default_manager.visible_to(user).filter(code__in=codes).values_list("code", flat=True))
