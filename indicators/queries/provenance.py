"""Where a figure comes from: the chain from what is shown back to who said it, with what evidence, by which formula."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from kejiting.accounts.models import User

from ..models import (
    Evidence,
    Indicator,
    IndicatorDefinition,
    Line,
    LineEntry,
    Observation,
    RegisterCount,
    Result,
    Return,
    ReturnStep,
    Target,
)
from ..sources import Member, get_screen


@dataclass
class ObservationOrigin:
    """An observation with each step back: vintages beside it, the return, its stamps, entries and evidence."""

    observation: Observation
    vintages: Sequence[Observation]
    definition: IndicatorDefinition | None
    line: Line | None = None
    steps: Sequence[ReturnStep] = ()
    entries: Sequence[LineEntry] = ()
    evidence: Sequence[Evidence] = ()
    inputs: Sequence[Observation] = ()
    # Empty also where it names an indicator the user may not see.
    formula: str = ""
    may_see_return: bool = False


def get_observation_origin(user: User, key: int) -> ObservationOrigin:
    """Raises ``Observation.DoesNotExist``, also for one the user may not see."""
    related = ("indicator", "area", "period", "breakdown", "document", "definition", "batch__document", "register_count", "run")
    observation = (
        Observation.objects.visible_to(user)
        .select_related(*related, "correction__requested_by__unit", "correction__decided_by__unit")
        .get(pk=key)
    )
    cell = {name: getattr(observation, f"{name}_id") for name in ("indicator", "area", "breakdown", "period")}
    vintages = list(Observation.objects.visible_to(user).filter(**cell).select_related("document", "indicator").order_by("-vintage"))
    origin = ObservationOrigin(observation, vintages, observation.definition)
    if observation.line_id:
        _add_line(user, origin, observation.line_id)
    origin.evidence = list(Evidence.objects.visible_to(user).filter(_bears_out(observation)).select_related("uploaded_by__unit"))
    if observation.run_id:
        origin.inputs = _get_inputs(user, observation)
        origin.formula = _get_formula(user, observation)
    return origin


def _bears_out(observation: Observation) -> Q:
    """The files of the figure itself, of the line it was taken from and of the correction that changed it."""
    files = Q(observation=observation)
    if observation.line_id:
        files |= Q(line=observation.line_id)
    return files | Q(correction=observation.correction_id) if observation.correction_id else files


def _add_line(user: User, origin: ObservationOrigin, key: int) -> None:
    line = Line.objects.select_related("report__round__period", "report__unit", "entered_by__unit", "assignment").get(pk=key)
    origin.line = line
    # Drafts and what people wrote to each other are for those who see the return; the stamps are for all.
    origin.may_see_return = Return.objects.visible_to(user).filter(pk=line.report_id).exists()
    origin.steps = list(line.report.steps.select_related("by__unit"))
    if origin.may_see_return:
        origin.entries = list(line.entries.select_related("by__unit").order_by("-pk")[:50])


def _get_formula(user: User, observation: Observation) -> str:
    hidden = observation.indicator.dependencies.exclude(reads__in=Indicator.objects.visible_to(user).order_by())
    return observation.definition.formula if observation.definition and not hidden.exists() else ""


def _get_inputs(user: User, observation: Observation) -> list[Observation]:
    """What a derived value was computed of: its formula's inputs, as they were when the run wrote it."""
    reads = observation.indicator.dependencies.values_list("reads", flat=True)
    rows = Observation.objects.visible_to(user).filter(indicator__in=reads, period__ends_on__lte=observation.period.ends_on)
    rows = rows.filter(recorded_at__lte=observation.recorded_at, period__frequency=observation.period.frequency)
    rows = rows.filter(area__in={observation.area_id, "000000"}).select_related("indicator", "area", "period").latest()
    return sorted(rows, key=lambda o: (o.indicator_id, o.area_id, o.period.ends_on), reverse=True)[:12]


@dataclass
class ResultOrigin:
    """A result with its method, its run and everything it was made of."""

    result: Result
    observations: Sequence[Observation] = ()
    results: Sequence[Result] = ()
    lines: Sequence[Line] = ()
    target: Target | None = None
    earlier: Sequence[Result] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        """How many of its inputs the user may not see."""
        return len(self.result.detail.get("inputs", [])) - len(self.observations) - len(self.results) - len(self.lines)


def get_result_origin(user: User, key: int) -> ResultOrigin:
    """Raises ``Result.DoesNotExist``, also for one the user may not see."""
    related = ("indicator", "area", "period", "run", "target__document", "target__period", "task__plan", "aspect")
    result = Result.objects.visible_to(user).select_related(*related).get(pk=key)
    ids: dict[str, list[int]] = {"observation": [], "result": [], "line": []}
    for entry in result.detail.get("inputs", []):
        ids.setdefault(entry["kind"], []).append(entry["id"])
    subject = {name: getattr(result, f"{name}_id") for name in ("indicator", "area", "breakdown", "target", "task", "aspect", "period")}
    return ResultOrigin(
        result,
        list(Observation.objects.visible_to(user).filter(pk__in=ids["observation"]).select_related("indicator", "area", "period")),
        list(Result.objects.visible_to(user).filter(pk__in=ids["result"]).select_related("indicator", "area", "period", "task__plan", "aspect")),
        list(
            Line.objects.filter(pk__in=ids["line"], report__in=Return.objects.visible_to(user)).select_related(
                "assignment__milestone", "assignment__task", "report__round__period", "report__unit"
            )
        ),
        result.target,
        list(Result.objects.visible_to(user).filter(measure=result.measure, **subject).exclude(pk=result.pk).order_by("-computed_at")[:20]),
    )


@dataclass
class CountOrigin:
    """A count of a register with the list that made it, as far as the user may see it."""

    count: RegisterCount
    observations: Sequence[Observation]
    members: Sequence[Member]
    hidden: int


def get_count_origin(user: User, key: int) -> CountOrigin:
    """Raises ``RegisterCount.DoesNotExist``, also where none of its observations may be seen."""
    count = RegisterCount.objects.get(pk=key)
    observations = list(Observation.objects.visible_to(user).filter(register_count=count).select_related("indicator", "period", "area"))
    if not observations:
        raise RegisterCount.DoesNotExist
    screen = get_screen(count.source)
    seen = screen(user, [member["code"] for member in count.members]) if screen else ()
    members = [member for member in count.members if member["code"] in seen]
    return CountOrigin(count, observations, members, len(count.members) - len(members))
