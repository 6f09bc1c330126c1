"""EconML's estimators with intervals, with its defaults; and the base of all EconML estimators.

The paper used five of them (arXiv 2411.08019, section 4.2); the two sparse ones are added. The
average effect and its interval are EconML's own ``ate(X)`` and ``ate_interval(X)``, which average
the effects of the given rows. EconML passes ``random_state`` to the nuisance models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from econml.dml import CausalForestDML
from econml.dml import LinearDML as EconmlLinearDML
from econml.dml import SparseLinearDML as EconmlSparseLinearDML
from econml.dr import ForestDRLearner, LinearDRLearner, SparseLinearDRLearner
from econml.grf import CausalForest as GRFCausalForest
from sklearn.feature_selection import VarianceThreshold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators.base import ATEIntervals, CATEEstimator, EffectIntervals, Ends, Standardised
from estimators.errors import EstimatorError
from estimators.many_arms import ManyArms


class EconML(Standardised, CATEEstimator):
    """An estimator of EconML: its class, its parameters, and options that are fixed."""

    #: The class in EconML.
    library: ClassVar[Any]
    #: Arguments of ``library`` that are not parameters of the estimator.
    options: ClassVar[dict[str, Any]] = {}
    # Each fold of the cross-fitting needs both arms.
    rows_per_arm = 2

    def _arguments(self) -> dict[str, Any]:
        """Arguments of ``library``: by default the parameters, the seed and ``options``."""
        parameters = self.get_params(deep=False)
        del parameters["standardise"]
        return {**parameters, "random_state": self.seed_, **self.options}

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.model_ = self.library(**self._arguments()).fit(y, t, X=X)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.effect(X)


class EconMLArms(ManyArms, EconML):
    """An estimator of EconML that takes more than two arms."""

    def _effects(self, X: np.ndarray) -> np.ndarray:
        effects = [self.model_.effect(X, T1=arm) for arm in range(1, self.n_arms_)]
        return np.column_stack([np.asarray(each).reshape(len(X)) for each in effects])


class _WithIntervals(EconMLArms, EffectIntervals, ATEIntervals):
    """An EconML estimator with EconML's own intervals."""

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        return self.model_.effect_interval(X, alpha=alpha)

    def _ate(self, X: np.ndarray) -> float:
        return float(self.model_.ate(X))

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        return self.model_.ate_interval(X, alpha=alpha)


class _Sparse(_WithIntervals):
    """A debiased lasso on standardised X as the final model."""

    rows_per_arm = 3  # the lasso has five folds

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), "featurizer": standardised()}

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if not np.ptp(X, axis=0).any():
            raise EstimatorError(f"{type(self).__name__}: no column of X varies; give a covariate")
        super()._fit(X, t, y)


def standardised() -> Pipeline:
    """Columns that vary, with mean 0 and standard deviation 1, for a debiased lasso.

    The lasso divides by the variance of each column, and takes a column that is nearly constant for
    the intercept. On one of the paper's GPT-2 datasets, where 99 % of a column are 1, EconML's
    `SparseLinearDML` missed the average effect by 0.42 SD(y) without this, and by 0.03 with it.
    """
    return make_pipeline(VarianceThreshold(), StandardScaler())


@dataclass(eq=False, repr=False)
class LinearDML(_WithIntervals):
    """Double machine learning with an effect linear in X (Chernozhukov et al. 2018).

    ``model_y``, ``model_t`` and ``cv`` are EconML's: the models of outcome and treatment, and the
    folds of the cross-fitting. Intervals are asymptotic, from the final least squares.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    cv: int = 2
    random_state: int | None = 0

    library = EconmlLinearDML
    options: ClassVar = {"discrete_treatment": True}


class SparseLinearDML(_Sparse, LinearDML):
    """Double machine learning with a sparse effect, linear in X (Chernozhukov et al. 2018).

    The final model is a debiased lasso (van de Geer, Buehlmann, Ritov and Dezeure 2014) on
    standardised X; intervals are asymptotic. It suits many covariates of which few change the
    effect. EconML does not standardise X, and then takes a column that hardly varies for the
    intercept. The other parameters are those of `LinearDML`.
    """

    library = EconmlSparseLinearDML
    options: ClassVar = {"discrete_treatment": True, "n_jobs": 1}


@dataclass(eq=False, repr=False)
class ForestDML(_WithIntervals):
    """Double machine learning with a causal forest (Athey, Tibshirani and Wager 2019).

    EconML's ``CausalForestDML``. Intervals come from the bootstrap of little bags.
    ``n_estimators`` must be a multiple of 4.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    cv: int = 2
    n_estimators: int = 100
    random_state: int | None = 0

    library = CausalForestDML
    options: ClassVar = {"discrete_treatment": True, "n_jobs": 1}


@dataclass(eq=False, repr=False)
class LinearDR(_WithIntervals):
    """Doubly robust learner with an effect linear in X (Foster and Syrgkanis 2023; Kennedy 2023).

    EconML's ``LinearDRLearner``. By default it clips propensities only at 1e-6, so that it can
    explode under poor overlap; a larger ``min_propensity`` prevents that. Intervals are asymptotic.
    """

    model_regression: Any = "auto"
    model_propensity: Any = "auto"
    min_propensity: float = 1e-6
    cv: int = 2
    random_state: int | None = 0

    library = LinearDRLearner


@dataclass(eq=False, repr=False)
class SparseLinearDR(_Sparse, LinearDR):
    """Doubly robust learner with a sparse effect, linear in X (Kennedy 2023).

    The final model is a debiased lasso on standardised X, as in `SparseLinearDML`. Propensities are
    clipped below at ``min_propensity``, here 0.01. With EconML's default of 1e-6 `LinearDR` can
    explode.
    """

    min_propensity: float = 0.01

    library = SparseLinearDRLearner
    options: ClassVar = {"n_jobs": 1}


@dataclass(eq=False, repr=False)
class ForestDR(_WithIntervals):
    """Doubly robust learner with an honest forest (Kennedy 2023; Athey et al. 2019).

    EconML's ``ForestDRLearner``. By default it clips propensities only at 1e-6, so that it can
    explode under poor overlap; a larger ``min_propensity`` prevents that. Intervals come from the
    bootstrap of little bags. ``n_estimators`` must be a multiple of 4.
    """

    model_regression: Any = "auto"
    model_propensity: Any = "auto"
    min_propensity: float = 1e-6
    cv: int = 2
    n_estimators: int = 1000
    random_state: int | None = 0

    library = ForestDRLearner
    options: ClassVar = {"n_jobs": 1}


@dataclass(eq=False, repr=False)
class LinearDRTrimmed(LinearDR):
    """`LinearDR` without the rows of extreme propensity (Crump, Hotz, Imbens and Mitnik 2009).

    The final model leaves out rows whose estimated propensity is not in [``trimming_threshold``,
    1 - ``trimming_threshold``]; their effects are extrapolated. ``auto`` is the threshold of least
    variance of Crump et al. Their rule of thumb, 0.1, leaves no row where few are treated.
    """

    trimming_threshold: float | Literal["auto"] = "auto"


@dataclass(eq=False, repr=False)
class ForestDRTrimmed(ForestDR):
    """`ForestDR` without the rows of extreme propensity; see `LinearDRTrimmed`."""

    trimming_threshold: float | Literal["auto"] = "auto"


@dataclass(eq=False, repr=False)
class CausalForest(Standardised, EffectIntervals):
    """Generalized random forest of effects, without residualising (Athey et al. 2019).

    EconML's ``grf.CausalForest``. It adjusts for X by its splits only. The average effect is the
    mean over the rows of X. Intervals come from the bootstrap of little bags. ``n_estimators`` must
    be a multiple of 4.
    """

    # A leaf is solved for the effect and the intercept.
    rows_per_arm = 2

    n_estimators: int = 100
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        forest = GRFCausalForest(self.n_estimators, n_jobs=1, random_state=self.seed_)
        self.model_ = forest.fit(X, t, y)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.model_.predict(X)

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        return self.model_.predict_interval(X, alpha=alpha)
