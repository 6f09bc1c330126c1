"""A plain function ``(X, t, y) -> effects`` as an estimator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from estimators.base import ATEEstimator, CATEEstimator
from estimators.errors import EstimatorError

EffectFunction = Callable[..., Any]


def extra_arguments(function: EffectFunction) -> dict[str, Any]:
    """The function's arguments beyond (X, t, y), with their defaults.

    Raises
    ------
    EstimatorError
        If it does not take three positional arguments, or another one has no default.
    """
    parameters = list(inspect.signature(function).parameters.values())
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    first, rest = parameters[:3], parameters[3:]
    if len(first) < 3 or any(parameter.kind not in positional for parameter in first):
        raise EstimatorError(f"function {function.__name__}: must take (X, t, y)")
    without_default = [p.name for p in rest if p.default is inspect.Parameter.empty]
    if without_default:
        raise EstimatorError(
            f"function {function.__name__}: give {', '.join(without_default)} a default; "
            "only X, t and y are passed"
        )
    return {parameter.name: parameter.default for parameter in rest}


class _Function:
    def __init__(
        self, function: EffectFunction, arguments: Mapping[str, Any] | None = None
    ) -> None:
        self.function = function
        self.arguments = arguments

    def _call(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.asarray(self.function(X, t, y, **(self.arguments or {})), dtype=float)


class FunctionEffect(_Function, CATEEstimator):
    """The effects that a function gives for the rows of ``fit``, shape (n,).

    They are known for those rows only: ``effect(X)`` wants the X of ``fit``.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        effects = self._call(X, t, y)
        if effects.shape != (len(X),):
            raise EstimatorError(
                f"function {self.function.__name__}: gave shape {effects.shape} for {len(X)} rows; "
                "return one effect for each row, or register it with estimand='ATE'"
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
    """The average effect that a function gives, one number, whatever X is asked for."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        effect = self._call(X, t, y)
        if effect.size != 1:
            raise EstimatorError(
                f"function {self.function.__name__}: gave shape {effect.shape}; "
                "return one number, or register it with estimand='CATE'"
            )
        self.ate_ = float(effect.reshape(()))

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_
