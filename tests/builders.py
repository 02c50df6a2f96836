"""Small builders with readable literals: a province, its units, the people, one indicator, one round.

The people, who keep their parts in every test:
  xie     reporter of the industry department (gxt), types the figures
  shen    reviewer of the industry department, approves what xie typed
  guo     office of the S&T Department (kjt-ghc), accepts
  jiang   another office of the S&T Department (kjt-jcc), accepts what guo may not
  lin     reporter of the city (620100), has nothing to do with the industry department
  du      leader
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from indicators.actions.observations import Statement, record_observations
from indicators.actions.rounds import open_round
from indicators.models import (
    Aspect,
    Assignment,
    Breakdown,
    Document,
    ImportBatch,
    Indicator,
    IndicatorDefinition,
    LightThreshold,
    Line,
    Milestone,
    Observation,
    Period,
    Plan,
    Return,
    Round,
    Target,
    Task,
    TaskIndicator,
)
from kejiting.accounts.models import Area, Role, RoleAssignment, Unit, User

FOREVER = DateRange(date(2022, 1, 1), None)


def make_area(code: str = "620000", level: str = "province", parent: Area | None = None, name: str = "甘肃省") -> Area:
    # A migration puts it there; a test that emptied all tables took it away.
    Breakdown.objects.get_or_create(code=Breakdown.TOTAL, defaults={"name_zh": "合计", "name_en": "Total"})
    if code != "000000" and parent is None:
        parent = make_area("000000", "nation", name="全国") if not Area.objects.filter(pk="000000").exists() else Area.objects.get(pk="000000")
    return Area.objects.get_or_create(code=code, defaults={"level": level, "parent": parent, "name_zh": name, "short_zh": name.rstrip("省市")})[0]


def make_unit(code: str, kind: str = "department", **fields: Any) -> Unit:
    return Unit.objects.get_or_create(code=code, defaults={"kind": kind, "name_zh": code, **fields})[0]


def make_user(username: str, unit: Unit, *roles: str, **fields: Any) -> User:
    user = User.objects.create(username=username, unit=unit, name=username, **fields)
    RoleAssignment.objects.bulk_create([RoleAssignment(user=user, role=role) for role in roles])
    return user


class Cast:
    """The people of a test, each made when first called for."""

    def __init__(self) -> None:
        self.kjt = make_unit("kjt")
        self.gxt = make_unit("gxt")
        self.city = make_unit("620100", kind="prefecture", area=make_area("620100", "prefecture", make_area(), "兰州市"))
        self.ghc = make_unit("kjt-ghc", kind="office", parent=self.kjt)
        self.jcc = make_unit("kjt-jcc", kind="office", parent=self.kjt)
        self.xie = make_user("xie", self.gxt, Role.REPORTER)
        self.shen = make_user("shen", self.gxt, Role.REVIEWER)
        self.guo = make_user("guo", self.ghc, Role.OFFICE, Role.REPORTER)
        self.jiang = make_user("jiang", self.jcc, Role.OFFICE, Role.REPORTER)
        self.lin = make_user("lin", self.city, Role.REPORTER)
        self.du = make_user("du", self.kjt, Role.LEADER)


def make_plan(code: str = "plan", *, is_current: bool = True) -> Plan:
    plan = Plan.objects.create(code=code, name_zh="规划", starts_on=date(2022, 1, 1), ends_on=date(2025, 12, 31), is_current=is_current)
    LightThreshold.objects.create(plan=plan, valid=FOREVER)
    Aspect.objects.create(plan=plan, number=1, name_zh="方面一")
    return plan


def make_task(plan: Plan, number: int, unit: Unit, **fields: Any) -> Task:
    defaults = {"aspect": plan.aspects.first(), "title_zh": f"任务{number}", "starts_on": date(2025, 1, 1), "due_on": date(2025, 12, 31)}
    return Task.objects.create(plan=plan, number=number, **{**defaults, "lead_unit": unit, **fields})


def make_indicator(code: str = "contracts", **fields: Any) -> Indicator:
    defaults = {
        "name_zh": f"指标 {code}",
        "unit_of_measure": "项",
        "accumulation": "ytd",
        "origin": "reported",
        "frequency": "quarter",
        "minimum": Decimal(0),
    }
    formula = fields.pop("formula", "")
    indicator = Indicator.objects.create(code=code, **{**defaults, **fields})
    definition = IndicatorDefinition.objects.create(
        indicator=indicator, version=1, text_zh="口径", formula=formula, valid_from=date(2022, 1, 1), is_demo=indicator.is_demo
    )
    indicator.current_definition = definition
    indicator.save(update_fields=["current_definition"])
    return indicator


def make_period(label: str) -> Period:
    return Period.objects.get_or_add(label)


def assign(unit: Unit, *, indicator: Indicator | None = None, milestone: Milestone | None = None, task: Task | None = None, **fields: Any) -> Assignment:
    kind = {"indicator": indicator, "area": make_area()} if indicator else {"milestone": milestone} if milestone else {"is_narrative": True}
    return Assignment.objects.create(unit=unit, task=task, **{"valid": FOREVER, **kind, **fields})


def make_target(indicator: Indicator, value: str, period: str = "2025", **fields: Any) -> Target:
    document = fields.pop("document", None) or Document.objects.get_or_create(title=f"文件 {period}", defaults={"issued_on": date(2022, 4, 1)})[0]
    defaults = {"unit_of_measure": indicator.unit_of_measure, "baseline_value": Decimal(0), "baseline_period": make_period("2024-Q4")}
    return Target.objects.create(
        indicator=indicator, area=fields.pop("area", None) or make_area(), period=make_period(period), document=document, value=Decimal(value), **{**defaults, **fields}
    )


def observe(indicator: Indicator, values: dict[str, str | None], area: str = "620000", **fields: Any) -> list[Observation]:
    """Imported observations by period; None is missing."""
    batch = ImportBatch.objects.create(kind="test", name="test")
    statements = [
        Statement(
            indicator=indicator,
            area=area,
            period=make_period(label).label,
            value=None if value is None else Decimal(value),
            missing="" if value is not None else "not_available",
            origin={"batch": batch},
            **fields,
        )
        for label, value in values.items()
    ]
    return record_observations(statements, cause="test")


def open_quarter(cast: Cast, plan: Plan, label: str = "2025-Q3") -> Round:
    now = timezone.now()
    return open_round(by=cast.guo, plan=plan, period=make_period(label), opens_at=now - timedelta(days=5), due_at=now + timedelta(days=5))


class Quarter:
    """One open round in which the industry department owes a figure, a milestone and a narrative."""

    def __init__(self) -> None:
        self.cast = Cast()
        self.plan = make_plan()
        self.task = make_task(self.plan, 1, self.cast.gxt)
        self.indicator = make_indicator()
        TaskIndicator.objects.create(task=self.task, indicator=self.indicator)
        self.milestone = Milestone.objects.create(task=self.task, number=1, title_zh="节点一", due_on=date(2025, 9, 30))
        assign(self.cast.gxt, indicator=self.indicator, task=self.task)
        assign(self.cast.gxt, milestone=self.milestone)
        assign(self.cast.gxt, task=self.task)
        self.round = open_quarter(self.cast, self.plan)
        self.report = Return.objects.get(round=self.round, unit=self.cast.gxt)

    def line(self, kind: str = "indicator") -> Line:
        rows = self.report.lines.select_related("assignment")
        return next(line for line in rows if line.kind == kind)

    def fill(self, value: str = "12") -> None:
        from indicators.actions.reporting import save_line

        save_line(self.line(), {"value": value}, by=self.cast.xie)
        save_line(self.line("milestone"), {"value": "1"}, by=self.cast.xie)
        save_line(self.line("narrative"), {"value": "按计划推进"}, by=self.cast.xie)

    def accept(self, value: str = "12") -> Return:
        from indicators.actions.reporting import accept_return, approve_return, submit_return

        self.fill(value)
        submit_return(self.report, by=self.cast.xie)
        approve_return(self.report, by=self.cast.shen)
        self.report = accept_return(self.report, by=self.cast.guo)
        return self.report
