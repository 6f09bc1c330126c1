from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

import estimators


def test_least_squares_agrees_with_statsmodels(small_truth):
    sm = pytest.importorskip("statsmodels.api")
    X, t, y, _ = small_truth
    for name, columns in (("T-Only OLS", [t]), ("LinReg", [t, X])):
        direct = sm.OLS(y, np.column_stack([np.ones(len(t)), *columns])).fit()
        raw = {} if name == "T-Only OLS" else {"standardise": False}
        fitted = estimators.get(name, **raw).fit(X, t, y)
        assert fitted.ate(X) == pytest.approx(direct.params[1], abs=1e-12)
        for alpha in (0.05, 0.5):
            expected = direct.conf_int(alpha)[1]
            assert fitted.ate_interval(X, alpha) == pytest.approx(expected, abs=1e-12)
            ends = np.column_stack(fitted.effect_interval(X, alpha))
            np.testing.assert_allclose(ends, np.tile(expected, (len(X), 1)))


def test_collinear_columns_do_no_harm(small_truth):
    X, t, y, _ = small_truth
    expected = estimators.get("LinReg").fit(X, t, y)
    doubled = X.assign(again=X["a"], constant=1.0)
    fitted = estimators.get("LinReg").fit(doubled, t, y)
    assert fitted.ate(doubled) == pytest.approx(expected.ate(X))
    assert fitted.ate_interval(doubled) == pytest.approx(expected.ate_interval(X))


def test_no_degree_of_freedom_leaves_the_interval_open():
    X = np.array([[0.0], [1], [0.5]])
    fitted = estimators.get("LinReg").fit(X, [0, 1, 1], [1.0, 2, 3])
    assert fitted.ate_interval(X) == (-np.inf, np.inf)


def test_forest_agrees_with_a_direct_call(small_truth):
    X, t, y, _ = small_truth
    direct = RandomForestRegressor(random_state=7).fit(np.column_stack([t, X]), y)
    toggled = [direct.predict(np.column_stack([np.full(len(t), arm), X])) for arm in (0, 1)]
    fitted = estimators.get("RF", random_state=7, standardise=False).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), toggled[1] - toggled[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "learner", "regression"),
    [
        ("LinearS", "SLearner", LinearRegression()),
        ("LinearT", "TLearner", LinearRegression()),
        ("ForestS", "SLearner", RandomForestRegressor(random_state=7)),
        ("ForestT", "TLearner", RandomForestRegressor(random_state=7)),
    ],
)
def test_meta_learners_agree_with_econml(name, learner, regression, small_truth):
    metalearners = pytest.importorskip("econml.metalearners")
    X, t, y, _ = small_truth
    key = "overall_model" if learner == "SLearner" else "models"
    direct = getattr(metalearners, learner)(**{key: regression}).fit(y, t, X=X)
    seed = {"random_state": 7} if name.startswith("Forest") else {}
    fitted = estimators.get(name, **seed, standardise=False).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.effect(X).ravel(), rtol=0, atol=1e-10)
    assert fitted.ate(X) == pytest.approx(float(np.squeeze(direct.ate(X))), abs=1e-10)
