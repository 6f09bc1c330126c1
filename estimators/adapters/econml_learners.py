"""EconML's estimators without intervals of their own.

The average effect is the mean over the rows of X. EconML could bootstrap intervals for these
estimators, at the cost of a hundred fits; that is left to the user. Boosted trees are LightGBM's,
on one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from econml.dml import KernelDML as EconmlKernelDML
from econml.dml import NonParamDML as EconmlNonParamDML
from econml.dr import DRLearner as EconmlDRLearner
from econml.metalearners import DomainAdaptationLearner, SLearner, TLearner, XLearner
from scipy.spatial.distance import pdist

from estimators.adapters.econml_estimators import EconML, EconMLArms
from estimators.baselines.weighting import propensity_model
from estimators.support.boosting import lightgbm_regression


def median_distance(X: np.ndarray) -> float:
    """Median Euclidean distance between different rows, among 500 evenly spaced ones.

    1 if all rows are the same.
    """
    some = X[np.linspace(0, len(X) - 1, min(len(X), 500)).astype(int)]
    distances = pdist(some)
    distances = distances[distances > 0]
    return float(np.median(distances)) if distances.size else 1.0


@dataclass(eq=False, repr=False)
class KernelDML(EconMLArms):
    """Double machine learning with random Fourier features of X (Nie and Wager 2021; EconML).

    The effect is an elastic net on ``dim`` random features, which approximate a Gaussian kernel of
    bandwidth ``bandwidth``, in standard units of X. None means the median distance between rows.
    With EconML's own default of 1, rows of many covariates are all equally far apart, and their
    effects nearly the same: for 12 standard normal covariates, effects of standard deviation 0.48
    came out with 0.01.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    dim: int = 20
    bandwidth: float | None = None
    cv: int = 2
    random_state: int | None = 0

    library = EconmlKernelDML
    rows_per_arm = 3  # the elastic net has five folds
    options: ClassVar = {"discrete_treatment": True}

    def _arguments(self) -> dict[str, Any]:
        arguments = {**super()._arguments(), "bw": self.bandwidth_}
        del arguments["bandwidth"]
        return arguments

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self.bandwidth_ = median_distance(X) if self.bandwidth is None else self.bandwidth
        super()._fit(X, t, y)


class _BoostedFinal(EconML):
    """Boosted trees as the final model; ``n_estimators`` is their number."""

    def _arguments(self) -> dict[str, Any]:
        arguments = super()._arguments()
        final = lightgbm_regression(arguments.pop("n_estimators"), self.seed_)
        return {**arguments, "model_final": final}


@dataclass(eq=False, repr=False)
class NonParamDML(_BoostedFinal):
    """Double machine learning with boosted trees as the model of the effect (the R-learner).

    Nie and Wager 2021. ``n_estimators`` is the number of trees of the final model, which
    regresses ratios of residuals with the squared residuals of the treatment as weights.
    """

    model_y: Any = "auto"
    model_t: Any = "auto"
    n_estimators: int = 100
    cv: int = 2
    random_state: int | None = 0

    library = EconmlNonParamDML
    options: ClassVar = {"discrete_treatment": True}


@dataclass(eq=False, repr=False)
class DRLearner(EconMLArms, _BoostedFinal):
    """Doubly robust learner with boosted trees as the model of the effect (Kennedy 2023).

    Propensities are clipped below at ``min_propensity``, here 0.01. With EconML's own default of
    1e-6 one row of a rare treatment can outweigh all others.
    """

    model_regression: Any = "auto"
    model_propensity: Any = "auto"
    min_propensity: float = 0.01
    n_estimators: int = 100
    cv: int = 2
    random_state: int | None = 0

    library = EconmlDRLearner


@dataclass(eq=False, repr=False)
class _BoostedMetaLearner(EconMLArms):
    """A meta-learner over boosted trees; ``n_estimators`` is the number of trees of each model."""

    n_estimators: int = 100
    random_state: int | None = 0

    #: Arguments of ``library`` that are regressions.
    regressions: ClassVar[tuple[str, ...]] = ("models",)
    uses_propensities: ClassVar[bool] = False
    # LightGBM refuses a single row.
    rows_per_arm = 2

    def _arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            name: lightgbm_regression(self.n_estimators, self.seed_) for name in self.regressions
        }
        if self.uses_propensities:
            arguments["propensity_model"] = propensity_model()
        return arguments


class EconmlSLearner(_BoostedMetaLearner):
    """S-learner: one model on covariates and treatment (Kuenzel et al. 2019, section 2)."""

    library = SLearner
    regressions = ("overall_model",)


class EconmlTLearner(_BoostedMetaLearner):
    """T-learner: one model for each arm (Kuenzel et al. 2019, section 2)."""

    library = TLearner


class EconmlXLearner(_BoostedMetaLearner):
    """X-learner: effects imputed in each arm, weighted by propensity (Kuenzel et al. 2019).

    Propensities come from a logistic regression. They are not clipped: they only average the two
    effects.
    """

    library = XLearner
    uses_propensities = True


class DomainAdaptation(_BoostedMetaLearner):
    """X-learner whose outcome models are weighted towards the other arm (EconML).

    The model of each arm is fitted with the odds of the other arm as weights, so that it is good
    where its predictions are needed. A final model learns all imputed effects together. The odds
    come from a logistic regression. They are not clipped: they weight rows and multiply no
    outcome.
    """

    library = DomainAdaptationLearner
    regressions = ("models", "final_models")
    uses_propensities = True
