"""Folds for cross-fitting."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedKFold


def stratified_folds(t: np.ndarray, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Random folds with the same share of treated rows: pairs of training and test row numbers.

    With fewer than ``folds`` rows in an arm, there are as many folds as rows in it.
    """
    count = min(folds, int(t.sum()), int((1 - t).sum()))
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(t, t))
