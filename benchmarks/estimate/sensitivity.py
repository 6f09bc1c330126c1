"""Measure how strong a hidden confounder must be to explain an estimate away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Logarithm of the risk ratio for each standard deviation (Chinn 2000, VanderWeele 2017).
_LOG_RATIO = 0.91


def e_value(difference: float) -> float:
    """E-value of a standardised mean difference, by its approximation as a risk ratio.

    A hidden confounder must be associated with the treatment and with the outcome by a risk ratio
    of this size each, beyond the covariates, to explain the difference away. The risk ratio is
    exp(0.91 d). Source: VanderWeele and Ding 2017, Annals of Internal Medicine 167(4), Table 2.

    Parameters
    ----------
    difference
        Difference in means divided by the standard deviation of the outcome.

    Returns
    -------
    At least 1; infinite for a difference beyond all numbers.
    """
    if math.isnan(difference):
        return math.nan
    log_ratio = abs(_LOG_RATIO * difference)
    if log_ratio > 300:
        return math.inf
    return ratio_e_value(math.exp(log_ratio))


def ratio_e_value(ratio: float) -> float:
    """E-value of a positive risk ratio (the same source)."""
    ratio = max(ratio, 1 / ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def interval_e_value(low: float, high: float) -> float:
    """E-value of the end of an interval that is nearer to 0; 1 if the interval contains 0."""
    if math.isnan(low) or math.isnan(high):
        return math.nan
    return 1.0 if low <= 0 <= high else e_value(min(low, high, key=abs))


def robustness_value(t: float, df: int, q: float = 1.0, alpha: float | None = None) -> float:
    """Robustness value of a regression coefficient.

    A hidden confounder that explains less than this share of the residual variance of the treatment
    and of the outcome cannot reduce the estimate by the share ``q``, or, with ``alpha``, to where
    its interval of level 1 - alpha contains the reduced value. Source: Cinelli and Hazlett 2020,
    JRSS B 82(1), section 4.2.

    Parameters
    ----------
    t, df
        The t-value of the coefficient, and the residual degrees of freedom, above 1.

    Returns
    -------
    A share, 0 to 1.
    """
    strength = q * abs(t) / math.sqrt(df)
    least = 0.0
    if alpha is not None:
        least = float(stats.t.ppf(1 - alpha / 2, df - 1)) / math.sqrt(df - 1)
    f = strength - least
    if f <= 0:
        return 0.0
    if least > 0 and strength > 1 / least:
        # The interval is then widest at another point (the authors' software, sensemakr 0.1.3).
        return (strength**2 - least**2) / (1 + strength**2)
    # f^2 (sqrt(1 + 4 / f^2) - 1) / 2, without the difference of two large numbers
    return 2 / (1 + math.sqrt(1 + 4 / f**2))


@dataclass(frozen=True)
class Coefficient:
    """The coefficient of the treatment in a linear regression on treatment and covariates.

    Attributes
    ----------
    estimate, standard_error
        In units of y; the classical standard error.
    df
        Residual degrees of freedom.
    """

    estimate: float
    standard_error: float
    df: int

    @property
    def t(self) -> float:
        """The t-value."""
        return self.estimate / self.standard_error

    @property
    def partial_r2(self) -> float:
        """Share of the outcome's residual variance that the treatment explains."""
        return self.t**2 / (self.t**2 + self.df)


def coefficient(X: np.ndarray, t: np.ndarray, y: np.ndarray) -> Coefficient | None:
    """Fit the regression; None if the covariates determine the treatment or the outcome."""
    design = _design(X)
    rest_t, rest_y = _residuals(design, t), _residuals(design, y)
    df = len(y) - int(np.linalg.matrix_rank(design)) - 1
    spread = float(rest_t @ rest_t)
    if df < 2 or spread < 1e-9 * len(t):
        return None
    estimate = float(rest_t @ rest_y) / spread
    rest = rest_y - estimate * rest_t
    variance = float(rest @ rest) / df
    if variance <= 1e-18 * float(np.var(y)):
        return None
    return Coefficient(estimate, math.sqrt(variance / spread), df)


def partial_r2(X: np.ndarray, more: np.ndarray, target: np.ndarray) -> float:
    """Share of the variance of ``target`` left by X, (n, p), that ``more``, (n, k), explains."""
    less = _residuals(_design(X), target)
    rest = _residuals(_design(np.column_stack([X, more])), target)
    return float(1 - (rest @ rest) / (less @ less)) if less @ less > 0 else math.nan


def _design(X: np.ndarray) -> np.ndarray:
    """A constant and the covariates in standard units."""
    spread = X.std(axis=0)
    varying = X[:, spread > 0]
    return np.column_stack([np.ones(len(X)), (varying - varying.mean(0)) / varying.std(0)])


def _residuals(design: np.ndarray, target: np.ndarray) -> np.ndarray:
    target = target.astype(float)
    return target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
