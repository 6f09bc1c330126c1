"""Folds for cross-fitting."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from estimators.errors import EstimatorError


def require_folds(folds: Any) -> None:
    """Check a number of folds.

    Raises
    ------
    EstimatorError
        If it is not an integer of at least 2.
    """
    if not isinstance(folds, int | np.integer) or folds < 2:
        raise EstimatorError(f"folds: is {folds!r}, must be an integer of at least 2")


def stratified_folds(
    strata: np.ndarray, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random folds with equal shares of each stratum: pairs of training and test row numbers.

    ``strata`` is usually the treatment. If a stratum has fewer than ``folds`` rows, there are as
    many folds as rows in it, two at least.

    Raises
    ------
    EstimatorError
        If ``folds`` is not an integer of at least 2.
    """
    require_folds(folds)
    sizes = np.bincount(strata)
    count = max(min(folds, int(sizes[sizes > 0].min())), 2)
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(strata, strata))
