"""Compute intervals of a mean over phrasings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, Philox

# Fewer phrasings have too few distinct resamples for the tails of a studentised mean.
MIN_PHRASINGS = 5
# Share of the standard error; the coverage for normal, skewed and bimodal effects is unchanged.
_LEAST_SPREAD = 0.5


@dataclass(frozen=True)
class ConfidenceInterval:
    """A confidence interval and its nominal level."""

    low: float
    high: float
    level: float

    def covers(self, value: float) -> bool:
        """Return True if the interval contains the value."""
        return self.low <= value <= self.high

    def within(self, bound: float) -> bool:
        """Return True if the interval lies strictly between -bound and bound."""
        return -bound < self.low and self.high < bound


def bootstrap_interval(
    effects: np.ndarray, *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> ConfidenceInterval:
    """Compute the studentised bootstrap interval of the mean over phrasings.

    Phrasings are the clusters: all units and draws of a phrasing are resampled with it.
    Studentising keeps the coverage with few clusters, where percentile intervals are too narrow
    (Cameron, Gelbach and Miller, "Bootstrap-based improvements for inference with clustered
    errors", Review of Economics and Statistics 2008; Efron and Tibshirani, "An introduction to the
    bootstrap", 1993, section 12.5). The standard deviation of a resample is at least half of the
    mean's standard error. Without this bound, where few phrasings carry the effect, a third of the
    resamples miss them, and their small spread stretches the interval far beyond all effects.

    Parameters
    ----------
    effects : array of shape (P,)
        One effect for each phrasing, at least `MIN_PHRASINGS`.
    level, resamples, seed
        Level of the interval, number of resamples, and their seed.

    Raises
    ------
    ValueError
        If there are too few phrasings.
    """
    count = len(effects)
    if count < MIN_PHRASINGS:
        raise ValueError(f"{count} phrasings; at least {MIN_PHRASINGS} are needed")
    centre = float(effects.mean())
    # Deviations from the centre: a small spread would be lost in the rounding of the squares.
    off = effects - centre
    spread = float(off.std())
    if spread <= 1e-12 * max(abs(centre), 1e-300):
        return ConfidenceInterval(centre, centre, level)
    draws = Generator(Philox(seed)).multinomial(count, np.full(count, 1 / count), resamples)
    means = draws @ off / count
    spreads = np.sqrt(np.maximum(draws @ off**2 / count - means**2, 0.0))
    ratios = means / np.maximum(spreads, _LEAST_SPREAD * spread / np.sqrt(count))
    tail = (1 - level) / 2
    upper, lower = np.quantile(ratios, [1 - tail, tail])
    return ConfidenceInterval(centre - float(upper) * spread, centre - float(lower) * spread, level)
