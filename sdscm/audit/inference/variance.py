"""Variance components of the effects of units in phrasings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class VarianceSplit:
    """Variance components of a unit's effect in a phrasing, in squared units of the effect.

    Attributes
    ----------
    phrasings
        Variance between phrasings (the wording).
    units
        Variance between units (the individuals).
    rest
        Variance of the interaction of phrasing and unit.
    """

    phrasings: float
    units: float
    rest: float

    @property
    def shares(self) -> tuple[float, float, float]:
        """The components as shares of their sum; NaN if the sum is 0."""
        total = self.phrasings + self.units + self.rest
        if total == 0:
            return (float("nan"),) * 3
        return self.phrasings / total, self.units / total, self.rest / total


def variance_split(effects: np.ndarray) -> VarianceSplit:
    """Estimate variance components by two-way analysis of variance with one value for each cell.

    Negative estimates are set to 0 (Searle, Casella and McCulloch, "Variance
    components", 1992, chapter 4).

    Parameters
    ----------
    effects : array of shape (P, N)
        Effect of each unit in each phrasing; at least two phrasings and two units.
    """
    phrasings, units = effects.shape
    rows, columns = effects.mean(axis=1), effects.mean(axis=0)
    centre = effects.mean()
    rest = effects - rows[:, None] - columns + centre
    residual = float((rest**2).sum()) / ((phrasings - 1) * (units - 1))
    between_rows = units * float(((rows - centre) ** 2).sum()) / (phrasings - 1)
    between_columns = phrasings * float(((columns - centre) ** 2).sum()) / (units - 1)
    return VarianceSplit(
        phrasings=max(0.0, (between_rows - residual) / units),
        units=max(0.0, (between_columns - residual) / phrasings),
        rest=residual,
    )
