import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from indicators.analysis.predictive import Predictive

INF = math.inf
SHARES = (0.025, 0.1, 0.5, 0.9, 0.975)


def make(rooted: bool = False, low: float = -INF, high: float = INF, unit: float = 100.0) -> Predictive:
    """One series over two periods, the second less sure and going with the first."""
    return Predictive(
        np.array([[0.9, 1.0]]),
        np.array([[0.1, 0.3]]),
        np.array([[[1.0, 0.8], [0.8, 4.0]]]),
        np.array([4.0]),
        np.array([rooted]),
        np.array([unit]),
        np.array([low]),
        np.array([high]),
    )


@pytest.mark.parametrize("share", SHARES)
def test_quantiles_are_those_of_the_t_or_of_its_square(share: float) -> None:
    t = 0.9 + 0.1 * stats.t.ppf(share, 4)
    assert make().quantile(share)[0, 0] == pytest.approx(100 * t)
    assert make(rooted=True).quantile(share)[0, 0] == pytest.approx(100 * t**2)


def test_a_root_below_zero_is_zero() -> None:
    assert make(rooted=True).quantile(0.001)[0, 1] == 0
    assert make(rooted=True).chance(0, "higher")[0, 1] == 1
    assert make(rooted=True).chance(0, "lower")[0, 1] == pytest.approx(stats.t.cdf(-1 / 0.3, 4))
    assert make(rooted=True).chance(-1, "lower")[0, 1] == 0


@pytest.mark.parametrize("rooted", [False, True])
@pytest.mark.parametrize(("low", "high"), [(-INF, INF), (70.0, INF), (-INF, 120.0), (85.0, 95.0)])
def test_chances_and_quantiles_are_the_shares_of_what_is_drawn(rooted: bool, low: float, high: float) -> None:
    predictive = make(rooted, low, high)
    drawn = predictive.draw(40_000, seed=2)
    assert drawn.min() >= low
    assert drawn.max() <= high
    # 0.01 is four standard errors of a share of 40,000.
    for target in (60.0, 70.0, 85.0, 95.0, 110.0, 120.0):
        assert predictive.chance(target, "higher")[0] == pytest.approx((drawn >= target).mean(axis=0), abs=0.01)
        assert predictive.chance(target, "lower")[0] == pytest.approx((drawn <= target).mean(axis=0), abs=0.01)
    # A 2.5 % quantile of these has a standard error of about 1.2.
    for share in SHARES:
        assert predictive.quantile(share)[0] == pytest.approx(np.quantile(drawn, share, axis=0), abs=4)


@pytest.mark.parametrize("rooted", [False, True])
@pytest.mark.parametrize(("low", "high"), [(-INF, INF), (70.0, INF), (-INF, 120.0), (85.0, 95.0), (150.0, INF), (-INF, 20.0)])
def test_the_mean_is_that_of_all_quantiles(rooted: bool, low: float, high: float) -> None:
    predictive = make(rooted, low, high)
    t = stats.t(4)
    slowly = [
        integrate.quad(lambda z, at=at: predictive.quantile(t.cdf(z))[0, at] * t.pdf(z), -3000, 3000, points=np.arange(-30, 31), limit=2000)[0]
        for at in (0, 1)
    ]
    assert predictive.mean()[0] == pytest.approx(slowly, rel=1e-6)


def test_periods_go_together_as_the_covariance_says() -> None:
    correlation = np.corrcoef(np.clip(make().draw(40_000, seed=1), 0, 200), rowvar=False)[0, 1]
    assert correlation == pytest.approx(0.8 / 2, abs=0.03)


def test_the_same_seed_draws_the_same_and_more_draws_begin_the_same() -> None:
    np.testing.assert_array_equal(make().draw(50, seed=7)[:20], make().draw(20, seed=7))
    assert not np.array_equal(make().draw(20, seed=7), make().draw(20, seed=8))


@given(st.floats(-1e300, 1e300), st.floats(1e-300, 1e300))
def test_a_chance_is_a_probability_whatever_the_sizes(target: float, unit: float) -> None:
    for rooted in (False, True):
        predictive = make(rooted, unit=unit)
        higher, lower = (predictive.chance(target, direction)[0] for direction in ("higher", "lower"))
        assert ((higher >= 0) & (higher <= 1)).all()
        assert higher + lower == pytest.approx(1) or (rooted and target <= 0)


def test_one_series_taken_alone() -> None:
    pair = Predictive(*(np.concatenate([getattr(make(), name), getattr(make(unit=7), name)]) for name in Predictive.__dataclass_fields__))
    np.testing.assert_array_equal(pair.take(1).quantile(0.3), make(unit=7).quantile(0.3))
