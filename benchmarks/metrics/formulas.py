"""The formulas, over plain arrays of shape (n,). Each says where it comes from."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def pehe(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Root of the mean squared error of the effects, in units of y (Hill 2011, section 4.2).

    PEHE: precision in estimation of heterogeneous effects.
    """
    return float(np.sqrt(np.mean((estimate - effect) ** 2)))


def r2(reference: np.ndarray, prediction: np.ndarray) -> float:
    """1 - SS(reference - prediction) / SS(reference - mean), at most 1.

    A constant ``reference`` has no sum of squares to explain: then 1 if the prediction is exact
    and 0 if not, as scikit-learn's ``r2_score`` has it, which made the published tables. Constant
    up to rounding counts as constant, or the swapped R2 of a method with one effect for every row
    would be -1e30.
    """
    residual = float(np.sum((reference - prediction) ** 2))
    total = float(np.sum((reference - reference.mean()) ** 2))
    rounding = len(reference) * (1e-12 * float(np.max(np.abs(reference)))) ** 2
    if total <= rounding:
        return float(residual <= rounding)
    return 1 - residual / total


def rank_correlation(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Spearman's rho, ties at their mean rank; NaN if either is constant (Spearman 1904)."""
    a, b = (rank - rank.mean() for rank in (rankdata(estimate), rankdata(effect)))
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    return float(np.sum(a * b) / scale) if scale > 0 else float("nan")


def sign_accuracy(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Share of rows whose estimated effect has the sign of the true one; 0 is a sign of its own."""
    return float(np.mean(np.sign(estimate) == np.sign(effect)))


def coverage(lower: np.ndarray, upper: np.ndarray, effect: np.ndarray) -> float:
    """Share of closed intervals that hold the true effect (Lei and Candes 2021, section 2).

    The paper's reference code takes open intervals; the two differ only where an end meets the
    truth, as the Oracle's do.
    """
    return float(np.mean((lower <= effect) & (effect <= upper)))


def mean_width(lower: np.ndarray, upper: np.ndarray) -> float:
    """Mean width of intervals, in units of y (Lei and Candes 2021, section 4)."""
    return float(np.mean(upper - lower))
