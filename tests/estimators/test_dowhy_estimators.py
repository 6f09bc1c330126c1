from __future__ import annotations

import numpy as np
import pytest

import estimators
from estimators import EstimatorError

pytest.importorskip("dowhy")

from sklearn.linear_model import LogisticRegression

from estimators.dowhy_estimators import confounder_graph


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
    fitted = estimators.get("DoWhy weighting").fit(X, t, y)
    assert fitted.ate(X) == pytest.approx(expected)


def test_the_graph_says_that_covariates_confound():
    assert set(confounder_graph(["x"], "t", "y").edges) == {("x", "t"), ("x", "y"), ("t", "y")}


def test_no_covariate_is_told():
    with pytest.raises(EstimatorError, match="X has no column"):
        estimators.get("DoWhy linear").fit(np.empty((4, 0)), [0, 1, 0, 1], np.arange(4.0))
