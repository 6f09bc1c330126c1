"""Fit an estimator of two arms on each pair of an arm and the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from estimators.errors import EstimatorError
from estimators.many_arms import ManyArms
from estimators.registry import REGISTRY


@dataclass(eq=False, repr=False)
class Pairwise(ManyArms):
    """Takes K arms by K - 1 fits: one for each arm, on the rows of this arm and the reference.

    An average effect that does not depend on the X of the question (that of `IPW`) is that of the
    rows of the pair.

    Parameters
    ----------
    estimator
        A registered name, or an object with ``fit(X, t, y)`` that scikit-learn can clone.
    random_state
        The seed of each fit.

    Raises
    ------
    EstimatorError
        By ``fit``, if the estimator needs more than X, t and y; by ``effects``, if it estimates
        the average effect only.

    Examples
    --------
    >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(300)
    >>> fitted = estimators.Pairwise("LinReg").fit(data.X, data.t, data.y)
    >>> fitted.effects(data.X).shape
    (300, 2)
    """

    estimator: Any = "RF"
    random_state: int | None = 0

    def _estimator(self) -> Any:
        """The estimator, unfitted, with the seed of the fit."""
        if not isinstance(self.estimator, str):
            return clone(self.estimator)
        has_seed = "random_state" in REGISTRY.parameters(self.estimator)
        return REGISTRY.get(self.estimator, **({"random_state": self.seed_} if has_seed else {}))

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.models_ = []
        for arm in range(1, self.n_arms_):
            model, pair = self._estimator(), (t == 0) | (t == arm)
            if needs := getattr(model, "needs", ()):
                raise EstimatorError(f"Pairwise: {self._named} needs {', '.join(needs)}")
            self.models_.append(model.fit(X[pair], (t[pair] == arm).astype(np.int64), y[pair]))
            self.warnings_ += getattr(model, "warnings_", [])

    @property
    def _named(self) -> str:
        named = isinstance(self.estimator, str)
        return self.estimator if named else type(self.estimator).__name__

    def _effects(self, X: np.ndarray) -> np.ndarray:
        if not hasattr(self.models_[0], "effect"):
            raise EstimatorError(
                f"Pairwise: {self._named} estimates the average effect only; call ates(X)"
            )
        return np.column_stack([model.effect(X) for model in self.models_])

    def ates(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Average effects against arm 0 by each of the estimators, shape (K - 1,), in units of y.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(300)
        >>> fitted = estimators.Pairwise("IPW").fit(data.X, data.t, data.y)
        >>> fitted.ates(data.X).shape
        (2,)
        """
        if not hasattr(self, "models_") or not hasattr(self.models_[0], "ate"):
            return super().ates(X)
        matrix = super(ManyArms, self)._covariates(X)
        with self._library_code():
            return np.array([float(model.ate(matrix)) for model in self.models_])
