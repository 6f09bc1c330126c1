"""Metrics of the effects of rows, against the CATE where it is known and the ITE elsewhere."""

from __future__ import annotations

from typing import cast

import numpy as np

from benchmarks.metrics import formulas
from benchmarks.metrics.ate import in_sd
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.prediction import Interval, Prediction
from benchmarks.truth import Truth


def _effect(prediction: Prediction) -> np.ndarray:
    return cast(np.ndarray, prediction.effect)


def pehe(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of y."""
    return formulas.pehe(_effect(prediction), truth.effect)


def pehe_sd(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of SD(y)."""
    return in_sd(pehe(prediction, truth), truth)


def r2(prediction: Prediction, truth: Truth) -> float:
    """Share of the variance of the true effects that the estimates explain."""
    return formulas.r2(truth.effect, _effect(prediction))


def r2_swapped(prediction: Prediction, truth: Truth) -> float:
    """R2 with the estimate in the place of the truth, as in the paper's Table 2."""
    return formulas.r2(_effect(prediction), truth.effect)


def rank_correlation(prediction: Prediction, truth: Truth) -> float:
    """Spearman's rank correlation of estimated and true effects."""
    return formulas.rank_correlation(_effect(prediction), truth.effect)


def sign_accuracy(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose estimated effect has the true sign."""
    return formulas.sign_accuracy(_effect(prediction), truth.effect)


def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose interval holds the true effect."""
    return formulas.coverage(*cast(Interval, prediction.effect_interval), truth.effect)


def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*cast(Interval, prediction.effect_interval)), truth)


_TARGET = "CATE where known, else ITE"
_EFFECT, _INTERVAL = ("effect",), ("effect_interval",)
_PAPER = "Bynum and Cho 2025, section 4.2"
_LEI = "Lei and Candes 2021, section 4"

for _metric in (
    Metric("pehe", "PEHE", "CATE", _TARGET, "lower", _EFFECT, pehe, "Hill 2011, section 4.2"),
    Metric("pehe_sd", "PEHE / SD(y)", "CATE", _TARGET, "lower", _EFFECT, pehe_sd, _PAPER),
    Metric("r2", "R²", "CATE", _TARGET, "higher", _EFFECT, r2, "Wright 1921"),
    Metric(
        "r2_swapped",
        "R² swapped",
        "CATE",
        _TARGET,
        "higher",
        _EFFECT,
        r2_swapped,
        "Bynum and Cho 2025, Table 2",
    ),
    Metric(
        "rank_correlation",
        "Rank corr.",
        "CATE",
        _TARGET,
        "higher",
        _EFFECT,
        rank_correlation,
        "Spearman 1904",
    ),
    Metric(
        "sign_accuracy",
        "Sign accuracy",
        "CATE",
        _TARGET,
        "higher",
        _EFFECT,
        sign_accuracy,
        "share of agreeing signs",
    ),
    Metric("cate_coverage", "CATE coverage", "CATE", _TARGET, "nominal", _INTERVAL, coverage, _LEI),
    Metric(
        "cate_width_sd", "CATE width / SD(y)", "CATE", "none", "lower", _INTERVAL, width_sd, _LEI
    ),
):
    register(_metric)
