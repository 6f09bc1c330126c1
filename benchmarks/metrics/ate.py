"""Define metrics of the average effect; the truth is the sample average treatment effect (SATE)."""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.definition import NOT_NEGATIVE, SHARE, in_sd
from benchmarks.metrics.registry import metric, pooled_metric

_PAPER = "Bynum and Cho 2025, section 4.2"
_TABLE = "Bynum and Cho 2025, Table 1"
_IMBENS = "Imbens and Rubin 2015, section 6"
_ate = partial(metric, group="ATE", target="SATE", needs=("ate",), source=_PAPER)
_pooled = partial(pooled_metric, group="ATE", target="SATE", columns=("ate", "sate"), source=_TABLE)


@_ate("ate_error", "ATE bias", better="nominal", nominal=0)
def error(prediction: Prediction, truth: Truth) -> float:
    """Estimate minus SATE, in units of y; its mean over datasets is the bias."""
    return cast(float, prediction.ate) - truth.sate


@_ate("ate_error_sd", "ATE bias / SD(y)", better="nominal", nominal=0, usual=True)
def error_sd(prediction: Prediction, truth: Truth) -> float:
    """Estimate minus SATE, in units of SD(y); its mean over datasets is the bias."""
    return in_sd(error(prediction, truth), truth)


@_ate("ate_abs_error", "|ATE error|", better="lower", limits=NOT_NEGATIVE)
def absolute_error(prediction: Prediction, truth: Truth) -> float:
    """Distance of the estimate from the SATE, in units of y."""
    return abs(error(prediction, truth))


@_ate("ate_abs_error_sd", "|ATE error| / SD(y)", better="lower", usual=True, limits=NOT_NEGATIVE)
def absolute_error_sd(prediction: Prediction, truth: Truth) -> float:
    """Distance of the estimate from the SATE, in units of SD(y)."""
    return in_sd(absolute_error(prediction, truth), truth)


@_pooled("ate_rmse", "ATE RMSE", better="lower")
def rmse(weights: np.ndarray, ate: np.ndarray, sate: np.ndarray) -> np.ndarray:
    """Root mean squared error over datasets, in units of y."""
    return np.sqrt(weights @ (ate - sate) ** 2 / weights.sum(axis=-1))


@_pooled(
    "ate_rmse_sd",
    "ATE RMSE / SD(y)",
    better="lower",
    columns=("ate", "sate", "y_sd"),
    usual=True,
)
def rmse_sd(weights: np.ndarray, ate: np.ndarray, sate: np.ndarray, y_sd: np.ndarray) -> np.ndarray:
    """Root mean squared error over datasets, each in units of its SD(y)."""
    return rmse(weights, ate / y_sd, sate / y_sd)


@_pooled(
    "ate_r2",
    "ATE R²",
    better="higher",
    columns=("ate", "sate", "y_sd"),
    usual=True,
)
def r2(
    weights: np.ndarray, ate: np.ndarray, sate: np.ndarray, y_sd: np.ndarray | float = 0.0
) -> np.ndarray:
    """Share of the variance of the SATE over datasets that the estimates explain.

    NaN if the SATE is the same in all, up to rounding in units of SD(y).
    """
    count = weights.sum(axis=-1)
    mean = weights @ sate / count
    # Centred at a value near all means: otherwise differences of large squares lose digits.
    near = sate - sate.mean()
    total = weights @ near**2 - count * (mean - sate.mean()) ** 2
    residual = weights @ (ate - sate) ** 2
    rounding = max(formulas.TOLERANCE * np.min(y_sd), 1e-6 * np.max(np.abs(sate)))
    varies = total > rounding**2 * count
    return np.where(varies, 1 - residual / np.where(varies, total, 1), np.nan)


@_ate(
    "ate_sign_accuracy",
    "ATE sign accuracy",
    better="higher",
    source="type S error, Gelman and Carlin 2014",
    usual=True,
    limits=SHARE,
)
def sign_accuracy(prediction: Prediction, truth: Truth) -> float:
    """1 if the estimate has the sign of the SATE, else 0; 0 is a sign of its own."""
    return formulas.sign_accuracy(np.asarray(prediction.ate), np.asarray(truth.sate), truth.sd)


_interval = partial(_ate, needs=("ate_interval",), source=_IMBENS, usual=True)


@_interval("ate_coverage", "ATE coverage", better="nominal", limits=SHARE)
def coverage(prediction: Prediction, truth: Truth) -> float:
    """1 if the interval holds the SATE, else 0."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return formulas.coverage(lower, upper, np.asarray(truth.sate))


@_interval("ate_width_sd", "ATE width / SD(y)", target="none", better="lower", limits=NOT_NEGATIVE)
def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Width of the interval, in units of SD(y)."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return in_sd(formulas.mean_width(lower, upper), truth)
