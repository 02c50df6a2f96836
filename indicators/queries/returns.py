"""Reading returns: what one may see, and one of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Count, ExpressionWrapper, Q, QuerySet

from kejiting.accounts.models import Unit, User

from ..models import Return, Round
from .rounds import is_late_at

LATE = "late"


@dataclass(frozen=True)
class ReturnFilter:
    """Which returns a list is about: codes of round and unit, and a state or ``late``; empty is any."""

    round: str = ""
    unit: str = ""
    state: str = ""

    def __bool__(self) -> bool:
        return bool(self.round or self.unit or self.state)


def get_returns(user: User) -> QuerySet[Return]:
    """The returns one may see, newest round first."""
    return Return.objects.visible_to(user).select_related("round__period", "unit").order_by("-round__period__starts_on", "unit__code")


def get_return(user: User, round_code: str, unit_code: str) -> Return:
    """One return with its stamps. Raises ``Return.DoesNotExist`` for none, and for one the user may not see."""
    stamps = ("submitted_by__unit", "approved_by__unit", "accepted_by__unit")
    return Return.objects.visible_to(user).select_related("round__period", "round__plan", "unit__parent", *stamps).get(
        round__code=round_code, unit__code=unit_code
    )


def find_returns(user: User, wanted: ReturnFilter, now: datetime) -> QuerySet[Return]:
    """The returns one may see that a filter names; each says whether it is late (``is_late``)."""
    rows = _in_round_and_unit(get_returns(user), wanted).annotate(is_late=ExpressionWrapper(is_late_at(now), models.BooleanField()))
    if wanted.state == LATE:
        return rows.filter(is_late=True)
    return rows.filter(state=wanted.state) if wanted.state else rows


def count_states(user: User, wanted: ReturnFilter, now: datetime) -> dict[str, int]:
    """How many of the filter's round and unit are in each state, how many are late, and (by ``""``) all."""
    states = {state.value: Count("pk", filter=Q(state=state)) for state in Return.State}
    rows = _in_round_and_unit(Return.objects.visible_to(user), wanted)
    counts = rows.aggregate(**states, **{LATE: Count("pk", filter=is_late_at(now))}, all=Count("pk"))
    return {"": counts.pop("all"), **counts}


def get_choices(user: User) -> tuple[list[Round], list[Unit]]:
    """The rounds and units that the returns one may see are of."""
    seen = Return.objects.visible_to(user)
    rounds = Round.objects.filter(pk__in=seen.values("round")).select_related("period").order_by("-period__ends_on", "-code")
    return list(rounds), list(Unit.objects.filter(pk__in=seen.values("unit")).order_by("kind", "code"))


def _in_round_and_unit(rows: QuerySet[Return], wanted: ReturnFilter) -> QuerySet[Return]:
    if wanted.round:
        rows = rows.filter(round__code=wanted.round)
    return rows.filter(unit__code=wanted.unit) if wanted.unit else rows
