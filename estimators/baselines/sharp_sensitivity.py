"""Sharp bounds of the average effect in the marginal sensitivity model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats
from sklearn.ensemble import RandomForestRegressor

from estimators.base import Standardised
from estimators.baselines.weighting import clipped, propensity_model
from estimators.bounds import ATEBounds
from estimators.support.folds import stratified_folds

#: Fewest rows in a leaf.
LEAF = 5
#: Rounding of a place in a leaf.
ROUNDING = 1e-9


@dataclass(eq=False, repr=False)
class SharpSensitivity(Standardised, ATEBounds):
    """The extremes that the marginal sensitivity model allows given the covariates.

    Dorn, Guo and Kallus, "Doubly-valid/doubly-sharp sensitivity analysis for causal inference with
    unmeasured confounding", arXiv 2112.11449. With q(x) the quantile of y of an arm at gamma / (1 +
    gamma), the largest mean of y of the other arm's rows under that treatment is the mean of
    h = q + gamma (y - q)+ - (y - q)- / gamma. Its mean given the covariates is estimated and
    corrected by inverse odds of treatment, as in AIPW. The bounds are valid if the propensities or
    the means of h are right, also with wrong quantiles, and sharp with right ones.

    Quantiles and means come from random forests with at least five rows in a leaf: the mean over
    trees of the quantile, or the mean, of a leaf. Propensities come from a logistic regression and
    are clipped at ``clip``. Both are predicted out of fold. The average effect is that without
    hidden confounding, for the rows of ``fit``. With ``alpha`` the ends are moved by the normal
    quantile of 1 - alpha / 2 times the standard error of the scores.
    """

    rows_per_arm = 2
    strength = "gamma"

    n_estimators: int = 100
    folds: int = 5
    clip: float = 0.01
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        self._t, self._y, self._e = t, y, np.empty(len(y))
        self._forests: list[_Forest] = []
        for train, test in stratified_folds(t, self.folds, self.seed_):
            self._e[test] = propensity_model().fit(X[train], t[train]).predict_proba(X[test])[:, 1]
            for arm in (0, 1):
                rows = train[t[train] == arm]
                forest = RandomForestRegressor(
                    self.n_estimators, min_samples_leaf=LEAF, random_state=self.seed_, n_jobs=1
                ).fit(X[rows], y[rows])
                leaves = forest.apply(X[rows]), forest.apply(X[test])
                self._forests.append(_Forest(arm, rows, test, *leaves))
        self._e = clipped(self._e, self.clip)

    def _ate(self, X: np.ndarray) -> float:
        return self._ate_bounds(X, 1.0, None)[0]

    def _ate_bounds(
        self, X: np.ndarray, strength: float, alpha: float | None
    ) -> tuple[float, float]:
        far = 0.0 if alpha is None else float(stats.norm.ppf(1 - alpha / 2))
        ends = []
        for sign in (-1, 1):
            scores = self._largest(1, sign, strength) + self._largest(0, -sign, strength)
            error = float(scores.std(ddof=1) / np.sqrt(len(scores)))
            ends.append(sign * (float(scores.mean()) + far * error))
        return min(ends), max(ends)

    def _largest(self, arm: int, sign: int, gamma: float) -> np.ndarray:
        """Scores whose mean is the largest mean of sign * y, had all rows this treatment."""
        y = sign * self._y
        here = self._t == arm
        odds = (1 - self._e) / self._e if arm == 1 else self._e / (1 - self._e)
        scores = np.empty(len(y))
        for forest in self._forests:
            if forest.arm != arm:
                continue
            train, test = forest.train, forest.test
            at_train, at_test = forest.quantiles(y[train], gamma / (1 + gamma))
            mean = forest.means(_extreme(y[train], at_train, gamma))
            rest = _extreme(y[test], at_test, gamma) - mean
            own = here[test]
            scores[test] = np.where(own, y[test] + odds[test] * rest, mean)
        return scores


@dataclass(frozen=True, eq=False)
class _Forest:
    """Leaves of a forest on one arm of the training rows of a fold.

    Attributes
    ----------
    arm
    train, test
        Row numbers of the training rows of the arm, and of the rows out of fold.
    train_leaves, test_leaves
        Number of the leaf of each of these rows in each tree.
    """

    arm: int
    train: np.ndarray
    test: np.ndarray
    train_leaves: np.ndarray
    test_leaves: np.ndarray

    @cached_property
    def _groups(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For each tree: the leaf of each training row, their sizes, the leaf of the other rows."""
        found = []
        for own, others in zip(self.train_leaves.T, self.test_leaves.T, strict=True):
            leaves, group, size = np.unique(own, return_inverse=True, return_counts=True)
            found.append((group, size, np.searchsorted(leaves, others)))
        return found

    def quantiles(self, y: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean over trees of the quantile of a leaf, for the training rows and the others."""
        at_train, at_test = np.zeros(len(self.train)), np.zeros(len(self.test))
        for group, size, others in self._groups:
            place = np.maximum(np.ceil(level * size - ROUNDING).astype(int), 1) - 1
            value = y[np.lexsort((y, group))][np.cumsum(size) - size + place]
            at_train += value[group]
            at_test += value[others]
        return at_train / len(self._groups), at_test / len(self._groups)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Mean over trees of the mean of a leaf, for the rows out of fold."""
        found = np.zeros(len(self.test))
        for group, size, others in self._groups:
            found += (np.bincount(group, weights=values) / size)[others]
        return found / len(self._groups)


def _extreme(y: np.ndarray, q: np.ndarray, gamma: float) -> np.ndarray:
    """Values above q weigh gamma, values below 1 / gamma."""
    return q + gamma * np.maximum(y - q, 0) - np.maximum(q - y, 0) / gamma
