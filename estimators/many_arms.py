"""Base class of estimators that take more than two arms."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import pandas as pd

from estimators.base import CATEEstimator
from estimators.errors import EstimatorError


class ManyArms(CATEEstimator):
    """Takes treatments with K arms, and estimates the effect of each arm against the reference.

    ``fit`` takes t of 0, 1, ..., K - 1, where 0 is the reference. With two arms the estimator
    answers as others do, too. With more, only ``effects`` and ``ates`` answer.

    Attributes
    ----------
    n_arms_
        Number of arms K of the fit.

    Examples
    --------
    >>> import numpy as np
    >>> class ByArm(estimators.ManyArms):
    ...     def _fit(self, X, t, y):
    ...         self.means = [y[t == arm].mean() for arm in range(self.n_arms_)]
    ...     def _effects(self, X):
    ...         return np.tile(np.subtract(self.means[1:], self.means[0]), (len(X), 1))
    >>> fitted = ByArm().fit(np.zeros((6, 1)), [0, 0, 1, 1, 2, 2], [1, 1, 2, 2, 4, 4])
    >>> fitted.ates(np.zeros((6, 1)))
    array([1., 3.])
    """

    many_arms = True

    n_arms_: int

    def effects(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Effects of arms 1 to K - 1 against arm 0 for each row, shape (n, K - 1), in units of y.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(300)
        >>> estimators.get("LinearT").fit(data.X, data.t, data.y).effects(data.X).shape
        (300, 2)
        """
        matrix = super()._covariates(X)
        with self._library_code():
            found = np.asarray(self._effects(matrix), dtype=float)
            return self._in_units_of_y(found.reshape(len(matrix), self.n_arms_ - 1))

    def ates(self, X: pd.DataFrame | np.ndarray) -> np.ndarray:
        """Average effects over the rows of X against arm 0, shape (K - 1,), in units of y.

        Examples
        --------
        >>> data = sdscm.SDSCM("commute", "tabular:0").multi_arm_dataset(300)
        >>> fitted = estimators.get("LinearT").fit(data.X, data.t, data.y)
        >>> fitted.ates(data.X).shape
        (2,)
        """
        return self.effects(X).mean(axis=0)

    @abstractmethod
    def _effects(self, X: np.ndarray) -> np.ndarray:
        """Effects of each row against arm 0, from clean covariates."""

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self._effects(X)

    def _checked(
        self, X: pd.DataFrame | np.ndarray, t: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        arrays = super()._checked(X, t, y)
        self.n_arms_ = 1 + int(arrays[1].max())
        return arrays

    def _covariates(self, X: Any) -> np.ndarray:
        if getattr(self, "n_arms_", 2) > 2:
            raise EstimatorError(
                f"{type(self).__name__}: fitted with {self.n_arms_} arms; call effects(X) or "
                "ates(X)"
            )
        return super()._covariates(X)
