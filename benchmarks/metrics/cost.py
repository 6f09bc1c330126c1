"""Define metrics of cost. Only these metrics differ between runs and machines."""

from __future__ import annotations

from functools import partial
from typing import cast

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics.registry import metric
from sdscm import number_format

_cost = partial(metric, group="cost", target="none", better="lower")


@_cost(
    "seconds",
    "Seconds",
    needs=("seconds",),
    source="wall clock",
    usual=True,
    form=number_format.seconds,
)
def seconds(prediction: Prediction, truth: Truth) -> float:
    """Wall-clock seconds of the fit and of the effects, without the intervals."""
    return cast(float, prediction.seconds)


@_cost(
    "peak_memory",
    "Memory, MiB",
    needs=("peak_memory",),
    source="peak resident set, Linux only",
    form=partial(number_format.decimals, digits=0),
)
def peak_memory(prediction: Prediction, truth: Truth) -> float:
    """Memory that the cell took beyond what its process held before, in MiB."""
    return cast(float, prediction.peak_memory)
