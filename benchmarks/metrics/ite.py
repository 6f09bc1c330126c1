"""Define metrics of intervals for the effects of individual units; the truth is the ITE."""

from __future__ import annotations

from functools import partial
from typing import cast

from benchmarks.interface import Interval, Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.definition import NOT_NEGATIVE, SHARE, in_sd
from benchmarks.metrics.registry import metric

_LEI = "Lei and Candes 2021, section 4"
_SIGN = "type S error, Gelman and Carlin 2014"
_ite = partial(metric, group="ITE", target="ITE", needs=("ite_interval",), usual=True)


def _interval(prediction: Prediction) -> Interval:
    return cast(Interval, prediction.ite_interval)


@_ite("ite_coverage", "ITE coverage", better="nominal", source=_LEI, limits=SHARE)
def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval holds their effect."""
    return formulas.coverage(*_interval(prediction), truth.ite)


@_ite(
    "ite_width_sd",
    "ITE width / SD(y)",
    target="none",
    better="lower",
    source=_LEI,
    limits=NOT_NEGATIVE,
)
def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*_interval(prediction)), truth)


@_ite(
    "ite_interval_score_sd",
    "ITE interval score / SD(y)",
    better="lower",
    needs=("ite_interval", "alpha"),
    source="Gneiting and Raftery 2007, equation 43",
    limits=NOT_NEGATIVE,
)
def interval_score_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean interval score, in units of SD(y)."""
    alpha = cast(float, prediction.alpha)
    return in_sd(formulas.interval_score(*_interval(prediction), truth.ite, alpha), truth)


@_ite("ite_rightly_not_zero", "Rightly not 0", better="higher", source=_SIGN, limits=SHARE)
def rightly_not_zero(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval lies on the side of 0 where their effect is."""
    return formulas.excludes_zero(*_interval(prediction), truth.ite, truth.sd)[0]


@_ite("ite_wrongly_not_zero", "Wrongly not 0", better="lower", source=_SIGN, limits=SHARE)
def wrongly_not_zero(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval excludes 0, and whose effect is 0 or of the other sign."""
    return formulas.excludes_zero(*_interval(prediction), truth.ite, truth.sd)[1]
