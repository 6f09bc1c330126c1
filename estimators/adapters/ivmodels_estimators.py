"""ivmodels' two-stage least squares, with the interval of Anderson and Rubin."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ivmodels.confidence_set import ConfidenceSet
from ivmodels.tests import inverse_anderson_rubin_test

from estimators.base import ATEIntervals, Standardised
from estimators.interface import Need
from estimators.support.columns import instrument_controls


class AndersonRubin(Standardised, ATEIntervals):
    """Two-stage least squares with the confidence set of Anderson and Rubin (1949).

    The covariates are controls. The set holds the effects b for which y - b t is not related to the
    instrument, given the covariates (F test). Its coverage does not depend on the strength of the
    instrument. It assumes errors of the same variance in all rows.

    With one instrument the set always holds the estimate. It is an interval, or, if the instrument
    is weak, the whole line or all but an interval. The answer is then the smallest interval that
    holds the set: infinite at both ends.

    Raises
    ------
    EstimatorError
        If the covariates determine the instrument.
    """

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray) -> None:
        controls = instrument_controls(X, instrument)
        # The part of the instrument that the controls do not explain: with one instrument, two
        # stages are one division.
        rest = instrument - controls @ np.linalg.lstsq(controls, instrument, rcond=None)[0]
        self.ate_ = float(rest @ y) / float(rest @ t)
        self.data_ = {
            "Z": instrument[:, None].astype(float),
            "X": t[:, None].astype(float),
            "y": y,
            "C": controls[:, 1:] if controls.shape[1] > 1 else None,  # it adds the constant
        }

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        found = inverse_anderson_rubin_test(**self.data_, alpha=alpha, critical_values="f")
        ends = np.ravel(ConfidenceSet.from_quadric(found).boundaries)
        return float(ends.min()), float(ends.max())
