"""Fit a model to a table so that its scores vary no more than they do out of fold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sdscm.literals import Learner
from sdscm.number_format import number
from sdscm.sampling.noise import uniform_noise

FOLDS = 5
_MOST_TREES = 100
_LEAVES = 8
_PENALTIES = np.logspace(-2, 4, 13)
_FOLD_SEED = 0


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model, at the rows of its table.

    Attributes
    ----------
    learner
        ``linear`` or ``boosted``.
    quality, measure
        Out of fold: area under the ROC curve (``AUC``) of two values, or ``R2`` of numbers.
    slope
        Factor in [0, 1] that the scores of the model were multiplied with.
    scores : array of shape (arms, n)
        Score of each row in each arm: log-odds of two values, or expected numbers. A model without
        arms has one row.
    residuals : array of shape (n,)
        Out-of-fold residuals of numbers, with mean 0 in each arm; empty for two values.
    """

    learner: str
    quality: float
    measure: str
    slope: float
    scores: np.ndarray
    residuals: np.ndarray

    def __str__(self) -> str:
        return f"{self.learner}, {self.measure} {number(self.quality)}"


def fit_calibrated(
    X: np.ndarray, y: np.ndarray, arms: np.ndarray | None, learner: Learner, *, binary: bool
) -> Fit:
    """Fit a model of y given X, and the arm, if there are arms.

    Linear models are scikit-learn's logistic regression, and its ridge regression with a penalty
    that is chosen by leave-one-out; covariates are standardised, and with arms the products of arm
    and covariates are added. Boosted trees are its histogram gradient boosting with 8 leaves; the
    number of trees is the one with the least out-of-fold loss.

    A flexible model predicts its own rows too well: propensities would be too close to 0 and 1, and
    effects would differ too much. So its scores are multiplied by a slope in [0, 1]: the slope of
    a regression of y on out-of-fold scores (the slope of calibration; Cox 1958, Biometrika 45),
    times the ratio of the SDs, within arms, of out-of-fold and fitted scores if that is below 1.
    Then an intercept for each arm gives its mean of y. Out-of-fold scores themselves would be a
    wrong truth: they depend on the fold of a row beside x, and the fold would confound.

    Parameters
    ----------
    X : array of shape (n, p)
    y : array of shape (n,)
        0 or 1 if ``binary``, else numbers with SD 1.
    arms : array of shape (n,), optional
        The arm of each row, 0 or 1.
    learner
        ``linear``, ``boosted``, or ``auto``: the one with the least out-of-fold loss (log loss of
        two values, squared error of numbers).
    """
    groups = np.zeros(len(y), dtype=int) if arms is None else arms
    folds = _folds(y if binary else groups, groups)

    def design(name: str, arm: np.ndarray) -> np.ndarray:
        if arms is None:
            return X
        column = arm[:, None].astype(float)
        return np.hstack([X, column, column * X] if name == "linear" else [X, column])

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scores that have not converged are calibrated, too
        names = ("linear", "boosted") if learner == "auto" else (learner,)
        found = {name: _out_of_fold(name, design(name, groups), y, folds, binary) for name in names}
        name = min(found, key=lambda each: _loss(y, found[each][-1], binary))
        stage, out = found[name]
        model = _model(name, binary, stage).fit(design(name, groups), y)
        raw = np.stack(
            [
                _last(_stages(model, design(name, np.full(len(y), arm)), binary))
                for arm in range(1 if arms is None else 2)
            ]
        )
        honest = _slope(y, out, groups, binary)
    own = raw[groups, np.arange(len(y))]
    spread = float(_within(own, groups).std())
    slope = honest * min(float(_within(out, groups).std()) / spread, 1.0) if spread > 0 else 0.0
    scores = np.stack(
        [
            slope * each + _intercept(y[groups == arm], slope * own[groups == arm], binary)
            for arm, each in enumerate(raw)
        ]
    )
    if binary:
        return Fit(name, float(roc_auc_score(y, out)), "AUC", slope, scores, np.empty(0))
    residuals = _within(y - honest * out, groups)
    quality = 1 - float(residuals @ residuals) / float(((y - y.mean()) ** 2).sum())
    return Fit(name, quality, "R2", slope, scores, residuals)


def _folds(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The fold of each row; the rows of each combination of values are spread over all folds."""
    chance = uniform_noise(_FOLD_SEED, "folds", 0, len(first), 1)[:, 0]
    folds = np.empty(len(first), dtype=int)
    folds[np.lexsort((chance, second, first))] = np.arange(len(first)) % FOLDS
    return folds


def _out_of_fold(
    name: str, design: np.ndarray, y: np.ndarray, folds: np.ndarray, binary: bool
) -> tuple[int, np.ndarray]:
    """Find the number of trees with the least loss, and the scores of all rows out of fold."""
    found = np.empty((_MOST_TREES if name == "boosted" else 1, len(y)))
    for fold in range(FOLDS):
        here = folds == fold
        model = _model(name, binary, _MOST_TREES).fit(design[~here], y[~here])
        for stage, scores in enumerate(_stages(model, design[here], binary)):
            found[stage, here] = scores
    best = min(range(len(found)), key=lambda stage: _loss(y, found[stage], binary))
    return best + 1, found[best]


def _model(name: str, binary: bool, trees: int) -> Any:
    if name == "linear":
        linear = LogisticRegression(max_iter=1000) if binary else RidgeCV(alphas=_PENALTIES)
        return make_pipeline(StandardScaler(), linear)
    boosted = HistGradientBoostingClassifier if binary else HistGradientBoostingRegressor
    return boosted(max_iter=trees, max_leaf_nodes=_LEAVES, early_stopping=False)


def _stages(model: Any, design: np.ndarray, binary: bool) -> Iterator[np.ndarray]:
    """Scores after each tree; of a linear model only one."""
    name = "decision_function" if binary else "predict"
    if hasattr(model, f"staged_{name}"):
        return (scores.reshape(-1) for scores in getattr(model, f"staged_{name}")(design))
    return iter([getattr(model, name)(design)])


def _last(stages: Iterator[np.ndarray]) -> np.ndarray:
    *_, last = stages
    return last


def _loss(y: np.ndarray, scores: np.ndarray, binary: bool) -> float:
    """Mean log loss of log-odds, or mean squared error."""
    if binary:
        return float((np.logaddexp(0, scores) - y * scores).mean())
    return float(((y - scores) ** 2).mean())


def _slope(y: np.ndarray, scores: np.ndarray, groups: np.ndarray, binary: bool) -> float:
    """Slope of a regression of y on the scores and the arm, cut to [0, 1]."""
    design = np.column_stack([scores, groups])
    model = LogisticRegression(C=1e4, max_iter=1000) if binary else LinearRegression()
    return float(np.clip(model.fit(design, y).coef_.reshape(-1)[0], 0, 1))


def _within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Subtract the mean of each group."""
    means = np.bincount(groups, values) / np.maximum(np.bincount(groups), 1)
    return np.asarray(values - means[groups])


def _intercept(y: np.ndarray, scores: np.ndarray, binary: bool) -> float:
    """The number that, added to the scores, gives the mean of y.

    A share of 0 or 1 is half a row away from it, since no intercept gives it.
    """
    if not binary:
        return float((y - scores).mean())
    half = 0.5 / len(y)
    share = float(np.clip(y.mean(), half, 1 - half))
    reach = float(np.abs(scores).max()) + abs(np.log(half)) + 1
    return float(brentq(lambda shift: expit(scores + shift).mean() - share, -reach, reach))
