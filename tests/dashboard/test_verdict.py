"""The sentence the overview begins with is made of what was computed, and of nothing else."""

import pytest

from kejiting.dashboard.verdict import count_lights, make_verdict


def say(tasks: list[str], targets: list[str], period: str = "2025") -> str:
    return "".join(phrase.text for phrase in make_verdict(tasks, targets, period))


@pytest.mark.parametrize(
    ("tasks", "targets", "words"),
    [
        ([], [], "尚无重点任务"),
        (["green"] * 3, [], "3 项重点任务：3 项正常"),
        # What is well comes first and what is bad last, whatever the tasks' order.
        (["red", "green", "yellow", "green", "closed"], [], "5 项重点任务：1 项办结、2 项正常、1 项滞后、1 项严重滞后"),
        # Nothing reported is said as nothing known, and never as nothing wrong.
        (["grey"] * 35, [], "35 项重点任务都无法判断"),
        (["grey", "green"], [], "2 项重点任务：1 项正常、1 项无法判断"),
        (["green"], ["pending"] * 4, "1 项重点任务：1 项正常；4 项首要指标尚无2025年的数据"),
        (["green"], ["grey"] * 2, "1 项重点任务：1 项正常；2 项首要指标对照2025年目标都无法判断"),
        (["green"], ["red", "green"], "1 项重点任务：1 项正常；2 项首要指标对照2025年目标：1 项正常、1 项严重滞后"),
    ],
)
def test_the_verdict(tasks: list[str], targets: list[str], words: str) -> None:
    assert say(tasks, targets) == words


def test_only_what_is_bad_is_set_apart() -> None:
    phrases = make_verdict(["red", "yellow", "green"], ["pending"], "2025")
    assert [phrase.text for phrase in phrases if phrase.is_bad] == ["1 项严重滞后"]


def test_lights_that_no_task_shows_are_not_counted() -> None:
    assert count_lights(["green", "grey"]) == [("green", 1), ("grey", 1)]
