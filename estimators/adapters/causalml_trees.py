"""CausalML's causal tree and forest (Athey and Imbens 2016).

They adjust for X by their splits only. The splits search for different effects, not for
confounders, so these estimators suit a randomised treatment. With a confounded treatment the error
of the average effect was as large as that of the difference in means.

y is standardised before the fit: the criterion subtracts a penalty on unequal arms that does not
scale with y, so that the trees would depend on the units of y.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

# On import, a dependency of CausalML prints to standard error that it cannot collect citations.
logging.getLogger("duecredit").addHandler(logging.NullHandler())

from causalml.inference.tree import (  # noqa: E402
    CausalRandomForestRegressor,
    CausalTreeRegressor,
)

from estimators.base import CATEEstimator, Standardised  # noqa: E402


def node_effects(tree: CausalTreeRegressor) -> np.ndarray:
    """Difference of the arms' means in each node of a fitted tree, shape (nodes,).

    A node with rows of one arm only has no such difference, and gets that of its parent.
    """
    means = tree.tree_.value[:, :, 0]
    effects = means[:, 1] - means[:, 0]
    # A parent has a smaller number than its children.
    for parent in np.flatnonzero(tree.tree_.children_left >= 0):
        for child in (tree.tree_.children_left[parent], tree.tree_.children_right[parent]):
            if not np.isfinite(effects[child]):
                effects[child] = effects[parent]
    return effects


def tree_effects(tree: CausalTreeRegressor, X: np.ndarray) -> np.ndarray:
    """Effect of the leaf of each row of X, shape (n,)."""
    return node_effects(tree)[tree.tree_.apply(X.astype(np.float32))]


class _CausalTrees(Standardised, CATEEstimator):
    """Trees on standardised y."""

    scale_: float
    trees_: list[CausalTreeRegressor]

    def _standardised(self, y: np.ndarray) -> np.ndarray:
        self.scale_ = float(np.std(y)) or 1.0
        return (y - np.mean(y)) / self.scale_

    def _effect(self, X: np.ndarray) -> np.ndarray:
        # The effects are NaN for a tree whose bootstrap sample lacks one of the arms.
        effects = np.array([tree_effects(tree, X) for tree in self.trees_])
        return self.scale_ * np.nanmean(effects, axis=0)


@dataclass(eq=False, repr=False)
class CausalTree(_CausalTrees):
    """One causal tree, without honesty: the same rows choose its splits and fill its leaves.

    Each leaf has at least ``min_samples_leaf`` rows; a node of fewer than ``min_samples_split`` is
    not split. The defaults are CausalML's, but y is standardised before the fit: CausalML's
    criterion subtracts a penalty on unequal arms that does not scale with y, so that the trees
    would depend on the units of y.
    """

    min_samples_leaf: int = 100
    min_samples_split: int = 60
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        tree = CausalTreeRegressor(
            min_samples_leaf=self.min_samples_leaf,
            min_samples_split=self.min_samples_split,
            random_state=self.seed_,
        )
        self.trees_ = [tree.fit(X=X, treatment=t, y=self._standardised(y))]


@dataclass(eq=False, repr=False)
class CausalMLForest(_CausalTrees):
    """A forest of ``n_estimators`` causal trees on bootstrap samples.

    As for `CausalTree`, y is standardised before the fit; CausalML does not do that.
    """

    n_estimators: int = 100
    min_samples_leaf: int = 100
    min_samples_split: int = 60
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        forest = CausalRandomForestRegressor(
            self.n_estimators,
            min_samples_leaf=self.min_samples_leaf,
            min_samples_split=self.min_samples_split,
            # The count of the arms in each node takes longer than the growth of the trees.
            groups_cnt=False,
            n_jobs=1,
            random_state=self.seed_,
        )
        forest.fit(X=X, treatment=t, y=self._standardised(y))
        self.trees_ = list(forest.estimators_)
