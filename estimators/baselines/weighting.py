"""Average effects from estimated propensity scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators.base import Standardised
from estimators.baselines.baselines import NormalATE
from estimators.support.folds import stratified_folds
from estimators.support.validation import require_clip


def propensity_model() -> Pipeline:
    """Logistic regression on standardised covariates, with scikit-learn's default ridge penalty."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def clipped(propensity: np.ndarray, clip: float) -> np.ndarray:
    """Propensity scores clipped to [clip, 1 - clip], shape (n,).

    Raises
    ------
    EstimatorError
        If ``clip`` is not at least 0 and below 0.5: at 0.5 all rows would have equal weights.
    """
    require_clip(clip)
    return np.clip(propensity, clip, 1 - clip)


@dataclass(eq=False, repr=False)
class IPW(Standardised, NormalATE):
    """Inverse propensity weighting with weights that sum to one in each arm (Hajek).

    Propensities come from a logistic regression and are clipped at ``clip``. The average effect is
    that of the rows of ``fit``, the same for every X. The interval treats the propensities as
    known, which makes it conservative (Lunceford and Davidian 2004, section 3).
    """

    clip: float = 0.01

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        e = clipped(propensity_model().fit(X, t).predict_proba(X)[:, 1], self.clip)
        treated, control = t / e, (1 - t) / (1 - e)
        mean1 = float(np.average(y, weights=treated))
        mean0 = float(np.average(y, weights=control))
        self.ate_ = mean1 - mean0
        influence = treated * (y - mean1) / treated.mean() - control * (y - mean0) / control.mean()
        self.standard_error_ = float(influence.std(ddof=1) / np.sqrt(len(y)))


@dataclass(eq=False, repr=False)
class AIPW(Standardised, NormalATE):
    """Augmented inverse propensity weighting, cross-fitted (Robins, Rotnitzky and Zhao 1994).

    Outcomes come from one linear regression for each arm, propensities from a logistic regression
    and are clipped at ``clip``; both are predicted out of fold (Chernozhukov et al. 2018). The
    average effect is that of the rows of ``fit``, the same for every X; the interval comes from the
    spread of the scores. If an arm has fewer than ``folds`` rows, there are as many folds as rows
    in it.
    """

    rows_per_arm = 2

    clip: float = 0.01
    folds: int = 5
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        mean0, mean1, e = np.empty(len(y)), np.empty(len(y)), np.empty(len(y))
        for train, test in stratified_folds(t, self.folds, self.seed_):
            e[test] = propensity_model().fit(X[train], t[train]).predict_proba(X[test])[:, 1]
            for arm, mean in ((0, mean0), (1, mean1)):
                rows = train[t[train] == arm]
                mean[test] = LinearRegression().fit(X[rows], y[rows]).predict(X[test])
        e = clipped(e, self.clip)
        scores = mean1 - mean0 + t * (y - mean1) / e - (1 - t) * (y - mean0) / (1 - e)
        self.ate_ = float(scores.mean())
        self.standard_error_ = float(scores.std(ddof=1) / np.sqrt(len(y)))
