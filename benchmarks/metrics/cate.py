"""Define metrics of the effects of rows; the truth is the CATE if it is known, else the ITE.

Metrics whose name ends in ``_ite``, and the swapped R2, always compare with the ITE.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np

from benchmarks.interface import Interval, Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.definition import AT_MOST_1, FROM_MINUS_1_TO_1, NOT_NEGATIVE, SHARE, in_sd
from benchmarks.metrics.registry import metric

_PAPER = "Bynum and Cho 2025, section 4.2"
_HILL = "Hill 2011, section 4.2"
_LEI = "Lei and Candes 2021, section 4"
_cate = partial(metric, group="CATE", target="CATE where known, else ITE", needs=("effect",))


def _effect(prediction: Prediction) -> np.ndarray:
    return cast(np.ndarray, prediction.effect)


def _interval(prediction: Prediction) -> Interval:
    return cast(Interval, prediction.effect_interval)


@_cate("pehe", "PEHE", better="lower", source=_HILL, limits=NOT_NEGATIVE)
def pehe(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of y."""
    return formulas.pehe(_effect(prediction), truth.effect)


@_cate("pehe_sd", "PEHE / SD(y)", better="lower", source=_PAPER, usual=True, limits=NOT_NEGATIVE)
def pehe_sd(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of SD(y)."""
    return in_sd(pehe(prediction, truth), truth)


@_cate(
    "pehe_centred_sd",
    "Centred PEHE / SD(y)",
    better="lower",
    source="PEHE without the bias: the square is PEHE² minus the squared mean error",
    usual=True,
    limits=NOT_NEGATIVE,
)
def pehe_centred_sd(prediction: Prediction, truth: Truth) -> float:
    """Standard deviation over rows of the errors of the effects, in units of SD(y).

    Under hidden confounding the error of most methods is a common bias; this is the rest.
    """
    return in_sd(float(np.std(_effect(prediction) - truth.effect)), truth)


@_cate(
    "cate_bias_sd",
    "Mean error / SD(y)",
    better="nominal",
    nominal=0,
    source="mean error of the effects, Hill 2011, section 4.2",
    usual=True,
)
def cate_bias_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean error of the effects, in units of SD(y); its mean over datasets is the bias."""
    return in_sd(float(np.mean(_effect(prediction) - truth.effect)), truth)


@_cate(
    "pehe_sd_ite", "PEHE / SD(ITE)", better="lower", source=_HILL, usual=True, limits=NOT_NEGATIVE
)
def pehe_sd_ite(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects, in units of SD(ITE); NaN if the ITE is constant."""
    if formulas.is_constant(truth.ite, truth.sd):
        return float("nan")
    return pehe(prediction, truth) / float(truth.ite.std())


@_cate(
    "pehe_ite",
    "PEHE of the ITE / SD(y)",
    target="ITE",
    better="lower",
    source=_PAPER,
    limits=NOT_NEGATIVE,
)
def pehe_against_ite(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared distance of the effects from the individual ones, in units of SD(y)."""
    return in_sd(formulas.pehe(_effect(prediction), truth.ite), truth)


@_cate("r2", "R²", better="higher", source="Wright 1921", usual=True, limits=AT_MOST_1)
def r2(prediction: Prediction, truth: Truth) -> float:
    """Share of the variance of the true effects that the estimates explain."""
    return formulas.r2(truth.effect, _effect(prediction), truth.sd)


@_cate("r2_ite", "R² of the ITE", target="ITE", better="higher", source=_PAPER, limits=AT_MOST_1)
def r2_against_ite(prediction: Prediction, truth: Truth) -> float:
    """Share of the variance of the individual effects that the estimates explain."""
    return formulas.r2(truth.ite, _effect(prediction), truth.sd)


@_cate(
    "r2_swapped",
    "R² swapped",
    target="ITE",
    better="higher",
    source="Bynum and Cho 2025, Table 2",
    limits=AT_MOST_1,
)
def r2_swapped(prediction: Prediction, truth: Truth) -> float:
    """R2 against the ITE with estimate and truth exchanged, as in the paper's Table 2."""
    return formulas.r2(_effect(prediction), truth.ite, truth.sd)


@_cate(
    "rank_correlation",
    "Rank corr.",
    better="higher",
    source="Spearman 1904",
    usual=True,
    limits=FROM_MINUS_1_TO_1,
)
def rank_correlation(prediction: Prediction, truth: Truth) -> float:
    """Spearman's rank correlation of estimated and true effects."""
    return formulas.rank_correlation(_effect(prediction), truth.effect, truth.sd)


@_cate(
    "sign_accuracy",
    "Sign accuracy",
    better="higher",
    source="share of agreeing signs",
    limits=SHARE,
)
def sign_accuracy(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose estimated effect has the true sign."""
    return formulas.sign_accuracy(_effect(prediction), truth.effect, truth.sd)


@_cate(
    "policy_value_sd",
    "Policy value / SD(y)",
    better="higher",
    source="Kitagawa and Tetenov 2018, section 2; more of y is better",
)
def policy_value_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean gain over rows of treating where the estimate is positive, in units of SD(y)."""
    return in_sd(formulas.policy_value(_effect(prediction), truth.effect), truth)


@_cate(
    "regret_sd",
    "Regret / SD(y)",
    better="lower",
    source="Athey and Wager 2021, equation 3; more of y is better",
    usual=True,
    limits=NOT_NEGATIVE,
)
def regret_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean loss over rows of treating by the estimate and not by the truth, in units of SD(y)."""
    return in_sd(formulas.regret(_effect(prediction), truth.effect), truth)


@_cate(
    "auuc_sd",
    "AUUC / SD(y)",
    better="higher",
    source="Rzepakowski and Jaroszewicz 2012, section 5",
)
def auuc_sd(prediction: Prediction, truth: Truth) -> float:
    """Area under the uplift curve of the true effects, in units of SD(y)."""
    return in_sd(formulas.auuc(_effect(prediction), truth.effect, truth.sd), truth)


@_cate(
    "qini",
    "Qini",
    better="higher",
    source="Radcliffe 2007, section 5",
    usual=True,
    limits=FROM_MINUS_1_TO_1,
)
def qini(prediction: Prediction, truth: Truth) -> float:
    """Area between the uplift curve and random order; 1 for the true order."""
    return formulas.qini(_effect(prediction), truth.effect, truth.sd)


@_cate(
    "calibration_slope",
    "Calibration slope",
    better="nominal",
    nominal=1,
    source="Chernozhukov et al. 2018, section 3.1",
    usual=True,
)
def calibration_slope(prediction: Prediction, truth: Truth) -> float:
    """Slope of the true effects on the estimates; 1 if calibrated."""
    return formulas.calibration_slope(_effect(prediction), truth.effect, truth.sd)


_of_interval = partial(_cate, needs=("effect_interval",), source=_LEI)


@_of_interval("cate_coverage", "CATE coverage", better="nominal", usual=True, limits=SHARE)
def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of rows whose interval holds the true effect."""
    return formulas.coverage(*_interval(prediction), truth.effect)


@_of_interval(
    "cate_width_sd",
    "CATE width / SD(y)",
    target="none",
    better="lower",
    usual=True,
    limits=NOT_NEGATIVE,
)
def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*_interval(prediction)), truth)


@_of_interval(
    "cate_interval_score_sd",
    "CATE interval score / SD(y)",
    better="lower",
    needs=("effect_interval", "alpha"),
    source="Gneiting and Raftery 2007, equation 43",
    limits=NOT_NEGATIVE,
)
def interval_score_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean interval score, in units of SD(y)."""
    alpha = cast(float, prediction.alpha)
    return in_sd(formulas.interval_score(*_interval(prediction), truth.effect, alpha), truth)
