"""Columns that are linear functions of others."""

from __future__ import annotations

import numpy as np

from estimators.errors import EstimatorError


def instrument_controls(X: np.ndarray, instrument: np.ndarray) -> np.ndarray:
    """The controls of a regression on an instrument: a constant, and the independent columns of X.

    Raises
    ------
    EstimatorError
        If the covariates determine the instrument.
    """
    controls = _independent(np.column_stack([np.ones(len(X)), X]))
    design = np.column_stack([controls, instrument])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise EstimatorError(
            "instrument: it is a linear function of the covariates; leave it out of X"
        )
    return controls


def _independent(columns: np.ndarray) -> np.ndarray:
    """The columns without those that are linear functions of the ones before."""
    kept: list[int] = []
    for place in range(columns.shape[1]):
        if np.linalg.matrix_rank(columns[:, [*kept, place]]) > len(kept):
            kept.append(place)
    return columns[:, kept]
