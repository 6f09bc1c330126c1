"""Functions for the estimators on stochtree: propensity scores, posteriors, pickling."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.ensemble import GradientBoostingClassifier

from estimators.base import ATEIntervals, CATEEstimator, EffectIntervals, Ends, Standardised

#: Largest number of draws, rows times draws of each, that is kept in memory at once.
MOST_DRAWS = 5_000_000


class PicklableModel:
    """A sampled BARTModel or BCFModel that can be pickled, as stochtree's JSON."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __getstate__(self) -> tuple[type, str]:
        return type(self.model), self.model.to_json()

    def __setstate__(self, state: tuple[type, str]) -> None:
        kind, text = state
        self.model = kind()
        self.model.from_json(text)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Posterior of a quantity of each row, such as the effect, in units of y.

    ``mean`` and ``sd`` have shape (n,); ``average_sd`` is the standard deviation of the average
    over the rows.
    """

    mean: np.ndarray
    sd: np.ndarray
    average_sd: float


def posterior_of(
    draws_of: Callable[[np.ndarray], np.ndarray], X: np.ndarray, draws: int
) -> Posterior:
    """Moments of the draws, shape (n, draws), that ``draws_of`` returns for rows of X."""
    mean, sd, total = np.empty(len(X)), np.empty(len(X)), np.zeros(draws)
    size = max(1, MOST_DRAWS // draws)
    for start in range(0, len(X), size):
        rows = slice(start, start + size)
        values = draws_of(X[rows])
        mean[rows], sd[rows] = values.mean(axis=1), values.std(axis=1)
        total += values.sum(axis=0)
    return Posterior(mean, sd, float(np.std(total / len(X))))


def boosted_propensity(X: np.ndarray, t: np.ndarray, seed: int) -> GradientBoostingClassifier:
    """Boosted trees of scikit-learn with their defaults, fitted on all rows."""
    return GradientBoostingClassifier(random_state=seed).fit(X, t)


def propensity_scores(model: GradientBoostingClassifier, X: np.ndarray) -> np.ndarray:
    """Probability of treatment of each row, shape (n,)."""
    return model.predict_proba(X)[:, 1]


def normal_ends(mean: Any, sd: Any, alpha: float) -> tuple[Any, Any]:
    """Ends of normal intervals of level 1 - alpha, of the shape of ``mean``."""
    half = stats.norm.ppf(1 - alpha / 2) * sd
    return mean - half, mean + half


class PosteriorMean(Standardised, CATEEstimator):
    """Estimates the posterior mean of the effect of each row.

    The posterior of the last X is kept: effects and intervals use the same one, and its computation
    takes long. ``_fit`` must set ``_last`` to None.
    """

    n_chains: int
    n_draws: int
    _last: tuple[np.ndarray, Posterior] | None

    @abstractmethod
    def _draws_of_effects(self, X: np.ndarray) -> np.ndarray:
        """Draws of the effects of rows, shape (n, draws)."""

    def _posterior(self, X: np.ndarray) -> Posterior:
        if self._last is None or not np.array_equal(self._last[0], X):
            draws = self.n_chains * self.n_draws
            self._last = X.copy(), posterior_of(self._draws_of_effects, X, draws)
        return self._last[1]

    def _effect(self, X: np.ndarray) -> np.ndarray:
        return self._posterior(X).mean.copy()


class PosteriorIntervals(PosteriorMean, EffectIntervals, ATEIntervals):
    """Has normal intervals with the standard deviations of the posterior."""

    def _effect_interval(self, X: np.ndarray, alpha: float) -> Ends:
        posterior = self._posterior(X)
        return normal_ends(posterior.mean, posterior.sd, alpha)

    def _ate_interval(self, X: np.ndarray, alpha: float) -> tuple[float, float]:
        posterior = self._posterior(X)
        lower, upper = normal_ends(posterior.mean.mean(), posterior.average_sd, alpha)
        return float(lower), float(upper)
