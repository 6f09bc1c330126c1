"""The base class of methods that bound the average effect under hidden confounding."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from estimators.base import ATEEstimator
from estimators.interface import Strength
from estimators.support.validation import require_level, require_strength


class ATEBounds(ATEEstimator):
    """Has bounds of the average effect under hidden confounding of a given strength.

    A subclass names in ``strength`` the number that says how strong the confounding is, and writes
    ``_ate_bounds``. Stronger confounding must not give narrower bounds.

    Examples
    --------
    >>> class Shift(estimators.ATEBounds):
    ...     strength = "gamma"
    ...     def _fit(self, X, t, y):
    ...         self.value, self.sd = y[t == 1].mean() - y[t == 0].mean(), y.std()
    ...     def _ate(self, X):
    ...         return self.value
    ...     def _ate_bounds(self, X, strength, alpha):
    ...         half = self.sd * (1 - 1 / strength)
    ...         return self.value - half, self.value + half
    >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
    >>> low, high = Shift().fit(data.X, data.t, data.y).ate_bounds(data.X, gamma=2)
    >>> low < data.sate < high
    True
    """

    #: What ``ate_bounds`` needs to know; see `estimators.Strength`.
    strength: ClassVar[Strength] = "gamma"

    def ate_bounds(
        self,
        X: pd.DataFrame | np.ndarray,
        gamma: float | None = None,
        *,
        partial_r2: tuple[float, float] | None = None,
        riesz_r2: tuple[float, float] | None = None,
        alpha: float | None = None,
    ) -> tuple[float, float]:
        """Lower and upper bound of the average effect over the rows of X, in units of y.

        Parameters
        ----------
        X
            As for ``ate``.
        gamma, partial_r2, riesz_r2
            The strength of hidden confounding: that which the method needs, and no other.
        alpha
            If given, the ends are moved by the sampling error, so that they hold the average effect
            with probability 1 - alpha, as long as confounding is not stronger. Without it they are
            estimates of the bounds.

        Raises
        ------
        EstimatorError
            If the strength is missing, of another kind, or impossible.

        Examples
        --------
        >>> data = sdscm.SDSCM("headache", "tabular:0").dataset(200)
        >>> fitted = estimators.get("Marginal sensitivity").fit(data.X, data.t, data.y)
        >>> low, high = fitted.ate_bounds(data.X, gamma=2)
        >>> low < fitted.ate(data.X) < high
        True
        """
        given = {"gamma": gamma, "partial_r2": partial_r2, "riesz_r2": riesz_r2}
        value = require_strength(type(self).__name__, self.strength, given)
        if alpha is not None:
            require_level(alpha)
        matrix = self._covariates(X)
        with self._library_code():
            ends = self._ate_bounds(matrix, value, alpha)
        lower, upper = self._ends_in_units_of_y(ends)
        return float(lower), float(upper)

    @abstractmethod
    def _ate_bounds(self, X: np.ndarray, strength: Any, alpha: float | None) -> tuple[float, float]:
        """Bounds from clean covariates; ``strength`` is None for a method that needs none."""
