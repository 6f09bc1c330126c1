"""The rows of a dataset that no estimator is fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.provenance.hashing import derive_seed


def held_out(t: np.ndarray, share: float, place: tuple[Any, ...]) -> np.ndarray:
    """Choose the rows that are kept from the fit, the same for every estimator and setting.

    Each arm gives the same share, rounded, but keeps at least one row to fit on. Each row has a
    random number that depends on its position only, and the rows with the smallest numbers of their
    arm are held out: where another processor changes the treatment of one row, the others stay.

    Parameters
    ----------
    t : array of shape (n,)
        The treatment, 0 or 1.
    share
        In [0, 1).
    place
        The place of the dataset in the suite, see `benchmarks.datasets.source.Source`.

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
