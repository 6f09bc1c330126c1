"""linearmodels' two-stage least squares."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from linearmodels.iv import IV2SLS

from estimators.base import ATEIntervals, Standardised
from estimators.errors import EstimatorError
from estimators.interface import Need


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
        controls = _independent(np.column_stack([np.ones(len(X)), X]))
        design = np.column_stack([controls, instrument])
        if np.linalg.matrix_rank(design) < design.shape[1]:
            raise EstimatorError(
                "instrument: it is a linear function of the covariates; leave it out of X"
            )
        model = IV2SLS(y, controls, t.astype(float), instrument.astype(float))
        self.model_ = model.fit(cov_type="robust")

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.params.iloc[-1])

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        lower, upper = self.model_.conf_int(level=1 - alpha).iloc[-1]
        return float(lower), float(upper)


def _independent(columns: np.ndarray) -> np.ndarray:
    """The columns without those that are linear functions of the ones before."""
    kept: list[int] = []
    for place in range(columns.shape[1]):
        if np.linalg.matrix_rank(columns[:, [*kept, place]]) > len(kept):
            kept.append(place)
    return columns[:, kept]
