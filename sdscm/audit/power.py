"""What an audit of so many phrasings can find."""

from __future__ import annotations

import math

import numpy as np


def detectable_effect(effects: np.ndarray, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest mean effect that the test finds with this power, in units of the effects.

    From the spread of the phrasings, by the noncentral t distribution; the sign-flip test comes
    close to the t test where both apply (Lehmann and Romano, "Testing statistical hypotheses",
    2005, section 15.2). Infinite where no number of equal signs is significant.

    Parameters
    ----------
    effects : array of shape (P,)
        One effect a phrasing.
    alpha, power
        Size of the two-sided test, and the chance to find the effect.
    """
    count = len(effects)
    if 2.0 ** (1 - count) > alpha:
        return math.inf
    from statsmodels.stats.power import TTestPower  # seconds to import

    sizes = TTestPower().solve_power(nobs=count, alpha=alpha, power=power, alternative="two-sided")
    return float(np.squeeze(sizes)) * float(np.std(effects, ddof=1))
