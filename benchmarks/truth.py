"""Which truth an estimate is compared with. The one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    ate : float, optional
        The average effect, where it is known though those of the rows are not, and are NaN.
    """

    ite: np.ndarray
    effect: np.ndarray
    target: Target
    sd: float
    ate: float | None = None

    @property
    def sate(self) -> float:
        return float(self.ite.mean()) if self.ate is None else self.ate

    def of_rows(self, rows: np.ndarray) -> Truth:
        """The truth of some rows, in units of the whole dataset's SD(y).

        ``rows`` is a boolean array of shape (n,).
        """
        return replace(self, ite=self.ite[rows], effect=self.effect[rows])

    def tells(self, target: str) -> bool:
        """Whether scores against a metric's target can be had: ``none`` needs no truth."""
        if target == "none":
            return True
        return bool(np.isfinite(self.sate if target == "SATE" else self.effect).all())


def truth_of(dataset: CausalDataset, setting: Setting) -> Truth:
    """The truth that a setting is scored against.

    The true CATE given the covariates of the setting where the dataset knows it: in the setting
    ``all`` it is the ITE, since the outcome of an SD-SCM dataset is a deterministic function of all
    covariates and the treatment (paper, section 4.1); with hidden covariates it is enumerated. The
    ITE otherwise, as for data of other origin, whose potential outcomes carry noise: there no
    method that sees X only can reach an error of 0.
    """
    cate = dataset.cates.get(setting)
    return Truth(
        ite=dataset.ite,
        effect=dataset.ite if cate is None else cate,
        target="ITE" if cate is None else "CATE",
        sd=float(dataset.y.std()),
        ate=dataset.known_ate,
    )
