"""Metrics of cost. They differ between runs and machines, as no other metric does."""

from __future__ import annotations

from typing import cast

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.registry import register


def seconds(prediction: Prediction, truth: Truth) -> float:
    """Wall-clock seconds of the fit and of the effects, intervals left out."""
    return cast(float, prediction.seconds)


def peak_memory(prediction: Prediction, truth: Truth) -> float:
    """Memory that the cell needed beside what its process held before, in MiB."""
    return cast(float, prediction.peak_memory)


_MEMORY = "peak resident set, Linux only"

for _metric in (
    Metric("seconds", "Seconds", "cost", "none", "lower", ("seconds",), seconds, "wall clock"),
    Metric(
        "peak_memory",
        "Memory, MiB",
        "cost",
        "none",
        "lower",
        ("peak_memory",),
        peak_memory,
        _MEMORY,
    ),
):
    register(_metric)
