"""Where a figure comes from: the chain from what is shown back to who said it, with what evidence, by which formula."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from kejiting.accounts.models import User

from ..analysis.formula import Formula, parse
from ..explain import explain
from ..formatting import are_large
from ..formulas import split_reference
from ..models import (
    Breakdown,
    Evidence,
    Indicator,
    IndicatorDefinition,
    LightOverride,
    LightThreshold,
    Line,
    LineEntry,
    Observation,
    RegisterCount,
    Result,
    Return,
    ReturnStep,
    Target,
)
from ..periods import A_YEAR, shift
from ..sources import Member, get_screen
from .indicators import Difference, get_difference
from .meaning import get_counterpart
from .moments import NOW, Moment


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
    # How many of its inputs the user may not see.
    hidden: int = 0
    difference: Difference | None = None
    # Empty also where it names an indicator the user may not see.
    formula: str = ""
    may_see_return: bool = False

    @property
    def are_large(self) -> bool:
        """Whether the table of vintages says amounts in 亿元."""
        values = [vintage.value for vintage in self.vintages]
        return are_large(values, revised=[values])

    @property
    def evidence_of_correction(self) -> list[Evidence]:
        return [file for file in self.evidence if file.correction_id]

    @property
    def evidence_of_line(self) -> list[Evidence]:
        return [file for file in self.evidence if file.line_id]

    @property
    def is_note_open(self) -> bool:
        """A source's own note is; what was written in a return is for those who see the return."""
        return self.line is None or self.may_see_return


def get_observation_origin(user: User, key: int, moment: Moment = NOW) -> ObservationOrigin:
    """With the vintages there were at a moment. Raises ``Observation.DoesNotExist``, also for one the user may not see."""
    related = ("indicator", "area", "period", "breakdown", "document", "definition", "batch__document", "register_count", "run")
    observation = (
        Observation.objects.visible_to(user)
        .select_related(*related, "correction__requested_by__unit", "correction__decided_by__unit")
        .get(pk=key)
    )
    cell = {name: getattr(observation, f"{name}_id") for name in ("indicator", "area", "breakdown", "period")}
    vintages = list(
        moment.observations(Observation.objects.visible_to(user).filter(**cell)).select_related("document", "indicator").order_by("-vintage")
    )
    origin = ObservationOrigin(observation, vintages, observation.definition)
    if observation.line_id:
        _add_line(user, origin, observation.line_id)
        origin.evidence = _get_evidence(user, observation)
    counterpart = get_counterpart(user, observation.indicator)
    origin.difference = get_difference(user, observation.indicator, counterpart, observation.area_id, moment)
    if observation.run_id:
        origin.inputs, origin.hidden = _get_inputs(user, observation)
        origin.formula = _get_formula(user, observation)
    return origin


def _get_evidence(user: User, observation: Observation) -> list[Evidence]:
    """The files of the line that the figure was taken from, and of the correction that changed it."""
    files = Q(line=observation.line_id)
    if observation.correction_id:
        files |= Q(correction=observation.correction_id)
    return list(Evidence.objects.visible_to(user).filter(files).select_related("uploaded_by__unit"))


def _add_line(user: User, origin: ObservationOrigin, key: int) -> None:
    line = Line.objects.select_related("report__round__period", "report__unit", "entered_by__unit", "assignment").get(pk=key)
    origin.line = line
    # Drafts and what people wrote to each other are for those who see the return; the stamps are for all.
    origin.may_see_return = Return.objects.visible_to(user).filter(pk=line.report_id).exists()
    origin.steps = list(line.report.steps.select_related("by__unit"))
    if origin.may_see_return:
        origin.entries = list(line.entries.select_related("by__unit").order_by("-pk")[:50])


def _get_formula(user: User, observation: Observation) -> str:
    """The formula of then, which may name other indicators than today's; nothing where either names one the user may not see."""
    formula = observation.definition.formula if observation.definition else ""
    if not formula:
        return ""
    codes = {split_reference(code)[0] for code in parse(formula).codes}
    codes |= set(observation.indicator.dependencies.values_list("reads__code", flat=True))
    return formula if Indicator.objects.visible_to(user).filter(code__in=codes).count() == len(codes) else ""


def _get_inputs(user: User, observation: Observation) -> tuple[list[Observation], int]:
    """What a derived value was computed of, as it was when the run wrote it, and how many of it the user may not see."""
    if observation.definition is None or not observation.definition.formula:
        return [], 0
    cells = _list_cells(observation, parse(observation.definition.formula))
    rows = Observation.objects.filter(cells, breakdown=Breakdown.TOTAL, recorded_at__lte=observation.recorded_at).latest()
    keys = list(rows.values_list("pk", flat=True))
    seen = Observation.objects.visible_to(user).filter(pk__in=keys).select_related("indicator", "area", "period")
    # The largest first: of a rank that is the order it comes from.
    found = sorted(seen, key=lambda o: (o.indicator_id, -o.period.ends_on.toordinal(), -(o.value or 0)))
    return found, len(keys) - len(found)


def _list_cells(observation: Observation, formula: Formula) -> Q:
    """The cells that a formula reads for one value."""
    names = {code: split_reference(code) for code in formula.codes}
    known = dict(Indicator.objects.filter(code__in=[*names, *(name for name, _area in names.values())]).values_list("code", "pk"))
    cells = Q(pk__in=[])
    for read in formula.reads(A_YEAR[observation.period.frequency]):
        name, area = (read.code, "") if read.code in known else names[read.code]
        cell = Q(indicator=known.get(name), period=shift(observation.period.span, -read.lag).label)
        if area or not read.is_everywhere:
            cell &= Q(area=area or observation.area_id)
        elif level := observation.indicator.area_level:
            cell &= Q(area__level=level, area__is_ranked=True)
        cells |= cell
    return cells


@dataclass
class ResultOrigin:
    """A result with its method, its run and everything it was made of; ``words`` say how."""

    result: Result
    words: str
    is_replaced: bool
    observations: Sequence[Observation] = ()
    results: Sequence[Result] = ()
    lines: Sequence[Line] = ()
    target: Target | None = None
    # What lights were judged by on the run's day; None where the plan had set nothing.
    threshold: LightThreshold | None = None
    override: LightOverride | None = None
    earlier: Sequence[Result] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        """How many of its inputs the user may not see."""
        return len(self.result.detail.get("inputs", [])) - len(self.observations) - len(self.results) - len(self.lines)


def get_result_origin(user: User, key: int, moment: Moment = NOW) -> ResultOrigin:
    """Raises ``Result.DoesNotExist``, also for one the user may not see."""
    related = ("indicator", "area", "period", "run", "target__document", "target__period", "target__indicator", "task__plan", "aspect__plan")
    result = Result.objects.visible_to(user).select_related(*related).get(pk=key)
    ids: dict[str, list[int]] = defaultdict(list)
    for entry in result.detail.get("inputs", []):
        ids[entry["kind"]].append(entry["id"])
    replaced_at = result.superseded_at
    origin = ResultOrigin(result, explain(result), replaced_at is not None and (moment.at is None or replaced_at <= moment.at), target=result.target)
    observations = Observation.objects.visible_to(user).filter(pk__in=ids["observation"]).select_related("indicator", "area", "period")
    origin.observations = list(observations.order_by("indicator", "area", "-period__ends_on"))
    results = Result.objects.visible_to(user).filter(pk__in=ids["result"]).select_related("indicator", "area", "period", "task__plan", "aspect")
    origin.results = list(results.order_by("task__number", "indicator", "pk"))
    origin.lines = list(
        Line.objects.filter(pk__in=ids["line"], report__in=Return.objects.visible_to(user)).select_related(
            "assignment__indicator", "assignment__milestone", "assignment__task", "report__round__period", "report__unit"
        )
    )
    subject = {name: getattr(result, f"{name}_id") for name in ("indicator", "area", "breakdown", "target", "task", "aspect", "period")}
    origin.earlier = list(
        Result.objects.visible_to(user)
        .filter(measure=result.measure, computed_at__lt=result.computed_at, **subject)
        .select_related("indicator", "task__plan")
        .order_by("-computed_at")[:20]
    )
    if result.measure == Result.Measure.LIGHT:
        _add_judgement(origin)
    return origin


def _add_judgement(origin: ResultOrigin) -> None:
    """By whose word and by which thresholds a light is what it is."""
    task = origin.result.task
    plan = {"plan": task.plan_id} if task else {"plan__is_current": True}
    origin.threshold = LightThreshold.objects.filter(valid__contains=_get_day_judged(origin.result), **plan).first()
    if override := origin.result.detail.get("override"):
        origin.override = LightOverride.objects.select_related("by__unit").filter(pk=override["id"]).first()


def _get_day_judged(result: Result) -> date:
    """A target's newest value, and a task, are judged by the day of the run; an earlier value by the end of its own period."""
    if result.target_id is None or result.period is None:
        return result.run.today
    cell = {name: getattr(result, f"{name}_id") for name in ("target", "indicator", "area", "breakdown")}
    later = Result.objects.filter(measure=result.measure, run__lte=result.run_id, period__ends_on__gt=result.period.ends_on, **cell)
    return result.period.ends_on if later.exists() else result.run.today


@dataclass
class CountOrigin:
    """A count of a register with the list that made it, as far as the user may see it."""

    count: RegisterCount
    observations: Sequence[Observation]
    members: Sequence[Member]
    hidden: int


def get_count_origin(user: User, key: int, moment: Moment = NOW) -> CountOrigin:
    """A count is what it was, at any moment. Raises ``RegisterCount.DoesNotExist``, also where none of its observations may be seen."""
    count = RegisterCount.objects.get(pk=key)
    observations = list(Observation.objects.visible_to(user).filter(register_count=count).select_related("indicator", "period", "area"))
    if not observations:
        raise RegisterCount.DoesNotExist
    screen = get_screen(count.source)
    seen = screen(user, [member["code"] for member in count.members]) if screen else ()
    members = [member for member in count.members if member["code"] in seen]
    return CountOrigin(count, observations, members, len(count.members) - len(members))
