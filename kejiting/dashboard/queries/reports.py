"""Who has reported in the round that is open, and who is late."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.models import Plan, Return, ReturnStep, Round
from indicators.queries.moments import Moment
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
class Reports:
    """The newest round that has opened, with the returns of its units."""

    round: Round | None = None
    reports: Sequence[Return] = ()
    at: datetime = field(default_factory=timezone.now)

    @property
    def late(self) -> list[Return]:
        """Past due and grace, and not handed in."""
        if self.round is None or self.round.grace_until >= self.at:
            return []
        return [report for report in self.reports if report.state in Return.EDITABLE]

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

    @property
    def digest(self) -> str:
        return "-".join(f"{report.pk}.{report.state}" for report in self.reports) + f"-{len(self.late)}"


def get_reports(user: User, plan: Plan, moment: Moment) -> Reports:
    """One query now, two for an earlier moment. Everybody sees who has reported; ``is_open_to_user`` says whose return they may open."""
    at = moment.as_of or timezone.now()
    newest = Round.objects.filter(plan=plan, opens_at__lte=at).order_by("-period__ends_on").values("pk")[:1]
    may_open = Return.objects.visible_to(user).filter(pk=OuterRef("pk"))
    rows = Return.objects.filter(round=Subquery(newest)).annotate(is_open_to_user=Exists(may_open))
    reports = list(rows.select_related("unit", "round__period").order_by("unit__kind", "unit__code"))
    if not reports:
        return Reports(at=at)
    if moment.as_of:
        _set_back(reports, moment.as_of)
    return Reports(reports[0].round, reports, at)


def _set_back(reports: Sequence[Return], at: datetime) -> None:
    """The states as they were then, by the steps that had been taken; nothing of this is saved."""
    steps = ReturnStep.objects.filter(report__in=reports, at__lte=at).order_by("report_id", "-at", "-pk").distinct("report_id")
    states = dict(steps.values_list("report_id", "to_state"))
    for report in reports:
        report.state = states.get(report.pk, State.DRAFT)
