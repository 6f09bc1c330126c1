"""Standard units: columns with mean 0 and standard deviation 1, whatever units the data have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

#: A column whose values differ by no more than this share of the largest one is constant: they
#: differ by rounding only.
ROUNDING = 16 * np.finfo(float).eps
#: Largest value in standard units. Trees compute in single precision, which ends at 3e38.
LARGEST = 1e30


@dataclass(frozen=True, eq=False)
class StandardUnits:
    """The affine map of each column from the units of the data to standard units.

    Attributes
    ----------
    origin
        The first row, shape (p,). It is subtracted first: without rounding, if the values of a
        column are close together and far from 0, as dates in milliseconds are.
    centre
        Mean of the columns after that, shape (p,).
    scale
        Standard deviation of the columns, shape (p,); 1 for a constant one. It is negative where
        the column is turned around, so that ``x`` and ``-x`` give the same standard units.
    """

    origin: np.ndarray
    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """The units of the columns of an array, shape (n, p)."""
        origin = values[0].copy()
        shifted = values - origin
        size = np.max(np.abs(shifted), axis=0)
        size = np.where(size <= ROUNDING * np.max(np.abs(values), axis=0), 0.0, size)
        # Squares of values beyond 1e154 would overflow.
        relative = shifted / np.where(size > 0, size, 1.0)
        mean = relative.mean(axis=0)
        spread = np.where(size > 0, relative.std(axis=0), 0.0)
        scale = np.where(spread > 0, size * spread, 1.0)
        return cls(origin, size * mean, scale * _direction(relative - mean))

    def standard(self, values: np.ndarray) -> np.ndarray:
        """Values of the data in standard units, shape (n, p)."""
        with np.errstate(over="ignore"):
            return np.clip((values - self.origin - self.centre) / self.scale, -LARGEST, LARGEST)


def _direction(deviations: np.ndarray) -> np.ndarray:
    """Sign of the first value of each column that is at least half as far from the mean as any."""
    distances = np.abs(deviations)
    first = np.argmax(distances >= 0.5 * np.max(distances, axis=0), axis=0)
    chosen = np.take_along_axis(deviations, first[None], axis=0)[0]
    return np.where(chosen < 0, -1.0, 1.0)
