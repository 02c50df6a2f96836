"""What is no series and no frame is refused by the name of its argument, whatever it is instead."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from indicators.analysis import AnalysisError
from indicators.analysis.composite import compute, explain_change, levers, what_if
from indicators.analysis.formula import parse
from indicators.analysis.measure import progress_measure
from indicators.analysis.progress import quarter_shares, required_pace
from indicators.analysis.projection import project, project_many
from indicators.analysis.quality import checks
from indicators.analysis.screening import may_have_findings
from indicators.analysis.series import annual, flows, growth, year_to_date
from indicators.analysis.structure import Method, Structure
from indicators.analysis.treatment import denominate, impute, winsorise
from indicators.analysis.uncertainty import first_order, rank_uncertainty

PERIODS = pd.period_range("2024Q1", periods=4, freq="Q")
STRUCTURE = Structure.from_frame(pd.DataFrame({"code": ["i", "a"], "parent": ["", "i"], "weight": [1.0, 1.0]}))
VALUES = pd.DataFrame({"a": [1.0, 2.0]}, index=["x", "y"])
METHOD = Method()

CALLS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "flows": ("series", lambda bad: flows(bad, "flow")),
    "year_to_date": ("series", lambda bad: year_to_date(bad, "flow")),
    "annual": ("series", lambda bad: annual(bad, "flow")),
    "growth": ("series", lambda bad: growth(bad, 1)),
    "quarter_shares": ("flows", quarter_shares),
    "required_pace": ("flows", lambda bad: required_pace(bad, 1.0, 0.0, PERIODS)),
    "progress_measure": ("series", lambda bad: progress_measure(bad, direction="higher")),
    "project": ("series", lambda bad: project(bad, 1)),
    "project_many": ("frame", lambda bad: project_many(bad, 1)),
    "checks": ("series", lambda bad: checks(bad, accumulation="flow")),
    "may_have_findings": ("frame", lambda bad: may_have_findings(bad, accumulation="flow", bounds=[])),
    "from_frame": ("frame", Structure.from_frame),
    "compute": ("values", lambda bad: compute(bad, STRUCTURE, METHOD)),
    "what_if": ("values", lambda bad: what_if(bad, STRUCTURE, METHOD, {})),
    "levers": ("values", lambda bad: levers(bad, STRUCTURE, METHOD, "x", 1.0)),
    "explain_change": ("restated", lambda bad: explain_change(compute(VALUES, STRUCTURE, METHOD), compute(VALUES, STRUCTURE, METHOD), "x", bad)),
    "denominate": ("values", lambda bad: denominate(bad, VALUES)),
    "denominate by": ("by", lambda bad: denominate(VALUES, bad)),
    "impute": ("values", impute),
    "winsorise": ("values", winsorise),
    "rank_uncertainty": ("values", lambda bad: rank_uncertainty(bad, STRUCTURE, METHOD, draws=1)),
    "first_order": ("values", lambda bad: first_order(bad, STRUCTURE, METHOD, draws=1)),
    "evaluate": ("the values of a", lambda bad: parse("a + 1").evaluate({"a": bad})),
}


@pytest.mark.parametrize("bad", [[1.0, 2.0], {"a": 1.0}, 3.0, "text"], ids=lambda bad: type(bad).__name__)
@pytest.mark.parametrize("call", CALLS)
def test_the_argument_is_named(call: str, bad: Any) -> None:
    name, function = CALLS[call]
    with pytest.raises(AnalysisError, match=f"^{name} must be a .*, not {type(bad).__name__}"):
        function(bad)
