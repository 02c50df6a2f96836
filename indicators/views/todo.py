"""待办: what waits for a person, and the returns they may look up."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kejiting.accounts.http import SignedInRequest, paginate

from ..models import Return
from ..queries.returns import LATE, ReturnFilter, count_states, find_returns, get_choices
from ..queries.rounds import get_open_rounds
from ..queries.todos import get_pending_corrections, get_todos

RETURNS_A_PAGE = 25
# The office may have a return of every unit to accept: those due soonest, the rest by the list below.
TODOS_SHOWN = 8


@login_required
@require_GET
def todo(request: SignedInRequest) -> HttpResponse:
    """What waits for this person, then the returns they may look up, by round, unit and state."""
    now, user = timezone.now(), request.user
    wanted = ReturnFilter(*(request.GET.get(name, "").strip() for name in ("round", "unit", "state")))
    todos = get_todos(user)
    rounds, units = get_choices(user)
    context = {
        "todos": todos[:TODOS_SHOWN],
        "waiting": len(todos),
        "more": max(0, len(todos) - TODOS_SHOWN),
        "corrections": get_pending_corrections(user),
        "open_rounds": get_open_rounds(now) if user.has_perm("round.manage") else [],
        "wanted": wanted,
        "rounds": rounds,
        "units": units,
        "states": _name_states(count_states(user, wanted, now)),
        "page": paginate(request, find_returns(user, wanted, now), RETURNS_A_PAGE),
        "now": now,
    }
    return render(request, "indicators/reporting/todo.html", context)


def _name_states(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """The states there are, in the order a return passes them, each with its count; all first and the late last."""
    names = {"": _("全部"), **{state.value: str(state.label) for state in Return.State}, LATE: _("逾期")}
    return [(key, name, counts[key]) for key, name in names.items() if counts[key] or not key]
