"""The Wald estimator of the compliers' average effect."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from estimators.baselines.baselines import NormalATE
from estimators.errors import EstimatorError
from estimators.interface import Need


class Wald(NormalATE):
    """Difference in mean outcome over the difference in treatment, between values of an instrument.

    The average effect is that of the compliers (LATE; Imbens and Angrist, Econometrica 1994). The
    covariates are not used. The interval is normal, by the delta method: the variance is that of
    the means of y - ate * t, over the square of the difference in treatment. It is too short where
    the instrument is weak (Staiger and Stock, Econometrica 1997).

    Raises
    ------
    EstimatorError
        If the share of treated rows is the same under both values of the instrument.
    """

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray) -> None:
        first, second = instrument == 0, instrument == 1
        treated = float(t[second].mean() - t[first].mean())
        if treated == 0:
            raise EstimatorError(
                "instrument: the share of treated rows is the same under both values; the effect "
                "is not defined"
            )
        self.ate_ = float(y[second].mean() - y[first].mean()) / treated
        rest = y - self.ate_ * t
        variances = [
            rest[arm].var(ddof=1) / arm.sum() if arm.sum() > 1 else np.inf
            for arm in (first, second)
        ]
        self.standard_error_ = float(np.sqrt(sum(variances)) / abs(treated))
