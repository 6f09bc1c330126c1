"""Generate the units' exogenous noise: a function of seed, unit and variable only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import numpy as np
from numpy.random import Philox

_BLOCK = 4  # numbers from one step of Philox's counter


def uniform_noise(seed: int, stream: str, first: int, count: int, size: int) -> np.ndarray:
    """Uniform numbers in (0, 1), of shape (count, size), for ``count`` units from ``first`` on.

    Counter-based (Philox 4x64; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC
    2011): the row of a unit does not depend on the other units.

    Parameters
    ----------
    seed
        Seed of the dataset.
    stream
        Name of the noise, usually that of a variable.
    first, count
        The units: numbers ``first`` to ``first + count - 1``.
    size
        Number of numbers for each unit.
    """
    digest = blake2b(f"{seed}\x1f{stream}".encode(), digest_size=16).digest()
    steps = -(-size // _BLOCK)
    generator = Philox(key=int.from_bytes(digest, "little"), counter=first * steps)
    raw = generator.random_raw(count * steps * _BLOCK).reshape(count, steps * _BLOCK)[:, :size]
    return ((raw >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52


def gumbel_noise(seed: int, stream: str, first: int, count: int, size: int) -> np.ndarray:
    """Standard Gumbel numbers, otherwise as `uniform_noise`.

    ``argmax(log p + g)`` is a draw from p (Gumbel-max trick), and the same g with another p gives
    the unit's counterfactual (Oberst and Sontag, ICML 2019).
    """
    return -np.log(-np.log(uniform_noise(seed, stream, first, count, size)))


class Noise(Protocol):
    """Gumbel noise of a set of units."""

    def __len__(self) -> int:
        """Number of units."""
        ...

    def gumbel(self, name: str, size: int) -> np.ndarray:
        """Noise of a variable with ``size`` values, of shape (n, size)."""
        ...

    def rows(self, rows: slice | np.ndarray) -> Noise:
        """The noise of some of the units."""
        ...

    def fresh(self, stream: str) -> Noise:
        """Other noise of the same units, independent of this noise and of other streams."""
        ...


@dataclass(frozen=True, eq=False)
class SeededNoise:
    """Noise of sampled units.

    Attributes
    ----------
    seed
        Seed of the dataset.
    ids
        Numbers of the units, increasing, of shape (n,).
    stream
        Name of the stream; empty for the units' own noise.
    """

    seed: int
    ids: np.ndarray
    stream: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    def gumbel(self, name: str, size: int) -> np.ndarray:
        noise = np.empty((len(self.ids), size))
        breaks = np.flatnonzero(np.diff(self.ids) != 1) + 1
        begin = 0
        for run in np.split(self.ids, breaks):
            part = slice(begin, begin + len(run))
            if len(run):
                first = int(run[0])
                noise[part] = gumbel_noise(self.seed, self.stream + name, first, len(run), size)
            begin += len(run)
        return noise

    def rows(self, rows: slice | np.ndarray) -> SeededNoise:
        return SeededNoise(self.seed, self.ids[rows], self.stream)

    def fresh(self, stream: str) -> SeededNoise:
        return SeededNoise(self.seed, self.ids, f"{self.stream}{stream}:")


@dataclass(frozen=True, eq=False)
class AbductedNoise:
    """Noise inferred from the values of some variables.

    Attributes
    ----------
    values
        For each of these variables an array of shape (n, size of its domain).
    prior
        Noise of the other variables, and source of fresh noise.
    """

    values: Mapping[str, np.ndarray]
    prior: SeededNoise

    def __len__(self) -> int:
        return len(self.prior)

    def gumbel(self, name: str, size: int) -> np.ndarray:
        return self.values[name] if name in self.values else self.prior.gumbel(name, size)

    def rows(self, rows: slice | np.ndarray) -> AbductedNoise:
        values = {name: noise[rows] for name, noise in self.values.items()}
        return AbductedNoise(values, self.prior.rows(rows))

    def fresh(self, stream: str) -> SeededNoise:
        return self.prior.fresh(stream)


def posterior_gumbel(logs: np.ndarray, codes: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """A draw of the Gumbel noise given the observed value.

    The maximum of ``log p + g`` is a Gumbel variable that is independent of its position; the
    others are Gumbel variables truncated at the maximum (Maddison, Tarlow and Minka, "A* sampling",
    NeurIPS 2014; used for counterfactuals by Oberst and Sontag, ICML 2019, section 3.4).

    Parameters
    ----------
    logs : array of shape (n, K)
        Normalised log-probabilities.
    codes : array of shape (n,)
        The observed values.
    uniform : array of shape (n, K + 1)
        Uniform numbers in (0, 1); the first column gives the maximum.

    Returns
    -------
    array of shape (n, K)
        Noise g with ``argmax(logs + g) == codes``.
    """
    rows = np.arange(len(codes))
    top = -np.log(-np.log(uniform[:, :1]))
    own = logs[rows, codes][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        free = logs - np.log(-np.log(uniform[:, 1:]))
        # Below the maximum by more than rounding, so that no tie selects another value.
        margin = 4 * np.finfo(float).eps * (np.abs(top) + np.abs(own) + np.abs(logs))
        cut = np.minimum(-np.logaddexp(-top, -free), top - margin)
        # The noise of a value with probability 0 keeps its prior distribution.
        noise = np.where(np.isneginf(logs), -np.log(-np.log(uniform[:, 1:])), cut - logs)
    noise[rows, codes] = (top - own)[:, 0]
    return noise
