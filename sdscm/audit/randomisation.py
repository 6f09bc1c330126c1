"""Randomisation tests over phrasings."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.random import Generator, Philox
from scipy.stats import permutation_test

# All sign patterns are gone through up to 14 phrasings.
_PATTERNS = 2**14


def sign_flip(
    effects: np.ndarray,
    *,
    at: float = 0.0,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
    seed: int = 0,
) -> float:
    """p value of the hypothesis that phrasings' effects are symmetric about ``at``.

    Under it the sign of each phrasing's deviation is a fair coin, so that the mean deviation is
    compared with those of all sign patterns (Fisher, "The design of experiments", 1935, section
    21), or of random ones if these are too many. Exact at any number of phrasings; its smallest
    two-sided value is 2 / 2**P.

    Parameters
    ----------
    effects : array of shape (P,)
        One effect a phrasing, independent of each other.
    at
        The centre in question.
    alternative
        Where the mean lies if the hypothesis is false.
    seed
        Of the random patterns; not used if all are gone through.
    """
    off = np.asarray(effects, dtype=float) - at
    if len(off) < 2:  # scipy wants two; one coin has these p values
        sided = {"two-sided": 1.0, "greater": 0.5 if off[0] > 0 else 1.0}
        return sided.get(alternative, 0.5 if off[0] < 0 else 1.0)
    # Rounding must not tell two patterns of equal means apart.
    scale = float(np.abs(off).max()) or 1.0
    off = np.round(off / scale, 12)
    found = permutation_test(
        (off, -off),
        lambda one, _, axis: np.round(one.mean(axis=axis), 12),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_PATTERNS,
        alternative=alternative,
        rng=Generator(Philox(seed)),
    )
    return float(found.pvalue)


def minimum_effect(effects: np.ndarray, smallest: float, *, seed: int = 0) -> float:
    """p value of the hypothesis that the effect is no larger than ``smallest`` either way.

    Twice the smaller of two one-sided p values, so that it is a two-sided test of no effect at 0
    (Murphy and Myors, "Testing the hypothesis that treatments have negligible effects", Journal of
    Applied Psychology 1999).
    """
    above = sign_flip(effects, at=smallest, alternative="greater", seed=seed)
    below = sign_flip(effects, at=-smallest, alternative="less", seed=seed)
    return min(1.0, 2 * min(above, below))


def equivalence(effects: np.ndarray, smallest: float, *, seed: int = 0) -> float:
    """p value of the hypothesis that the effect is ``smallest`` or more, either way.

    Two one-sided tests (TOST; Schuirmann, "A comparison of the two one-sided tests procedure",
    Journal of Pharmacokinetics and Biopharmaceutics 1987): a small value is evidence of no effect
    that matters.
    """
    above = sign_flip(effects, at=-smallest, alternative="greater", seed=seed)
    below = sign_flip(effects, at=smallest, alternative="less", seed=seed)
    return max(above, below)
