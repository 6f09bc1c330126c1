from __future__ import annotations

import numpy as np
import pytest

import estimators

pytest.importorskip("econml")

from econml.dml import CausalForestDML, LinearDML
from econml.dr import ForestDRLearner, LinearDRLearner
from econml.grf import CausalForest
from sklearn.linear_model import LinearRegression, LogisticRegression

DIRECT = {
    "LinearDML": lambda: LinearDML(discrete_treatment=True, random_state=7),
    "ForestDML": lambda: CausalForestDML(discrete_treatment=True, random_state=7, n_jobs=1),
    "LinearDR": lambda: LinearDRLearner(random_state=7),
    "ForestDR": lambda: ForestDRLearner(random_state=7, n_jobs=1),
}


@pytest.mark.parametrize("name", DIRECT)
def test_defaults_agree_with_a_direct_call(name, small_truth):
    X, t, y, _ = small_truth
    # Rounding in a forest follows the order in memory, which is by rows in the adapter.
    X = np.array(X, order="C")
    direct = DIRECT[name]().fit(y, t, X=X)
    fitted = estimators.get(name, random_state=7).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), np.ravel(direct.effect(X)), rtol=1e-9)
    assert fitted.ate(X) == pytest.approx(float(np.squeeze(direct.ate(X))), rel=1e-9)
    np.testing.assert_allclose(
        fitted.effect_interval(X, alpha=0.1),
        [np.ravel(end) for end in direct.effect_interval(X, alpha=0.1)],
        rtol=1e-9,
    )
    assert fitted.ate_interval(X, alpha=0.1) == pytest.approx(
        [float(np.squeeze(end)) for end in direct.ate_interval(X, alpha=0.1)], rel=1e-9
    )


def test_causal_forest_agrees_with_a_direct_call(small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy()
    direct = CausalForest(random_state=7, n_jobs=1).fit(X, t, y)
    fitted = estimators.get("CausalForest", random_state=7).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X).ravel())
    np.testing.assert_allclose(
        fitted.effect_interval(X, 0.2), [e.ravel() for e in direct.predict_interval(X, alpha=0.2)]
    )
    assert fitted.ate(X) == pytest.approx(direct.predict(X).mean())


def test_own_nuisance_models_are_used(small_truth):
    X, t, y, _ = small_truth
    nuisances = {"model_regression": LinearRegression(), "model_propensity": LogisticRegression()}
    fitted = estimators.get("LinearDR", **nuisances, min_propensity=0.05).fit(X, t, y)
    assert isinstance(fitted.model_.models_regression[0][0], LinearRegression)
    assert fitted.model_.min_propensity == 0.05


def test_the_seed_reaches_the_cross_fitting(small_truth):
    X, t, y, _ = small_truth
    nuisances = {"model_y": LinearRegression(), "model_t": LogisticRegression()}
    one, two = (
        estimators.get("LinearDML", **nuisances, random_state=seed).fit(X, t, y).effect(X)
        for seed in (1, 2)
    )
    assert not np.array_equal(one, two)


def test_linear_effects_are_recovered(linear_truth):
    X, t, y, ite = linear_truth
    nuisances = {"model_y": LinearRegression(), "model_t": LogisticRegression()}
    fitted = estimators.get("LinearDML", **nuisances).fit(X, t, y)
    assert np.sqrt(np.mean((fitted.effect(X) - ite) ** 2)) < 0.15
    lower, upper = fitted.effect_interval(X)
    assert np.mean((lower <= ite) & (ite <= upper)) > 0.8
