from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import estimators

pytest.importorskip("causalml")

from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
    TMLELearner,
)
from causalml.inference.tree import CausalRandomForestRegressor, CausalTreeRegressor
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from xgboost import XGBRegressor

from estimators.adapters.causalml_trees import node_effects
from estimators.baselines.weighting import propensity_model

REGRESSIONS = {
    "Linear": LinearRegression,
    "LGBM": lambda: LGBMRegressor(random_state=7, n_jobs=1, verbose=-1),
    "XGB": lambda: XGBRegressor(n_estimators=100, random_state=7, n_jobs=1, verbosity=0),
}


def get(name, **parameters):
    """The estimator with seed 7, if it takes one."""
    seed = {"random_state": 7} if "random_state" in estimators.parameters(name) else {}
    return estimators.get(name, standardise=False, **parameters, **seed)


@pytest.mark.parametrize("kind", REGRESSIONS)
@pytest.mark.parametrize("letter", ["S", "T"])
def test_plain_learners_agree_with_a_direct_call(letter, kind, small_truth):
    X, t, y, _ = small_truth
    learner = {"S": BaseSRegressor, "T": BaseTRegressor}[letter]
    direct = learner(REGRESSIONS[kind]())
    direct.fit(X.to_numpy(), t, y)
    fitted = get(f"CausalML {letter}-{kind}").fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X.to_numpy()).ravel())


@pytest.mark.parametrize("kind", REGRESSIONS)
@pytest.mark.parametrize("letter", ["X", "R", "DR"])
def test_propensity_learners_agree_with_a_direct_call(letter, kind, small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy()
    p = np.clip(propensity_model().fit(X, t).predict_proba(X)[:, 1], 0.1, 0.9)
    make, options = {
        "X": (lambda: BaseXRegressor(REGRESSIONS[kind]()), {}),
        "R": (lambda: BaseRRegressor(REGRESSIONS[kind](), random_state=7), {}),
        "DR": (lambda: BaseDRRegressor(REGRESSIONS[kind]()), {"seed": 7}),
    }[letter]
    direct = make()
    direct.fit(X, t, y, p=p, **options)
    fitted = get(f"CausalML {letter}-{kind}", clip=0.1).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X, p=p).ravel())


@pytest.mark.parametrize("kind", REGRESSIONS)
@pytest.mark.parametrize("letter", ["S", "T", "X", "R", "DR"])
def test_the_average_effect_is_recovered(letter, kind, linear_truth):
    X, t, y, ite = linear_truth
    fitted = get(f"CausalML {letter}-{kind}").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.15)


def test_least_squares_learners_recover_a_linear_effect(linear_truth):
    X, t, y, ite = linear_truth
    for letter in ("T", "X", "R", "DR"):
        effect = get(f"CausalML {letter}-Linear").fit(X, t, y).effect(X)
        assert np.sqrt(np.mean((effect - ite) ** 2)) < 0.15, letter
    constant = get("CausalML S-Linear").fit(X, t, y).effect(X)
    np.testing.assert_allclose(constant, estimators.get("LinReg").fit(X, t, y).ate(X))


def test_robust_least_squares_agrees_with_statsmodels(small_truth):
    sm = pytest.importorskip("statsmodels.api")
    X, t, y, _ = small_truth
    direct = sm.OLS(y, np.column_stack([np.ones(len(t)), t, X])).fit(cov_type="HC1")
    fitted = estimators.get("CausalML LRS").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(direct.params[1])
    for alpha in (0.05, 0.5):
        ends = direct.conf_int(alpha)[1]
        assert fitted.ate_interval(X, alpha) == pytest.approx(ends)
        np.testing.assert_allclose(
            np.column_stack(fitted.effect_interval(X, alpha)), np.tile(ends, (len(X), 1))
        )


def test_targeted_maximum_likelihood_agrees_with_a_direct_call(small_truth):
    X, t, y, _ = small_truth
    X = X.to_numpy()
    p = np.clip(propensity_model().fit(X, t).predict_proba(X)[:, 1], 0.01, 0.99)
    folds = KFold(5, shuffle=True, random_state=7)
    fitted = get("CausalML TMLE").fit(X, t, y)
    for alpha in (0.05, 0.5):
        direct = TMLELearner(REGRESSIONS["LGBM"](), ate_alpha=alpha, cv=folds)
        ate, lower, upper = direct.estimate_ate(X, t, y, p)
        assert fitted.ate(X) == pytest.approx(ate[0])
        assert fitted.ate_interval(X, alpha) == pytest.approx((lower[0], upper[0]))


def test_targeted_maximum_likelihood_recovers_the_average_effect(linear_truth):
    X, t, y, ite = linear_truth
    fitted = estimators.get("CausalML TMLE", standardise=False).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.1)
    lower, upper = fitted.ate_interval(X)
    assert lower < ite.mean() < upper
    assert upper - lower < 0.4


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("CausalML tree", CausalTreeRegressor),
        ("CausalML forest", lambda **o: CausalRandomForestRegressor(n_jobs=1, **o)),
    ],
)
def test_causal_trees_agree_with_a_direct_call_on_standardised_outcomes(name, make, linear_truth):
    X, t, y, _ = linear_truth
    X = X.to_numpy()
    direct = make(random_state=7).fit(X=X, treatment=t, y=(y - y.mean()) / y.std())
    fitted = get(name).fit(X, t, y)
    np.testing.assert_allclose(fitted.effect(X), direct.predict(X) * y.std())
    assert fitted.effect(X).std() > 0.1


@pytest.mark.parametrize(("name", "error"), [("CausalML tree", 0.4), ("CausalML forest", 0.25)])
def test_causal_trees_find_the_effects_of_a_randomised_treatment(name, error):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 4))
    t = rng.integers(0, 2, 3000)
    ite = 1 + 0.5 * X[:, 1]
    y = 3 + X[:, 0] + t * ite + rng.normal(scale=0.5, size=3000)
    fitted = get(name).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(1, abs=0.1)
    assert np.sqrt(np.mean((fitted.effect(X) - ite) ** 2)) < error
    # The units of y choose no other trees.
    np.testing.assert_allclose(
        get(name).fit(X, t, 1024 * y).effect(X), 1024 * fitted.effect(X), rtol=1e-6
    )


def test_a_node_of_one_arm_takes_the_effect_of_its_parent(linear_truth):
    X, t, y, _ = linear_truth
    small = {"min_samples_leaf": 20, "min_samples_split": 40}
    (tree,) = get("CausalML tree", **small).fit(X, t, y).trees_
    effects = node_effects(tree)
    empty = np.flatnonzero(~np.isfinite(tree.tree_.value[:, :, 0]).all(axis=1))
    assert empty.size
    links = (tree.tree_.children_left, tree.tree_.children_right)
    for node in empty:
        (parent,) = np.flatnonzero((links[0] == node) | (links[1] == node))
        assert effects[node] == effects[parent]
    for name in ("CausalML tree", "CausalML forest"):
        assert np.isfinite(get(name, **small).fit(X, t, y).effect(X)).all()


def test_nothing_is_printed_on_import():
    code = "import estimators; estimators.get('CausalML forest'); estimators.get('CausalML R-XGB')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize(("kind", "least"), [("Linear", 1), ("LGBM", 2), ("XGB", 1)])
def test_a_third_with_too_few_rows_of_an_arm_is_an_error(kind, least, small_truth):
    """Few rows in an arm are enough for some splits, and not for others."""
    X, _, y, _ = small_truth
    X, y = X[:60], y[:60]
    t = np.zeros(60, dtype=int)
    t[:: 60 // (5 * least)] = 1
    errors = 0
    for seed in range(8):
        estimator = estimators.get(f"CausalML DR-{kind}", random_state=seed)
        thirds = [t[third] for _, third in KFold(3, shuffle=True, random_state=seed).split(t)]
        if min(third.sum() for third in thirds) >= least:
            assert np.isfinite(estimator.fit(X, t, y).effect(X)).all()
        else:
            errors += 1
            with pytest.raises(estimators.EstimatorError, match="third of the 60 rows has"):
                estimator.fit(X, t, y)
    assert 0 < errors < 8


@pytest.mark.parametrize("letter", "TX")
def test_lightgbm_needs_two_rows_in_each_arm(letter, small_truth):
    X, _, y, _ = small_truth
    estimator = estimators.get(f"CausalML {letter}-LGBM")
    t = np.zeros(len(y), dtype=int)
    t[0] = 1
    with pytest.raises(estimators.EstimatorError, match="treated arm has 1 row"):
        estimator.fit(X, t, y)
    t[1] = 1
    assert np.isfinite(estimator.fit(X, t, y).effect(X)).all()
