"""Who has reported in the rounds that are open, and who is late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.models import Plan, Return, ReturnStep, Round, RoundVersion
from indicators.queries.moments import Moment
from indicators.queries.rounds import is_late
from kejiting.accounts.models import User

State = Return.State
# What needs somebody to act comes first; what is done comes last.
SYMBOLS = {State.RETURNED: "↩", State.DRAFT: "✎", State.SUBMITTED: "◷", State.APPROVED: "◷", State.ACCEPTED: "✓"}


@dataclass
class ReportGroup:
    """The returns of one state, or those overdue; ``key`` is the state or ``late``."""

    key: str
    name: str
    symbol: str
    reports: list[Return]


@dataclass
class RoundReports:
    """One round with the returns of its units."""

    round: Round
    reports: Sequence[Return]
    at: datetime

    @property
    def late(self) -> list[Return]:
        return [report for report in self.reports if is_late(report, self.at)]

    @property
    def handed_in(self) -> int:
        return sum(report.state not in Return.EDITABLE for report in self.reports)

    @property
    def groups(self) -> list[ReportGroup]:
        """Those there are, the most troublesome first."""
        late = self.late
        rest = [report for report in self.reports if report not in late]
        groups = [ReportGroup("late", _("逾期未报"), "⚠", late)]
        groups += [
            ReportGroup(state, str(state.label), symbol, [r for r in rest if r.state == state]) for state, symbol in SYMBOLS.items()
        ]
        return [group for group in groups if group.reports]


@dataclass
class Reports:
    """Each round that is open and not finished, the earliest first; where there is none, the newest that has opened."""

    rounds: Sequence[RoundReports] = field(default_factory=list)

    @property
    def late(self) -> list[RoundReports]:
        """The rounds in which somebody is late."""
        return [each for each in self.rounds if each.late]

    @property
    def digest(self) -> str:
        return "/".join("-".join([each.round.code, *(f"{r.pk}.{r.state}" for r in each.reports), str(len(each.late))]) for each in self.rounds)


def get_reports(user: User, plan: Plan, moment: Moment) -> Reports:
    """Two queries now, four for an earlier moment. Everybody sees who has reported; ``is_open_to_user`` says whose return they may open."""
    at = moment.as_of or timezone.now()
    opened = moment.recorded(Round.objects.filter(plan=plan, opens_at__lte=at))
    # An accepted return stays so: its stamp tells at any moment.
    pending = Return.objects.filter(Q(accepted_at=None) | Q(accepted_at__gt=at), round=OuterRef("pk"))
    rounds = list(opened.annotate(is_pending=Exists(pending)).order_by("period__ends_on", "pk"))
    moment.set_back(rounds, RoundVersion.objects.all())
    unfinished = [each for each in rounds if each.is_pending and not (each.locks_at and each.locks_at <= at)]
    chosen = {each.pk: each for each in unfinished or rounds[-1:]}
    if not chosen:
        return Reports()
    reports = _read_returns(user, chosen, moment)
    return Reports([RoundReports(each, [report for report in reports if report.round_id == pk], at) for pk, each in chosen.items()])


def _read_returns(user: User, rounds: Mapping[int, Round], moment: Moment) -> list[Return]:
    may_open = Return.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows = moment.recorded(Return.objects.filter(round__in=rounds)).annotate(is_open_to_user=Exists(may_open))
    reports: list[Return] = list(rows.select_related("unit").order_by("unit__kind", "unit__code"))
    for report in reports:
        report.round = rounds[report.round_id]
    if moment.as_of:
        _set_back(reports, moment.as_of)
    return reports


def _set_back(reports: Sequence[Return], at: datetime) -> None:
    """The states as they were then, by the steps that had been taken; nothing of this is saved."""
    steps = ReturnStep.objects.filter(report__in=reports, at__lte=at).order_by("report_id", "-at", "-pk").distinct("report_id")
    states = dict(steps.values_list("report_id", "to_state"))
    for report in reports:
        report.state = states.get(report.pk, State.DRAFT)
