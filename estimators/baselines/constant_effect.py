"""One effect for every row, after a flexible adjustment for the covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from estimators.base import OneEffect, Standardised
from estimators.baselines.baselines import NormalATE
from estimators.support.folds import stratified_folds


@dataclass(eq=False, repr=False)
class ConstantEffect(Standardised, NormalATE, OneEffect):
    """Robinson's (1988) residual-on-residual regression: the effect if it were constant.

    Boosted trees of depth 3 (scikit-learn's defaults) predict y and t from X out of ``folds``
    folds. The effect of every row is the slope of the residuals of y on those of t, through the
    origin. An estimator whose effects vary should have a smaller error than this one. ``LinReg`` is
    the linear version, ``T-Only OLS`` the one without adjustment.

    The interval is normal with the variance of the orthogonal score (Chernozhukov et al. 2018,
    Theorem 4.1). If the effect varies, the estimate is its mean with weights e(X) (1 - e(X)).
    """

    rows_per_arm = 2

    folds: int = 5
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        y_residual, t_residual = np.empty(len(y)), np.empty(len(y))
        outcome = GradientBoostingRegressor(random_state=self.seed_)
        treatment = GradientBoostingClassifier(random_state=self.seed_)
        for train, test in stratified_folds(t, self.folds, self.seed_):
            y_residual[test] = y[test] - outcome.fit(X[train], y[train]).predict(X[test])
            propensity = treatment.fit(X[train], t[train]).predict_proba(X[test])[:, 1]
            t_residual[test] = t[test] - propensity
        variation = float(t_residual @ t_residual)
        self.ate_ = float(t_residual @ y_residual) / variation
        scores = t_residual * (y_residual - self.ate_ * t_residual)
        self.standard_error_ = float(np.sqrt(scores @ scores)) / variation
