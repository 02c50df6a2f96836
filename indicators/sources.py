"""What other apps bring to the record: counts of their registers, and facts of their own.

``indicators`` never imports them; each registers here when it is ready (``AppConfig.ready``).
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypedDict


class Member(TypedDict):
    """One thing that was counted."""

    code: str
    name: str
    url: str


Counter = Callable[[date], Sequence[Member]]
Loader = Callable[[], dict[str, int]]

_counters: dict[str, Counter] = {}
_loaders: list[Loader] = []


def register_counter(indicator: str, counter: Counter) -> None:
    """``counter(day)`` lists what the indicator of origin ``register`` counts on a day."""
    _counters[indicator] = counter


def register_loader(loader: Loader) -> None:
    """``loader()`` loads an app's facts from ``fixtures/`` and says how many of what."""
    if loader not in _loaders:
        _loaders.append(loader)


def get_counter(indicator: str) -> Counter | None:
    return _counters.get(indicator)


def get_loaders() -> Sequence[Loader]:
    return tuple(_loaders)
