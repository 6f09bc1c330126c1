"""Define metrics of bounds of the average effect under hidden confounding.

The bounds are those of level 1 - alpha at multiples of the true strength of hidden confounding; see
`benchmarks.execution.strengths`. The truth is the SATE of the rows of the fit. The true strength is
that of the population, so that bounds at it hold the population's average effect. Their ends are
moved by the sampling error, which is at least as large as that around the SATE, so that they hold
the SATE with probability 1 - alpha at least, if the assumptions of the method are right.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import numpy as np

from benchmarks.interface import Prediction, Truth
from benchmarks.metrics.definition import NOT_NEGATIVE, SHARE, in_sd
from benchmarks.metrics.registry import metric

_bounds = partial(
    metric,
    group="ATE",
    target="SATE",
    needs=("ate_bounds",),
    source="Tan 2006; Cinelli and Hazlett 2020",
    usual=True,
)


def _held(prediction: Prediction, truth: Truth) -> np.ndarray:
    """Multiples of the true strength, and 1 where the bounds hold the SATE, as two columns."""
    multiple, lower, upper = cast(np.ndarray, prediction.ate_bounds).T
    return np.column_stack([multiple, (lower <= truth.sate) & (truth.sate <= upper)])


def _at(rows: np.ndarray, multiple: float) -> float:
    """The last column of the row of a multiple; NaN if there is none."""
    found = rows[rows[:, 0] == multiple, -1]
    return float(found[0]) if len(found) else float("nan")


@_bounds("bounds_hold", "Bounds hold", better="higher", limits=SHARE)
def bounds_hold(prediction: Prediction, truth: Truth) -> float:
    """1 if the bounds at the true strength of hidden confounding hold the SATE, else 0."""
    return _at(_held(prediction, truth), 1.0)


@_bounds("bounds_hold_half", "Bounds hold at half", better="higher", limits=SHARE)
def bounds_hold_half(prediction: Prediction, truth: Truth) -> float:
    """1 if the bounds at half of the true strength hold the SATE, else 0.

    Half is that of log gamma, or of the largest bias that a partial R2 allows. NaN for bounds that
    need no strength.
    """
    return _at(_held(prediction, truth), 0.5)


@_bounds("bounds_from", "Strength that holds / true", better="nominal", nominal=1)
def bounds_from(prediction: Prediction, truth: Truth) -> float:
    """Smallest multiple of the true strength whose bounds hold the SATE.

    Below 1 the bounds are wider than needed, above 1 they are wrong at the true strength; infinite
    if they hold at no multiple. NaN for bounds that need no strength.
    """
    held = _held(prediction, truth)
    if len(held) < 2:
        return float("nan")
    return float(np.min(held[held[:, 1] == 1, 0], initial=np.inf))


@_bounds(
    "bounds_width_sd", "Bounds width / SD(y)", target="none", better="lower", limits=NOT_NEGATIVE
)
def bounds_width_sd(prediction: Prediction, truth: Truth) -> float:
    """Width of the bounds at the true strength of hidden confounding, in units of SD(y)."""
    multiple, lower, upper = cast(np.ndarray, prediction.ate_bounds).T
    return in_sd(_at(np.column_stack([multiple, upper - lower]), 1.0), truth)
