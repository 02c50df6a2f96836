"""What is estimated by a framework: scores, ranks, intervals and moves, what is left out and why, and when it is computed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from indicators.actions.definitions import set_weights
from indicators.actions.marks import mark_indicators
from indicators.analysis.composite import Method, Structure, compute, explain_change
from indicators.analysis.uncertainty import rank_uncertainty
from indicators.models import (
    IndexEstimate,
    IndexFramework,
    IndexMark,
    IndexNode,
    IndexScore,
    Indicator,
    IndicatorDependency,
    RecomputeRun,
    StaleMark,
)
from indicators.queries.freshness import get_freshness
from indicators.recompute import index, run, runner
from indicators.tasks import estimate_index
from kejiting import supervisor
from tests.builders import Cast, observe
from tests.indicators.frameworks import (
    AREAS,
    HOME,
    NODES,
    VALUES,
    get_score,
    make_areas,
    make_framework,
    make_index,
    make_yearly,
    observe_all,
    scores,
)

pytestmark = pytest.mark.django_db
TODAY = date(2025, 11, 20)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is nudged: the tests run what is marked. A thousand draws say what ten thousand do."""
    monkeypatch.setattr("indicators.actions.marks.nudge", lambda: None)
    monkeypatch.setattr("indicators.actions.marks.nudge_index", lambda: None)
    for module in ("estimate", "runner"):
        monkeypatch.setattr(f"indicators.recompute.index.{module}.DRAWS", 1_000)


def estimate() -> RecomputeRun | None:
    """What a change leads to: values first, then the index."""
    run(TODAY)
    return index.run(TODAY)


def snapshot() -> list[Any]:
    """Current rows without ids and times."""
    names = (
        "period_id",
        "area_id",
        "node__code",
        "value",
        "score",
        "rank",
        "reason",
        "coverage",
        "points",
        "rank_median",
        "rank_low",
    )
    more = ("rank_high", "chance_better", "change", "method", "version", "classification", "is_released")
    headers = (
        "period_id",
        "problem",
        "leaves_used",
        "leaves_all",
        "coverage",
        "structure",
        "rules",
        "draws",
        "seed",
        "fingerprint",
    )
    rows = IndexScore.objects.current().order_by("period", "area", "node").values_list(*names, *more)
    return [*rows, *IndexEstimate.objects.current().order_by("period").values_list(*headers)]


# -- what is computed ----------------------------------------------------------------------------


def test_the_published_method_gives_the_score_that_is_computed_by_hand() -> None:
    make_index()
    estimate()
    # 甘肃 2023: a 5/10, b 9/20 → input 47.5; c 2/5 → output 40 (d has no indicator); equal weights.
    assert scores("2023", "input")[HOME] == (Decimal("47.5"), 2)
    assert scores("2023", "output")[HOME] == (Decimal(40), 2)
    assert scores("2023")[HOME] == (Decimal("43.75"), 3)
    assert scores("2023") == {
        "610000": (Decimal("57.5"), 1),
        "630000": (Decimal(45), 2),
        HOME: (Decimal("43.75"), 3),
        "640000": (Decimal("21.25"), 4),
    }


def test_what_is_stored_is_what_the_core_says() -> None:
    """Its slow twin: the core called by hand on the same figures, for every area and number that is kept."""
    framework = make_index()
    estimate()
    structure = Structure.from_frame(
        pd.DataFrame(
            [
                {"weight": 1.0, "direction": 1, **node, "standard": float(node.get("standard", "nan"))}
                for node in NODES
                if node["code"] != "d"
            ]
        )
    )
    method = Method(normalise="standard", min_coverage=0.0)
    codes = {"a": "xa", "b": "xb", "c": "xc"}
    frames = {
        year: pd.DataFrame({code: list(map(float, VALUES[name][year])) for code, name in codes.items()}, index=list(AREAS))
        for year in ("2022", "2023")
    }
    before, after = (compute(frames[year], structure, method) for year in ("2022", "2023"))
    sd = pd.Series(1 / np.sqrt(12), index=list(codes))  # all figures are printed without decimals
    drawn = rank_uncertainty(
        frames["2023"], structure, method, draws=1_000, seed=1, weight_noise=float(framework.weight_noise), value_sd=sd
    )
    for area in AREAS:
        row = get_score("2023", area)
        assert row.score is not None
        assert float(row.score) == pytest.approx(after.scores.at[area, "total"])
        assert [float(v) for v in (row.rank_median, row.rank_low, row.rank_high)] == [
            pytest.approx(drawn.at[area, c], abs=0.005) for c in ("median", "q05", "q95")
        ]
        assert float(row.chance_better) == pytest.approx(drawn.at[area, "p_better"])
        points = {code: float(get_score("2023", area, code).points) for code in codes}
        assert points == pytest.approx(after.contributions(area).to_dict())
        moved = explain_change(before, after, area)
        assert {g: (float(v["score"]), float(v["rank"])) for g, v in row.change["by"].items()} == {
            g: (pytest.approx(moved.at[g, "score"]), pytest.approx(moved.at[g, "rank"])) for g in moved.index
        }


def test_points_and_moves_add_up_to_the_last_decimal() -> None:
    make_areas()
    make_framework(normalise="minmax")
    observe_all(
        {
            "xa": {"2022": ("1", "2", "4", "7"), "2023": ("1", "3", "3", "7")},
            "xb": {"2022": ("3", "1", "2", "9"), "2023": ("3", "2", "2", "9")},
            "xc": {"2022": ("6", "7", "1", "3"), "2023": ("7", "7", "1", "3")},
        }
    )
    estimate()
    for area in AREAS:
        rows = {row.node.code: row for row in IndexScore.objects.current().filter(period="2023", area=area).select_related("node")}
        total = rows["total"]
        assert sum(rows[leaf].points for leaf in "abc") == total.score == total.points
        assert rows["input"].points == rows["a"].points + rows["b"].points
        past = get_score("2022", area)
        for name in ("score", "rank"):
            assert sum(Decimal(part[name]) for part in total.change["by"].values()) == getattr(total, name) - getattr(past, name)


def test_years_begin_with_the_first_figures_and_the_first_has_no_move() -> None:
    make_index()
    estimate()
    assert list(IndexEstimate.objects.current().values_list("period", flat=True)) == ["2022", "2023"]
    assert get_score("2022").change is None
    assert get_score("2023").change["period"] == "2022"


def test_an_estimate_says_what_of_the_framework_it_covers() -> None:
    make_index()
    estimate()
    header = IndexEstimate.objects.current().get(period="2023")
    assert (header.leaves_used, header.leaves_all, header.problem) == (3, 4, "")
    assert header.coverage["input"] == {"used": 2, "all": 2}
    assert header.coverage["output"] == {"used": 1, "all": 2}
    assert header.coverage["d"] == {"used": 0, "all": 1, "reason": "no_indicator", "areas": 0}
    assert get_score("2023", node="output").coverage == Decimal("0.5")
    assert get_score("2023").coverage == 1


def test_a_group_without_figures_is_not_estimated() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": VALUES["xa"]})
    estimate()
    header = IndexEstimate.objects.current().get(period="2023")
    assert (header.coverage["output"], header.coverage["c"]["reason"]) == ({"used": 0, "all": 2}, "no_data")
    assert not IndexScore.objects.filter(node__code__in=["output", "c", "b"]).exists()
    assert get_score("2023").score == get_score("2023", node="a").score


def test_an_area_without_figures_stays_and_says_why() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", None, "2", "3")}, "xb": {"2023": ("12", None, "8", "3")}})
    estimate()
    row = get_score("2023")
    assert (row.score, row.rank, row.reason, row.rank_low) == (None, None, "no_value", None)
    assert [score[1] for area, score in scores("2023").items() if area != HOME] == [1, 2, 3]
    assert len(scores("2023")) == len(AREAS)


def test_an_area_that_lacks_one_figure_is_estimated_of_the_others_and_marked() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", None, "2", "3")}, "xb": {"2023": ("12", "9", "8", "3")}})
    estimate()
    assert (get_score("2023", node="a").reason, get_score("2023", node="a").coverage) == ("no_value", 0)
    assert (get_score("2023", node="input").score, get_score("2023", node="input").coverage) == (Decimal(45), Decimal("0.5"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"standard": ""}, "no_standard"),
        ({"weight": "0"}, "no_weight"),
        ({"indicator": ""}, "no_indicator"),
    ],
)
def test_a_leaf_that_cannot_count_says_why(change: dict[str, str], reason: str) -> None:
    make_areas()
    make_yearly("xa")
    siblings = {"b": {"weight": "1"}} if "weight" in change else {}
    make_framework([{**node, **(change if node["code"] == "a" else siblings.get(node["code"], {}))} for node in NODES])
    observe_all()
    estimate()
    assert IndexEstimate.objects.current().get(period="2023").coverage["a"]["reason"] == reason
    assert not IndexScore.objects.filter(node__code="a").exists()


def test_an_indicator_that_few_areas_have_ranks_nobody() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", "5", "2", "3")}, "xb": {"2023": (None, "9", None, None)}})
    estimate()
    assert IndexEstimate.objects.current().get(period="2023").coverage["b"] == {
        "used": 0,
        "all": 1,
        "reason": "few_areas",
        "areas": 1,
    }
    assert get_score("2023").score == 50


def test_a_constant_indicator_does_not_count_where_units_are_compared_with_each_other() -> None:
    make_areas()
    make_framework(normalise="minmax")
    observe_all({"xa": {"2023": ("9", "5", "2", "3")}, "xb": {"2023": ("4", "4", "4", "4")}})
    estimate()
    assert IndexEstimate.objects.current().get(period="2023").coverage["b"]["reason"] == "constant"


def test_a_group_below_the_least_coverage_is_left_out_with_its_indicators() -> None:
    make_index(min_coverage=Decimal("0.6"))
    estimate()
    header = IndexEstimate.objects.current().get(period="2023")
    # output has half of its weight; without it the whole has half of its own.
    assert (header.problem, header.coverage["c"]["reason"], header.leaves_used) == ("low_coverage", "thin_group", 0)
    assert not IndexScore.objects.filter(period="2023").exists()


def test_what_the_core_refuses_is_a_stated_result_that_names_the_culprit() -> None:
    make_index(normalise="minmax", normalise_among=["rank"])
    IndexNode.objects.filter(code="a").update(low=1, high=1)
    IndexFramework.objects.update(normalise="goalposts", normalise_among=[])
    IndexNode.objects.filter(code__in="bc").update(low=0, high=10)
    estimate()
    header = IndexEstimate.objects.current().get(period="2023")
    assert header.problem == "refused"
    assert "goalposts of a" in header.problem_detail
    assert not IndexScore.objects.current().exists()


def test_a_bound_is_no_number_and_a_demonstration_value_no_fact() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2023": ("9", None, "2", "3")}})
    observe(Indicator.objects.get(code="xa"), {"2023": "5"}, area=HOME, qualifier="at_least")
    estimate()
    assert get_score("2023").reason == "no_value"


# -- the move ------------------------------------------------------------------------------------


def test_what_was_revised_since_is_a_part_of_the_move_of_its_own() -> None:
    make_index()
    estimate()
    # 2022 is revised after 2023 came: then its estimate had said otherwise.
    observe(Indicator.objects.get(code="xa"), {"2022": "6"}, area=HOME)
    estimate()
    change = get_score("2023").change
    assert Decimal(change["score"]) == Decimal("37.5")  # as it was when 2023 came
    assert scores("2022")[HOME][0] == Decimal("42.5")
    # 5 points where the new figure is not there yet, none where it is: half of the orders each.
    assert Decimal(change["by"]["restated"]["score"]) == Decimal("2.5")
    assert sum(Decimal(part["score"]) for part in change["by"].values()) == get_score("2023").score - Decimal("37.5")


def test_history_that_is_entered_afterwards_is_no_revision() -> None:
    make_areas()
    make_framework()
    observe_all({code: {"2023": years["2023"]} for code, years in VALUES.items()})
    observe_all({code: {"2022": years["2022"]} for code, years in VALUES.items()})
    estimate()
    change = get_score("2023").change
    assert Decimal(change["score"]) == scores("2022")[HOME][0]
    assert Decimal(change["by"]["restated"]["score"]) == 0


def test_an_indicator_that_came_later_moves_the_rank_by_method_alone() -> None:
    make_areas()
    make_framework()
    observe_all({"xa": {"2022": ("8", "4", "3", "2"), "2023": ("8", "4", "3", "2")}, "xb": {"2023": ("10", "18", "8", "2")}})
    estimate()
    by = get_score("2023").change["by"]
    assert Decimal(by["method"]["score"]) != 0
    # xb is nobody's own change: it was not in the index the year before. Half of it is, by Shapley, what it met.
    assert sum(Decimal(part["score"]) for part in by.values()) == scores("2023")[HOME][0] - scores("2022")[HOME][0]


def test_weights_that_begin_with_a_year_move_the_rank_by_method() -> None:
    framework = make_index()
    observe_all({code: {"2023": years["2022"]} for code, years in VALUES.items()})  # nothing else moves
    cast = Cast()
    equal = {node["code"]: Decimal(1) for node in NODES[1:]}
    set_weights(framework, by=cast.guo, weights={**equal, "input": Decimal(3)}, reason="厅务会议定", from_year=2023)
    estimate()
    by = get_score("2023").change["by"]
    assert {group: Decimal(part["score"]) for group, part in by.items() if Decimal(part["score"])} == {
        "method": scores("2023")[HOME][0] - scores("2022")[HOME][0]
    }
    headers = {
        row.period_id: row.weights and row.weights.number for row in IndexEstimate.objects.current().select_related("weights")
    }
    assert headers == {"2022": None, "2023": 1}


# -- when it is computed -------------------------------------------------------------------------


def test_a_figure_marks_its_frameworks_with_the_run_that_took_it_and_nothing_is_lost_in_between() -> None:
    framework = make_index()
    estimate()
    assert not IndexMark.objects.exists()
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME)
    assert StaleMark.objects.exists()
    run(TODAY)
    assert [mark.framework_id for mark in IndexMark.objects.all()] == [framework.pk]
    index.run(TODAY)
    assert not IndexMark.objects.exists()
    assert scores("2023")[HOME][0] == Decimal("46.25")


def test_a_derived_indicator_supplies_a_leaf_and_its_inputs_mark_the_framework() -> None:
    make_areas()
    base = make_yearly("base")
    derived = make_yearly("xa", origin="derived", formula="base * 2")
    IndicatorDependency.objects.create(indicator=derived, reads=base)
    make_framework()
    observe_all({"base": VALUES["xa"]})
    estimate()
    assert get_score("2023", node="a").value == 10


def test_another_indicator_marks_nothing() -> None:
    make_index()
    estimate()
    observe(make_yearly("other"), {"2023": "6"}, area=HOME)
    run(TODAY)
    assert not IndexMark.objects.exists()


def test_the_same_inputs_are_estimated_once() -> None:
    make_index()
    estimate()
    before = list(IndexScore.objects.order_by("pk").values_list("pk", "superseded_at"))
    mark_indicators([(Indicator.objects.get(code="xa").pk, None)], cause="test")
    record = estimate()
    assert record is not None
    assert (record.kind, record.state, record.written) == ("index", "done", 0)
    assert list(IndexScore.objects.order_by("pk").values_list("pk", "superseded_at")) == before


def test_only_what_changed_is_written() -> None:
    make_index()
    estimate()
    first = {row.pk for row in IndexScore.objects.all()}
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME)
    estimate()
    added = IndexScore.objects.exclude(pk__in=first)
    assert set(added.values_list("period", flat=True)) == {"2023"}
    # The others' indicators stand as they were, and so does the home province's other group.
    assert not added.filter(node__code__in=["b", "c", "output"]).exists()
    assert {row.area_id for row in added if row.node.code == "a"} == {HOME}
    old = IndexScore.objects.get(pk__in=first, period="2023", area=HOME, node__code="total")
    assert old.superseded_at == get_score("2023").computed_at


def test_deleting_everything_and_computing_again_gives_the_same() -> None:
    make_index()
    estimate()
    before = snapshot()
    IndexScore.objects.all().delete()
    IndexEstimate.objects.all().delete()
    runner.mark_everything(cause="test")
    estimate()
    assert snapshot() == before
    # Also where only the scores are gone: the inputs are what they were, and everything is computed all the same.
    IndexScore.objects.all().delete()
    runner.mark_everything(cause="test")
    estimate()
    assert snapshot() == before


def test_a_year_whose_figures_are_withdrawn_goes() -> None:
    make_index()
    estimate()
    for code in VALUES:
        for area in AREAS:
            observe(Indicator.objects.get(code=code), {"2022": None}, area=area)
    estimate()
    assert list(IndexEstimate.objects.current().values_list("period", flat=True)) == ["2023"]
    assert not IndexScore.objects.current().filter(period="2022").exists()
    assert get_score("2023").change is None


def test_an_unreleased_or_internal_figure_makes_its_estimate_so() -> None:
    make_index()
    tomorrow = timezone.now() + timedelta(days=1)
    observe(Indicator.objects.get(code="xa"), {"2023": "6"}, area=HOME, released_at=tomorrow)
    observe(Indicator.objects.get(code="xb"), {"2022": "6"}, area=HOME, classification="internal")
    estimate()
    found = {(row.period_id, row.is_released, row.classification) for row in IndexScore.objects.current()}
    # 2023 tells of 2022 by its move.
    assert found == {("2022", True, "internal"), ("2023", False, "internal")}


def test_a_run_of_the_index_does_not_wait_for_one_of_values() -> None:
    """They bury only their own dead."""
    make_index()
    run(TODAY)
    values = RecomputeRun.objects.create(kind=RecomputeRun.Kind.VALUES, today=TODAY, code_version="1")
    index.run(TODAY)
    values.refresh_from_db()
    assert values.state == RecomputeRun.State.RUNNING


def test_the_index_has_a_queue_and_a_worker_of_its_own() -> None:
    assert current_app.amqp.router.route({}, "indicators.tasks.estimate_index")["queue"].name == "index"
    assert "index" in supervisor.worker_arguments("index", concurrency=1)
    compose = (settings.BASE_DIR / "docker-compose.yml").read_text()
    assert '"--queues", "index"' in compose
    swept = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "indicators.tasks.estimate_index" in swept


def test_a_lost_message_loses_nothing() -> None:
    make_index()
    run(TODAY)
    estimate_index()  # as the schedule sends it
    assert (IndexMark.objects.count(), IndexEstimate.objects.current().count()) == (0, 2)


def test_a_mark_that_fails_is_kept_with_its_reason_and_estimated_once_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    make_index()
    run(TODAY)

    def fail(*_args: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr("indicators.recompute.index.runner.load_frame", fail)
        for _sweep in range(4):
            index.run(TODAY)
            IndexMark.objects.update(retry_at=timezone.now())
    assert {(mark.attempts, mark.error) for mark in IndexMark.objects.all()} == {(5, "RuntimeError: broken")}  # once together, then alone with each sweep
    assert RecomputeRun.objects.filter(kind="index", state="failed", error__contains="broken").exists()
    assert get_freshness().failing == IndexMark.objects.count()
    index.run(TODAY)
    assert (IndexMark.objects.count(), get_freshness().failing) == (0, 0)


def test_a_run_names_seed_draws_method_and_fingerprint() -> None:
    make_index()
    record = estimate()
    assert record is not None
    assert (record.seed, len(record.fingerprint)) == (1, 64)
    header = IndexEstimate.objects.current().get(period="2023")
    assert (header.draws, header.seed, header.method, header.run_id) == (1_000, 1, "index", record.pk)
    assert header.rules == {
        "normalise": "standard",
        "aggregate": "arithmetic",
        "min_coverage": 0.0,
        "weight_noise": 0.25,
        "normalise_among": [],
    }


# -- what the database holds ---------------------------------------------------------------------


def test_an_estimate_is_superseded_and_not_changed() -> None:
    make_index()
    estimate()
    with pytest.raises(IntegrityError, match="superseded, not changed"), transaction.atomic():
        IndexScore.objects.update(rank=1)
    with pytest.raises(IntegrityError, match="superseded, not changed"), transaction.atomic():
        IndexEstimate.objects.update(leaves_used=9)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("index_score_or_its_reason", {"score": None}),
        ("index_score_or_its_reason", {"reason": "no_value"}),
        ("index_score_rank_from_one", {"rank": 0}),
        ("index_score_interval_is_whole", {"rank_low": None}),
        ("index_score_value_has_its_source", {"value": 1}),
        ("index_score_one_current", {}),
    ],
)
def test_a_score_is_whole(constraint: str, change: dict[str, Any]) -> None:
    make_index()
    estimate()
    row = get_score("2023")
    row.pk = None
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)
