"""The estimator that is shown the truth, to check the scorer."""

from __future__ import annotations

import numpy as np

from estimators.base import ATEIntervals, EffectIntervals, Interval, ITEIntervals
from estimators.errors import EstimatorError


class Oracle(EffectIntervals, ATEIntervals, ITEIntervals):
    """Answers with the effects that were revealed to it: an error of it is one of the scorer.

    Call ``reveal(ite)`` before ``fit``. Effects are those of the dataset's rows, so that X must
    be the whole X of ``fit``. All intervals are single points at the truth.
    """

    def reveal(self, ite: np.ndarray) -> None:
        """Show the true effect of each row, shape (n,), in units of y.

        Raises
        ------
        EstimatorError
            If it is not a vector of finite numbers.
        """
        revealed = np.array(ite, dtype=float)
        if revealed.ndim != 1 or not np.isfinite(revealed).all():
            raise EstimatorError("ite: must be a vector of finite numbers, one for each row")
        self._revealed = revealed

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if not hasattr(self, "_revealed"):
            raise EstimatorError("Oracle: nothing was revealed to it; call reveal(ite) before fit")
        self._effect(X)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        if len(X) != len(self._revealed):
            raise EstimatorError(
                f"Oracle: X has {len(X)} rows, but {len(self._revealed)} effects were revealed"
            )
        return self._revealed.copy()

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Interval:
        return self._effect(X), self._effect(X)

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return self._ate(X), self._ate(X)

    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Interval:
        return self._effect(X), self._effect(X)
