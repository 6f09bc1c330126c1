"""EconML's estimators that come without an interval of their own.

The average effect is the mean over the rows of X. EconML could bootstrap intervals for these; the
time of a hundred fits is left to those who want it. Boosted trees are LightGBM's, one thread.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from econml.dml import KernelDML as EconmlKernelDML
from econml.dml import NonParamDML as EconmlNonParamDML
from econml.dr import DRLearner as EconmlDRLearner
from econml.metalearners import DomainAdaptationLearner, SLearner, TLearner, XLearner
from scipy.spatial.distance import pdist

from estimators.base import CATEEstimator
from estimators.baselines.weighting import propensity_model
from estimators.support.boosting import lightgbm_regression


class _Learner(CATEEstimator):
    """An EconML estimator that gives effects and nothing else."""

    @abstractmethod
    def _estimator(self) -> Any:
        """The unfitted EconML estimator."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self._estimator().fit(y, t, X=X)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.effect(X)


def median_distance(X: np.ndarray) -> float:
    """Median Euclidean distance between rows that differ, among 500 evenly spaced ones.

    1 if all rows are the same.
    """
    some = X[np.linspace(0, len(X) - 1, min(len(X), 500)).astype(int)]
    distances = pdist(some)
    distances = distances[distances > 0]
    return float(np.median(distances)) if distances.size else 1.0


class KernelDML(_Learner):
    """Double machine learning with random Fourier features of X (Nie and Wager 2021; EconML).

    The effect is an elastic net on ``dim`` random features, which imitate a Gaussian kernel of
    bandwidth ``bandwidth`` in units of X. None stands for the median distance between rows.
    EconML's own default of 1 makes rows of many covariates equally far apart and their effects the
    same: for 12 standard normal ones, effects of standard deviation 0.48 came out with 0.01.
    """

    # Each fold of the cross-fitting needs both arms.
    rows_per_arm = 2

    def __init__(
        self,
        model_y: Any = "auto",
        model_t: Any = "auto",
        dim: int = 20,
        bandwidth: float | None = None,
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.model_y = model_y
        self.model_t = model_t
        self.dim = dim
        self.bandwidth = bandwidth
        self.cv = cv
        self.random_state = random_state

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.bandwidth_ = median_distance(X) if self.bandwidth is None else self.bandwidth
        super()._fit(X, t, y)

    def _estimator(self) -> Any:
        return EconmlKernelDML(
            model_y=self.model_y,
            model_t=self.model_t,
            dim=self.dim,
            bw=self.bandwidth_,
            cv=self.cv,
            discrete_treatment=True,
            random_state=self.seed_,
        )


class NonParamDML(_Learner):
    """Double machine learning with boosted trees as the model of the effect (the R-learner).

    Nie and Wager 2021. ``n_estimators`` is the number of trees of the final model, which
    regresses ratios of residuals with the squared residuals of the treatment as weights.
    """

    rows_per_arm = 2

    def __init__(
        self,
        model_y: Any = "auto",
        model_t: Any = "auto",
        n_estimators: int = 100,
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.model_y = model_y
        self.model_t = model_t
        self.n_estimators = n_estimators
        self.cv = cv
        self.random_state = random_state

    def _estimator(self) -> Any:
        return EconmlNonParamDML(
            model_y=self.model_y,
            model_t=self.model_t,
            model_final=lightgbm_regression(self.n_estimators, self.seed_),
            cv=self.cv,
            discrete_treatment=True,
            random_state=self.seed_,
        )


class DRLearner(_Learner):
    """Doubly robust learner with boosted trees as the model of the effect (Kennedy 2023).

    Propensities are clipped below at ``min_propensity``, here 0.01: with EconML's own default of
    1e-6 one row of a rare treatment can outweigh all others.
    """

    rows_per_arm = 2

    def __init__(
        self,
        model_regression: Any = "auto",
        model_propensity: Any = "auto",
        min_propensity: float = 0.01,
        n_estimators: int = 100,
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.model_regression = model_regression
        self.model_propensity = model_propensity
        self.min_propensity = min_propensity
        self.n_estimators = n_estimators
        self.cv = cv
        self.random_state = random_state

    def _estimator(self) -> Any:
        return EconmlDRLearner(
            model_regression=self.model_regression,
            model_propensity=self.model_propensity,
            model_final=lightgbm_regression(self.n_estimators, self.seed_),
            min_propensity=self.min_propensity,
            cv=self.cv,
            random_state=self.seed_,
        )


class _BoostedMetaLearner(_Learner):
    """A meta-learner over boosted trees; ``n_estimators`` is the number of trees of each model."""

    def __init__(self, n_estimators: int = 100, random_state: int | None = 0) -> None:
        self.n_estimators = n_estimators
        self.random_state = random_state

    def _regression(self) -> Any:
        return lightgbm_regression(self.n_estimators, self.seed_)


class EconmlSLearner(_BoostedMetaLearner):
    """S-learner: one model on covariates and treatment (Kuenzel et al. 2019, section 2)."""

    def _estimator(self) -> Any:
        return SLearner(overall_model=self._regression())


class EconmlTLearner(_BoostedMetaLearner):
    """T-learner: one model for each arm (Kuenzel et al. 2019, section 2)."""

    def _estimator(self) -> Any:
        return TLearner(models=self._regression())


class EconmlXLearner(_BoostedMetaLearner):
    """X-learner: effects imputed in each arm, weighted by propensity (Kuenzel et al. 2019).

    Propensities come from a logistic regression and only average the two effects: no clipping.
    """

    def _estimator(self) -> Any:
        return XLearner(models=self._regression(), propensity_model=propensity_model())


class DomainAdaptation(_BoostedMetaLearner):
    """X-learner whose outcome models are weighted towards the other arm (EconML).

    The model of each arm is fitted with the odds of the other arm as weights, so that it is good
    where its predictions are needed; a final model learns all imputed effects together. The odds
    come from a logistic regression and are not clipped: they weigh rows, and multiply no outcome.
    """

    def _estimator(self) -> Any:
        return DomainAdaptationLearner(
            models=self._regression(),
            final_models=self._regression(),
            propensity_model=propensity_model(),
        )
