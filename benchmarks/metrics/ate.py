"""Metrics of the average effect, against the sample average treatment effect (SATE)."""

from __future__ import annotations

from typing import cast

import numpy as np

from benchmarks.metrics import formulas
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.prediction import Prediction
from benchmarks.truth import Truth


def error(prediction: Prediction, truth: Truth) -> float:
    """Estimate minus SATE, in units of y."""
    return cast(float, prediction.ate) - truth.sate


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


def in_sd(value: float, truth: Truth) -> float:
    """In units of SD(y), as in the paper, section 4.2; NaN if y is constant."""
    return value / truth.sd if truth.sd > 0 else float("nan")


_PAPER = "Bynum and Cho 2025, section 4.2"
_IMBENS = "Imbens and Rubin 2015, section 6"

for _metric in (
    Metric("ate_error", "ATE error", "ATE", "SATE", "nominal", ("ate",), error, _PAPER),
    Metric(
        "ate_abs_error", "|ATE error|", "ATE", "SATE", "lower", ("ate",), absolute_error, _PAPER
    ),
    Metric(
        "ate_abs_error_sd",
        "|ATE error| / SD(y)",
        "ATE",
        "SATE",
        "lower",
        ("ate",),
        absolute_error_sd,
        _PAPER,
    ),
    Metric(
        "ate_coverage",
        "ATE coverage",
        "ATE",
        "SATE",
        "nominal",
        ("ate_interval",),
        coverage,
        _IMBENS,
    ),
    Metric(
        "ate_width_sd",
        "ATE width / SD(y)",
        "ATE",
        "none",
        "lower",
        ("ate_interval",),
        width_sd,
        _IMBENS,
    ),
):
    register(_metric)
