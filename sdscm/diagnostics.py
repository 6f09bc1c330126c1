"""Facts about a dataset that say whether it is a benchmark worth running."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdscm.dataset import CausalDataset


@dataclass(frozen=True)
class DatasetFacts:
    """What makes a dataset hard, easy or degenerate.

    Attributes
    ----------
    n, distinct
        Rows, and distinct rows of covariates and treatment.
    treated
        Share of units with t = 1.
    constant
        Names of the covariates that have one value only.
    sate, naive
        Sample average effect, and difference in observed means; in units of y.
    bias
        (naive - sate) / SD(y): how far confounding leads the naive contrast astray.
    heterogeneity
        SD(ITE) / SD(y).
    propensity_min, propensity_max
        Range of the true propensity; NaN if it is not known.
    """

    n: int
    distinct: int
    treated: float
    constant: tuple[str, ...]
    sate: float
    naive: float
    bias: float
    heterogeneity: float
    propensity_min: float
    propensity_max: float

    @property
    def sign_flip(self) -> bool:
        """Whether the naive contrast has the other sign than the true effect."""
        return self.naive * self.sate < 0

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the dataset is degenerate, in words; empty if it is not."""
        found = []
        if not 0.1 <= self.treated <= 0.9:
            found.append(f"{self.treated:.0%} of the units are treated (want 10 % to 90 %)")
        if self.constant:
            found.append(f"constant covariates: {', '.join(self.constant)}")
        if not self.heterogeneity > 1e-6:
            found.append("the effect does not vary between units")
        return tuple(found)


def facts(dataset: CausalDataset) -> DatasetFacts:
    """Measure a dataset; see `DatasetFacts` for units."""
    y, t, sd = dataset.y, dataset.t == 1, float(dataset.y.std())
    naive = float(y[t].mean() - y[~t].mean()) if t.any() and not t.all() else float("nan")
    e = np.array([np.nan]) if dataset.propensity is None else dataset.propensity
    return DatasetFacts(
        n=len(dataset),
        distinct=len(dataset.X.assign(_t=dataset.t).drop_duplicates()),
        treated=float(t.mean()),
        constant=tuple(str(c) for c in dataset.X if dataset.X[c].nunique() == 1),
        sate=dataset.sate,
        naive=naive,
        bias=(naive - dataset.sate) / sd if sd > 0 else float("nan"),
        heterogeneity=float(dataset.ite.std()) / sd if sd > 0 else 0.0,
        propensity_min=float(e.min()),
        propensity_max=float(e.max()),
    )
