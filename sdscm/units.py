"""Units: sampled individuals in one world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sdscm.spec import PhrasedSpec


@dataclass(frozen=True, eq=False)
class Units:
    """Individuals as sampled in one world: the observed one, or one after an intervention.

    Attributes
    ----------
    phrased
        The phrased spec that they were sampled from.
    codes : DataFrame of shape (n, number of variables)
        The place of each unit's value in each variable's domain; columns in the order tau.
    log_probabilities : for each variable, an array of shape (n, size of its domain)
        The variable's mechanism in this world, log P(value | the unit's parents).
    seed, first
        The seed of their noise, and the number of the first unit; the others follow.
    do : for each target of the intervention, an array of shape (n,)
        The codes that it was set to; empty for the observed world.
    """

    phrased: PhrasedSpec
    codes: pd.DataFrame
    log_probabilities: Mapping[str, np.ndarray]
    seed: int
    first: int = 0
    do: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def labels(self) -> pd.DataFrame:
        """The values as text, of the shape of ``codes``."""
        spec = self.phrased.spec
        columns = {}
        for name in spec.order:
            values = spec.variable(name).values
            columns[name] = [values[code] for code in self.codes[name]]
        return pd.DataFrame(columns)

    @property
    def text(self) -> pd.Series:
        """All sentences of each unit in the order tau, of shape (n,)."""
        names = self.phrased.spec.order
        rows = self.codes[list(names)].to_numpy()
        texts = [self.phrased.text(dict(zip(names, map(int, row), strict=True))) for row in rows]
        return pd.Series(texts, name="text")

    def log_probability(self, name: str, value: str) -> np.ndarray:
        """log P(variable = value | the unit's parents) in this world, of shape (n,)."""
        code = self.phrased.spec.variable(name).values.index(value)
        return self.log_probabilities[name][:, code]
