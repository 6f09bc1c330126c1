"""DoubleML's estimators of the average effect (Bach, Chernozhukov, Kurz and Spindler 2022).

Nuisance models are random forests with at least five rows in a leaf. Folds are stratified by
treatment; if an arm has fewer than ``folds`` rows, there are as many folds as rows in it. The
average effect is that of the rows of ``fit``, the same for every X. The interval is normal, from
the variance of the orthogonal scores.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from doubleml import DoubleMLData, DoubleMLIIVM, DoubleMLIRM, DoubleMLPLIV, DoubleMLPLR
from doubleml.utils import PSProcessorConfig
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from estimators.base import ATEIntervals, Standardised
from estimators.interface import Need
from estimators.support.folds import stratified_folds
from estimators.support.validation import require_clip, require_variation

LEAF = 5


class _DoubleML(Standardised, ATEIntervals):
    """A cross-fitted model with a scalar effect."""

    rows_per_arm = 2
    n_estimators: int
    folds: int

    @abstractmethod
    def _model(self, data: DoubleMLData) -> Any:
        """The unfitted model, without folds."""

    def _regression(self) -> RandomForestRegressor:
        return RandomForestRegressor(
            self.n_estimators, min_samples_leaf=LEAF, random_state=self.seed_, n_jobs=1
        )

    def _classification(self) -> RandomForestClassifier:
        return RandomForestClassifier(
            self.n_estimators, min_samples_leaf=LEAF, random_state=self.seed_, n_jobs=1
        )

    def _fit(
        self, X: np.ndarray, t: np.ndarray, y: np.ndarray, instrument: np.ndarray | None = None
    ) -> None:
        require_variation(y)  # DoubleML takes a y of zeros for a binary one
        model = self._model(DoubleMLData.from_arrays(X, y, t, z=instrument))
        strata = t if instrument is None else 2 * instrument + t
        model.set_sample_splitting(stratified_folds(strata, self.folds, self.seed_))
        self.model_ = model.fit()

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.coef[0])

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        lower, upper = self.model_.confint(level=1 - alpha).to_numpy()[0]
        return float(lower), float(upper)


@dataclass(eq=False, repr=False)
class DoubleMLPartiallyLinear(_DoubleML):
    """Partially linear regression: y = t * effect + g(X) + noise (Chernozhukov et al. 2018, 4.1).

    If the effect varies, the estimate is its mean with weights e(X) (1 - e(X)).
    """

    n_estimators: int = 100
    folds: int = 5
    random_state: int | None = 0

    def _model(self, data: DoubleMLData) -> Any:
        return DoubleMLPLR(
            data,
            ml_l=self._regression(),
            ml_m=self._classification(),
            draw_sample_splitting=False,
        )


@dataclass(eq=False, repr=False)
class DoubleMLInteractive(_DoubleML):
    """Interactive regression: the doubly robust average effect (Chernozhukov et al. 2018, 5.1).

    Propensities are clipped at ``clip``: the score divides by them, and is unstable under poor
    overlap.
    """

    n_estimators: int = 100
    folds: int = 5
    clip: float = 0.01
    random_state: int | None = 0

    def _model(self, data: DoubleMLData) -> Any:
        require_clip(self.clip)
        return DoubleMLIRM(
            data,
            ml_g=self._regression(),
            ml_m=self._classification(),
            ps_processor_config=PSProcessorConfig(clipping_threshold=self.clip),
            draw_sample_splitting=False,
        )


@dataclass(eq=False, repr=False)
class DoubleMLPartiallyLinearInstrument(_DoubleML):
    """Partially linear regression with an instrument (Chernozhukov et al. 2018, 4.2).

    If the effect varies, the estimate is a weighted mean of the compliers' effects.
    """

    n_estimators: int = 100
    folds: int = 5
    random_state: int | None = 0

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _model(self, data: DoubleMLData) -> Any:
        return DoubleMLPLIV(
            data,
            ml_l=self._regression(),
            ml_m=self._classification(),
            ml_r=self._classification(),
            draw_sample_splitting=False,
        )


@dataclass(eq=False, repr=False)
class DoubleMLInteractiveInstrument(_DoubleML):
    """Interactive regression with an instrument: the LATE (Chernozhukov et al. 2018, 5.2).

    Propensities of the instrument are clipped at ``clip``.
    """

    n_estimators: int = 100
    folds: int = 5
    clip: float = 0.01
    random_state: int | None = 0

    needs: ClassVar[tuple[Need, ...]] = ("instrument",)

    def _model(self, data: DoubleMLData) -> Any:
        require_clip(self.clip)
        return DoubleMLIIVM(
            data,
            ml_g=self._regression(),
            ml_m=self._classification(),
            ml_r=self._classification(),
            ps_processor_config=PSProcessorConfig(clipping_threshold=self.clip),
            draw_sample_splitting=False,
        )
