"""Metrics of the average effect, against the sample average treatment effect (SATE)."""

from __future__ import annotations

from typing import cast

import numpy as np

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.metric import Metric, PooledMetric
from benchmarks.metrics.registry import register
from benchmarks.metrics.units import in_sd


def error(prediction: Prediction, truth: Truth) -> float:
    """Estimate minus SATE, in units of y; its mean over datasets is the bias."""
    return cast(float, prediction.ate) - truth.sate


def error_sd(prediction: Prediction, truth: Truth) -> float:
    """Estimate minus SATE, in units of SD(y); its mean over datasets is the bias."""
    return in_sd(error(prediction, truth), truth)


def absolute_error(prediction: Prediction, truth: Truth) -> float:
    """Distance of the estimate from the SATE, in units of y."""
    return abs(error(prediction, truth))


def absolute_error_sd(prediction: Prediction, truth: Truth) -> float:
    """Distance of the estimate from the SATE, in units of SD(y)."""
    return in_sd(absolute_error(prediction, truth), truth)


def coverage(prediction: Prediction, truth: Truth) -> float:
    """1 if the interval holds the SATE, else 0."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return formulas.coverage(lower, upper, np.asarray(truth.sate))


def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Width of the interval, in units of SD(y)."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return in_sd(formulas.mean_width(lower, upper), truth)


def sign_accuracy(prediction: Prediction, truth: Truth) -> float:
    """1 if the estimate has the sign of the SATE, else 0; 0 is a sign of its own."""
    return formulas.sign_accuracy(np.asarray(prediction.ate), np.asarray(truth.sate))


def rmse(weights: np.ndarray, ate: np.ndarray, sate: np.ndarray) -> np.ndarray:
    """Root mean squared error over datasets, in units of y."""
    return np.sqrt(weights @ (ate - sate) ** 2 / weights.sum(axis=-1))


def rmse_sd(weights: np.ndarray, ate: np.ndarray, sate: np.ndarray, y_sd: np.ndarray) -> np.ndarray:
    """Root mean squared error over datasets, each in units of its SD(y)."""
    return rmse(weights, ate / y_sd, sate / y_sd)


def r2(weights: np.ndarray, ate: np.ndarray, sate: np.ndarray) -> np.ndarray:
    """Share of the variance of the SATE over datasets that the estimates explain.

    NaN if the SATE is the same in all.
    """
    count = weights.sum(axis=-1)
    mean = weights @ sate / count
    # Around a value near all means, so that squares do not cancel.
    near = sate - sate.mean()
    total = weights @ near**2 - count * (mean - sate.mean()) ** 2
    residual = weights @ (ate - sate) ** 2
    varies = total > 1e-12 * np.max(np.abs(sate)) ** 2 * count
    return np.where(varies, 1 - residual / np.where(varies, total, 1), np.nan)


_PAPER = "Bynum and Cho 2025, section 4.2"
_TABLE = "Bynum and Cho 2025, Table 1"
_IMBENS = "Imbens and Rubin 2015, section 6"
_SIGN = "type S error, Gelman and Carlin 2014"


_ATE, _INTERVAL = ("ate",), ("ate_interval",)

for _metric in (
    Metric("ate_error", "ATE bias", "ATE", "SATE", "nominal", _ATE, error, _PAPER),
    Metric("ate_error_sd", "ATE bias / SD(y)", "ATE", "SATE", "nominal", _ATE, error_sd, _PAPER),
    Metric("ate_abs_error", "|ATE error|", "ATE", "SATE", "lower", _ATE, absolute_error, _PAPER),
    Metric(
        "ate_abs_error_sd",
        "|ATE error| / SD(y)",
        "ATE",
        "SATE",
        "lower",
        _ATE,
        absolute_error_sd,
        _PAPER,
    ),
    PooledMetric("ate_rmse", "ATE RMSE", "ATE", "SATE", "lower", ("ate", "sate"), rmse, _TABLE),
    PooledMetric(
        "ate_rmse_sd",
        "ATE RMSE / SD(y)",
        "ATE",
        "SATE",
        "lower",
        ("ate", "sate", "y_sd"),
        rmse_sd,
        _TABLE,
    ),
    PooledMetric("ate_r2", "ATE R²", "ATE", "SATE", "higher", ("ate", "sate"), r2, _TABLE),
    Metric(
        "ate_sign_accuracy",
        "ATE sign accuracy",
        "ATE",
        "SATE",
        "higher",
        _ATE,
        sign_accuracy,
        _SIGN,
    ),
    Metric("ate_coverage", "ATE coverage", "ATE", "SATE", "nominal", _INTERVAL, coverage, _IMBENS),
    Metric(
        "ate_width_sd", "ATE width / SD(y)", "ATE", "none", "lower", _INTERVAL, width_sd, _IMBENS
    ),
):
    register(_metric)
