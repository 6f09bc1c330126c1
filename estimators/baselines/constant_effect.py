"""One effect for every row, after a flexible adjustment for the covariates."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from estimators.base import ATEIntervals, EffectIntervals, Interval
from estimators.baselines.baselines import normal_interval
from estimators.support.folds import stratified_folds


class ConstantEffect(EffectIntervals, ATEIntervals):
    """Robinson's (1988) residual-on-residual regression: what a constant effect would be.

    y and t are predicted from X by boosted trees of depth 3 (scikit-learn's defaults) out of
    ``folds`` folds; the effect of every row is the slope of the residuals of y on those of t,
    through the origin. An estimator that varies the effect should err less than this one.
    ``LinReg`` is the same idea with straight lines, ``T-Only OLS`` without adjustment.

    The interval is normal with the variance of the orthogonal score (Chernozhukov et al. 2018,
    Theorem 4.1). Where the effect varies, its mean weighted by e(X) (1 - e(X)) is estimated.
    """

    rows_per_arm = 2

    def __init__(self, folds: int = 5, random_state: int | None = 0) -> None:
        self.folds = folds
        self.random_state = random_state

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

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return np.full(len(X), self.ate_)

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return normal_interval(self.ate_, self.standard_error_, alpha)

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Interval:
        lower, upper = self._ate_interval(X, alpha)
        return np.full(len(X), lower), np.full(len(X), upper)
