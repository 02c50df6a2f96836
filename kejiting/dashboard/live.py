"""What an open page follows: the number that rises when anything it shows has changed."""

from dataclasses import dataclass

from django.http import HttpRequest

from indicators.queries.freshness import Freshness, get_freshness


@dataclass(frozen=True)
class Live:
    """Results change with a run, the state of returns with a step, and that results are late or fail by itself."""

    freshness: Freshness

    @property
    def number(self) -> str:
        f = self.freshness
        return f"{f.version}-{f.step}-{f.is_stale:d}{f.is_index_stale:d}-{f.failing}"

    @property
    def etag(self) -> str:
        return f'"{self.number}-{self.freshness.pending}"'


def get_live(request: HttpRequest) -> Live:
    """Read once a request. A page with panels asks before it reads them: a change in between is then seen at the next poll."""
    found: Live | None = getattr(request, "_live", None)
    if found is None:
        found = Live(get_freshness())
        request._live = found  # type: ignore[attr-defined]  # kept for the request's own time only
    return found
