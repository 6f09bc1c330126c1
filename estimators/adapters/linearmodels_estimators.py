"""linearmodels' two-stage least squares."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from linearmodels.iv import IV2SLS

from estimators.base import ATEIntervals, Standardised
from estimators.interface import Need
from estimators.support.columns import instrument_controls


class TwoStageLeastSquares(Standardised, ATEIntervals):
    """Two-stage least squares with the covariates as controls (Angrist and Imbens, JASA 1995).

    The first stage regresses the treatment on the instrument and the covariates, the second the
    outcome on the fitted treatment and the covariates. If the effect varies, the estimate is a
    weighted mean of the compliers' effects. The interval is normal, with the robust variance; it is
    too short where the instrument is weak.

    Raises
    ------
    EstimatorError
        If the covariates determine the instrument.
    """

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray) -> None:
        controls = instrument_controls(X, instrument)
        model = IV2SLS(y, controls, t.astype(float), instrument.astype(float))
        self.model_ = model.fit(cov_type="robust")

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.params.iloc[-1])

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        lower, upper = self.model_.conf_int(level=1 - alpha).iloc[-1]
        return float(lower), float(upper)
