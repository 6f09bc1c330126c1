"""EconML's estimators with intervals, with its defaults.

The paper used five of them (arXiv 2411.08019, section 4.2); the two sparse ones are added.
The average effect and its interval are EconML's own ``ate(X)`` and ``ate_interval(X)``, which
average the effects of the given rows. Nuisance models see ``random_state`` through EconML.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from econml.dml import CausalForestDML
from econml.dml import LinearDML as EconmlLinearDML
from econml.dml import SparseLinearDML as EconmlSparseLinearDML
from econml.dr import ForestDRLearner, LinearDRLearner, SparseLinearDRLearner
from econml.grf import CausalForest as GRFCausalForest
from sklearn.feature_selection import VarianceThreshold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators.base import ATEIntervals, EffectIntervals, Interval
from estimators.errors import EstimatorError


class _EconML(EffectIntervals, ATEIntervals):
    """An EconML estimator with inference; each fold of the cross-fitting needs both arms."""

    rows_per_arm = 2

    @abstractmethod
    def _estimator(self) -> Any:
        """The unfitted EconML estimator."""

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self._estimator().fit(y, t, X=X)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.effect(X)

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Interval:
        return self.model_.effect_interval(X, alpha=alpha)

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.ate(X))

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return self.model_.ate_interval(X, alpha=alpha)


class LinearDML(_EconML):
    """Double machine learning with an effect linear in X (Chernozhukov et al. 2018).

    ``model_y``, ``model_t`` and ``cv`` are EconML's: the models of outcome and treatment, and the
    folds of the cross-fitting. Intervals are asymptotic, from the final least squares.
    """

    def __init__(
        self,
        model_y: Any = "auto",
        model_t: Any = "auto",
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.model_y = model_y
        self.model_t = model_t
        self.cv = cv
        self.random_state = random_state

    def _estimator(self) -> Any:
        return EconmlLinearDML(
            model_y=self.model_y,
            model_t=self.model_t,
            cv=self.cv,
            discrete_treatment=True,
            random_state=self.seed_,
        )


def standardised() -> Pipeline:
    """Columns that vary, with mean 0 and standard deviation 1, for a debiased lasso.

    It divides by the variance of each column, and a column that is nearly constant is taken for the
    intercept: on one of the paper's GPT-2 datasets, where 99 % of a column are 1, EconML's
    `SparseLinearDML` missed the average effect by 0.42 SD(y) without, and by 0.03 with this.
    """
    return make_pipeline(VarianceThreshold(), StandardScaler())


def _require_a_varying_column(X: np.ndarray, name: str) -> None:
    if not np.ptp(X, axis=0).any():
        raise EstimatorError(f"{name}: no column of X varies; give a covariate")


class SparseLinearDML(LinearDML):
    """Double machine learning with a sparse effect, linear in X (Chernozhukov et al. 2018).

    The final model is a debiased lasso (van de Geer, Buehlmann, Ritov and Dezeure 2014) on
    standardised X; intervals are asymptotic. For many covariates of which few change the effect.
    EconML does not standardise X, and then takes a column that hardly varies for the intercept.
    The other parameters are those of `LinearDML`.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        _require_a_varying_column(X, "SparseLinearDML")
        super()._fit(X, t, y)

    def _estimator(self) -> Any:
        return EconmlSparseLinearDML(
            model_y=self.model_y,
            model_t=self.model_t,
            featurizer=standardised(),
            cv=self.cv,
            discrete_treatment=True,
            n_jobs=1,
            random_state=self.seed_,
        )


class ForestDML(_EconML):
    """Double machine learning with a causal forest (Athey, Tibshirani and Wager 2019).

    EconML's ``CausalForestDML``. Intervals come from the bootstrap of little bags.
    ``n_estimators`` must be a multiple of 4.
    """

    def __init__(
        self,
        model_y: Any = "auto",
        model_t: Any = "auto",
        cv: int = 2,
        n_estimators: int = 100,
        random_state: int | None = 0,
    ) -> None:
        self.model_y = model_y
        self.model_t = model_t
        self.cv = cv
        self.n_estimators = n_estimators
        self.random_state = random_state

    def _estimator(self) -> Any:
        return CausalForestDML(
            model_y=self.model_y,
            model_t=self.model_t,
            cv=self.cv,
            n_estimators=self.n_estimators,
            discrete_treatment=True,
            n_jobs=1,
            random_state=self.seed_,
        )


class LinearDR(_EconML):
    """Doubly robust learner with an effect linear in X (Foster and Syrgkanis 2023; Kennedy 2023).

    EconML's ``LinearDRLearner``. Its default clips propensities only at 1e-6, so that under poor
    overlap it can explode; raise ``min_propensity`` to prevent it. Intervals are asymptotic.
    """

    def __init__(
        self,
        model_regression: Any = "auto",
        model_propensity: Any = "auto",
        min_propensity: float = 1e-6,
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        self.model_regression = model_regression
        self.model_propensity = model_propensity
        self.min_propensity = min_propensity
        self.cv = cv
        self.random_state = random_state

    def _estimator(self) -> Any:
        return LinearDRLearner(
            model_regression=self.model_regression,
            model_propensity=self.model_propensity,
            min_propensity=self.min_propensity,
            cv=self.cv,
            random_state=self.seed_,
        )


class SparseLinearDR(LinearDR):
    """Doubly robust learner with a sparse effect, linear in X (Kennedy 2023).

    The final model is a debiased lasso on standardised X, as in `SparseLinearDML`.
    Propensities are clipped below at
    ``min_propensity``, here 0.01 and not EconML's 1e-6, with which `LinearDR` can explode.
    """

    def __init__(
        self,
        model_regression: Any = "auto",
        model_propensity: Any = "auto",
        min_propensity: float = 0.01,
        cv: int = 2,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(model_regression, model_propensity, min_propensity, cv, random_state)

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        _require_a_varying_column(X, "SparseLinearDR")
        super()._fit(X, t, y)

    def _estimator(self) -> Any:
        return SparseLinearDRLearner(
            model_regression=self.model_regression,
            model_propensity=self.model_propensity,
            min_propensity=self.min_propensity,
            featurizer=standardised(),
            cv=self.cv,
            n_jobs=1,
            random_state=self.seed_,
        )


class ForestDR(_EconML):
    """Doubly robust learner with an honest forest (Kennedy 2023; Athey et al. 2019).

    EconML's ``ForestDRLearner``. Its default clips propensities only at 1e-6, so that under poor
    overlap it can explode; raise ``min_propensity`` to prevent it. Intervals come from the
    bootstrap of little bags. ``n_estimators`` must be a multiple of 4.
    """

    def __init__(
        self,
        model_regression: Any = "auto",
        model_propensity: Any = "auto",
        min_propensity: float = 1e-6,
        cv: int = 2,
        n_estimators: int = 1000,
        random_state: int | None = 0,
    ) -> None:
        self.model_regression = model_regression
        self.model_propensity = model_propensity
        self.min_propensity = min_propensity
        self.cv = cv
        self.n_estimators = n_estimators
        self.random_state = random_state

    def _estimator(self) -> Any:
        return ForestDRLearner(
            model_regression=self.model_regression,
            model_propensity=self.model_propensity,
            min_propensity=self.min_propensity,
            cv=self.cv,
            n_estimators=self.n_estimators,
            n_jobs=1,
            random_state=self.seed_,
        )


class CausalForest(EffectIntervals):
    """Generalized random forest of effects, without residualising (Athey et al. 2019).

    EconML's ``grf.CausalForest``; it adjusts for X only by its splits. The average effect is
    the mean over the rows of X. Intervals come from the bootstrap of little bags. ``n_estimators``
    must be a multiple of 4.
    """

    def __init__(self, n_estimators: int = 100, random_state: int | None = 0) -> None:
        self.n_estimators = n_estimators
        self.random_state = random_state

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = GRFCausalForest(self.n_estimators, n_jobs=1, random_state=self.seed_).fit(
            X, t, y
        )

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X)

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Interval:
        return self.model_.predict_interval(X, alpha=alpha)
