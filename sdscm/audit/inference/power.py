"""Compute the effect that an audit with a given number of phrasings can detect."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.stats import nct, t


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
