"""Which truth an estimate is compared with. The one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sdscm.dataset import CausalDataset, Setting

Target = Literal["CATE", "ITE"]


@dataclass(frozen=True, eq=False)
class Truth:
    """The true effects of one dataset in one setting; in units of y.

    Attributes
    ----------
    ite : array of shape (n,)
        Individual effects; their mean is the SATE.
    effect : array of shape (n,)
        What an estimated effect of a row is scored against.
    target : "CATE" or "ITE"
        What ``effect`` is.
    sd : float
        Standard deviation of the observed outcome (divisor n), the unit of normalised errors.
    """

    ite: np.ndarray
    effect: np.ndarray
    target: Target
    sd: float

    @property
    def sate(self) -> float:
        return float(self.ite.mean())


def truth_of(dataset: CausalDataset, setting: Setting) -> Truth:
    """The truth that a setting is scored against.

    The outcome of an SD-SCM dataset is a deterministic function of all covariates and the
    treatment (paper, section 4.1), so in the setting ``all`` the ITE is the CATE, unless the
    treatment acts through a covariate: then equal rows differ in their effects. It is not with
    hidden covariates, nor for data of other origin, whose potential outcomes carry noise: there
    the ITE is what is known, and no method that sees X only can reach an error of 0.
    """
    known = bool(dataset.meta.spec_hash) and setting == "all" and _is_function_of_rows(dataset)
    return Truth(
        ite=dataset.ite,
        effect=dataset.ite,
        target="CATE" if known else "ITE",
        sd=float(dataset.y.std()),
    )


def _is_function_of_rows(dataset: CausalDataset) -> bool:
    """Whether rows of equal covariates have equal effects, but for rounding."""
    _, where = np.unique(dataset.X.to_numpy(dtype=float), axis=0, return_inverse=True)
    highest = np.full(where.max() + 1, -np.inf)
    np.maximum.at(highest, where, dataset.ite)
    return bool(np.allclose(highest[where], dataset.ite, rtol=0, atol=1e-9))
