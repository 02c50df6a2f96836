"""What of a framework counts in a year: the indicators that enough areas have figures for, and the groups they make."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ...models import IndexEstimate, IndexFramework, IndexNode, Normalise, WeightVersion
from .figures import Figures

# An indicator that fewer of the ranked areas have than this ranks nobody: the others would be compared without it.
LEAST_AREAS = 2 / 3
# Shares of weight are compared to this, as the core does.
_SAME = 1e-9

LeftOut = IndexEstimate.LeftOut


@dataclass(frozen=True)
class Frame:
    """A framework as the run reads it: its nodes by code, their children, and the weight versions, the newest first."""

    framework: IndexFramework
    nodes: Mapping[str, IndexNode]
    children: Mapping[str, Sequence[IndexNode]]
    versions: Sequence[tuple[WeightVersion, Mapping[int, Decimal]]]

    @property
    def root(self) -> IndexNode:
        return next(node for node in self.nodes.values() if node.parent_id is None)

    @property
    def leaves(self) -> list[IndexNode]:
        return [node for node in self.nodes.values() if node.is_leaf]

    def get_version(self, year: int) -> WeightVersion | None:
        """The newest weights that count for a year."""
        return next((v for v, _weights in self.versions if v.from_year is None or v.from_year <= year), None)

    def get_weights(self, version: WeightVersion | None) -> dict[str, float]:
        """By code: as the office entered them, else as published, else all alike."""
        entered: Mapping[int, Decimal] = next((w for v, w in self.versions if v == version), {})
        found = {}
        for code, node in self.nodes.items():
            weight = entered.get(node.pk, node.weight)
            found[code] = 1.0 if weight is None else float(weight)
        return found

    def get_rules(self) -> dict[str, Any]:
        """What the scores are computed by, as an estimate keeps it."""
        framework = self.framework
        return {
            "normalise": framework.normalise,
            "aggregate": framework.aggregate,
            "min_coverage": float(framework.min_coverage),
            "weight_noise": float(framework.weight_noise),
            "normalise_among": list(framework.normalise_among),
        }


def load_frame(framework: IndexFramework) -> Frame:
    nodes = list(framework.nodes.select_related("indicator").order_by("position"))
    by_pk = {node.pk: node for node in nodes}
    children: dict[str, list[IndexNode]] = defaultdict(list)
    for node in nodes:
        if node.parent_id:
            children[by_pk[node.parent_id].code].append(node)
    versions = [
        (version, {weight.node_id: weight.weight for weight in version.weights.all()})
        for version in framework.weight_versions.order_by("-number").prefetch_related("weights")
    ]
    return Frame(framework, {node.code: node for node in nodes}, children, versions)


@dataclass(frozen=True)
class Selection:
    """The part of a framework that counts in a year.

    ``used``: leaf codes; ``rows``: the tree they make, as ``Structure.from_frame`` reads it; ``shares``: how much of each
    node's own weight is there; ``coverage``: by node how many of its leaves are used, and for a leaf that is not, why.
    """

    used: Sequence[str]
    rows: Sequence[dict[str, Any]]
    shares: Mapping[str, float]
    coverage: Mapping[str, dict[str, Any]]

    @property
    def problem(self) -> str:
        if self.rows:
            return IndexEstimate.Problem.NONE
        thin = any(part.get("reason") == LeftOut.THIN_GROUP for part in self.coverage.values())
        return IndexEstimate.Problem.LOW_COVERAGE if thin else IndexEstimate.Problem.NO_DATA


def select(frame: Frame, weights: Mapping[str, float], figures: Figures, label: str) -> Selection:
    """From the leaves up. A group without any figure, or with less than the framework's least coverage, does not count."""
    walk = _Walk(
        frame, weights, {leaf.code: _find_reason(frame, leaf, weights[leaf.code], figures, label) for leaf in frame.leaves}
    )
    walk.keep(frame.root)
    for leaf in frame.leaves:
        if reason := walk.reasons[leaf.code]:
            walk.coverage[leaf.code] |= {"reason": str(reason), "areas": len(figures.newest(leaf.code, label))}
    kept = [node for node in frame.nodes.values() if node.code in walk.shares]
    parents = {child.code: parent for parent, children in frame.children.items() for child in children}
    rows = [_make_row(node, parents.get(node.code, ""), weights) for node in kept]
    return Selection([node.code for node in kept if node.is_leaf], rows, walk.shares, walk.coverage)


@dataclass
class _Walk:
    """``shares`` holds the nodes that count and how much of each is there."""

    frame: Frame
    weights: Mapping[str, float]
    reasons: dict[str, str]
    shares: dict[str, float] = field(default_factory=dict)
    coverage: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, node: IndexNode) -> bool:
        share = self._keep_leaf(node) if node.is_leaf else self._keep_children(node)
        least = 0.0 if node.is_leaf else float(self.frame.framework.min_coverage)
        if share > 0 and share >= least - _SAME and (self.weights[node.code] or node.parent_id is None):
            self.shares[node.code] = share
            return True
        self._drop(node, LeftOut.THIN_GROUP if self.weights[node.code] else LeftOut.NO_WEIGHT)
        return False

    def _keep_leaf(self, leaf: IndexNode) -> float:
        is_used = not self.reasons[leaf.code]
        self.coverage[leaf.code] = {"used": int(is_used), "all": 1}
        return float(is_used)

    def _keep_children(self, node: IndexNode) -> float:
        children = self.frame.children[node.code]
        present = sum(self.weights[child.code] for child in children if self.keep(child))
        whole = sum(self.weights[child.code] for child in children)
        parts = [self.coverage[child.code] for child in children]
        self.coverage[node.code] = {name: sum(part[name] for part in parts) for name in ("used", "all")}
        return present / whole if whole else 0.0

    def _drop(self, node: IndexNode, reason: str) -> None:
        """A group that does not count takes what is below it along."""
        self.shares.pop(node.code, None)
        self.coverage[node.code]["used"] = 0
        if node.is_leaf:
            self.reasons[node.code] = self.reasons[node.code] or reason
        for child in self.frame.children.get(node.code, ()):
            self._drop(child, reason)


def _make_row(node: IndexNode, parent: str, weights: Mapping[str, float]) -> dict[str, Any]:
    numbers = {name: None if (n := getattr(node, name)) is None else float(n) for name in ("low", "high", "standard")}
    return {"code": node.code, "parent": parent, "weight": weights[node.code], "direction": node.direction, **numbers}


def _find_reason(frame: Frame, leaf: IndexNode, weight: float, figures: Figures, label: str) -> str:
    """Why a leaf does not count; empty where it does."""
    if leaf.indicator_id is None:
        return LeftOut.NO_INDICATOR
    methods = {frame.framework.normalise, *frame.framework.normalise_among}
    if Normalise.STANDARD in methods and leaf.standard is None:
        return LeftOut.NO_STANDARD
    if Normalise.GOALPOSTS in methods and leaf.low is None:
        return LeftOut.NO_GOALPOSTS
    if not weight:
        return LeftOut.NO_WEIGHT
    found = figures.newest(leaf.code, label)
    if not found:
        return LeftOut.NO_DATA
    if len(found) < LEAST_AREAS * len(figures.areas):
        return LeftOut.FEW_AREAS
    is_relative = methods & {Normalise.MINMAX, Normalise.ZSCORE}
    return LeftOut.CONSTANT if is_relative and len({figure.value for figure in found.values()}) == 1 else ""
