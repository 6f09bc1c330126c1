"""Compute the formulas of metrics from arrays of shape (n,). Each formula has its source.

``sd`` is SD(y), the unit of tolerances: effects that differ by less than `TOLERANCE` times SD(y)
are equal, whatever their size. In units of the effects themselves, the rounding errors of effects
that are 0 would look like differences.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

#: Largest difference of equal effects, in units of SD(y).
TOLERANCE = 1e-9


def pehe(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Root of the mean squared error of the effects, in units of y (Hill 2011, section 4.2).

    PEHE: precision in estimation of heterogeneous effects.
    """
    return float(np.sqrt(np.mean((estimate - effect) ** 2)))


def r2(reference: np.ndarray, prediction: np.ndarray, sd: float) -> float:
    """1 - SS(reference - prediction) / SS(reference - mean), at most 1.

    For a constant ``reference`` the result is 1 if the prediction is exact, otherwise 0. This is
    the rule of scikit-learn's ``r2_score``, with which the published tables were computed. A
    reference that is constant up to rounding counts as constant; otherwise the swapped R2 of a
    method with one effect for all rows would be -1e30.
    """
    residual = float(np.sum((reference - prediction) ** 2))
    total = float(np.sum((reference - reference.mean()) ** 2))
    rounding = _rounding(reference, sd)
    if total <= rounding:
        return float(residual <= rounding)
    return 1 - residual / total


def rank_correlation(estimate: np.ndarray, effect: np.ndarray, sd: float) -> float:
    """Spearman's rho, ties at their mean rank; NaN if either is constant (Spearman 1904)."""
    a, b = (rank - rank.mean() for rank in (_ranks(estimate, sd), _ranks(effect, sd)))
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    return float(np.sum(a * b) / scale) if scale > 0 else float("nan")


def sign_accuracy(estimate: np.ndarray, effect: np.ndarray, sd: float) -> float:
    """Share of rows whose estimated effect has the sign of the true one; 0 is a sign of its own."""
    return float(np.mean(_sign(estimate, sd) == _sign(effect, sd)))


def coverage(lower: np.ndarray, upper: np.ndarray, effect: np.ndarray) -> float:
    """Share of closed intervals that hold the true effect (Lei and Candes 2021, section 2).

    The paper's reference code uses open intervals. The results differ only if an end equals the
    true effect, as for the Oracle.
    """
    return float(np.mean((lower <= effect) & (effect <= upper)))


def mean_width(lower: np.ndarray, upper: np.ndarray) -> float:
    """Mean width of intervals, in units of y (Lei and Candes 2021, section 4)."""
    return float(np.mean(upper - lower))


def interval_score(lower: np.ndarray, upper: np.ndarray, effect: np.ndarray, alpha: float) -> float:
    """Mean of width + (2 / alpha) * distance of the effect from the interval, in units of y.

    It is a proper score of central intervals of level 1 - ``alpha``: wide intervals and intervals
    that miss the effect both increase it (Gneiting and Raftery 2007, equation 43; Winkler 1972).
    Infinite for an infinite interval.
    """
    missed = np.maximum(lower - effect, 0) + np.maximum(effect - upper, 0)
    return float(np.mean(upper - lower + 2 / alpha * missed))


def policy_value(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Mean gain of treating the rows with a positive estimate over treating no row, in units of y.

    It is the mean of 1[estimate > 0] * effect, and assumes that a larger y is better (the welfare
    gain of Kitagawa and Tetenov 2018, section 2).
    """
    return float(np.mean((estimate > 0) * effect))


def regret(estimate: np.ndarray, effect: np.ndarray) -> float:
    """Mean loss of treating by the estimate instead of the true effect, in units of y, at least 0.

    It is the value of the best policy minus `policy_value` (Athey and Wager 2021, equation 3).
    """
    return policy_value(effect, effect) - policy_value(estimate, effect)


def auuc(estimate: np.ndarray, effect: np.ndarray, sd: float) -> float:
    """Area under the uplift curve that uses the true effects, in units of y.

    The curve at u in [0, 1] is the gain per row of treating the share u of rows with the largest
    estimates, over treating no row (Rzepakowski and Jaroszewicz 2012, section 5, with the true
    effects instead of the difference between arms). Rows with equal estimates are treated in
    random order; the curve is the expectation, a straight line there. By the trapezoidal rule, the
    area is the mean over rows of the effect times (r - 1/2) / n, where r is the rank of the row's
    estimate (1 is the smallest, ties have their mean rank).
    """
    return float(np.mean(effect * (_ranks(estimate, sd) - 0.5)) / len(effect))


def qini(estimate: np.ndarray, effect: np.ndarray, sd: float) -> float:
    """Area between uplift curve and random order, as a share of this area for the true order.

    1 for the true order, 0 for a random one or a constant estimate, -1 for the reverse (Qini
    coefficient, Radcliffe 2007, section 5, with the true effects). NaN if the effect is constant.
    """
    if is_constant(effect, sd):
        return float("nan")
    random = float(effect.mean()) / 2
    return (auuc(estimate, effect, sd) - random) / (auuc(effect, effect, sd) - random)


def calibration_slope(estimate: np.ndarray, effect: np.ndarray, sd: float) -> float:
    """Slope of the least-squares line of the true effect on the estimate.

    1 if calibrated, below 1 if the estimates vary too much, and NaN if they do not vary (Cox 1958;
    the heterogeneity loading of Chernozhukov et al. 2018, section 3.1, with the true effects).
    """
    if is_constant(estimate, sd):
        return float("nan")
    centred = estimate - estimate.mean()
    return float(np.sum(centred * effect) / np.sum(centred**2))


def excludes_zero(
    lower: np.ndarray, upper: np.ndarray, effect: np.ndarray, sd: float
) -> tuple[float, float]:
    """Shares of rows whose interval excludes 0 correctly, and wrongly.

    Correctly: the interval and the true effect are on the same side of 0. Wrongly: they are on
    different sides (a type S error; Gelman and Carlin 2014), or the true effect is 0. The intervals
    of the other rows contain 0.
    """
    claimed = np.sign(lower) * (lower > 0) + np.sign(upper) * (upper < 0)
    true = _sign(effect, sd)
    right = (claimed != 0) & (claimed == true)
    wrong = (claimed != 0) & (claimed != true)
    return float(np.mean(right)), float(np.mean(wrong))


def is_constant(values: np.ndarray, sd: float) -> bool:
    """Return True if all values are equal up to rounding."""
    return float(np.sum((values - values.mean()) ** 2)) <= _rounding(values, sd)


def _ranks(values: np.ndarray, sd: float) -> np.ndarray:
    """Ranks from 1, ties have their mean rank; values that differ by rounding only are all tied."""
    return rankdata(np.zeros(len(values)) if is_constant(values, sd) else values)


def _sign(values: np.ndarray, sd: float) -> np.ndarray:
    """Signs of values; 0 for those that are 0 up to rounding."""
    return np.where(np.abs(values) <= TOLERANCE * sd, 0.0, np.sign(values))


def _rounding(values: np.ndarray, sd: float) -> float:
    """Largest sum of squared deviations that rounding alone can cause."""
    # Rounding errors of a large common value are large, too.
    return len(values) * max(TOLERANCE * sd, 1e-12 * float(np.max(np.abs(values)))) ** 2
