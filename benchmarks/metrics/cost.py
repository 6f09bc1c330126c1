"""Metrics of cost. They differ between runs and machines, as no other metric does."""

from __future__ import annotations

from typing import cast

from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register
from benchmarks.prediction import Prediction
from benchmarks.truth import Truth


def seconds(prediction: Prediction, truth: Truth) -> float:
    """Wall-clock seconds of the fit and of the effects, intervals left out."""
    return cast(float, prediction.seconds)


register(Metric("seconds", "Seconds", "cost", "none", "lower", ("seconds",), seconds, "wall clock"))
