"""Compute intervals of a mean over phrasings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdscm.statistics.bootstrap import MIN_CLUSTERS, studentised_interval

MIN_PHRASINGS = MIN_CLUSTERS


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

    Phrasings are the clusters: all units and draws of a phrasing are resampled with it; see
    `sdscm.statistics.bootstrap.studentised_interval`.

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
    low, high = studentised_interval(
        effects, np.ones(len(effects)), level=level, resamples=resamples, seed=seed
    )
    return ConfidenceInterval(low, high, level)
