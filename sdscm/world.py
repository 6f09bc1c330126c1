"""One world of a block of units, on its way through the DAG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sdscm.noise import gumbel_noise


@dataclass
class World:
    """What is known so far of ``count`` units in one world.

    Attributes
    ----------
    do
        Codes of the variables that are set, arrays of shape (count,).
    kept
        Codes and log-probabilities of the variables that stay as they were observed.
    redraw
        Whether the others are drawn with fresh noise, another one for each value that is set.
    codes, logs
        Codes and log-probabilities of the variables done.
    """

    do: Mapping[str, np.ndarray]
    kept: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    redraw: bool = False
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    logs: dict[str, np.ndarray] = field(default_factory=dict)

    def noise(self, name: str, size: int, seed: int, first: int, count: int) -> np.ndarray:
        """Gumbel noise of a variable in this world, of shape (count, size)."""
        if not self.redraw:
            return gumbel_noise(seed, name, first, count, size)
        targets = np.stack(list(self.do.values()), axis=1)
        noise = np.empty((count, size))
        for codes in np.unique(targets, axis=0):
            set_to = ",".join(f"{k}={c}" for k, c in zip(self.do, codes, strict=True))
            rows = (targets == codes).all(axis=1)
            fresh = gumbel_noise(seed, f"redraw:{set_to}:{name}", first, count, size)
            noise[rows] = fresh[rows]
        return noise
