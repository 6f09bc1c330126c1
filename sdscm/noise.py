"""The units' exogenous noise: a function of seed, unit and variable, and of nothing else."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.random import Philox

_BLOCK = 4  # numbers that one step of Philox's counter gives


def uniform_noise(seed: int, stream: str, first: int, count: int, size: int) -> np.ndarray:
    """Uniform numbers in (0, 1), of shape (count, size), for the units from ``first`` on.

    Counter-based (Philox 4x64; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
    2011): a unit's row is the same whichever units are drawn beside it.

    Parameters
    ----------
    seed
        Seed of the dataset.
    stream
        What the noise is for, usually the name of a variable.
    first, count
        The units: numbers ``first`` to ``first + count - 1``.
    size
        Numbers a unit.
    """
    digest = blake2b(f"{seed}\x1f{stream}".encode(), digest_size=16).digest()
    steps = -(-size // _BLOCK)
    generator = Philox(key=int.from_bytes(digest, "little"), counter=first * steps)
    raw = generator.random_raw(count * steps * _BLOCK).reshape(count, steps * _BLOCK)[:, :size]
    return ((raw >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53


def gumbel_noise(seed: int, stream: str, first: int, count: int, size: int) -> np.ndarray:
    """Standard Gumbel numbers, otherwise as `uniform_noise`.

    With them ``argmax(log p + g)`` is a draw from p (the Gumbel-max trick), and the same g under
    another p is the unit's counterfactual (Oberst and Sontag, ICML 2019).
    """
    return -np.log(-np.log(uniform_noise(seed, stream, first, count, size)))
