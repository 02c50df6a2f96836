from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # this file is read before there are settings
    from tests.builders import Quarter

    from .racing import Racing


@pytest.fixture
def race() -> "Racing":
    from .racing import Race

    return lambda first, second: Race().run(first, second)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is told: what races here are the people."""
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)


@pytest.fixture
def quarter(transactional_db: None) -> "Quarter":
    """One open round, committed: other connections see it."""
    from tests.builders import Quarter

    return Quarter()
