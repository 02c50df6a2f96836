"""Two people at once, on connections of their own: the second begins after the first has acted and before it commits."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from indicators.errors import RecordError

Job = Callable[[], Any]
Racing = Callable[[Job, Job], "tuple[Outcome, Outcome]"]
PATIENCE = 20


@dataclass
class Outcome:
    """What a job gave back, or how it failed; and whether it had to wait for the other."""

    value: Any = None
    error: BaseException | None = None
    waited: bool = False

    @property
    def won(self) -> bool:
        return self.error is None

    def lost_in_words(self, error: type[RecordError], words: str) -> bool:
        """Refused by the record itself, with a sentence: never by a constraint's name, a deadlock or a traceback."""
        if type(self.error) is not error or words not in str(self.error):
            raise AssertionError(f"expected {error.__name__}（{words}）, got {self.error!r}")
        return True


class Race:
    def __init__(self) -> None:
        self.acted, self.done = threading.Event(), threading.Event()
        self.outcomes = Outcome(), Outcome()
        self.pids: dict[int, int] = {}

    def run(self, first: Job, second: Job) -> tuple[Outcome, Outcome]:
        """Raises ``AssertionError`` when they hang; a failure of a job is its outcome."""
        threads = [threading.Thread(target=self._go, args=(at, job)) for at, job in enumerate((first, second))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads), "they wait for each other"
        return self.outcomes

    def _go(self, at: int, job: Job) -> None:
        outcome = self.outcomes[at]
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.pids[at] = cursor.fetchone()[0]
            if at:
                assert self.acted.wait(PATIENCE)
                outcome.value = job()
            else:
                with transaction.atomic():
                    outcome.value = job()
                    self.acted.set()
                    self.outcomes[1].waited = self._is_second_waiting()
        except Exception as error:  # noqa: BLE001 - the outcome, whatever it is
            outcome.error = error
        finally:
            (self.done if at else self.acted).set()
            connection.close()

    def _is_second_waiting(self) -> bool:
        """Until the second waits for a lock of this connection, or is through."""
        deadline = time.monotonic() + PATIENCE
        while not self.done.is_set() and time.monotonic() < deadline:
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s = ANY(pg_blocking_pids(%s))", [self.pids[0], self.pids.get(1, 0)])
                if cursor.fetchone()[0]:
                    return True
            time.sleep(0.01)
        return False
