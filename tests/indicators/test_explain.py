"""Each result's page says in words how it was computed."""

import pytest

from indicators.explain import explain
from indicators.models import Result, Target

Measure = Result.Measure
OF_TARGET = (Measure.COMPLETION, Measure.SCHEDULE, Measure.LIGHT, Measure.REQUIRED_PACE, Measure.CHANCE, Measure.PROGRESS)
OF_TASK = (Measure.COMPLETION, Measure.SCHEDULE, Measure.LIGHT)
OF_SERIES = set(Measure) - {Measure.COMPLETION, Measure.SCHEDULE, Measure.LIGHT, Measure.REQUIRED_PACE, Measure.CHANCE}


@pytest.mark.parametrize(
    "result",
    [
        *(Result(measure=measure, target=Target(kind=Target.Kind.RANGE)) for measure in OF_TARGET),
        *(Result(measure=measure, task_id=1) for measure in OF_TASK),
        *(Result(measure=measure) for measure in sorted(OF_SERIES)),
        Result(measure=Measure.COMPLETION, aspect_id=1),
    ],
    ids=lambda result: f"{result.measure}-{'target' if result.target else 'task' if result.task_id else 'aspect' if result.aspect_id else 'series'}",
)
def test_no_result_is_without_its_explanation(result: Result) -> None:
    assert explain(result).endswith("。")


def test_of_one_method_each_measure_has_a_sentence_of_its_own() -> None:
    target = Target(kind=Target.Kind.RANGE)
    assert len({explain(Result(measure=measure, target=target)) for measure in OF_TARGET}) == len(OF_TARGET)
