"""Which rows of a dataset no estimator is fitted on."""

from __future__ import annotations

import numpy as np

from benchmarks.provenance.hashing import derive_seed


def held_out(t: np.ndarray, share: float, fingerprint: str) -> np.ndarray:
    """A mask of the rows that are kept from the fit, the same for every estimator and setting.

    Each arm gives the same share, rounded, but keeps a row at least to fit on.

    Parameters
    ----------
    t : array of shape (n,)
        The treatment, 0 or 1.
    share
        In [0, 1).
    fingerprint
        Content hash of the dataset; with ``share`` it decides the draw.

    Returns
    -------
    Boolean array of shape (n,).
    """
    mask = np.zeros(len(t), dtype=bool)
    draw = np.random.Generator(np.random.Philox(derive_seed("held out", fingerprint, share)))
    for arm in (0, 1):
        rows = draw.permutation(np.flatnonzero(t == arm))
        mask[rows[: min(round(share * len(rows)), max(len(rows) - 1, 0))]] = True
    return mask
