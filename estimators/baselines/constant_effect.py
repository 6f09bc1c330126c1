"""One effect for every row, after a flexible adjustment for the covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from estimators.base import OneEffect
from estimators.baselines.baselines import NormalATE
from estimators.support.folds import stratified_folds


@dataclass(eq=False, repr=False)
class ConstantEffect(NormalATE, OneEffect):
    """Robinson's (1988) residual-on-residual regression: what a constant effect would be.

    y and t are predicted from X by boosted trees of depth 3 (scikit-learn's defaults) out of
    ``folds`` folds; the effect of every row is the slope of the residuals of y on those of t,
    through the origin. An estimator that varies the effect should err less than this one.
    ``LinReg`` is the same idea with straight lines, ``T-Only OLS`` without adjustment.

    The interval is normal with the variance of the orthogonal score (Chernozhukov et al. 2018,
    Theorem 4.1). Where the effect varies, its mean weighted by e(X) (1 - e(X)) is estimated.
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
