from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import estimators
from estimators import EstimatorError
from estimators.baselines.weighting import clipped


def randomised(seed, n=150):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n)})
    t = rng.integers(0, 2, n)
    y = X["a"].to_numpy() + t * (1 + 2 * X["b"].to_numpy()) + rng.normal(size=n)
    return X, t, y


def test_zero_is_zero(small_truth):
    X, t, y, _ = small_truth
    np.testing.assert_array_equal(estimators.get("Zero").fit(X, t, y).effect(X), np.zeros(200))


def test_difference_in_means_by_hand():
    X = np.zeros((5, 1))
    fitted = estimators.get("DiffInMeans").fit(X, [1, 1, 0, 0, 0], [3.0, 5, 0, 1, 2])
    assert fitted.ate(X) == 3.0
    half = stats.norm.ppf(0.975) * np.sqrt(2 / 2 + 1 / 3)
    assert fitted.ate_interval(X) == pytest.approx((3 - half, 3 + half))


def test_an_arm_of_one_row_tells_nothing_of_its_spread():
    fitted = estimators.get("DiffInMeans").fit(np.zeros((3, 1)), [1, 0, 0], [3.0, 1, 2])
    assert fitted.ate_interval(np.zeros((3, 1))) == (-np.inf, np.inf)


def test_exact_match_reads_off_the_effects_of_matched_rows():
    X = np.array([[0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [1, 1]])
    fitted = estimators.get("ExactMatch").fit(X, [1, 1, 0, 1, 0, 1], [3.0, 5, 1, 2, 2, 9])
    # The last row has no control: it gets the mean effect of the five others.
    np.testing.assert_allclose(fitted.effect(X), [3, 3, 3, 0, 0, 9 / 5])
    np.testing.assert_allclose(fitted.effect(np.array([[-0.0, 1], [7, 7]])), [0, 9 / 5])


def test_exact_match_gives_the_ite_if_the_outcome_is_a_function_of_x_and_t():
    rng = np.random.default_rng(0)
    X, t = rng.integers(0, 3, (400, 2)), rng.integers(0, 2, 400)
    ite = 1.0 + X[:, 0] * X[:, 1]
    fitted = estimators.get("ExactMatch").fit(X, t, X.sum(axis=1) + t * ite)
    np.testing.assert_allclose(fitted.effect(X), ite)


def test_exact_match_without_a_match_is_the_difference_in_means():
    X, t, y = np.arange(4).reshape(-1, 1), [1, 1, 0, 0], [3.0, 5, 1, 2]
    np.testing.assert_array_equal(estimators.get("ExactMatch").fit(X, t, y).effect(X), [2.5] * 4)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("DiffInMeans", 0.90, 0.99), ("AIPW", 0.90, 0.99), ("LinReg", 0.90, 0.99), ("IPW", 0.90, 1)],
)
def test_intervals_cover_the_average_effect(name, least, most):
    covered = []
    for seed in range(200):
        X, t, y = randomised(seed)
        lower, upper = estimators.get(name).fit(X, t, y).ate_interval(X)
        covered.append(lower <= 1 <= upper)
    assert least <= np.mean(covered) <= most


def test_weighting_removes_confounding(linear_truth):
    X, t, y, ite = linear_truth
    naive = estimators.get("DiffInMeans").fit(X, t, y).ate(X)
    assert naive - ite.mean() > 0.5
    assert estimators.get("IPW").fit(X, t, y).ate(X) == pytest.approx(ite.mean(), abs=0.15)
    assert estimators.get("AIPW").fit(X, t, y).ate(X) == pytest.approx(ite.mean(), abs=0.1)


def test_aipw_needs_only_one_right_model():
    rng = np.random.default_rng(0)
    n = 20_000
    a = rng.normal(size=n)
    X = a[:, None]
    t = (rng.random(n) < 1 / (1 + np.exp(-a - 0.5))).astype(int)
    y = a**3 / 3 + t
    assert abs(estimators.get("LinearT").fit(X, t, y).ate(X) - 1) > 0.1
    assert estimators.get("AIPW").fit(X, t, y).ate(X) == pytest.approx(1, abs=0.05)


def test_clipping_bounds_the_weights():
    np.testing.assert_allclose(clipped(np.array([0.0, 0.3, 1.0]), 0.01), [0.01, 0.3, 0.99])
    X = np.repeat([0.0, 100.0], 50)[:, None]
    t = np.r_[np.zeros(50), np.ones(49), 0].astype(int)
    y = np.r_[np.zeros(99), 1.0]
    tight, loose = (estimators.get("IPW", clip=c).fit(X, t, y).ate(X) for c in (0.2, 0.001))
    # The one odd control weighs 1 / 0.2 against 50 others of 1 / 0.8, less when not clipped so.
    assert tight == pytest.approx(-5 / (5 + 50 * 1.25))
    assert abs(loose) > abs(tight)


def test_aipw_needs_two_rows_in_each_arm():
    X = np.arange(6.0)[:, None]
    with pytest.raises(EstimatorError, match=r"treated arm has 1 row .* at least 2 in each arm"):
        estimators.get("AIPW").fit(X, [1, 0, 0, 0, 0, 0], np.arange(6.0))
    fitted = estimators.get("AIPW").fit(X, [1, 0, 0, 1, 0, 0], np.arange(6.0))
    assert np.isfinite(fitted.ate(X))


def test_a_constant_effect_needs_no_straight_lines():
    """Confounding by a square: least squares misses it, boosted trees do not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 2))
    t = (rng.random(2000) < 1 / (1 + np.exp(1 - X[:, 0] ** 2))).astype(int)
    y = X[:, 0] ** 2 + t + rng.normal(scale=0.5, size=2000)
    fitted = estimators.get("ConstantEffect").fit(X, t, y)
    assert abs(estimators.get("LinReg").fit(X, t, y).ate(X) - 1) > 0.5
    assert fitted.ate(X) == pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(fitted.effect(X), np.full(2000, fitted.ate(X)))
    lower, upper = fitted.ate_interval(X)
    assert 0.05 < upper - lower < 0.3
    np.testing.assert_array_equal(fitted.effect_interval(X), [[lower] * 2000, [upper] * 2000])


@pytest.mark.parametrize("clip", [0.5, 0.7, -1, None, "0.1", float("nan")])
@pytest.mark.parametrize(
    "name",
    ["IPW", "AIPW", "CausalML X-Linear", "CausalML DR-Linear", "CausalML TMLE", "DoubleML IRM"],
)
def test_a_clip_that_leaves_no_propensities_is_an_error(name, clip, small_truth):
    X, t, y, _ = small_truth
    try:
        estimator = estimators.get(name, clip=clip)
    except estimators.MissingExtraError as error:
        pytest.skip(str(error))
    with pytest.raises(EstimatorError, match=r"clip: is .*, must be at least 0 and below 0.5"):
        estimator.fit(X, t, y)


def test_propensities_need_no_clip(small_truth):
    X, t, y, _ = small_truth
    assert np.isfinite(estimators.get("IPW", clip=0).fit(X, t, y).ate(X))


@pytest.mark.parametrize("folds", [1, 0, 2.5, None])
@pytest.mark.parametrize("name", ["AIPW", "ConstantEffect", "CausalML TMLE", "DoubleML PLR"])
def test_one_fold_is_too_few(name, folds, small_truth):
    X, t, y, _ = small_truth
    try:
        estimator = estimators.get(name, folds=folds)
    except estimators.MissingExtraError as error:
        pytest.skip(str(error))
    with pytest.raises(EstimatorError, match=r"folds: is .*, must be an integer of at least 2"):
        estimator.fit(X, t, y)
