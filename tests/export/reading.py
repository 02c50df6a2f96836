"""Reading by REST: what was answered, and what there is to read."""

import csv
import io
from decimal import Decimal
from typing import Any

from django.utils import timezone

from indicators.models import Breakdown, IndexFramework, IndexScore, Indicator, RecomputeRun, Result
from platforms.models import Consortium, ConsortiumMember, Organisation, Platform, PlatformKind
from projects.models import Outcome, Programme, Project
from tests.builders import FOREVER, make_area, make_period
from tests.export.callers import Caller
from tests.indicators.frameworks import make_framework


def rows(caller: Caller, path: str) -> list[dict[str, Any]]:
    response = caller.get(path)
    assert response.status_code == 200, response.content
    return list(response.json()["results"])


def table(caller: Caller, path: str) -> list[dict[str, str]]:
    response = caller.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))


def make_result(indicator: Indicator, value: str, period: str = "2025-Q1", **fields: Any) -> Result:
    run = RecomputeRun.objects.create(today=timezone.localdate(), code_version="test")
    defaults = {"measure": "completion", "area": make_area(), "breakdown_id": Breakdown.TOTAL, "method": "ratio", "version": "1", "computed_at": timezone.now()}
    return Result.objects.create(indicator=indicator, value=Decimal(value), period=make_period(period), run=run, **{**defaults, **fields})


def make_score(node: str = "total", **fields: Any) -> IndexScore:
    """A row of an estimate, of a framework made when first called for."""
    framework = IndexFramework.objects.filter(code="test").first() or make_framework()
    run = RecomputeRun.objects.create(kind="index", today=timezone.localdate(), code_version="test")
    defaults = {"area": make_area(), "period": make_period("2023"), "score": Decimal("43.75"), "rank": 3, "coverage": 1, "method": "index", "version": "1"}
    rest = {"run": run, "computed_at": timezone.now()}
    return IndexScore.objects.create(framework=framework, node=framework.nodes.get(code=node), **{**defaults, **rest, **fields})


def fill_registers() -> None:
    host = Organisation.objects.create(code="uni", name_zh="大学", kind="university")
    kind = PlatformKind.objects.create(code="skl", level="national", name_zh="全国重点实验室")
    Platform.objects.create(code="p1", name_zh="实验室", kind=kind, host=host)
    consortium = Consortium.objects.create(code="c1", name_zh="联合体", lead=host)
    ConsortiumMember.objects.create(consortium=consortium, organisation=host, valid=FOREVER)
    Project.objects.create(code="x1", name_zh="项目", programme=Programme.objects.create(code="nsfc", level="national", name_zh="基金"), host=host, budget="50.5")
    Outcome.objects.create(code="o1", name_zh="成果", kind="product")
