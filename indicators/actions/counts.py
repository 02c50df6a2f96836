"""Counting registers: a figure nobody types, kept with the exact list that made it."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..models import Indicator, Observation, Period, RegisterCount
from ..sources import Member, get_counter
from .observations import Statement, record_observations


@transaction.atomic
def count_registers(day: date | None = None) -> list[Observation]:
    """Count every indicator of origin ``register``; see ``count_register``."""
    indicators = Indicator.objects.filter(origin=Indicator.Origin.REGISTER).select_related("current_definition")
    counted = (count_register(indicator, day) for indicator in indicators)
    return [observation for observation in counted if observation]


@transaction.atomic
def count_register(indicator: Indicator, day: date | None = None, *, mark: bool = True) -> Observation | None:
    """Count one register as it stands on a day (today), for the day's year.

    Adds an observation with its list only where the list changed; returns it, or None. ``mark=False`` is for the
    recomputation itself, which follows its own graph.
    """
    counter = get_counter(indicator.code)
    if counter is None:
        return None
    # One counter at a time: of two the second finds the first's list.
    list(Indicator.objects.select_for_update(no_key=True).filter(pk=indicator.pk).values_list("pk"))
    day = day or timezone.localdate()
    members = sorted(counter(day), key=lambda member: member["code"])
    period = Period.objects.get_or_add(str(day.year))
    if _get_last_list(indicator, period) == members:
        return None
    count = RegisterCount.objects.create(source=indicator.code, members=members, is_demo=indicator.is_demo)
    statement = Statement(
        indicator=indicator, area=settings.HOME_AREA, period=period.label, value=Decimal(len(members)), origin={"register_count": count}
    )
    return record_observations([statement], cause=f"count {count.pk}", mark=mark)[0]


def _get_last_list(indicator: Indicator, period: Period) -> list[Member] | None:
    rows = Observation.objects.filter(indicator=indicator, period=period, area=settings.HOME_AREA).select_related("register_count")
    last = rows.order_by("-vintage").first()
    return last.register_count.members if last and last.register_count else None
