"""A plain function ``(X, t, y) -> effects`` as an estimator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from estimators.base import ATEEstimator, CATEEstimator
from estimators.errors import EstimatorError

EffectFunction = Callable[..., Any]


class _Function:
    def __init__(
        self, function: EffectFunction, arguments: Mapping[str, Any] | None = None
    ) -> None:
        self.function = function
        self.arguments = arguments

    def _call(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(self.function(X, t, y, **(self.arguments or {})), dtype=float)


class FunctionEffect(_Function, CATEEstimator):
    """The effects that a function returns for the rows of ``fit``, shape (n,).

    They are known for those rows only: ``effect(X)`` needs the X of ``fit``.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        effects = self._call(X, t, y)
        if effects.shape != (len(X),):
            raise EstimatorError(
                f"function {self.function.__name__}: returned shape {effects.shape} for {len(X)} "
                "rows; return one effect for each row, or register it with estimand='ATE'"
            )
        self.effects_, self._X = effects, X

    def _effect(self, X: np.ndarray) -> np.ndarray:
        if not np.array_equal(X, self._X):
            raise EstimatorError(
                f"function {self.function.__name__}: its effects are known for the rows of fit "
                "only; register a class with fit and effect to predict for others"
            )
        return self.effects_.copy()


class FunctionATE(_Function, ATEEstimator):
    """The average effect that a function returns: one number, the same for every X."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        effect = self._call(X, t, y)
        if effect.size != 1:
            raise EstimatorError(
                f"function {self.function.__name__}: returned shape {effect.shape}; "
                "return one number, or register it with estimand='CATE'"
            )
        self.ate_ = float(effect.reshape(()))

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_
