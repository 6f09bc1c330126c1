"""Effects that are read off rows with the same covariates in the other arm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from estimators.base import CATEEstimator


class ExactMatch(CATEEstimator):
    """Mean outcome of the treated minus that of the controls, among rows with the same X.

    Exact matching on all covariates (Stuart 2010, section 3.1), without a model. A row whose X has
    no fitted row in one of the arms gets the mean effect of the fitted rows that have a match; if
    there are none, the difference in means of the arms. If y is a function of X and t, as in an
    SD-SCM with all covariates and an outcome without noise, the effect of a matched row is its
    individual effect.
    """

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        keys = _keys(X)
        means = pd.Series(y).groupby([keys, t]).mean().unstack()
        self.effects_ = (means[1] - means[0]).dropna()
        matched = self.effects_.reindex(keys).mean()
        naive = y[t == 1].mean() - y[t == 0].mean()
        self.otherwise_ = float(naive if np.isnan(matched) else matched)

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self.effects_.reindex(_keys(X)).fillna(self.otherwise_).to_numpy(dtype=float)


def _keys(X: np.ndarray) -> list[str]:
    """Texts that are equal for equal rows; 0.0 is equal to -0.0."""
    return [row.tobytes().hex() for row in X + 0.0]
