from __future__ import annotations

import numpy as np
import pytest

import estimators

pytest.importorskip("doubleml")

from doubleml import DoubleMLData, DoubleMLIRM, DoubleMLPLR
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from estimators.support.folds import stratified_folds

NAMES = ["DoubleML PLR", "DoubleML IRM"]
FOREST = {"n_estimators": 20, "min_samples_leaf": 5, "random_state": 7, "n_jobs": 1}


@pytest.mark.parametrize(
    ("name", "model", "outcome"),
    [("DoubleML PLR", DoubleMLPLR, "ml_l"), ("DoubleML IRM", DoubleMLIRM, "ml_g")],
)
def test_defaults_agree_with_a_direct_call(name, model, outcome, small_truth):
    X, t, y, _ = small_truth
    nuisances = {outcome: RandomForestRegressor(**FOREST), "ml_m": RandomForestClassifier(**FOREST)}
    data = DoubleMLData.from_arrays(X.to_numpy(), y, t)
    direct = model(data, **nuisances, draw_sample_splitting=False)
    direct.set_sample_splitting(stratified_folds(t, 5, 7))
    direct.fit()
    fitted = estimators.get(name, n_estimators=20, random_state=7, standardise=False).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(direct.coef[0])
    for level in (0.95, 0.5):
        expected = direct.confint(level=level).to_numpy()[0]
        assert fitted.ate_interval(X, 1 - level) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("name", NAMES)
def test_the_average_effect_is_recovered(name, linear_truth):
    X, t, y, ite = linear_truth
    fitted = estimators.get(name, n_estimators=50).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(ite.mean(), abs=0.15)
    lower, upper = fitted.ate_interval(X)
    assert 0.05 < upper - lower < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_chooses_the_folds(name, small_truth):
    X, t, y, _ = small_truth
    one, two, again = (
        estimators.get(name, n_estimators=10, random_state=seed).fit(X, t, y).ate(X)
        for seed in (1, 2, 1)
    )
    assert again == pytest.approx(one)
    assert two != pytest.approx(one)


def test_propensities_are_clipped(small_truth):
    X, t, y, _ = small_truth
    fitted = estimators.get("DoubleML IRM", n_estimators=10, clip=0.3, standardise=False).fit(
        X, t, y
    )
    propensities = fitted.model_.predictions["ml_m"].ravel()
    assert propensities.min() == pytest.approx(0.3)
    assert propensities.max() == pytest.approx(0.7)


def test_folds_keep_the_share_of_the_treated():
    t = np.r_[np.ones(3), np.zeros(27)].astype(int)
    folds = stratified_folds(t, 5, 0)
    assert len(folds) == 3
    assert [t[test].sum() for _, test in folds] == [1, 1, 1]
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), range(30))


def test_a_constant_effect_agrees_with_the_partially_linear_model(small_truth):
    """The baseline is the same estimator, written apart."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    X, t, y, _ = small_truth
    direct = DoubleMLPLR(
        DoubleMLData.from_arrays(X.to_numpy(), y, t),
        ml_l=GradientBoostingRegressor(random_state=7),
        ml_m=GradientBoostingClassifier(random_state=7),
        draw_sample_splitting=False,
    )
    direct.set_sample_splitting(stratified_folds(t, 5, 7))
    direct.fit()
    fitted = estimators.get("ConstantEffect", random_state=7, standardise=False).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(direct.coef[0])
    for alpha in (0.05, 0.5):
        ends = direct.confint(level=1 - alpha).to_numpy()[0]
        assert fitted.ate_interval(X, alpha) == pytest.approx(tuple(ends))
