"""Choose the datasets of a share: spread over the phrasings, and part of any larger share."""

from __future__ import annotations

import numpy as np

from benchmarks.datasets.paper.release import DATASETS, PHRASINGS, POOLED
from sdscm.errors import InputError

_SEED = 2411_08019
_POOLS_A_PHRASING = DATASETS // PHRASINGS // POOLED


def order(variant: np.ndarray) -> np.ndarray:
    """Return the positions of all datasets in the order in which shares take them.

    Parameters
    ----------
    variant : array of shape (datasets,)
        Phrasing of each dataset.

    Returns
    -------
    A permutation. If all phrasings have equally many datasets, each block of as many positions as
    phrasings has one dataset of each phrasing. The permutation is random, with a fixed seed,
    because the first ids of the release are easier than the others.
    """
    draw = np.random.Generator(np.random.Philox(_SEED))
    shuffled = draw.permutation(len(variant))
    turn = np.empty(len(variant), int)
    for phrasing in np.unique(variant):
        members = shuffled[variant[shuffled] == phrasing]
        turn[members] = np.arange(len(members))
    place = draw.permutation(variant.max() + 1)[variant]
    return np.lexsort((place, turn))


def taken(share: float, variant: np.ndarray) -> np.ndarray:
    """Return the positions of the datasets in a share, at least one, in the order of `order`.

    Raises
    ------
    InputError
        If the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise InputError(f"the share is {share:g}; give a number above 0, up to 1")
    return order(variant)[: max(round(share * len(variant)), 1)]


def pools(share: float) -> np.ndarray:
    """Return the numbers of the pooled datasets in a share; see `Release.pooled`."""
    return taken(share, np.repeat(np.arange(PHRASINGS), _POOLS_A_PHRASING))
