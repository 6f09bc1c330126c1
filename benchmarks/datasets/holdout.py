"""Choose the held-out rows of a dataset."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.provenance.hashing import derive_seed


def held_out(t: np.ndarray, share: float, place: tuple[Any, ...]) -> np.ndarray:
    """Choose the rows that no estimator is fitted on, the same for every estimator and setting.

    The share of each treatment arm is the same, rounded, and at least one row of each arm is left
    for the fit. Each row has a random number that depends on its position only, and the rows with
    the smallest numbers of their arm are held out. If the treatment of one row differs on another
    processor, the choice of the other rows stays almost the same.

    Parameters
    ----------
    t : array of shape (n,)
        The treatment, 0 or 1.
    share
        In [0, 1).
    place
        Place of the dataset in the suite; see `benchmarks.datasets.source.Source`.

    Returns
    -------
    Boolean array of shape (n,).
    """
    mask = np.zeros(len(t), dtype=bool)
    seed = derive_seed("held out", *place, float(share))
    numbers = np.random.Generator(np.random.Philox(seed)).random(len(t))
    for arm in (0, 1):
        rows = np.flatnonzero(t == arm)
        rows = rows[np.argsort(numbers[rows], kind="stable")]
        mask[rows[: min(round(share * len(rows)), max(len(rows) - 1, 0))]] = True
    return mask
