"""Estimates with the influence of each sampled unit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Estimate:
    """A quantity that is exact or estimated from units.

    Sums and differences of estimates from the same units have the standard errors of paired data:
    the influences of a unit are added before they are squared.

    Attributes
    ----------
    value
    influence : array of shape (n,), or of shape () if the value is exact
        First-order contribution of each unit to the error (the infinitesimal jackknife; Efron and
        Tibshirani, "An introduction to the bootstrap", 1993, chapter 21).
    """

    value: float
    influence: np.ndarray = field(default_factory=lambda: np.zeros(()))

    @property
    def exact(self) -> bool:
        """True if the value has no sampling error."""
        return self.influence.ndim == 0

    @property
    def standard_error(self) -> float:
        """Standard error from the sampling of units; 0 if exact, NaN with one unit."""
        if self.exact:
            return 0.0
        n = len(self.influence)
        if n < 2:
            return float("nan")
        return float(np.sqrt((self.influence**2).sum() * n / (n - 1)))

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, self.influence + other.influence)

    def __sub__(self, other: Estimate) -> Estimate:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Estimate:
        return Estimate(factor * self.value, factor * self.influence)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> Estimate:
    """Compute the weighted mean of units' values; arrays of shape (n,), weights of any sum.

    The influences are those of a ratio of means (Owen, "Monte Carlo theory, methods and examples",
    2013, section 9.2). NaN if all weights are 0.
    """
    with np.errstate(invalid="ignore"):
        shares = weights / weights.sum()
    # A unit that cannot occur may well have an infinite outcome.
    counted = np.where(shares == 0, 0.0, values)
    mean = float(shares @ counted)
    return Estimate(mean, shares * (counted - mean))
