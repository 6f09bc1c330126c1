"""Metrics of intervals for the effects of individual units, against the ITE."""

from __future__ import annotations

from typing import cast

from benchmarks.metrics import formulas
from benchmarks.metrics.ate import in_sd
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.prediction import Interval, Prediction
from benchmarks.truth import Truth


def coverage(prediction: Prediction, truth: Truth) -> float:
    """Share of units whose interval holds their effect."""
    return formulas.coverage(*cast(Interval, prediction.ite_interval), truth.ite)


def width_sd(prediction: Prediction, truth: Truth) -> float:
    """Mean width of the intervals, in units of SD(y)."""
    return in_sd(formulas.mean_width(*cast(Interval, prediction.ite_interval)), truth)


_LEI = "Lei and Candes 2021, section 4"

for _metric in (
    Metric(
        "ite_coverage", "ITE coverage", "ITE", "ITE", "nominal", ("ite_interval",), coverage, _LEI
    ),
    Metric(
        "ite_width_sd",
        "ITE width / SD(y)",
        "ITE",
        "none",
        "lower",
        ("ite_interval",),
        width_sd,
        _LEI,
    ),
):
    register(_metric)
