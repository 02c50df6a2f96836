"""A year's estimate by a framework as the record holds it: what the page, the what-if and an area's own page read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import pandas as pd
from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from kejiting.accounts.models import Area, User

from ..analysis.composite import Method, Structure
from ..compute.index import to_method, to_structure
from ..models import IndexEstimate, IndexFramework, IndexMark, IndexNode, IndexScore, Indicator, StaleMark
from ..models.run import REPORTED_AFTER
from .moments import Moment


@dataclass(frozen=True)
class Estimate:
    """``scores`` by area and node code; ``nodes`` by code, in the framework's order."""

    header: IndexEstimate
    nodes: Mapping[str, IndexNode]
    scores: Mapping[str, Mapping[str, IndexScore]]
    areas: Mapping[str, Area]

    @property
    def root(self) -> IndexNode:
        return next(node for node in self.nodes.values() if node.parent_id is None)

    @property
    def ranking(self) -> list[IndexScore]:
        """The whole of each area, the first first; those without a rank last."""
        rows = [found[self.root.code] for found in self.scores.values() if self.root.code in found]
        return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0, row.area_id))

    @property
    def leaves(self) -> list[IndexNode]:
        """The indicators that count in this year, in the framework's order."""
        used = {row["code"] for row in self.header.structure}
        return [node for node in self.nodes.values() if node.is_leaf and node.code in used]

    @property
    def structure(self) -> Structure:
        return to_structure(self.header.structure)

    @property
    def method(self) -> Method:
        return to_method(self.header.rules)

    @property
    def values(self) -> pd.DataFrame:
        """Areas × leaf codes: the figures that the scores are of."""
        table = {leaf.code: [_float(self.scores[area].get(leaf.code)) for area in self.scores] for leaf in self.leaves}
        return pd.DataFrame(table, index=pd.Index(list(self.scores)), dtype=float)

    @property
    def digest(self) -> str:
        """Another when anything of the estimate is."""
        newest = max((row.pk for found in self.scores.values() for row in found.values()), default=0)
        return f"{self.header.pk}.{newest}"

    @property
    def has_published_weights(self) -> bool:
        """Whether the framework says what its nodes count for."""
        return any(node.weight is not None for node in self.nodes.values())

    def get_weights(self) -> dict[str, Decimal]:
        """By code, as the estimate was computed with."""
        return {row["code"]: Decimal(str(row["weight"])) for row in self.header.structure}

    def list_missing(self, area: str) -> list[IndexNode]:
        """The indicators that count in this year and that the area has no figure for."""
        return [leaf for leaf in self.leaves if (row := self.scores.get(area, {}).get(leaf.code)) and row.score is None]


def _float(row: IndexScore | None) -> float:
    return float(row.value) if row is not None and row.value is not None else float("nan")


@dataclass
class Choice:
    """A framework and one of its years; ``header`` is None where nothing was estimated, and may say why there are no scores."""

    frameworks: Sequence[IndexFramework]
    framework: IndexFramework | None = None
    headers: Sequence[IndexEstimate] = ()
    header: IndexEstimate | None = None
    # What was asked for and is not there, in a sentence.
    unknown: str = ""


def choose(user: User, moment: Moment, *, framework: str = "", year: str = "") -> Choice:
    """What is asked for; else the first framework, and the newest year that has scores."""
    choice = Choice(list(IndexFramework.objects.select_related("document")))
    choice.framework = next((f for f in choice.frameworks if f.code == framework), None) or next(iter(choice.frameworks), None)
    if choice.framework is None:
        return choice
    rows = moment.results(IndexEstimate.objects.visible_to(user).filter(framework=choice.framework))
    choice.headers = list(rows.select_related("weights__by__unit", "run").order_by("-period"))
    asked = next((header for header in choice.headers if header.period_id == year), None)
    computed = next((header for header in choice.headers if not header.problem), None)
    choice.header = asked or computed or next(iter(choice.headers), None)
    choice.unknown = _find_unknown(choice, framework, year)
    return choice


def _find_unknown(choice: Choice, framework: str, year: str) -> str:
    if framework and choice.framework and choice.framework.code != framework:
        return _("没有代码为“%(code)s”的框架，下面是“%(shown)s”。") % {"code": framework[:40], "shown": choice.framework}
    if year and (choice.header is None or choice.header.period_id != year):
        return _("没有“%(year)s”年的测算，下面是最近一年的。") % {"year": year[:10]}
    return ""


def get_estimate(user: User, framework: IndexFramework, header: IndexEstimate, moment: Moment) -> Estimate:
    """Everything of one year, in four queries."""
    # The framework's structure is open; which indicator supplies a node is for those who may see the indicator.
    supplied = Prefetch("indicator", Indicator.objects.visible_to(user))
    nodes = {node.code: node for node in framework.nodes.prefetch_related(supplied).order_by("position")}
    codes = {node.pk: code for code, node in nodes.items()}
    rows = moment.results(IndexScore.objects.visible_to(user).filter(framework=framework, period=header.period_id))
    areas = {area.pk: area for area in Area.objects.filter(is_ranked=True, level=Area.Level.PROVINCE).order_by("code")}
    scores: dict[str, dict[str, IndexScore]] = {}
    for row in rows.order_by("area", "pk"):
        row.node, row.framework = nodes[codes[row.node_id]], framework
        row.area = areas.get(row.area_id) or row.area
        scores.setdefault(row.area_id, {})[codes[row.node_id]] = row
    return Estimate(header, nodes, scores, areas)


class Work(StrEnum):
    """Whether the estimate holds everything that came."""

    NONE = ""
    PENDING = "pending"
    # After several attempts; it is still tried, ever more rarely.
    FAILED = "failed"


def find_work(framework: IndexFramework) -> Work:
    """What figures or weights came that the estimate does not hold yet, and whether run after run failed on it."""
    own = IndexMark.objects.filter(framework=framework).values_list("attempts")
    inputs = StaleMark.objects.filter(indicator__index_nodes__framework=framework).values_list("attempts")
    attempts = [tried for (tried,) in own.union(inputs)]
    if any(tried >= REPORTED_AFTER for tried in attempts):
        return Work.FAILED
    return Work.PENDING if attempts else Work.NONE


def get_history(user: User, framework: IndexFramework, moment: Moment) -> dict[str, IndexScore]:
    """The home province's whole by year."""
    rows = IndexScore.objects.visible_to(user).filter(framework=framework, area=settings.HOME_AREA, node__parent=None)
    return {row.period_id: row for row in moment.results(rows)}
