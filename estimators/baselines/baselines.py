"""Baselines that need no library."""

from __future__ import annotations

import numpy as np
from scipy import stats

from estimators.base import ATEIntervals, CATEEstimator


class Zero(CATEEstimator):
    """Says that nothing has an effect: the error to beat."""

    learns = False

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        """There is nothing to learn."""

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return np.zeros(len(X))


class DiffInMeans(ATEIntervals):
    """Mean outcome of the treated minus that of the controls, with Neyman's interval.

    The average effect is that of the rows of ``fit``, whatever X is asked for. The interval is
    normal with variance s1^2 / n1 + s0^2 / n0 (Imbens and Rubin 2015, section 6.5); it is unbounded
    when an arm has one row.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        treated, control = y[t == 1], y[t == 0]
        self.ate_ = float(treated.mean() - control.mean())
        variances = [
            arm.var(ddof=1) / len(arm) if len(arm) > 1 else np.inf for arm in (treated, control)
        ]
        self.standard_error_ = float(np.sqrt(sum(variances)))

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return normal_interval(self.ate_, self.standard_error_, alpha)


def normal_interval(centre: float, standard_error: float, alpha: float) -> tuple[float, float]:
    """Normal interval of level 1 - alpha around ``centre``."""
    half = float(stats.norm.ppf(1 - alpha / 2)) * standard_error
    return centre - half, centre + half
