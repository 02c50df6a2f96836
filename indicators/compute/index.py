"""An estimate as the numeric core reads it: the tree and the method it was computed with, of what it has kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..analysis.composite import Method, Structure


def to_structure(rows: Sequence[Mapping[str, Any]]) -> Structure:
    """The tree of a selection, also of one that an estimate has kept."""
    return Structure.from_frame(pd.DataFrame(list(rows)))


def to_method(rules: Mapping[str, Any]) -> Method:
    return Method(normalise=rules["normalise"], aggregate=rules["aggregate"], min_coverage=rules["min_coverage"])
