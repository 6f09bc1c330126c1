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
    rounding = _rounding(reference)
    if total <= rounding:
        return float(residual <= rounding)
    return 1 - residual / total


def rank_correlation(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Spearman's rho, ties at their mean rank; NaN if either is constant (Spearman 1904)."""
    a, b = (rank - rank.mean() for rank in (_ranks(estimate), _ranks(effect)))
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


def interval_score(lower: np.ndarray, upper: np.ndarray, effect: np.ndarray, alpha: float) -> float:
    """Mean of width + (2 / alpha) * distance of the effect from the interval, in units of y.

    A proper score of central intervals of level 1 - ``alpha``: it rewards narrow ones and punishes
    those that miss, so that neither width nor coverage can be bought with the other (Gneiting and
    Raftery 2007, equation 43; Winkler 1972). Infinite for an infinite interval.
    """
    missed = np.maximum(lower - effect, 0) + np.maximum(effect - upper, 0)
    return float(np.mean(upper - lower + 2 / alpha * missed))


def policy_value(estimate: np.ndarray, effect: np.ndarray) -> float:
    """What treating the rows with a positive estimate gains over treating nobody, in units of y.

    Mean of 1[estimate > 0] * effect; more of y is taken to be better (the welfare gain of Kitagawa
    and Tetenov 2018, section 2).
    """
    return float(np.mean((estimate > 0) * effect))


def regret(estimate: np.ndarray, effect: np.ndarray) -> float:
    """What treating by the estimate loses to treating by the truth, in units of y, at least 0.

    The best policy's value less ``policy_value`` (Athey and Wager 2021, equation 3).
    """
    return policy_value(effect, effect) - policy_value(estimate, effect)


def auuc(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Area under the uplift curve drawn with the true effects, in units of y.

    The curve is the gain over treating nobody, a row, when the share u in [0, 1] of the rows with
    the largest estimates is treated (Rzepakowski and Jaroszewicz 2012, section 5; here with the
    true effects in the place of the difference of arms). Rows of equal estimates are treated in
    random order, in expectation: the curve is straight there. By trapezoids, a row of rank r (1
    the smallest estimate, ties at their mean rank) counts (r - 1/2) / n times.
    """
    return float(np.mean(effect * (_ranks(estimate) - 0.5)) / len(effect))


def qini(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Area between uplift curve and random order, as a share of that of the true order.

    1 for the true order, 0 for a random one or a constant estimate, -1 for the reverse (Qini
    coefficient, Radcliffe 2007, section 5, with the true effects). NaN if the effect is constant.
    """
    if is_constant(effect):
        return float("nan")
    random = float(effect.mean()) / 2
    return (auuc(estimate, effect) - random) / (auuc(effect, effect) - random)


def calibration_slope(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Slope of the least-squares line of the true effect on the estimate.

    1 if calibrated, below 1 if the estimates vary too much, and NaN if they do not vary (Cox 1958;
    the heterogeneity loading of Chernozhukov et al. 2018, section 3.1, with the true effects).
    """
    if is_constant(estimate):
        return float("nan")
    centred = estimate - estimate.mean()
    return float(np.sum(centred * effect) / np.sum(centred**2))


def excludes_zero(lower: np.ndarray, upper: np.ndarray, effect: np.ndarray) -> tuple[float, float]:
    """Shares of rows whose interval excludes 0 rightly, and wrongly.

    Rightly: the interval lies on the side of 0 where the true effect is. Wrongly: it lies on the
    other side, or the true effect is 0 (a claim of an effect with the wrong sign, type S of Gelman
    and Carlin 2014, or of none that is there). The other rows make no claim.
    """
    claimed = np.sign(lower) * (lower > 0) + np.sign(upper) * (upper < 0)
    right = (claimed != 0) & (claimed == np.sign(effect))
    wrong = (claimed != 0) & (claimed != np.sign(effect))
    return float(np.mean(right)), float(np.mean(wrong))


def is_constant(values: np.ndarray) -> bool:
    """Whether values are equal up to rounding."""
    return float(np.sum((values - values.mean()) ** 2)) <= _rounding(values)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties at their mean; all tied if they differ by rounding only."""
    return rankdata(np.zeros(len(values)) if is_constant(values) else values)


def _rounding(values: np.ndarray) -> float:
    """A sum of squared deviations that rounding alone can make."""
    return len(values) * (1e-12 * float(np.max(np.abs(values)))) ** 2
