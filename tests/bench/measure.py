"""Timing two things in turn, so that a noisy machine is noisy for both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Paired:
    """Medians of two things timed alternately, in seconds."""

    measured: float
    reference: float

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    def say(self, name: str, aim: str) -> str:
        return f"{name:<52} {self.measured * 1000:9.1f} ms  /  {self.reference * 1000:9.1f} ms  =  {self.ratio:6.2f}   (aim {aim})"


def pair(measured: Callable[[], object], reference: Callable[[], object], rounds: int = 25) -> Paired:
    """Run both in turn; the first round warms up and does not count."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for which, work in enumerate((measured, reference)):
            start = time.perf_counter()
            work()
            if number:
                times[which].append(time.perf_counter() - start)
    return Paired(statistics.median(times[0]), statistics.median(times[1]))
