from __future__ import annotations

import numpy as np
import pytest

import estimators

pytest.importorskip("econml")

from econml.dml import CausalForestDML, KernelDML, LinearDML, NonParamDML, SparseLinearDML
from econml.dr import DRLearner, ForestDRLearner, LinearDRLearner, SparseLinearDRLearner
from econml.grf import CausalForest
from econml.metalearners import DomainAdaptationLearner, SLearner, TLearner, XLearner
from lightgbm import LGBMRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.preprocessing import StandardScaler

from estimators import EstimatorError
from estimators.adapters.econml_learners import median_distance
from estimators.baselines.weighting import propensity_model

DIRECT = {
    "LinearDML": lambda: LinearDML(discrete_treatment=True, random_state=7),
    "ForestDML": lambda: CausalForestDML(discrete_treatment=True, random_state=7, n_jobs=1),
    "LinearDR": lambda: LinearDRLearner(random_state=7),
    "ForestDR": lambda: ForestDRLearner(random_state=7, n_jobs=1),
    "SparseLinearDML": lambda: SparseLinearDML(
        discrete_treatment=True, featurizer=StandardScaler(), random_state=7
    ),
    "SparseLinearDR": lambda: SparseLinearDRLearner(
        min_propensity=0.01, featurizer=StandardScaler(), random_state=7
    ),
}


def lgbm():
    return LGBMRegressor(random_state=7, n_jobs=1, verbose=-1)


DML_MODELS = {"model_y": LinearRegression(), "model_t": LogisticRegression()}
DR_MODELS = {"model_regression": LinearRegression(), "model_propensity": LogisticRegression()}
#: Adapter, what it must equal, and nuisance models that are quicker than EconML's search.
LEARNERS = {
    "KernelDML": (
        lambda: KernelDML(**DML_MODELS, bw=3.0, discrete_treatment=True, random_state=7),
        {**DML_MODELS, "bandwidth": 3.0},
    ),
    "NonParamDML": (
        lambda: NonParamDML(
            **DML_MODELS, model_final=lgbm(), discrete_treatment=True, random_state=7
        ),
        DML_MODELS,
    ),
    "DRLearner": (
        lambda: DRLearner(**DR_MODELS, model_final=lgbm(), min_propensity=0.01, random_state=7),
        DR_MODELS,
    ),
    "EconML S-LGBM": (lambda: SLearner(overall_model=lgbm()), {}),
    "EconML T-LGBM": (lambda: TLearner(models=lgbm()), {}),
    "EconML X-LGBM": (
        lambda: XLearner(models=lgbm(), propensity_model=propensity_model()),
        {},
    ),
    "DomainAdaptation": (
        lambda: DomainAdaptationLearner(
            models=lgbm(), final_models=lgbm(), propensity_model=propensity_model()
        ),
        {},
    ),
}


@pytest.mark.parametrize("name", DIRECT)
def test_defaults_agree_with_a_direct_call(name, small_truth):
    X, t, y, _ = small_truth
    # Rounding in a forest follows the order in memory, which is by rows in the adapter.
    X = np.array(X, order="C")
    direct = DIRECT[name]().fit(y, t, X=X)
    fitted = estimators.get(name, random_state=7, standardise=False).fit(X, t, y)
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


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_agree_with_a_direct_call(name, small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy(dtype=float, copy=True)
    make, nuisances = LEARNERS[name]
    direct = make().fit(y, t, X=X)
    fitted = estimators.get(name, **nuisances, random_state=7, standardise=False).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), np.ravel(direct.effect(X)), rtol=1e-9)


@pytest.mark.parametrize("name", [*LEARNERS, "SparseLinearDML", "SparseLinearDR"])
def test_the_average_effect_of_the_added_ones_is_recovered(name, linear_truth):
    X, t, y, ite = linear_truth
    _, nuisances = LEARNERS.get(name, (None, DR_MODELS if name.endswith("DR") else DML_MODELS))
    fitted = estimators.get(name, **nuisances).fit(X, t, y)
    # T-Only OLS is off by 0.9 here.
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.15)


@pytest.mark.parametrize(
    ("name", "nuisances"), [("SparseLinearDML", DML_MODELS), ("SparseLinearDR", DR_MODELS)]
)
def test_sparse_effects_are_recovered_among_noise(name, nuisances, linear_truth):
    X, t, y, ite = linear_truth
    noise = np.random.default_rng(0).normal(size=(len(X), 20))
    wide = np.column_stack([X, noise, np.ones(len(X))])
    fitted = estimators.get(name, **nuisances).fit(wide, t, y)
    assert np.sqrt(np.mean((fitted.effect(wide) - ite) ** 2)) < 0.3 < ite.std()
    lower, upper = fitted.effect_interval(wide)
    assert np.mean((lower <= ite) & (ite <= upper)) > 0.8


def test_the_kernel_is_as_wide_as_the_rows_are_apart(linear_truth):
    X, t, y, ite = linear_truth
    wide = np.column_stack([X, np.random.default_rng(0).normal(size=(len(X), 8))])
    fitted = estimators.get("KernelDML", **DML_MODELS).fit(wide, t, y)
    # Distances between standard normal rows are about sqrt(2 p).
    assert fitted.bandwidth_ == pytest.approx(np.sqrt(24), rel=0.1)
    assert np.sqrt(np.mean((fitted.effect(wide) - ite) ** 2)) < 0.6 * ite.std()
    narrow = estimators.get("KernelDML", **DML_MODELS, bandwidth=1.0).fit(wide, t, y)
    assert np.std(narrow.effect(wide)) < 0.1 * ite.std()
    assert median_distance(np.ones((5, 2))) == 1.0
    assert median_distance(np.array([[0.0], [0], [4], [0]])) == 4.0


@pytest.mark.parametrize(
    ("name", "nuisances"), [("SparseLinearDML", DML_MODELS), ("SparseLinearDR", DR_MODELS)]
)
def test_a_rare_value_is_not_taken_for_the_intercept(name, nuisances, linear_truth):
    X, t, y, ite = linear_truth
    rare = (np.arange(len(X)) % 100 > 0).astype(float)
    wide = np.column_stack([100 + X, rare])
    fitted = estimators.get(name, **nuisances).fit(wide, t, y)
    assert fitted.ate(wide) == pytest.approx(ite.mean(), abs=0.1)
    lower, upper = fitted.ate_interval(wide)
    assert upper - lower < 0.3


@pytest.mark.parametrize("name", ["SparseLinearDML", "SparseLinearDR"])
def test_constant_covariates_are_an_error(name):
    X, t, y = np.ones((20, 2)), np.arange(20) % 2, np.arange(20.0)
    with pytest.raises(EstimatorError, match=f"{name}: no column of X varies"):
        estimators.get(name).fit(X, t, y)


def test_propensities_are_clipped_as_documented(small_truth):
    X, t, y, _ = small_truth
    for name in ("SparseLinearDR", "DRLearner"):
        assert estimators.get(name, **DR_MODELS).fit(X, t, y).model_.min_propensity == 0.01


@pytest.mark.parametrize("name", ["LinearDR", "ForestDR"])
def test_trimming_saves_a_fit_that_a_propensity_of_zero_explodes(name):
    """A forest gives the few treated rows among the x below 0 a propensity of 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    t = (rng.random(400) < np.where(X[:, 0] < 0, 0.02, 0.6)).astype(int)
    y = X[:, 0] + t + rng.normal(scale=0.1, size=400)
    forest = RandomForestClassifier(30, random_state=0)
    models = {"model_regression": LinearRegression(), "model_propensity": forest}
    worst = {
        each: max(
            abs(estimators.get(each, random_state=seed, **models).fit(X, t, y).ate(X) - 1)
            for seed in range(3)
        )
        for each in (name, f"{name}-trimmed")
    }
    assert worst[name] > 100
    assert worst[f"{name}-trimmed"] < 0.2


def test_the_untrimmed_learners_keep_the_defaults_of_econml(small_truth):
    X, t, y, _ = small_truth
    for name, threshold in (("LinearDR", None), ("LinearDR-trimmed", "auto")):
        assert estimators.get(name, **DR_MODELS).fit(X, t, y).model_.trimming_threshold == threshold


def test_causal_forest_agrees_with_a_direct_call(small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy()
    direct = CausalForest(random_state=7, n_jobs=1).fit(X, t, y)
    fitted = estimators.get("CausalForest", random_state=7, standardise=False).fit(X, t, y)
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
