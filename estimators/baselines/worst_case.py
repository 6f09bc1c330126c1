"""Bounds of the average effect that need no strength of hidden confounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import stats

from estimators.baselines.baselines import DiffInMeans
from estimators.bounds import ATEBounds
from estimators.errors import EstimatorError

_DIRECTIONS = ("increasing", "decreasing")


@dataclass(eq=False, repr=False)
class Manski(ATEBounds, DiffInMeans):
    """Worst-case bounds: the outcomes that were not observed are the smallest or the largest.

    Manski, American Economic Review 80(2), 1990. They hold under any confounding, if every
    potential outcome is between ``y_min`` and ``y_max``. These are in units of y; by default they
    are the smallest and the largest observed outcome, which a larger unobserved one would break.
    The width is ``y_max - y_min``, so that the bounds always contain 0. The average effect is the
    difference in means. With ``alpha`` the ends are moved by the normal quantile of 1 - alpha / 2
    times their standard errors.
    """

    strength = "none"

    y_min: float | None = None
    y_max: float | None = None

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        super()._fit(X, t, y)
        low = float(y.min()) if self.y_min is None else float(self.y_min)
        high = float(y.max()) if self.y_max is None else float(self.y_max)
        if low > y.min() or high < y.max():
            raise EstimatorError(
                f"y_min, y_max: are {low:g} and {high:g}, but y has values from {y.min():g} to "
                f"{y.max():g}; give limits that hold all of them"
            )
        # Each bound is a mean over rows.
        self._lowest = _mean(np.where(t == 1, y - high, low - y))
        self._highest = _mean(np.where(t == 1, y - low, high - y))

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both bounds, each with its standard error."""
        return self._lowest, self._highest

    def _ate_bounds(self, X: np.ndarray, strength: Any, alpha: float | None) -> tuple[float, float]:
        far = 0.0 if alpha is None else float(stats.norm.ppf(1 - alpha / 2))
        (lower, lower_error), (upper, upper_error) = self._ends()
        return lower - far * lower_error, upper + far * upper_error


class _Monotone(Manski):
    """Worst-case bounds with an assumption that has a direction."""

    direction: str

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if self.direction not in _DIRECTIONS:
            raise EstimatorError(
                f"direction: is {self.direction!r}, must be one of {', '.join(_DIRECTIONS)}"
            )
        super()._fit(X, t, y)


@dataclass(eq=False, repr=False)
class MonotoneSelection(_Monotone):
    """Worst-case bounds, if those who take the treatment have outcomes that are larger on average.

    With the direction ``increasing``, E[y(s) | t = 1] >= E[y(s) | t = 0] for both treatments s, so
    that the difference in means is the upper bound (monotone treatment selection; Manski and
    Pepper, Econometrica 68(4), 2000). With ``decreasing`` it is the lower bound. The other bound is
    that of Manski. The direction is knowledge of the user: no data can show it.
    """

    #: The assumption has a direction, which is that of y.
    depends_on_units: ClassVar[Mapping[str, str]] = {"scale of y": "the direction is that of y"}

    direction: str = "increasing"

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        difference = (self.ate_, self.standard_error_)
        if self.direction == "increasing":
            return self._lowest, difference
        return difference, self._highest


@dataclass(eq=False, repr=False)
class MonotoneResponse(_Monotone):
    """Worst-case bounds, if the treatment harms no unit: 0 is the lower bound.

    With the direction ``increasing``, y(1) >= y(0) for every unit (monotone treatment response;
    Manski, Econometrica 65(6), 1997), and with ``decreasing`` the upper bound is 0. The other bound
    is that of Manski. The direction is knowledge of the user: no data can show it.
    """

    depends_on_units: ClassVar[Mapping[str, str]] = {"scale of y": "the direction is that of y"}

    direction: str = "increasing"

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        zero = (0.0, 0.0)
        if self.direction == "increasing":
            return zero, self._highest
        return self._lowest, zero


def _mean(values: np.ndarray) -> tuple[float, float]:
    """A mean and its standard error."""
    n = len(values)
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(n))
