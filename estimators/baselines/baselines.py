"""Baselines without a model, and the base of averages with a normal interval."""

from __future__ import annotations

import numpy as np
from scipy import stats

from estimators.base import ATEIntervals, CATEEstimator


class Zero(CATEEstimator):
    """Estimates an effect of zero for every row: the error to beat."""

    learns = False

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        """Nothing is estimated."""

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return np.zeros(len(X))


class NormalATE(ATEIntervals):
    """An average effect of the rows of ``fit`` with a normal interval."""

    ate_: float
    standard_error_: float

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        half = float(stats.norm.ppf(1 - alpha / 2)) * self.standard_error_
        return self.ate_ - half, self.ate_ + half


class DiffInMeans(NormalATE):
    """Mean outcome of the treated minus that of the controls, with Neyman's interval.

    The average effect is that of the rows of ``fit``, the same for every X. The interval is normal
    with variance s1^2 / n1 + s0^2 / n0 (Imbens and Rubin 2015, section 6.5); it is unbounded when
    an arm has one row.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        treated, control = y[t == 1], y[t == 0]
        self.ate_ = float(treated.mean() - control.mean())
        variances = [
            arm.var(ddof=1) / len(arm) if len(arm) > 1 else np.inf for arm in (treated, control)
        ]
        self.standard_error_ = float(np.sqrt(sum(variances)))
