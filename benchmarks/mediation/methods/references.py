"""The two ends of the board: the truth, and an indirect effect of 0."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from benchmarks.mediation.registry import register
from benchmarks.mediation.truth import NaturalEffects


@register("Oracle", assumes="nothing; it is shown the truth", source="", needs=("truth",))
class Oracle:
    """Answers with the truth, to check the scores."""

    def fit(
        self,
        X: pd.DataFrame,
        t: np.ndarray,
        m: pd.DataFrame,
        y: np.ndarray,
        truth: NaturalEffects,
    ) -> Self:
        self.truth = truth
        return self

    def nde(self) -> float:
        return self.truth.nde

    def nie(self) -> float:
        return self.truth.nie


@register(
    "No mediation",
    assumes="no hidden confounding; outcome linear in treatment and covariates; no indirect effect",
    source="the total effect of least squares",
)
class NoMediation:
    """The total effect by least squares as the direct effect, and an indirect effect of 0."""

    def fit(self, X: pd.DataFrame, t: np.ndarray, m: pd.DataFrame, y: np.ndarray) -> Self:
        design = np.column_stack([t, np.ones(len(t)), X.to_numpy(float)])
        self.total = float(np.linalg.lstsq(design, y, rcond=None)[0][0])
        return self

    def nde(self) -> float:
        return self.total

    def nie(self) -> float:
        return 0.0
