"""Estimate expected outcomes and propensities out of fold."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.provenance.hashing import derive_seed
from estimators.baselines.weighting import clipped, propensity_model
from estimators.support.folds import stratified_folds
from sdscm.errors import InputError

FOLDS = 5
#: Propensities are at least this, and at most 1 minus this, as in this project's weighting.
CLIP = 0.01
#: Fewest rows of an arm.
_FEWEST = 2 * FOLDS
_PENALTIES = np.logspace(-2, 4, 13)


@dataclass(frozen=True, eq=False)
class Nuisances:
    """Predictions for each row by models that were fitted without its fold. Shapes (n,).

    Attributes
    ----------
    mean0, mean1
        Expected outcome without and with treatment: E[y | x, t = 0] and E[y | x, t = 1].
    mean
        Expected outcome, E[y | x].
    propensity
        P(t = 1 | x), at least `CLIP` and at most 1 - `CLIP`.
    """

    mean0: np.ndarray
    mean1: np.ndarray
    mean: np.ndarray
    propensity: np.ndarray

    def pseudo_outcomes(self, t: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Doubly robust pseudo-outcomes; their mean given x is the CATE. Shape (n,).

        See Kennedy (2023), "Towards optimal doubly robust estimation of heterogeneous causal
        effects", Electronic Journal of Statistics 17, equation 1.
        """
        residual = y - np.where(t == 1, self.mean1, self.mean0)
        weight = (t - self.propensity) / (self.propensity * (1 - self.propensity))
        return self.mean1 - self.mean0 + weight * residual


def fit_nuisances(X: np.ndarray, t: np.ndarray, y: np.ndarray, seed: int) -> Nuisances:
    """Fit the nuisance models in `FOLDS` folds.

    Each is a linear model (ridge or logistic regression) or boosted trees of scikit-learn: the one
    that predicts better out of fold (squared error, or log loss).

    Parameters
    ----------
    X : array of shape (n, p)
    t, y : arrays of shape (n,)
    seed
        Seed of the folds and of the trees.

    Raises
    ------
    InputError
        If an arm has fewer rows than twice the number of folds.
    """
    if min((t == 0).sum(), (t == 1).sum()) < _FEWEST:
        raise InputError(f"an arm has fewer than {_FEWEST} rows, so that no model can be fitted")
    folds = stratified_folds(t, FOLDS, derive_seed(seed, "folds"))
    trees = derive_seed(seed, "trees") % 2**31

    def outcome(rows: np.ndarray) -> np.ndarray:
        linear = make_pipeline(StandardScaler(), RidgeCV(alphas=_PENALTIES))
        found = [
            _out_of_fold(model, X, y, folds, rows)
            for model in (linear, GradientBoostingRegressor(random_state=trees))
        ]
        return min(found, key=lambda each: mean_squared_error(y[rows], each[rows]))

    # Convergence does not matter: predictions are compared out of fold.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = np.ones(len(t), dtype=bool)
        chances = [
            clipped(_out_of_fold(model, X, t, folds, every), CLIP)
            for model in (propensity_model(), GradientBoostingClassifier(random_state=trees))
        ]
        return Nuisances(
            mean0=outcome(t == 0),
            mean1=outcome(t == 1),
            mean=outcome(every),
            propensity=min(chances, key=lambda each: log_loss(t, each)),
        )


def _out_of_fold(
    model: Any,
    X: np.ndarray,
    target: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    rows: np.ndarray,
) -> np.ndarray:
    """Predict each row by the model fitted to those of ``rows`` that are in the other folds."""
    found = np.empty(len(target))
    for train, test in folds:
        fitted = model.fit(X[train[rows[train]]], target[train[rows[train]]])
        if hasattr(fitted, "predict_proba"):
            found[test] = fitted.predict_proba(X[test])[:, 1]
        else:
            found[test] = fitted.predict(X[test])
    return found
