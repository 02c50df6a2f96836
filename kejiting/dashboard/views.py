"""The overview, the published ranks, and the number an open page asks for."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from indicators.queries.index import get_index_page
from indicators.views.pages import read_moment
from kejiting.accounts.http import SignedInRequest

from .live import get_live
from .queries import RANK, get_overview, get_ranks, make_ranking, make_tiles


@login_required
@require_GET
def overview(request: SignedInRequest) -> HttpResponse:
    """Where we stand, what is late, who owns it."""
    get_live(request)
    moment, problem = read_moment(request)
    context = {"page": get_overview(request.user, moment), "moment": moment, "problem": problem}
    return render(request, "dashboard/overview.html", context, status=400 if problem else 200)


@login_required
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The published ranks of the 31 provinces, with source and without interval; then, apart from them, our estimate."""
    get_live(request)
    moment, problem = read_moment(request)
    ranks = get_ranks(request.user, moment)
    tiles, period = make_tiles(ranks)
    own = [rank for rank in reversed(ranks) if rank.area_id == settings.HOME_AREA]
    page = get_index_page(request.user, moment, framework=request.GET.get("framework", ""), year=request.GET.get("year", ""))
    official = {"tiles": tiles, "ranking": make_ranking(tiles), "period": period, "own": own, "rank": RANK}
    context = {**official, "page": page, "moment": moment, "problem": problem}
    return render(request, "dashboard/index.html", context, status=400 if problem else 200)


@login_required
@require_GET
def version(request: SignedInRequest) -> HttpResponse:
    """The number an open page follows, how much is being recomputed, and since when results are older than the data."""
    live = get_live(request)
    if request.headers.get("If-None-Match") == live.etag:
        return HttpResponse(status=304, headers={"ETag": live.etag})
    stale = live.freshness.oldest_pending_at if live.freshness.is_stale else None
    answer = {"version": live.number, "pending": live.freshness.pending, "stale_since": stale and stale.isoformat()}
    return JsonResponse(answer, headers={"ETag": live.etag})
