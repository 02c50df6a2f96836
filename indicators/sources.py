"""What other apps bring to the record: counts of their registers, and facts of their own.

``indicators`` never imports them; each registers here when it is ready (``AppConfig.ready``).
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import TypedDict

import pgtrigger

from kejiting.accounts.models import User


class Member(TypedDict):
    """One thing that was counted."""

    code: str
    name: str
    url: str


Counter = Callable[[date], Sequence[Member]]
Screen = Callable[[User, Collection[str]], Collection[str]]
Loader = Callable[[], dict[str, int]]

_counters: dict[str, Counter] = {}
_screens: dict[str, Screen] = {}
_loaders: list[Loader] = []


def register_counter(indicator: str, counter: Counter, screen: Screen) -> None:
    """``counter(day)`` lists what the indicator of origin ``register`` counts on a day; everybody sees how many.

    ``screen(user, codes)`` says which of a list's members the user may see by name.
    """
    _counters[indicator] = counter
    _screens[indicator] = screen


def register_loader(loader: Loader) -> None:
    """``loader()`` loads an app's facts from ``fixtures/`` and says how many of what."""
    if loader not in _loaders:
        _loaders.append(loader)


def recounts() -> pgtrigger.Trigger:
    """For each table that a count is made of: a change marks the counts as stale in its own transaction, whoever makes it.

    Every count is marked, not only those of this table: counting is cheap, and a list that did not change adds nothing.
    """
    return pgtrigger.Trigger(
        name="recounts",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func="""
            INSERT INTO indicators_stalemark (indicator_id, cause, created_at, attempts)
                SELECT id, 'change of ' || TG_TABLE_NAME, now(), 0 FROM indicators_indicator WHERE origin = 'register';
            RETURN NULL;
        """,
    )


def get_counter(indicator: str) -> Counter | None:
    return _counters.get(indicator)


def get_screen(indicator: str) -> Screen | None:
    return _screens.get(indicator)


def get_loaders() -> Sequence[Loader]:
    return tuple(_loaders)
