"""What an index is made of (``Structure``) and how it is computed (``Method``), checked once, before any number is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from . import AnalysisError, check_type

NORMALISATIONS: Final = ("minmax", "zscore", "rank", "goalposts", "standard", "none")
AGGREGATIONS: Final = ("arithmetic", "geometric", "harmonic", "mazziotta_pareto")
_DEFAULTS: Final = {"weight": 1.0, "direction": 1.0, "low": np.nan, "high": np.nan, "standard": np.nan, "transform": ""}


@dataclass(frozen=True)
class Leaf:
    """One indicator of an index: which way is better, and in its raw unit the goalposts and the standard (NaN: none)."""

    code: str
    direction: int = 1
    low: float = np.nan
    high: float = np.nan
    standard: float = np.nan
    is_log: bool = False


@dataclass(frozen=True)
class Node:
    """An inner node: the positions of its children among ``Structure.codes``, and their weights, which add up to 1."""

    code: str
    children: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Structure:
    """A tree of codes. ``nodes`` come in the order in which they can be computed; the root is the last."""

    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "Structure":
        """From one row a code: ``code``, ``parent`` (NaN or "" for the root), ``weight``, and for leaves ``direction`` (±1, default +1),
        ``low``, ``high``, ``standard`` (raw units), ``transform`` ("" or "log"). Columns but the first two may be left out.

        Weights need not add up: siblings are normalised. ``AnalysisError`` names what is wrong: a code twice, an orphan, a
        cycle, no or several roots, a weight that is missing or negative, siblings whose weights add up to 0.
        """
        check_type(frame, "frame", pd.DataFrame)
        rows = _read_rows(frame)
        children = _find_children(rows)
        roots = [code for code, row in rows.items() if row["parent"] == ""]
        order = _order(roots, children, rows)
        leaf_codes = [code for code in rows if code not in children]
        position = {code: at for at, code in enumerate([*leaf_codes, *order])}
        return cls(
            tuple(_make_leaf(code, rows[code]) for code in leaf_codes),
            tuple(Node(code, tuple(position[c] for c in children[code]), _share(code, children[code], rows)) for code in order),
        )

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Leaves first, then inner nodes, each after its children."""
        return (*(leaf.code for leaf in self.leaves), *(node.code for node in self.nodes))

    @property
    def root(self) -> str:
        return self.codes[-1]

    @cached_property
    def leaf_codes(self) -> tuple[str, ...]:
        return tuple(leaf.code for leaf in self.leaves)

    def find_leaves(self, code: str) -> list[int]:
        """The positions of the leaves under a node (of a leaf: its own)."""
        at = self.find(code)
        if at < len(self.leaves):
            return [at]
        return [leaf for child in self.nodes[at - len(self.leaves)].children for leaf in self.find_leaves(self.codes[child])]

    def find(self, code: str) -> int:
        if code not in self.codes:
            raise AnalysisError(f"the index has no node {code}")
        return self.codes.index(code)


@dataclass(frozen=True)
class Method:
    """How an index is computed; see ``compute`` in ``composite``.

    ``scale``: minmax and goalposts: (low, high) of the output, default (0, 100); zscore: (mean, sd), default (0, 1).
    ``clip``: goalposts only. ``aggregate``: one name, or by node code with ``"*"`` for the others.
    """

    normalise: str = "minmax"
    aggregate: str | Mapping[str, str] = "arithmetic"
    scale: tuple[float, float] | None = None
    clip: bool = True
    ddof: int = 1
    missing: str = "reweight"
    min_coverage: float = 0.65
    rank_decimals: int | None = None

    def __post_init__(self) -> None:
        names = [self.aggregate] if isinstance(self.aggregate, str) else list(self.aggregate.values())
        for name in names:
            _require(name in AGGREGATIONS, f"unknown aggregation {name!r}; known are {', '.join(AGGREGATIONS)}")
        _require(self.normalise in NORMALISATIONS, f"unknown normalisation {self.normalise!r}; known are {', '.join(NORMALISATIONS)}")
        _require(self.missing in ("reweight", "propagate"), f"unknown treatment of missing values {self.missing!r}")
        _require(0 <= self.min_coverage <= 1, f"the least coverage is a share, not {self.min_coverage}")

    def get_aggregation(self, code: str) -> str:
        if isinstance(self.aggregate, str):
            return self.aggregate
        name = self.aggregate.get(code, self.aggregate.get("*"))
        if name is None:
            raise AnalysisError(f"no aggregation for node {code}, and no default ('*')")
        return name

    def get_scale(self) -> tuple[float, float]:
        if self.scale is not None:
            return self.scale
        return (0.0, 1.0) if self.normalise == "zscore" else (0.0, 100.0)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AnalysisError(message)


def _read_rows(frame: pd.DataFrame) -> dict[str, dict]:
    for column in ("code", "parent"):
        _require(column in frame.columns, f"the structure has no column {column}")
    table = frame.reindex(columns=["code", "parent", *_DEFAULTS])
    for column in _DEFAULTS:
        # A column that is not there is all default; in one that is, only a missing direction and transform are.
        if column not in frame.columns or column in ("direction", "transform"):
            table[column] = table[column].astype(object).where(table[column].notna(), _DEFAULTS[column])
    table["parent"] = table["parent"].astype(object).where(table["parent"].notna(), "")
    rows: dict[str, dict] = {}
    for row in table.to_dict("records"):
        code = row["code"]
        _require(isinstance(code, str) and code != "", f"a row has no code but {code!r}")
        _require(code not in rows, f"code {code} is there twice")
        rows[code] = row
    return rows


def _find_children(rows: Mapping[str, dict]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for code, row in rows.items():
        if row["parent"] == "":
            continue
        _require(row["parent"] in rows, f"the parent of {code}, {row['parent']}, is not there")
        children.setdefault(row["parent"], []).append(code)
    return children


def _order(roots: list[str], children: Mapping[str, list[str]], rows: Mapping[str, dict]) -> list[str]:
    """Inner nodes, each after its children: the reverse of a walk from the root that meets parents first."""
    walk = list(roots)
    for code in walk:
        walk.extend(children.get(code, []))
    if circling := [code for code in rows if code not in set(walk)]:
        raise AnalysisError("a cycle: " + " → ".join(_find_cycle(circling[0], rows)))
    _require(len(roots) != 0, "the structure has no root")
    _require(len(roots) == 1, f"the structure has several roots: {', '.join(roots)}")
    return [code for code in reversed(walk) if code in children]


def _find_cycle(code: str, rows: Mapping[str, dict]) -> Iterator[str]:
    path = [code]
    while rows[path[-1]]["parent"] not in path:
        path.append(rows[path[-1]]["parent"])
    again = rows[path[-1]]["parent"]
    return iter([*path[path.index(again) :], again])


def _make_leaf(code: str, row: Mapping) -> Leaf:
    _require(row["direction"] in (1, -1), f"the direction of {code} is {row['direction']!r}, not +1 or -1")
    _require(row["transform"] in ("", "log"), f"the transform of {code} is {row['transform']!r}, not '' or 'log'")
    # One and the same NaN, so that structures of the same rows are equal.
    low, high, standard = (np.nan if pd.isna(row[name]) else float(row[name]) for name in ("low", "high", "standard"))
    _require(not np.isinf([low, high, standard]).any(), f"a goalpost or the standard of {code} is infinite")
    return Leaf(code, int(row["direction"]), low, high, standard, row["transform"] == "log")


def _share(parent: str, children: list[str], rows: Mapping[str, dict]) -> tuple[float, ...]:
    weights = [float(rows[code]["weight"]) for code in children]
    for code, weight in zip(children, weights, strict=True):
        _require(0 <= weight < np.inf, f"the weight of {code} is {weight}, not a number of 0 or more")
    total = sum(weights)
    _require(total > 0, f"the weights under {parent} add up to 0")
    return tuple(weight / total for weight in weights)
