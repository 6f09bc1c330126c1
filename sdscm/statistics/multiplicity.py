"""Adjust the p values of a family of tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import false_discovery_control


def adjusted(p_values: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the p values adjusted by Holm and by Benjamini and Hochberg, each of shape (k,).

    Holm controls the probability of any false finding (Holm, Scandinavian Journal of Statistics
    1979); Benjamini and Hochberg control the expected share of false findings (Journal of the Royal
    Statistical Society B 1995). NaN stays NaN and does not count.
    """
    given = np.asarray(p_values, dtype=float)
    there = ~np.isnan(given)
    holm, hochberg = np.full_like(given, np.nan), np.full_like(given, np.nan)
    if there.any():
        holm[there] = _holm(given[there])
        hochberg[there] = false_discovery_control(given[there], method="bh")
    return holm, hochberg


def _holm(p_values: np.ndarray) -> np.ndarray:
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    found = np.empty_like(p_values)
    found[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1.0)
    return found
