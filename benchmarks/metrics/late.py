"""Define metrics of the compliers' effects, where a setting shows an instrument.

The local average treatment effect (LATE) is the mean effect of the compliers of the rows. Methods
without an instrument are scored, too: their average effect is compared with the LATE.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.definition import NOT_NEGATIVE, SHARE, in_sd
from benchmarks.metrics.registry import metric

_ANGRIST = "Angrist, Imbens and Rubin 1996"
_late = partial(metric, group="ATE", target="LATE", needs=("ate",), source=_ANGRIST, usual=True)


@_late("late_error_sd", "LATE bias / SD(y)", better="nominal", nominal=0)
def late_error_sd(prediction: Prediction, truth: Truth) -> float:
    """Average effect minus LATE, in units of SD(y); its mean over datasets is the bias."""
    return in_sd(cast(float, prediction.ate) - truth.late, truth)


@_late("late_abs_error_sd", "|LATE error| / SD(y)", better="lower", limits=NOT_NEGATIVE)
def late_abs_error_sd(prediction: Prediction, truth: Truth) -> float:
    """Distance of the estimated average effect from the LATE, in units of SD(y)."""
    return abs(late_error_sd(prediction, truth))


@_late("late_coverage", "LATE coverage", needs=("ate_interval",), better="nominal", limits=SHARE)
def late_coverage(prediction: Prediction, truth: Truth) -> float:
    """1 if the interval of the average effect holds the LATE, else 0."""
    lower, upper = cast(np.ndarray, prediction.ate_interval)
    return formulas.coverage(lower, upper, np.asarray(truth.late))


@metric(
    "complier_pehe_sd",
    "Compliers' PEHE / SD(y)",
    group="CATE",
    target="complier CATE",
    needs=("effect",),
    better="lower",
    source=_ANGRIST,
    usual=True,
    limits=NOT_NEGATIVE,
)
def complier_pehe_sd(prediction: Prediction, truth: Truth) -> float:
    """Root mean squared error of the effects of the compliers' rows, in units of SD(y).

    The truth of a row is the mean effect of the compliers with its covariates.
    """
    effect, known = cast(np.ndarray, prediction.effect), cast(np.ndarray, truth.complier_effect)
    rows = cast(np.ndarray, truth.compliers)
    return in_sd(formulas.pehe(effect[rows], known[rows]), truth)
