"""CausalML's meta-learners over least squares, LightGBM and XGBoost, each with its defaults.

The average effect is the mean over the rows of X. Learners that need propensities get those of a
logistic regression, clipped at ``clip``. CausalML's own default calibrates them on the rows of
their fit, which moves many to its bounds of 0.001 and 0.999: with it, the doubly robust learner
gave -10.7 for an average effect of 0.98 on 1,000 rows with good overlap.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold

from estimators.base import Standardised
from estimators.baselines.weighting import clipped, propensity_model
from estimators.errors import EstimatorError
from estimators.many_arms import ManyArms
from estimators.support.boosting import lightgbm_regression, xgboost_regression


class _Learner(Standardised, ManyArms):
    """A CausalML meta-learner over one kind of regression."""

    #: The class in CausalML.
    library: ClassVar[Any]

    @abstractmethod
    def _regression(self) -> Any:
        """The unfitted regression."""

    def _learner(self) -> Any:
        return self.library(self._regression())

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self._learner()
        self.model_.fit(X=X, treatment=t, y=y)

    def _effects(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X)


class _PropensityLearner(_Learner):
    """A learner that gets propensities, clipped to [clip, 1 - clip].

    CausalML takes for each arm its probability among the rows of this arm and the reference.
    """

    clip: float

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.propensity_models_ = {}
        for arm in range(1, self.n_arms_):
            pair = (t == 0) | (t == arm)
            self.propensity_models_[arm] = propensity_model().fit(X[pair], t[pair])
        self.model_ = self._learner()
        self.model_.fit(X=X, treatment=t, y=y, p=self._propensity(X), **self._fit_options())

    def _fit_options(self) -> dict[str, Any]:
        return {}

    def _propensity(self, X: np.ndarray) -> dict[int, np.ndarray]:
        return {
            arm: clipped(model.predict_proba(X)[:, 1], self.clip)
            for arm, model in self.propensity_models_.items()
        }

    def _effects(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X, p=self._propensity(X))


def require_arms_in_thirds(t: np.ndarray, seed: int, at_least: int) -> None:
    """Check the thirds into which CausalML's doubly robust learner splits the rows.

    CausalML does not stratify them by treatment, and would fail inside a regression.

    Raises
    ------
    EstimatorError
        If a third has fewer than ``at_least`` rows of an arm.
    """
    for _, third in KFold(3, shuffle=True, random_state=seed).split(t):
        for value in np.unique(t):
            count = int(np.sum(t[third] == value))
            if count < at_least:
                raise EstimatorError(
                    f"t: a random third of the {len(t)} rows has {count} of the "
                    f"{int(np.sum(t == value))} rows of arm {value}, needs at least {at_least}; "
                    "give more of them, or another random_state"
                )


class _S(_Learner):
    library = BaseSRegressor


class _T(_Learner):
    library = BaseTRegressor


class _X(_PropensityLearner):
    library = BaseXRegressor


class _R(_PropensityLearner):
    library = BaseRRegressor
    rows_per_arm = 3  # CausalML has five folds

    def _learner(self) -> Any:
        return self.library(self._regression(), random_state=self.seed_)


class _DR(_PropensityLearner):
    library = BaseDRRegressor
    #: The fewest rows of each arm in each third of the rows with which the regression can work.
    rows_per_third: ClassVar[int] = 1
    rows_per_arm = 3

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        require_arms_in_thirds(t, self.seed_, self.rows_per_third)
        super()._fit(X, t, y)

    def _fit_options(self) -> dict[str, Any]:
        return {"seed": self.seed_}


class _LeastSquares:
    def _regression(self) -> Any:
        return LinearRegression()


class _LightGBM:
    n_estimators: int
    seed_: int

    def _regression(self) -> Any:
        return lightgbm_regression(self.n_estimators, self.seed_)


class _XGBoost:
    n_estimators: int
    seed_: int

    def _regression(self) -> Any:
        return xgboost_regression(self.n_estimators, self.seed_)


@dataclass(eq=False, repr=False)
class _Clip(Standardised):
    """The parameter of a learner with propensities."""

    clip: float = 0.01


@dataclass(eq=False, repr=False)
class _ClipSeed(Standardised):
    """The parameters of a learner with propensities and random folds."""

    clip: float = 0.01
    random_state: int | None = 0


@dataclass(eq=False, repr=False)
class _Trees(Standardised):
    """The parameters of a learner over boosted trees: ``n_estimators`` in each model."""

    n_estimators: int = 100
    random_state: int | None = 0


@dataclass(eq=False, repr=False)
class _TreesClip(Standardised):
    """The parameters of a learner with propensities over boosted trees."""

    n_estimators: int = 100
    clip: float = 0.01
    random_state: int | None = 0


class SLearnerLinear(_LeastSquares, _S):
    """S-learner, least squares: one effect for every row, that of ``LinReg``."""


class TLearnerLinear(_LeastSquares, _T):
    """T-learner, least squares (Kuenzel et al. 2019, section 2)."""


class XLearnerLinear(_LeastSquares, _Clip, _X):
    """X-learner, least squares (Kuenzel et al. 2019).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """


class RLearnerLinear(_LeastSquares, _ClipSeed, _R):
    """R-learner, least squares (Nie and Wager 2021).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """


class DRLearnerLinear(_LeastSquares, _ClipSeed, _DR):
    """Doubly robust learner, least squares, over three parts of the data (Kennedy 2023).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """


class SLearnerLGBM(_LightGBM, _Trees, _S):
    """S-learner: one LightGBM on covariates and treatment (Kuenzel et al. 2019, section 2)."""


class TLearnerLGBM(_LightGBM, _Trees, _T):
    """T-learner: one LightGBM for each arm (Kuenzel et al. 2019, section 2)."""

    # LightGBM refuses a single row.
    rows_per_arm = 2


class XLearnerLGBM(_LightGBM, _TreesClip, _X):
    """X-learner: effects imputed in each arm, weighted by propensity (Kuenzel et al. 2019).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """

    rows_per_arm = 2


class RLearnerLGBM(_LightGBM, _TreesClip, _R):
    """R-learner: a weighted regression of residuals on residuals (Nie and Wager 2021).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """


class DRLearnerLGBM(_LightGBM, _TreesClip, _DR):
    """Doubly robust learner, cross-fitted over three parts of the data (Kennedy 2023).

    Propensities come from a logistic regression and are clipped at ``clip``. CausalML's own
    calibrated propensities come near 0 and 1 on the rows of their fit.
    """

    rows_per_third = 2
    rows_per_arm = 6


class SLearnerXGB(_XGBoost, _Trees, _S):
    """S-learner: one XGBoost on covariates and treatment (Kuenzel et al. 2019, section 2)."""


class TLearnerXGB(_XGBoost, _Trees, _T):
    """T-learner: one XGBoost for each arm (Kuenzel et al. 2019, section 2)."""


class XLearnerXGB(_XGBoost, _TreesClip, _X):
    __doc__ = XLearnerLGBM.__doc__


class RLearnerXGB(_XGBoost, _TreesClip, _R):
    __doc__ = RLearnerLGBM.__doc__


class DRLearnerXGB(_XGBoost, _TreesClip, _DR):
    __doc__ = DRLearnerLGBM.__doc__
