"""Bounds of the average effect in the marginal sensitivity model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimators.base import Standardised
from estimators.baselines.weighting import clipped, propensity_model
from estimators.bounds import ATEBounds
from estimators.errors import EstimatorError

#: Draws of a resample, until it has rows of both arms.
_TRIES = 100

#: Rows of a sample, and their propensities.
Sample = tuple[np.ndarray, np.ndarray]


@dataclass(eq=False, repr=False)
class MarginalSensitivity(Standardised, ATEBounds):
    """Extremes of inverse propensity weighting, if true odds of treatment differ by ``gamma``.

    In the marginal sensitivity model (Tan, JASA 2006) the odds of treatment given covariates and
    hidden confounders are at most ``gamma`` times larger or smaller than those given the covariates
    alone. Each arm's mean is weighted by 1 / P(its treatment); the bounds are its largest and
    smallest values over all weights that the model allows. They are exact, because the extreme
    weights have a threshold in y (Zhao, Small and Bhattacharya, JRSS B 2019, section 4). These
    bounds are valid, not sharp: they do not use that the weights balance the covariates (Dorn and
    Guo, JASA 2022).

    Propensities come from a logistic regression and are clipped at ``clip``. The average effect is
    that of the rows of ``fit``, the same for every X, and equals that of IPW. With ``alpha``, the
    ends are percentiles of the bounds over ``resamples`` bootstrap samples with their own
    propensities (their section 5).
    """

    rows_per_arm = 2
    strength = "gamma"

    clip: float = 0.01
    resamples: int = 200
    random_state: int | None = 0

    def _fit(self, X: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        if not isinstance(self.resamples, int | np.integer) or self.resamples < 20:
            raise EstimatorError(
                f"resamples: is {self.resamples!r}, must be an integer, 20 or more"
            )
        self._X, self._t, self._y = X, t, y
        self._sample = self._with_propensities(np.arange(len(y)))
        self._resamples: list[Sample] | None = None

    def _ate(self, X: np.ndarray) -> float:
        return self._bounds(self._sample, 1.0)[0]

    def _ate_bounds(
        self, X: np.ndarray, strength: float, alpha: float | None
    ) -> tuple[float, float]:
        lower, upper = self._bounds(self._sample, strength)
        if alpha is None:
            return lower, upper
        if self._resamples is None:
            self._resamples = list(map(self._with_propensities, self._draws()))
        ends = np.array([self._bounds(each, strength) for each in self._resamples])
        return (
            min(lower, float(np.quantile(ends[:, 0], alpha / 2))),
            max(upper, float(np.quantile(ends[:, 1], 1 - alpha / 2))),
        )

    def _draws(self) -> list[np.ndarray]:
        """Row numbers of the bootstrap samples."""
        draw, n = np.random.default_rng(self.seed_), len(self._t)
        found = []
        for _ in range(self.resamples):
            rows = draw.integers(0, n, n)
            for _ in range(_TRIES):
                if 0 < self._t[rows].sum() < n:
                    break
                rows = draw.integers(0, n, n)
            else:
                raise EstimatorError(f"t: an arm is too small for a bootstrap of {n} rows")
            found.append(rows)
        return found

    def _with_propensities(self, rows: np.ndarray) -> Sample:
        X, t = self._X[rows], self._t[rows]
        return rows, clipped(propensity_model().fit(X, t).predict_proba(X)[:, 1], self.clip)

    def _bounds(self, sample: Sample, gamma: float) -> tuple[float, float]:
        rows, e = sample
        t, y = self._t[rows], self._y[rows]
        low1, high1 = extreme_means(y[t == 1], ((1 - e) / e)[t == 1], gamma)
        low0, high0 = extreme_means(y[t == 0], (e / (1 - e))[t == 0], gamma)
        return low1 - high0, high1 - low0


def extreme_means(y: np.ndarray, odds: np.ndarray, gamma: float) -> tuple[float, float]:
    """Smallest and largest mean of y with weights 1 + r * odds, where 1 / gamma <= r <= gamma.

    The largest one has r = gamma for all values above a threshold and 1 / gamma for the others, so
    that it is the largest over n + 1 thresholds.
    """
    order = np.argsort(y, kind="stable")
    y, odds = y[order], odds[order]
    heavy, light = 1 + gamma * odds, 1 + odds / gamma

    def means(first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """The mean with the weights ``first`` for the k smallest values, for each k."""

        def total(values: np.ndarray) -> np.ndarray:
            before = np.concatenate([[0.0], np.cumsum(first * values)])
            after = np.concatenate([np.cumsum((last * values)[::-1])[::-1], [0.0]])
            return before + after

        return total(y) / total(np.ones(len(y)))

    return float(means(heavy, light).min()), float(means(light, heavy).max())
