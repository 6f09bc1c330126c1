"""The estimator that gets the truth, as a check of the scores."""

from __future__ import annotations

import numpy as np

from estimators.base import ATEIntervals, EffectIntervals, Ends, ITEIntervals
from estimators.errors import EstimatorError


class Oracle(EffectIntervals, ATEIntervals, ITEIntervals):
    """Return the true effects that were revealed: its errors are errors of the scores.

    Call ``reveal`` before ``fit``. The effects are those of the rows of the dataset, so X must be
    the whole X of ``fit``. All intervals are single points at the truth.
    """

    def reveal(self, ite: np.ndarray, effect: np.ndarray | None = None) -> None:
        """Set the true effect of each row, arrays of shape (n,), in units of y.

        Parameters
        ----------
        ite
            The individual effects; their mean is the average effect.
        effect
            The target of estimated effects, if that is not the individual effect but its mean given
            the covariates.

        Raises
        ------
        EstimatorError
            If one is not a vector of finite numbers, or they differ in length.
        """
        self._ites = _vector("ite", ite)
        self._effects = self._ites if effect is None else _vector("effect", effect)
        if len(self._ites) != len(self._effects):
            raise EstimatorError(
                f"effect: has {len(self._effects)} rows, but ite has {len(self._ites)}"
            )

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if not hasattr(self, "_ites"):
            raise EstimatorError("Oracle: nothing was revealed to it; call reveal(ite) before fit")
        self._effect(X)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self._of_rows(X, self._effects)

    def _ate(self, X: np.ndarray) -> float:
        return float(self._of_rows(X, self._ites).mean())

    def _of_rows(self, X: np.ndarray, revealed: np.ndarray) -> np.ndarray:
        if len(X) != len(revealed):
            raise EstimatorError(
                f"Oracle: X has {len(X)} rows, but {len(revealed)} effects were revealed"
            )
        return revealed.copy()

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        return self._effect(X), self._effect(X)

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return self._ate(X), self._ate(X)

    def _ite_interval(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, alpha: float) -> Ends:
        return self._of_rows(X, self._ites), self._of_rows(X, self._ites)


def _vector(name: str, values: np.ndarray) -> np.ndarray:
    vector = np.array(values, dtype=float)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise EstimatorError(f"{name}: must be a vector of finite numbers, one for each row")
    return vector
