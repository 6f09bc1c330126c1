"""Which datasets a share of the job takes: spread over the phrasings, and a part of any larger."""

from __future__ import annotations

import numpy as np

from benchmarks.datasets.paper.release import DATASETS, PHRASINGS, POOLED
from sdscm.errors import InputError

_SEED = 2411_08019
_POOLS_A_PHRASING = DATASETS // PHRASINGS // POOLED


def order(variant: np.ndarray) -> np.ndarray:
    """Positions of all datasets in the order in which shares take them.

    Parameters
    ----------
    variant : array of shape (datasets,)
        The phrasing of each.

    Returns
    -------
    A permutation. Every run of as many positions as there are phrasings that begins at a multiple
    of it has one of each, as long as phrasings have equally many datasets. It is drawn once and for
    all: the first ids of the release are easier than the others.
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
    """Positions of the datasets in a share, at least one, in the order of `order`.

    Raises
    ------
    InputError
        If the share is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise InputError(f"the share is {share:g}: give a number above 0, up to 1")
    return order(variant)[: max(round(share * len(variant)), 1)]


def pools(share: float) -> np.ndarray:
    """Numbers of the pooled datasets in a share; see `Release.pooled`."""
    return taken(share, np.repeat(np.arange(PHRASINGS), _POOLS_A_PHRASING))
