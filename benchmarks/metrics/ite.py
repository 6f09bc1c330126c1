"""Metrics of intervals for the effects of individual units, against the ITE."""

from __future__ import annotations

from typing import cast

from benchmarks.interface import Interval, Prediction, Truth
from benchmarks.metrics import formulas
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.metrics.units import in_sd


def _interval(prediction: Prediction) -> Interval:
    return cast(Interval, prediction.ite_interval)


def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval holds their effect."""
    return formulas.coverage(*_interval(prediction), truth.ite)


def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*_interval(prediction)), truth)


def interval_score_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean interval score, in units of SD(y)."""
    alpha = cast(float, prediction.alpha)
    return in_sd(formulas.interval_score(*_interval(prediction), truth.ite, alpha), truth)


def rightly_not_zero(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval lies on the side of 0 where their effect is."""
    return formulas.excludes_zero(*_interval(prediction), truth.ite)[0]


def wrongly_not_zero(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval excludes 0, and whose effect is 0 or of the other sign."""
    return formulas.excludes_zero(*_interval(prediction), truth.ite)[1]


_INTERVAL = ("ite_interval",)
_LEI = "Lei and Candes 2021, section 4"
_GNEITING = "Gneiting and Raftery 2007, equation 43"
_SIGN = "type S error, Gelman and Carlin 2014"

for _metric in (
    Metric("ite_coverage", "ITE coverage", "ITE", "ITE", "nominal", _INTERVAL, coverage, _LEI),
    Metric("ite_width_sd", "ITE width / SD(y)", "ITE", "none", "lower", _INTERVAL, width_sd, _LEI),
    Metric(
        "ite_interval_score_sd",
        "ITE interval score / SD(y)",
        "ITE",
        "ITE",
        "lower",
        (*_INTERVAL, "alpha"),
        interval_score_sd,
        _GNEITING,
    ),
    Metric(
        "ite_rightly_not_zero",
        "Rightly not 0",
        "ITE",
        "ITE",
        "higher",
        _INTERVAL,
        rightly_not_zero,
        _SIGN,
    ),
    Metric(
        "ite_wrongly_not_zero",
        "Wrongly not 0",
        "ITE",
        "ITE",
        "lower",
        _INTERVAL,
        wrongly_not_zero,
        _SIGN,
    ),
):
    register(_metric)
