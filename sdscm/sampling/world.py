"""One world of a block of units, while its variables are assigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sdscm.sampling.noise import Noise


@dataclass
class World:
    """The variables assigned so far, for units in one world.

    Attributes
    ----------
    noise
        Noise of the units.
    do
        Log-weights of the variables that are set, arrays of shape (n, size of the domain).
    kept
        Codes and log-probabilities of the variables that keep their observed values.
    clamped
        Codes of the variables with given values, arrays of shape (n,).
    redraw
        Draw the other variables with fresh noise, a different one for each value that is set.
    codes, logs
        Codes and log-probabilities of the assigned variables.
    """

    noise: Noise
    do: Mapping[str, np.ndarray] = field(default_factory=dict)
    kept: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    clamped: Mapping[str, np.ndarray] = field(default_factory=dict)
    redraw: bool = False
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    logs: dict[str, np.ndarray] = field(default_factory=dict)

    def assign(self, name: str, logs: np.ndarray) -> None:
        """Assign a variable whose mechanism in this world is ``logs``, of shape (n, size)."""
        self.logs[name] = logs
        if name in self.clamped:
            self.codes[name] = self.clamped[name]
        elif name in self.do:
            # Separate noise: the unit's own noise of this variable depends on its observed value.
            noise = self.noise.fresh("do").gumbel(name, logs.shape[1])
            self.codes[name] = (self.do[name] + noise).argmax(axis=1)
        else:
            self.codes[name] = (logs + self._drawn(name, logs.shape[1])).argmax(axis=1)

    def _drawn(self, name: str, size: int) -> np.ndarray:
        """Gumbel noise of a variable that is not set, of shape (n, size)."""
        if not self.redraw:
            return self.noise.gumbel(name, size)
        settled = [name for name in self.codes if name in self.do]
        targets = np.stack([self.codes[target] for target in settled], axis=1)
        noise = np.empty((len(targets), size))
        for codes in np.unique(targets, axis=0):
            set_to = ",".join(f"{k}={c}" for k, c in zip(settled, codes, strict=True))
            rows = (targets == codes).all(axis=1)
            noise[rows] = self.noise.fresh(f"redraw:{set_to}").gumbel(name, size)[rows]
        return noise
