"""CausalML's meta-learners over LightGBM, both with their defaults.

The average effect is the mean over the rows of X. The learners that need propensities are given
those of a logistic regression, clipped at ``clip``. CausalML's own default calibrates them on the
rows that they were fitted on, which drives many to its bounds of 0.001 and 0.999: with it, the
doubly robust learner gave -10.7 for an average effect of 0.98 on 1,000 rows with good overlap.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
)
from lightgbm import LGBMRegressor

from estimators.base import CATEEstimator
from estimators.weighting import clipped, propensity_model


class _LightGBMLearner(CATEEstimator):
    """A CausalML meta-learner; ``n_estimators`` is the number of boosted trees of each model."""

    def __init__(self, n_estimators: int = 100, random_state: int | None = 0) -> None:
        self.n_estimators = n_estimators
        self.random_state = random_state

    def _regression(self) -> LGBMRegressor:
        return LGBMRegressor(
            n_estimators=self.n_estimators, random_state=self.seed_, n_jobs=1, verbose=-1
        )

    @abstractmethod
    def _learner(self) -> Any:
        """The unfitted CausalML learner."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self._learner()
        self.model_.fit(X=X, treatment=t, y=y)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X)


class SLearnerLGBM(_LightGBMLearner):
    """S-learner: one model on covariates and treatment (Kuenzel et al. 2019, section 2)."""

    def _learner(self) -> Any:
        return BaseSRegressor(self._regression())


class TLearnerLGBM(_LightGBMLearner):
    """T-learner: one model for each arm (Kuenzel et al. 2019, section 2)."""

    def _learner(self) -> Any:
        return BaseTRegressor(self._regression())


class _PropensityLearner(_LightGBMLearner):
    """A learner that is given propensities, clipped into [clip, 1 - clip]."""

    def __init__(
        self, n_estimators: int = 100, clip: float = 0.01, random_state: int | None = 0
    ) -> None:
        super().__init__(n_estimators, random_state)
        self.clip = clip

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.propensity_model_ = propensity_model().fit(X, t)
        self.model_ = self._learner()
        self.model_.fit(X=X, treatment=t, y=y, p=self._propensity(X), **self._fit_options())

    def _fit_options(self) -> dict[str, Any]:
        return {}

    def _propensity(self, X: np.ndarray) -> np.ndarray:
        return clipped(self.propensity_model_.predict_proba(X)[:, 1], self.clip)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X, p=self._propensity(X))


class XLearnerLGBM(_PropensityLearner):
    """X-learner: effects imputed in each arm, weighted by propensity (Kuenzel et al. 2019)."""

    def _learner(self) -> Any:
        return BaseXRegressor(self._regression())


class RLearnerLGBM(_PropensityLearner):
    """R-learner: a weighted regression of residuals on residuals (Nie and Wager 2021)."""

    def _learner(self) -> Any:
        return BaseRRegressor(self._regression(), random_state=self.seed_)


class DRLearnerLGBM(_PropensityLearner):
    """Doubly robust learner, cross-fitted over three parts of the data (Kennedy 2023)."""

    # Every third of the rows must hold both arms.
    rows_per_arm = 3

    def _learner(self) -> Any:
        return BaseDRRegressor(self._regression())

    def _fit_options(self) -> dict[str, Any]:
        return {"seed": self.seed_}
