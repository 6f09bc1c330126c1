from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import estimators
from estimators import EstimatorError

pytest.importorskip("dowhy")

from sklearn.linear_model import LogisticRegression

from estimators.adapters.dowhy_estimators import confounder_graph
from estimators.baselines.weighting import propensity_model


def test_linear_regression_is_least_squares(small_truth):
    X, t, y, _ = small_truth
    fitted = estimators.get("DoWhy linear").fit(X, t, y)
    expected = estimators.get("LinReg").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(expected.ate(X))
    for alpha in (0.05, 0.5):
        assert fitted.ate_interval(X, alpha) == pytest.approx(expected.ate_interval(X, alpha))


def test_weighting_by_hand(small_truth):
    X, t, y, _ = small_truth
    e = np.clip(LogisticRegression().fit(X, t).predict_proba(X)[:, 1], 0.05, 0.95)
    expected = np.average(y, weights=t / e) - np.average(y, weights=(1 - t) / (1 - e))
    fitted = estimators.get("DoWhy weighting", standardise=False).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(expected)


def test_matching_by_hand(small_truth):
    X, t, y, _ = small_truth
    e = propensity_model().fit(X, t).predict_proba(X)[:, 1]
    effects = np.empty(len(y))
    for row in range(len(y)):
        others = np.flatnonzero(t != t[row])
        match = others[np.argmin(np.abs(e[others] - e[row]))]
        effects[row] = (y[row] - y[match]) * (1 if t[row] == 1 else -1)
    assert estimators.get("DoWhy matching").fit(X, t, y).ate(X) == pytest.approx(effects.mean())


def test_stratification_by_hand(small_truth):
    X, t, y, _ = small_truth
    e = propensity_model().fit(X, t).predict_proba(X)[:, 1]
    ranks = e.argsort().argsort() + 1
    strata = np.round(ranks / len(y) * 4)
    sizes, effects = [], []
    for stratum in range(5):
        rows = strata == stratum
        if min(t[rows].sum(), (1 - t[rows]).sum()) >= 12:
            sizes.append(rows.sum())
            effects.append(y[rows & (t == 1)].mean() - y[rows & (t == 0)].mean())
    assert 2 <= len(sizes) < 5
    fitted = estimators.get("DoWhy stratification", strata=4, min_per_arm=12).fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(np.average(effects, weights=sizes))


@pytest.mark.parametrize("name", ["DoWhy stratification", "DoWhy matching"])
def test_strata_and_matches_recover_the_average_effect(name, linear_truth):
    X, t, y, ite = linear_truth
    assert estimators.get(name).fit(X, t, y).ate(X) == pytest.approx(ite.mean(), abs=0.15)


def test_processes_adjust_for_the_covariates_in_one_order():
    """DoWhy takes them from a set of strings; another order changes the last digits."""
    code = """
import numpy as np, estimators
from estimators.adapters.dowhy_estimators import causal_model
rng = np.random.default_rng(0)
X, t, y = rng.normal(size=(100, 6)), rng.integers(0, 2, 100), rng.normal(size=100)
print(*causal_model(X, t, y)[2].get_adjustment_set())
for method in ("linear", "weighting", "stratification", "matching"):
    print(estimators.get(f"DoWhy {method}").fit(X, t, y).ate(X))
"""
    answers = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    ]
    order = [f"x{column}" for column in range(6)]
    assert [answer.split()[:6] for answer in answers] == [order] * 3
    effects = np.array([[float(number) for number in answer.split()[6:]] for answer in answers])
    assert effects.shape == (3, 4)
    np.testing.assert_allclose(effects, effects[:1].repeat(3, axis=0), rtol=1e-9)


def test_covariates_are_confounders_in_the_graph():
    assert set(confounder_graph(["x"], "t", "y").edges) == {("x", "t"), ("x", "y"), ("t", "y")}


def test_no_covariate_is_an_error():
    with pytest.raises(EstimatorError, match="X: has no column"):
        estimators.get("DoWhy linear").fit(np.empty((4, 0)), [0, 1, 0, 1], np.arange(4.0))
