"""Intervals, tests and variance components over the phrasings of an audit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import nct, t

from sdscm.statistics.bootstrap import MIN_CLUSTERS, studentised_interval
from sdscm.statistics.signs import sign_patterns

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


def sign_flip(
    effects: np.ndarray,
    *,
    at: float = 0.0,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
    seed: int = 0,
) -> float:
    """Test the hypothesis that the effects of phrasings are symmetric about ``at``.

    Under the hypothesis the sign of each deviation is a fair coin. The p value compares the mean
    deviation with those of all sign patterns (Fisher, "The design of experiments", 1935, section
    21), or of random patterns if there are too many. The test is exact for any number P of
    phrasings; its smallest two-sided p value is 2 / 2**P.

    Parameters
    ----------
    effects : array of shape (P,)
        One effect for each phrasing; independent of each other.
    at
        The hypothesised centre.
    alternative
        Location of the mean if the hypothesis is false.
    seed
        Seed of the random patterns; not used if all patterns are enumerated.

    `scipy.stats.permutation_test` gives the same p value in a hundred times the time (tested).
    """
    off = np.asarray(effects, dtype=float) - at
    signs, exhaustive = sign_patterns(len(off), seed)
    means = signs @ off
    seen = off.sum()
    # Two patterns with equal means must count as equal, in spite of rounding.
    margin = 1e-12 * np.abs(off).sum()
    tails = {
        "two-sided": np.abs(means) >= abs(seen) - margin,
        "greater": means >= seen - margin,
        "less": means <= seen + margin,
    }
    own = 0 if exhaustive else 1  # the observed pattern counts as one of the random ones
    return float((tails[alternative].sum() + own) / (len(means) + own))


def minimum_effect(effects: np.ndarray, smallest: float, *, seed: int = 0) -> float:
    """Test the hypothesis that the absolute effect is at most ``smallest``.

    The p value is twice the smaller of two one-sided p values, so that the test with ``smallest``
    0 is the two-sided test of no effect (Murphy and Myors, "Testing the hypothesis that treatments
    have negligible effects", Journal of Applied Psychology 1999).
    """
    above = sign_flip(effects, at=smallest, alternative="greater", seed=seed)
    below = sign_flip(effects, at=-smallest, alternative="less", seed=seed)
    return min(1.0, 2 * min(above, below))


def equivalence(effects: np.ndarray, smallest: float, *, seed: int = 0) -> float:
    """Test the hypothesis that the absolute effect is at least ``smallest``.

    Two one-sided tests (TOST; Schuirmann, "A comparison of the two one-sided tests procedure",
    Journal of Pharmacokinetics and Biopharmaceutics 1987): a small p value is
    evidence that the effect is smaller than ``smallest``.
    """
    above = sign_flip(effects, at=-smallest, alternative="greater", seed=seed)
    below = sign_flip(effects, at=smallest, alternative="less", seed=seed)
    return max(above, below)


def detectable_effect(effects: np.ndarray, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Compute the smallest mean effect that the test detects with this power.

    The value is in units of the effects. It follows from the spread of the phrasings by the
    noncentral t distribution: the sign-flip test is close to the t test where both apply (Lehmann
    and Romano, "Testing statistical hypotheses", 2005, section 15.2). Infinite if even equal signs
    in all phrasings are not significant.

    Parameters
    ----------
    effects : array of shape (P,)
        One effect for each phrasing.
    alpha, power
        Size of the two-sided test, and its power.
    """
    count = len(effects)
    if 2.0 ** (1 - count) > alpha:
        return math.inf
    spread = float(np.std(effects, ddof=1))
    if spread <= 1e-12 * float(np.abs(effects).max()):  # equal effects up to rounding
        return 0.0
    critical = t.isf(alpha / 2, count - 1)

    def missing(size: float) -> float:
        shift = size * math.sqrt(count)
        found = nct.sf(critical, count - 1, shift) + nct.cdf(-critical, count - 1, shift)
        return float(found) - power

    # Doubled from below: scipy's noncentral t is NaN for very large arguments.
    largest = 1 / math.sqrt(count)
    while missing(largest) < 0:
        largest *= 2
    return float(brentq(missing, 0.0, largest)) * spread


@dataclass(frozen=True)
class VarianceSplit:
    """Variance components of a unit's effect in a phrasing, in squared units of the effect.

    Attributes
    ----------
    phrasings
        Variance between phrasings (the wording).
    units
        Variance between units (the individuals).
    rest
        Variance of the interaction of phrasing and unit.
    """

    phrasings: float
    units: float
    rest: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """The components as shares of their sum; NaN if the sum is 0."""
        total = self.phrasings + self.units + self.rest
        if total == 0:
            return (float("nan"),) * 3
        return self.phrasings / total, self.units / total, self.rest / total


def variance_split(effects: np.ndarray) -> VarianceSplit:
    """Estimate variance components by two-way analysis of variance with one value for each cell.

    Negative estimates are set to 0 (Searle, Casella and McCulloch, "Variance
    components", 1992, chapter 4).

    Parameters
    ----------
    effects : array of shape (P, N)
        Effect of each unit in each phrasing; at least two phrasings and two units.
    """
    phrasings, units = effects.shape
    rows, columns = effects.mean(axis=1), effects.mean(axis=0)
    centre = effects.mean()
    rest = effects - rows[:, None] - columns + centre
    residual = float((rest**2).sum()) / ((phrasings - 1) * (units - 1))
    between_rows = units * float(((rows - centre) ** 2).sum()) / (phrasings - 1)
    between_columns = phrasings * float(((columns - centre) ** 2).sum()) / (units - 1)
    return VarianceSplit(
        phrasings=max(0.0, (between_rows - residual) / units),
        units=max(0.0, (between_columns - residual) / phrasings),
        rest=residual,
    )
