"""Metrics of the effects of rows, against the CATE where it is known and the ITE elsewhere.

Those whose name ends in ``_ite``, and the swapped R2, are against the ITE everywhere.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from benchmarks.interface import Interval, Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.metrics.units import in_sd


def _effect(prediction: Prediction) -> np.ndarray:
    return cast(np.ndarray, prediction.effect)


def _interval(prediction: Prediction) -> Interval:
    return cast(Interval, prediction.effect_interval)


def pehe(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of y."""
    return formulas.pehe(_effect(prediction), truth.effect)


def pehe_sd(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of SD(y)."""
    return in_sd(pehe(prediction, truth), truth)


def pehe_sd_ite(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of SD(ITE); NaN if the ITE is constant."""
    if formulas.is_constant(truth.ite):
        return float("nan")
    return pehe(prediction, truth) / float(truth.ite.std())


def pehe_against_ite(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared distance of the effects from the individual ones, in units of SD(y)."""
    return in_sd(formulas.pehe(_effect(prediction), truth.ite), truth)


def r2(prediction: Prediction, truth: Truth) -> float:
    """Share of the variance of the true effects that the estimates explain."""
    return formulas.r2(truth.effect, _effect(prediction))


def r2_against_ite(prediction: Prediction, truth: Truth) -> float:
    """Share of the variance of the individual effects that the estimates explain."""
    return formulas.r2(truth.ite, _effect(prediction))


def r2_swapped(prediction: Prediction, truth: Truth) -> float:
    """R2 against the ITE, estimate and truth in each other's place, as in the paper's Table 2."""
    return formulas.r2(_effect(prediction), truth.ite)


def rank_correlation(prediction: Prediction, truth: Truth) -> float:
    """Spearman's rank correlation of estimated and true effects."""
    return formulas.rank_correlation(_effect(prediction), truth.effect)


def sign_accuracy(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose estimated effect has the true sign."""
    return formulas.sign_accuracy(_effect(prediction), truth.effect)


def policy_value_sd(prediction: Prediction, truth: Truth) -> float:
    """Gain a row of treating where the estimate is positive, in units of SD(y)."""
    return in_sd(formulas.policy_value(_effect(prediction), truth.effect), truth)


def regret_sd(prediction: Prediction, truth: Truth) -> float:
    """Loss a row of treating by the estimate and not by the truth, in units of SD(y)."""
    return in_sd(formulas.regret(_effect(prediction), truth.effect), truth)


def auuc_sd(prediction: Prediction, truth: Truth) -> float:
    """Area under the uplift curve of the true effects, in units of SD(y)."""
    return in_sd(formulas.auuc(_effect(prediction), truth.effect), truth)


def qini(prediction: Prediction, truth: Truth) -> float:
    """Area between the uplift curve and random order; 1 for the true order."""
    return formulas.qini(_effect(prediction), truth.effect)


def calibration_slope(prediction: Prediction, truth: Truth) -> float:
    """Slope of the true effects on the estimates; 1 if calibrated."""
    return formulas.calibration_slope(_effect(prediction), truth.effect)


def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose interval holds the true effect."""
    return formulas.coverage(*_interval(prediction), truth.effect)


def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*_interval(prediction)), truth)


def interval_score_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean interval score, in units of SD(y)."""
    alpha = cast(float, prediction.alpha)
    return in_sd(formulas.interval_score(*_interval(prediction), truth.effect, alpha), truth)


_TARGET = "CATE where known, else ITE"
_EFFECT, _INTERVAL = ("effect",), ("effect_interval",)
_PAPER = "Bynum and Cho 2025, section 4.2"
_TABLE = "Bynum and Cho 2025, Table 2"
_HILL = "Hill 2011, section 4.2"
_LEI = "Lei and Candes 2021, section 4"
_KITAGAWA = "Kitagawa and Tetenov 2018, section 2; more of y is better"
_ATHEY = "Athey and Wager 2021, equation 3; more of y is better"
_UPLIFT = "Rzepakowski and Jaroszewicz 2012, section 5"
_RADCLIFFE = "Radcliffe 2007, section 5"
_GNEITING = "Gneiting and Raftery 2007, equation 43"
_SHARE = "share of agreeing signs"

for _metric in (
    Metric("pehe", "PEHE", "CATE", _TARGET, "lower", _EFFECT, pehe, _HILL),
    Metric("pehe_sd", "PEHE / SD(y)", "CATE", _TARGET, "lower", _EFFECT, pehe_sd, _PAPER),
    Metric("pehe_sd_ite", "PEHE / SD(ITE)", "CATE", _TARGET, "lower", _EFFECT, pehe_sd_ite, _HILL),
    Metric(
        "pehe_ite",
        "PEHE of the ITE / SD(y)",
        "CATE",
        "ITE",
        "lower",
        _EFFECT,
        pehe_against_ite,
        _PAPER,
    ),
    Metric("r2", "R²", "CATE", _TARGET, "higher", _EFFECT, r2, "Wright 1921"),
    Metric("r2_ite", "R² of the ITE", "CATE", "ITE", "higher", _EFFECT, r2_against_ite, _PAPER),
    Metric("r2_swapped", "R² swapped", "CATE", "ITE", "higher", _EFFECT, r2_swapped, _TABLE),
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
        "sign_accuracy", "Sign accuracy", "CATE", _TARGET, "higher", _EFFECT, sign_accuracy, _SHARE
    ),
    Metric(
        "policy_value_sd",
        "Policy value / SD(y)",
        "CATE",
        _TARGET,
        "higher",
        _EFFECT,
        policy_value_sd,
        _KITAGAWA,
    ),
    Metric("regret_sd", "Regret / SD(y)", "CATE", _TARGET, "lower", _EFFECT, regret_sd, _ATHEY),
    Metric("auuc_sd", "AUUC / SD(y)", "CATE", _TARGET, "higher", _EFFECT, auuc_sd, _UPLIFT),
    Metric("qini", "Qini", "CATE", _TARGET, "higher", _EFFECT, qini, _RADCLIFFE),
    Metric(
        "calibration_slope",
        "Calibration slope",
        "CATE",
        _TARGET,
        "nominal",
        _EFFECT,
        calibration_slope,
        "Chernozhukov et al. 2018, section 3.1",
    ),
    Metric("cate_coverage", "CATE coverage", "CATE", _TARGET, "nominal", _INTERVAL, coverage, _LEI),
    Metric(
        "cate_width_sd", "CATE width / SD(y)", "CATE", "none", "lower", _INTERVAL, width_sd, _LEI
    ),
    Metric(
        "cate_interval_score_sd",
        "CATE interval score / SD(y)",
        "CATE",
        _TARGET,
        "lower",
        (*_INTERVAL, "alpha"),
        interval_score_sd,
        _GNEITING,
    ),
):
    register(_metric)
