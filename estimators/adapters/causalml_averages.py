"""CausalML's estimators of the average effect with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from causalml.inference.meta import LRSRegressor, TMLELearner
from scipy import stats
from sklearn.model_selection import KFold

from estimators.base import OneEffect, Standardised
from estimators.baselines.baselines import NormalATE
from estimators.baselines.weighting import clipped, propensity_model
from estimators.support.boosting import lightgbm_regression
from estimators.support.folds import require_folds


class LRS(Standardised, OneEffect):
    """Least squares on treatment and covariates with a robust interval (CausalML's LRS).

    The effect is that of ``LinReg``, one for every row. The interval is normal, with the HC1
    variance of White (1980), and is valid if the spread of y depends on the covariates.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        learner = LRSRegressor()
        learner.fit(X, t, y)
        self._regression = learner.models[1].model
        self.ate_ = float(self._regression.params[0])

    def _ate(self, X: np.ndarray) -> float:
        return self.ate_

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        lower, upper = self._regression.conf_int(alpha)[0]
        # Without a degree of freedom the spread is unknown.
        return (-np.inf, np.inf) if np.isnan(lower) else (float(lower), float(upper))


@dataclass(eq=False, repr=False)
class TMLE(Standardised, NormalATE):
    """Targeted maximum likelihood (van der Laan and Rubin 2006), CausalML's simple variant.

    Outcomes from one LightGBM on covariates and treatment, predicted out of ``folds`` folds;
    propensities from a logistic regression, clipped at ``clip``. The average effect is that of the
    rows of ``fit``, the same for every X. The interval is normal, from the influence function.
    """

    # LightGBM refuses a single row.
    rows_per_arm = 2

    n_estimators: int = 100
    folds: int = 5
    clip: float = 0.01
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        require_folds(self.folds)
        propensity = propensity_model().fit(X, t).predict_proba(X)[:, 1]
        learner = TMLELearner(
            lightgbm_regression(self.n_estimators, self.seed_),
            cv=KFold(min(self.folds, len(y)), shuffle=True, random_state=self.seed_),
        )
        ate, lower, upper = learner.estimate_ate(X, t, y, clipped(propensity, self.clip))
        self.ate_ = float(ate[0])
        # CausalML returns its standard error only as an interval.
        width = float(upper[0] - lower[0])
        self.standard_error_ = width / (2 * float(stats.norm.ppf(1 - learner.ate_alpha / 2)))
