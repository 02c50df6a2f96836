"""The sentence the overview begins with: made of what was computed, and saying so where nothing could be."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from indicators.formatting import format_period
from indicators.models import Light

# In the order a sentence says them: what is well first, what is bad last, where the eye stays.
ORDER = (Light.CLOSED, Light.GREEN, Light.PENDING, Light.BLUE, Light.GREY, Light.YELLOW, Light.RED)


@dataclass(frozen=True)
class Phrase:
    """A part of the sentence; what is bad is set apart."""

    text: str
    is_bad: bool = False


def make_verdict(tasks: Sequence[str], targets: Sequence[str], period: str) -> list[Phrase]:
    """Of the tasks' lights and of the lights of the headlines against the plan's own target for ``period``."""
    return [*_say_tasks(tasks), *_say_targets(targets, period)]


def count_lights(lights: Sequence[str]) -> list[tuple[Light, int]]:
    """How many of each, those there are, in the sentence's order."""
    return [(light, lights.count(light)) for light in ORDER if light in lights]


def _say_tasks(lights: Sequence[str]) -> list[Phrase]:
    if not lights:
        return [Phrase(_("尚无重点任务"))]
    if set(lights) == {Light.GREY}:
        return [Phrase(_("%(n)s 项重点任务都无法判断") % {"n": len(lights)})]
    return [Phrase(_("%(n)s 项重点任务：") % {"n": len(lights)}), *_enumerate(count_lights(lights))]


def _say_targets(lights: Sequence[str], period: str) -> list[Phrase]:
    if not lights:
        return []
    words = {"n": len(lights), "period": format_period(period)}
    if set(lights) == {Light.PENDING}:
        return [Phrase(_("；%(n)s 项首要指标尚无%(period)s的数据") % words)]
    if set(lights) == {Light.GREY}:
        return [Phrase(_("；%(n)s 项首要指标对照%(period)s目标都无法判断") % words)]
    return [Phrase(_("；%(n)s 项首要指标对照%(period)s目标：") % words), *_enumerate(count_lights(lights))]


def _enumerate(counts: Sequence[tuple[Light, int]]) -> list[Phrase]:
    phrases: list[Phrase] = []
    for light, n in counts:
        if phrases:
            phrases.append(Phrase("、"))
        phrases.append(Phrase(_("%(n)s 项%(light)s") % {"n": n, "light": light.label}, is_bad=light == Light.RED))
    return phrases
